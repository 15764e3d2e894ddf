"""What a service that starts anew finds: the card as it is, compared with what was last committed to it.

What was committed is read from the audit log, which has it on the disk before a write is acknowledged. A write that a
crash cut in two has reached the card, or part of it, and left no row: it shows here as well.
"""

import asyncio
import json
import re
from collections.abc import Iterable

from controlplane.card.register_table import REGISTERS
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardLink
from controlplane.store.audit import AuditEntry, AuditLog

__all__ = ["committed_settings", "say_differences"]

_INDEX = re.compile(r"\[(\d+)\]")
#: Settings: what can be written and read back. The heartbeat's register is none, it moves by itself.
_SETTINGS = {row.name: row for row in REGISTERS if row.readable and row.writable and row.name != "control.lease"}
_ROWS_AT_ONCE = 1000
#: Differences that the audit row's words name; its columns have all.
_NAMED = 5


def committed_settings(entries: Iterable[AuditEntry], slots: int) -> dict[str, int]:
    """Give the settings that committed rows of the audit log left, oldest row first, on a card with so many slots."""
    found: dict[str, int] = {}
    for entry in entries:
        if entry.result != "committed" or not entry.after:
            continue
        for name, value in json.loads(entry.after).items():
            row, index = _SETTINGS.get(_INDEX.sub("[]", name)), _INDEX.search(name)
            if row is not None and (index is None or int(index[1]) < (row.count or slots)):
                found[name] = value
    return found


def _rows(audit: AuditLog) -> Iterable[AuditEntry]:
    after = 0
    while rows := audit.query(after, _ROWS_AT_ONCE):
        yield from (entry for _number, entry in rows)
        after = rows[-1][0]


async def say_differences(link: CardLink, audit: AuditLog) -> tuple[dict[str, int], list[str]]:
    """Compare the card with what was last committed; note differences in the audit log. Nothing is written to the card.

    Returns
    -------
    dict of str to int
        The settings that were last committed.
    list of str
        One sentence for each that differs.

    Raises
    ------
    RefusedError
        UNAVAILABLE: the card did not answer.
    AuditError
        The differences could not be noted.
    """
    committed = committed_settings(_rows(audit), link.identity.slots)
    card = await link.read(committed)
    differs = [name for name in committed if card[name] != committed[name]]
    words = [f"{name} is {card[name]:#x}, committed was {committed[name]:#x}" for name in differs]
    if differs:
        more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
        status = await link.status()
        row = audit.append(
            AuditEntry(
                who="service",
                role=pb.ROLE_OPERATOR,
                method="Restart",
                card_time=status.card_time,
                before=json.dumps({name: committed[name] for name in differs}, separators=(",", ":")),
                after=json.dumps({name: card[name] for name in differs}, separators=(",", ":")),
                reason="the card is not as it was left: it was reset, written by another, or a write was cut in two",
                result=f"differs: {'; '.join(words[:_NAMED])}{more}",
            )
        )
        await asyncio.wrap_future(row)
    return committed, words
