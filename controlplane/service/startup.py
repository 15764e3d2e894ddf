"""Sets the card up when the service starts: symbols, ceilings, fees and start values, and the settings taken up again.

Only a disarmed card is touched. On a first start limits are zero and modules off: whoever may raise them does so
afterwards, through the service, and leaves a row in the audit log. Later starts take up what was committed, as far
as `controlplane/service/take_up.py` allows.
"""

import asyncio
import json
from collections.abc import Mapping

from controlplane.config.models import ServiceConfig, SymbolConfig
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardIdentity, CardLink
from controlplane.service.envelope import ratio_to_card
from controlplane.service.fields import pack, symbol_value
from controlplane.service.take_up import TakenUp, take_up
from controlplane.store.audit import AuditEntry, AuditLog

__all__ = ["StartupError", "configure_card", "join_items", "register_items"]


class StartupError(Exception):
    """The service cannot start with this card and this configuration; the text says why and what to do."""


def _cycles(microseconds: int, identity: CardIdentity) -> int:
    return microseconds * 1_000_000 // identity.clock_period_ps


def register_items(config: ServiceConfig, identity: CardIdentity) -> dict[str, int]:
    """Give the registers of a configuration, in the order in which they are to be written.

    Parameters
    ----------
    config : ServiceConfig
        The configuration.
    identity : CardIdentity
        The card: its slots and its clock.

    Returns
    -------
    dict of str to int
        Whole registers by name.

    Raises
    ------
    StartupError
        The card has fewer slots than there are symbols.
    """
    if len(config.symbols) > identity.slots:
        raise StartupError(
            f"the configuration follows {len(config.symbols)} symbols and the card ({identity.config_name}) has "
            f"{identity.slots} slots: leave some out"
        )
    items: dict[str, int] = {
        "modules.taker": 0,
        "modules.maker": 0,
        "risk.fee_remove": pack("risk.fee_remove", value=config.fees.remove),
        "risk.fee_add": pack("risk.fee_add", value=config.fees.add),
        "risk.commission": pack("risk.commission", value=config.fees.commission),
        "risk.on_stale": pack("risk.on_stale", cancel_exit=int(config.cancel_exit_on_stale)),
        "telemetry.depth_interval": _cycles(config.telemetry.depth_interval_microseconds, identity),
        "orders.session": int(config.order_session_up),
    }
    items |= _request_items(config, identity)
    limits = config.limits
    items |= {
        "limits.order_rate": pack(
            "limits.order_rate",
            burst=limits.order_burst,
            interval=_cycles(limits.order_interval_microseconds, identity),
        ),
        "limits.open_orders": limits.max_open_orders,
        "limits.gross": limits.max_gross_inventory,
        "limits.daily_loss": limits.max_daily_loss,
    }
    for slot in range(identity.slots):
        items |= _slot_items(config, identity, slot)
        items |= {
            f"trade[{slot}].max_notional": limits.max_order_value_dollars * 10_000,
            f"trade[{slot}].collar": limits.collar,
            f"trade[{slot}].repeat": _cycles(limits.repeat_microseconds, identity),
            f"trade[{slot}].taker_time_stop": _cycles(config.taker.time_stop_microseconds, identity),
            f"trade[{slot}].taker_guard": pack(
                "trade[].taker_guard",
                ticks=config.taker.guard,
                imbalance=int(config.taker.guard_imbalance),
                window=_cycles(config.taker.guard_microseconds, identity),
            ),
        }
    return items


def _request_items(config: ServiceConfig, identity: CardIdentity) -> dict[str, int]:
    requests = config.requests
    if requests is None:
        return {"requests.own": 0, "requests.server": 0}
    items = {
        "requests.pacing": pack(
            "requests.pacing", timeout=_cycles(requests.timeout_microseconds, identity), tries=requests.tries
        )
    }
    for side, host in (("own", requests.own), ("server", requests.server)):
        items[f"requests.{side}_mac"] = host.mac_number
        items[f"requests.{side}"] = pack(f"requests.{side}", ip=int(host.ip), port=host.port)
    return items


def _slot_items(config: ServiceConfig, identity: CardIdentity, slot: int) -> dict[str, int]:
    used = slot < len(config.symbols)
    symbol = config.symbols[slot] if used else None
    taker = config.taker
    enabled = 0
    if symbol and not symbol.failures():
        enabled = pack("slot[].control", enable=1, taker_buy=1, taker_sell=int(symbol.may_sell_short))
    values = {
        "max_inventory": 0,
        "max_order_size": 0,
        "symbol": symbol_value(symbol.name) if symbol else 0,
        "tick": symbol.tick if symbol else 100,
        "ceiling_inventory": config.envelope.max_inventory if used else 0,
        "ceiling_order_size": config.envelope.max_order_size if used else 0,
        "short_sale": int(bool(symbol and symbol.may_sell_short)),
        "taker_ratio": ratio_to_card(taker.imbalance_ratio),
        "taker_min_volume": taker.min_volume,
        "taker_order_size": 0,
        "taker_ticks": pack(
            "slot[].taker_ticks",
            take_profit=taker.take_profit,
            stop=taker.stop,
            slip=taker.slip,
            stop_slip=taker.stop_slip,
            max_spread=taker.max_spread,
            retries=taker.retries,
        ),
        "taker_cooldown": _cycles(taker.cooldown_microseconds, identity),
        "control": enabled,
    }
    items = {f"slot[{slot}].{register}": value for register, value in values.items()}
    return items | _maker_items(config, identity, slot, symbol)


