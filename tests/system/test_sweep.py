"""A short grid through the real gateware, as a user asks for it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parents[2]


def test_a_grid_is_played_and_drawn(tmp_path):
    command = [sys.executable, "-m", "controlplane.cli.main", "sweep", "--made", "bursts:1:3000", "--jobs", "2"]
    done = subprocess.run(
        [*command, "--set", "taker.take_profit=1,6", "--out", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["taker.take_profit"] for row in rows] == ["1", "6"]
    assert all(int(row["fills"]) > 3 and row["agree"] == "true" for row in rows)
    assert rows[0]["pnl"] != rows[1]["pnl"], "a setting that changes nothing was not set"
    assert pl.read_parquet(tmp_path / "sweep.parquet")["fills"].to_list() == [int(row["fills"]) for row in rows]
    assert "<svg" in (tmp_path / "sweep.html").read_text()
    # Each cell's own report says the same, from the exchange's log.
    for number, row in enumerate(rows):
        report = json.loads((tmp_path / f"cell-{number:04d}" / "report.json").read_text())
        assert report["result"]["total"]["pnl"] == int(row["pnl"])
        assert report["session"]["taker.take_profit"] == row["taker.take_profit"]
