"""What is exported is what the run says, read back by another reader than the writer's."""

import csv

import polars as pl
import pytest

from controlplane.report.export import export_run
from tests.controlplane.report.test_report import FILLS, run


def test_every_fill_order_and_markout_is_a_row(tmp_path):
    paths = export_run(run(), tmp_path / "out")
    assert sorted(p.name for p in paths) == sorted(
        f"{name}.{end}" for name in ("fills", "orders", "markouts", "bars") for end in ("parquet", "csv")
    )
    with (tmp_path / "out" / "fills.csv").open() as file:
        rows = list(csv.DictReader(file))
    told = [(int(r["time_ns"]), r["symbol"], r["side"], int(r["shares"]), int(r["price_e4"])) for r in rows]
    assert told == [(f.time, f.symbol, "buy" if f.buy else "sell", f.shares, f.price) for f in FILLS]
    assert [r["role"] for r in rows] == ["entry", "entry", "exit", "exit"]
    assert sum(int(r["fee_microdollars"]) for r in rows) == 580_000
    with (tmp_path / "out" / "orders.csv").open() as file:
        assert [r["kind"] for r in csv.DictReader(file)].count("replace") == 1
    with (tmp_path / "out" / "markouts.csv").open() as file:
        markouts = {(int(r["fill"]), int(r["milliseconds"])): float(r["markout_e4"]) for r in csv.DictReader(file)}
    # By hand, as in the report's own test; what lies after the market's end has no row.
    assert markouts[1, 1_000] == 150
    assert markouts[2, 10_000] == -250
    assert (4, 1_000) in markouts
    assert (4, 10_000) not in markouts


@pytest.mark.parametrize("name", ["fills", "orders", "markouts", "bars"])
def test_parquet_and_csv_say_the_same_and_an_empty_run_has_the_same_columns(tmp_path, name):
    export_run(run(), tmp_path / "a")
    export_run(run(fills=[], sent=[]), tmp_path / "b")
    whole = pl.read_parquet(tmp_path / "a" / f"{name}.parquet")
    assert whole.equals(pl.read_csv(tmp_path / "a" / f"{name}.csv", schema=whole.schema))
    assert pl.read_parquet(tmp_path / "b" / f"{name}.parquet").schema == whole.schema