def _maker_items(
    config: ServiceConfig, identity: CardIdentity, slot: int, symbol: SymbolConfig | None
) -> dict[str, int]:
    maker = config.maker
    values = {
        "prices": pack(
            "maker[].prices",
            half_spread=maker.half_spread,
            max_spread=maker.max_spread,
            move=maker.move,
            skew=maker.skew,
            weighted=int(maker.weighted),
        ),
        "size": 0,
        "inventory": 0,
        "ratio": ratio_to_card(maker.imbalance_ratio),
        "throttle": _cycles(maker.throttle_microseconds, identity),
        "cooldown": _cycles(maker.cooldown_microseconds, identity),
        "located": symbol.located_shares if symbol and symbol.may_sell_short else 0,
        "control": int(bool(symbol and not symbol.maker_failures())),
    }
    return {f"maker[{slot}].{register}": value for register, value in values.items()}


def join_items(config: ServiceConfig) -> dict[str, int]:
    """Give the writes that have the card join a day that has begun; empty without ``join`` in the configuration."""
    if not config.join:
        return {}
    items = {"feed.command": pack("feed.command", join=1)}
    for slot, symbol in enumerate(config.symbols):
        if symbol.name in config.join:
            word = pack("slot[].join", locate=config.join[symbol.name], bind=1, trading=1, whole=1)
            items[f"slot[{slot}].join"] = word
    return items


async def configure_card(
    link: CardLink, config: ServiceConfig, audit: AuditLog, committed: Mapping[str, int]
) -> TakenUp:
    """Write configuration and settings to a disarmed card, read them back, and note it in the audit log.

    Parameters
    ----------
    link : CardLink
        The card.
    config : ServiceConfig
        The configuration.
    audit : AuditLog
        Where the start is noted; it also knows what the file gave at the last one.
    committed : mapping
        Settings that the audit log says were last committed; empty: take up nothing.

    Returns
    -------
    TakenUp
        What was written, and what waits for an operator's word.

    Raises
    ------
    StartupError
        The card is armed, or too small.
    RefusedError
        UNAVAILABLE: the card did not take a register.
    AuditError
        The start could not be noted.
    """
    status = await link.status()
    if status.armed:
        raise StartupError(
            "the card is armed: somebody else is trading with it, or a service died a moment ago. Stop that service, "
            "or kill and release the card with `pennywire-ctl`, and start again"
        )
    start = register_items(config, link.identity)
    before = await link.read(start)
    last_start, held = audit.last_start()
    # What waited for an operator's word before waits on, unless it was set anew since.
    waits = {name: wanted for name, (written, wanted) in held.items() if committed.get(name) == written}
    taken = take_up(start, last_start, {**committed, **waits}, before, config)
    items = taken.items
    changed = {name: value for name, value in items.items() if before[name] != value} | join_items(config)
    if changed:
        await link.write(changed)
    row = audit.append(
        AuditEntry(
            who="service",
            role=pb.ROLE_OPERATOR,
            method="Startup",
            card_time=status.card_time,
            before=json.dumps({n: before[n] for n in changed if n in before}, separators=(",", ":")),
            # All of it, so that a restart can tell whether somebody else has changed anything since.
            after=json.dumps(items | join_items(config), separators=(",", ":")),
            reason=_reason(start, taken),
            result="committed",
        )
    )
    await asyncio.wrap_future(row)
    # After the row: a crash in between takes up once more what the row says already.
    kept = audit.keep_start(start, {name: [items[name], wanted] for name, wanted in taken.held.items()})
    await asyncio.wrap_future(kept)
    return taken


def _reason(start: Mapping[str, int], taken: TakenUp) -> str:
    words = "the service started with this configuration"
    again = sum(taken.items[name] != value for name, value in start.items())
    if again:
        words += f"; {again} settings were taken up again"
    if taken.held:
        words += f"; {len(taken.held)} that would be bolder than the card was found wait for `pennywire resume`"
    if taken.dropped:
        words += f"; not taken up: {'; '.join(taken.dropped[:5])}"
        words += f" and {len(taken.dropped) - 5} more" if len(taken.dropped) > 5 else ""
    return words
