"""What is kept of a source's records follows from the types it sends, and these from the description of records."""

import pytest

from hdl.configs import CONFIGS
from hdl.telemetry.record import RecordType
from hdl.telemetry.records import HEADER, RECORDS
from hdl.telemetry.source import Source
from hdl.telemetry.sources import sources


def test_a_queue_is_as_wide_as_its_types_need():
    """Counted by hand from the table of records: a token and a lease; whether armed; and so on."""
    widths = {
        (RecordType.HEARTBEAT,): 32 + 64,
        (RecordType.ARM,): 1,
        (RecordType.GAP,): 2 + 64 + 4 * 32,
        (RecordType.SYMBOL_STATE,): 8 + 6 + 48 + 64 + 16,
        (RecordType.ACCOUNT, RecordType.ORDER_EVENT): 5 + 8 + 64 + 64 + 2 * 32,
        (RecordType.DEPTH, RecordType.DEPTH_LEVEL): 5 + 8 + 3 + 48 + 64 + 4 * 32 + 5,
        (RecordType.ORDER_SENT,): 8 + 1 + 2 + 64 + 32 + 32 + 64 + 4 * 32 + 6 + 64,
    }
    assert {types: Source(*types).layout.size for types in widths} == widths


def test_a_side_that_only_some_types_have_may_be_none():
    assert Source(RecordType.TRIGGER).layout["side"].width == 1
    assert Source(RecordType.TRIGGER, RecordType.MARKET).layout["side"].width == 2


def test_bits_are_of_fields_and_words_that_there_are():
    stamped = {"type", "sequence", "epoch"}
    sizes = {field.name: 8 * field.size for field in HEADER if field.name not in stamped}
    for record in RECORDS:
        allowed = sizes | {word: 32 for word in record.words if word is not None}
        for name, bits in record.bits.items():
            assert 1 <= bits <= allowed[name], (record.name, name)


def test_every_slot_may_say_something_at_once():
    for config in CONFIGS.values():
        depths = {name: source.depth for name, source in sources(config).items()}
        assert min(depths.values()) >= 4
        assert min(depths["stale"], depths["symbol_state"]) >= config.slots
        assert list(depths)[-1] == "heartbeat"


def test_a_card_that_does_not_trade_has_no_source_that_tells_of_orders():
    every, heard = (
        {kind for one in sources(CONFIGS[name]).values() for kind in one.types} for name in ("scalp", "listen")
    )
    # As docs/hostlink.md has them by what they tell of.
    assert {kind.name for kind in heard} == {
        "ARM", "KILL", "GAP", "STALE", "SYMBOL_STATE", "MARKET", "TRADE_PRINT", "DEPTH", "DEPTH_LEVEL", "HEARTBEAT",
    }  # fmt: skip
    assert heard < every == set(RecordType) - {RecordType.NONE}


def test_sources_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="at least one type"):
        Source()
    with pytest.raises(ValueError, match="at least one record, not 0"):
        Source(RecordType.ARM, depth=0)
    with pytest.raises(ValueError, match=r"ORDER_SENT brings .* and ARM, KILL does not"):
        Source(RecordType.ARM, RecordType.ORDER_SENT, RecordType.KILL)
