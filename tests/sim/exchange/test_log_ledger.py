"""The exchange's log and what is recomputed from it."""

import pytest

from sim.exchange.ledger import accounts_of
from sim.exchange.log import ExchangeLog, Fees, LogEntry, LogError, read_log


def fill(match, side, shares, price, fee, symbol="TEST"):
    return LogEntry("executed", 1, symbol, 1, 1, side, shares, price, "R", match, fee)


def test_position_cash_and_pnl_in_whole_micro_dollars():
    accounts = accounts_of(
        [
            LogEntry("accepted", 1, "TEST", 1, 1, "B", 200, 250_100),
            fill(1, "B", 200, 250_100, 620_000),
            fill(2, "S", 150, 250_300, -285_000),
            fill(3, "T", 100, 10_000, 0, symbol="OTHER"),
        ]
    )
    test, other = accounts["TEST"], accounts["OTHER"]
    assert (test.fills, test.bought, test.sold, test.position, test.fees) == (2, 200, 150, 50, 335_000)
    # -200 x 25.01 + 150 x 25.03 dollars, less 0.335 of fees
    assert test.cash == -5_002_000_000 + 3_754_500_000 - 335_000
    assert test.pnl(250_200) == test.cash + 50 * 25_020_000
    assert (other.position, other.cash) == (-100, 100_000_000)
    with pytest.raises(ValueError, match="needs a mark"):
        other.pnl()


def test_a_match_counts_once():
    with pytest.raises(ValueError, match="match 1 is in the log twice"):
        accounts_of([fill(1, "B", 1, 1, 0), fill(1, "B", 1, 1, 0)])


def test_log_goes_to_lines_and_back(tmp_path):
    log = ExchangeLog([fill(1, "B", 200, 250_100, 620_000), LogEntry("ignored", 2, "", 9, reason="no order 3 lives")])
    path = tmp_path / "exchange.jsonl"
    log.write(path)
    assert read_log(path.read_text().splitlines()) == log.entries
    assert path.read_text().splitlines()[0].startswith('{"kind":"executed","time_ns":1,"symbol":"TEST","user_ref":1,')
    with pytest.raises(LogError, match="line 1"):
        read_log(['{"kind": 1'])
    with pytest.raises(LogError, match="line 1"):
        read_log(['{"kinds": "executed"}'])


def test_fees_follow_the_liquidity_flag():
    fees = Fees(fee_remove=3_000, fee_add=-2_000, commission=100)
    assert (fees.of(200, "R"), fees.of(200, "A"), fees.of(1, "?")) == (620_000, -380_000, 3_100)
