"""The strategies' registers: joins the taker and the market maker to the card's register bank."""

from amaranth import Module

from hdl.engine import Engine
from hdl.regs.bank import RegisterBank

__all__ = ["join_maker", "join_taker"]

_TAKER_ROWS = (
    "tick", "taker_ratio", "taker_min_volume", "taker_order_size", "taker_cooldown", "taker_ticks",
    "trade.taker_time_stop", "trade.taker_guard",
)  # fmt: skip
_MAKER_ROWS = ("prices", "size", "inventory", "ratio", "throttle", "cooldown")
_MAKER_PRICES = ("half_spread", "max_spread", "move", "skew", "weighted")
_MAKER_COUNTERS = ("entered", "moved", "pulled", "post_only_refused")
_TICKS = ("take_profit", "stop", "slip", "stop_slip", "max_spread", "retries")


def join_taker(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Give the taker its settings, slot by slot, and show what it does."""
    taker = engine.taker
    ports = {name: bank.slot_port(name) for name in _TAKER_ROWS}
    ticks = ports["taker_ticks"].row
    m.d.comb += [port.slot.eq(taker.config_slot) for port in ports.values()]
    m.d.comb += [
        taker.config.tick.eq(ports["tick"].row.tick),
        taker.config.ratio.eq(ports["taker_ratio"].row.ratio),
        taker.config.min_volume.eq(ports["taker_min_volume"].row.shares),
        taker.config.order_size.eq(ports["taker_order_size"].row.shares),
        taker.config.cooldown.eq(ports["taker_cooldown"].row.cycles),
        *(getattr(taker.config, name).eq(getattr(ticks, name)) for name in _TICKS),
        taker.config.time_stop.eq(ports["trade.taker_time_stop"].row.cycles),
        taker.config.guard.eq(ports["trade.taker_guard"].row.ticks),
        taker.config.guard_imbalance.eq(ports["trade.taker_guard"].row.imbalance),
        taker.config.guard_window.eq(ports["trade.taker_guard"].row.window),
        taker.enable.eq(bank.value("modules.taker.enable")),
        taker.cancel_exit.eq(bank.value("risk.on_stale.cancel_exit")),
    ]
    enabled = bank.slot_value("control", "enable")
    switches = (
        (taker.buy_enabled, bank.slot_value("control", "taker_buy")),
        (taker.sell_enabled, bank.slot_value("control", "taker_sell")),
    )
    triggers = bank.slot_show("triggers")
    m.d.comb += [taker.counted_slot.eq(triggers.slot), triggers.row["count"].eq(taker.triggers)]
    for i in range(len(enabled)):
        m.d.comb += taker.slot_enabled[i].eq(enabled[i])
        # A slot is one strategy's at a time.
        m.d.comb += [port[i].eq(values[i] & ~engine.maker.engaged[i]) for port, values in switches]


def join_maker(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Give the market maker its settings, slot by slot, and show what it does."""
    maker, locates = engine.maker, engine.locates
    ports = {name: bank.slot_port(f"maker.{name}") for name in _MAKER_ROWS}
    tick, short_sale = bank.slot_port("tick"), bank.slot_port("short_sale")
    m.d.comb += [port.slot.eq(maker.config_slot) for port in (*ports.values(), tick, short_sale)]
    prices = ports["prices"].row
    m.d.comb += [
        *(getattr(maker.config, name).eq(getattr(prices, name)) for name in _MAKER_PRICES),
        maker.config.tick.eq(tick.row.tick),
        maker.config.short_allowed.eq(short_sale.row.allowed),
        maker.config.size.eq(ports["size"].row.shares),
        maker.config.inventory.eq(ports["inventory"].row.shares),
        maker.config.ratio.eq(ports["ratio"].row.ratio),
        maker.config.throttle.eq(ports["throttle"].row.cycles),
        maker.config.cooldown.eq(ports["cooldown"].row.cycles),
        maker.enable.eq(bank.value("modules.maker.enable")),
    ]
    for name in _MAKER_COUNTERS:
        m.d.comb += bank.count(f"market_maker.{name}").eq(getattr(maker, name))
    enabled, quoted = bank.slot_value("control", "enable"), bank.slot_value("maker.control")
    located, balance = bank.slot_write("maker.located"), bank.slot_show("maker.balance")
    m.d.comb += [
        locates.locate.eq(located.strobe),
        locates.locate_slot.eq(located.slot),
        locates.located.eq(located.row.shares),
        locates.slot[locates.readers - 1].eq(balance.slot),
        balance.row.shares.eq(locates.balance[locates.readers - 1]),
    ]
    states = {name: bank.slot_drive("maker.state", name) for name in ("bid", "ask")}
    for i in range(len(enabled)):
        m.d.comb += [
            maker.slot_enabled[i].eq(enabled[i]),
            maker.maker_enabled[i].eq(quoted[i]),
            states["bid"][i].eq(maker.bid_state[i]),
            states["ask"][i].eq(maker.ask_state[i]),
        ]
