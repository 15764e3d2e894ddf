"""The timing diagrams in the documentation are what the blocks do, and a block that does otherwise is noticed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(page.stem for page in (ROOT / "docs" / "blocks" / "timing").glob("*.svg"))


def check(tree: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/timing_diagrams.py", "--check", *names],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin"},
    )


def test_no_diagram_is_stale_and_each_is_drawn_by_a_run():
    done = check(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(NAMES) <= set(re.findall(r"\w+", check(ROOT, "--help").stdout))


@pytest.mark.parametrize("name", NAMES)
def test_each_is_shown_on_its_page(name):
    assert f"](timing/{name}.svg)" in (ROOT / "docs" / "blocks" / f"{name}.md").read_text()
    text = (ROOT / "docs" / "blocks" / "timing" / f"{name}.svg").read_text()
    assert len(re.findall('class="cycle"', text)) >= 8


def test_a_block_that_does_otherwise_makes_its_diagram_stale(tmp_path):
    for folder in ("hdl", "sim", "scripts", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    source = tmp_path / "hdl" / "feed" / "itch.py"
    text = source.read_text()
    old = "self.decoded_valid.eq(self.messages)"
    assert text.count(old) == 1
    source.write_text(text.replace(old, "self.decoded_valid.eq(self.messages | self.wrong_sizes)"))
    done = check(tmp_path, "itch")
    assert (done.returncode, done.stdout) == (1, "stale: docs/blocks/timing/itch.svg\n"), done.stderr
