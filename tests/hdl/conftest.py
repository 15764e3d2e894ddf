"""Running one Amaranth block under cocotb on Verilator."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from amaranth.lib import wiring
from cocotb_tools.runner import Verilator, get_results

from sim.bitstream.netlist import block_verilog
from sim.verilated.build import only_one, to_verilog

ROOT = Path(__file__).resolve().parents[2]


class PortsOnly(Verilator):
    """The Verilator runner, with the top level's ports in reach of a test and nothing below them.

    With every signal public, as the runner has it, a block of some size takes minutes to compile.
    """

    def _build_command(self):
        return [
            [part for word in command for part in (("--public-depth", "1") if word == "--public-flat-rw" else (word,))]
            for command in super()._build_command()
        ]


@pytest.fixture
def run_cocotb(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that builds ``block`` once per content and runs a cocotb module against it.

    ``run(block, "cocotb_mold", env={...})``: the cocotb module is a file beside the test that asks. The top level
    is named ``top``; its clock is ``clk``, its reset ``rst``; ports are named as Amaranth names them
    (``port__payload``, ``port__valid``): a struct payload is one vector, its first field in the lowest bits.
    ``synthesised``: what Yosys made of the block, in the cells of the FPGA, instead of the block. A block may also be
    given as the text of a design in Verilog.

    With PENNYWIRE_WAVES set (``make wave``) the wave of the run is kept in that folder, named by the test.
    """
    waves = os.environ.get("PENNYWIRE_WAVES")

    def run(
        block: wiring.Component | str, module: str, *, env: dict[str, str] | None = None, synthesised: bool = False
    ) -> None:
        if isinstance(block, str):
            text = block
        elif synthesised:
            text = block_verilog(block, ROOT / "build" / "netlists" / type(block).__name__, print)
        else:
            text = to_verilog(block)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        # A model that can write waves is slower, and is another one.
        build = ROOT / "build" / "cocotb" / (f"{digest}-waves" if waves else digest)
        runner = PortsOnly()
        log = build / f"{module}.log"
        with only_one(build):
            build.mkdir(parents=True, exist_ok=True)
            source = build / "top.v"
            if not source.exists():
                source.write_text(text)
            runner.build(
                sources=[source],
                hdl_toplevel="top",
                build_dir=build,
                build_args=["-Wno-fatal", "-Wno-WIDTH", "-O3", "--x-initial", "fast"],
                log_file=build / "build.log",
                waves=bool(waves),
            )
        here = Path(request.node.path).parent
        work = build / f"run-{hashlib.sha256((request.node.nodeid + module).encode()).hexdigest()[:8]}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        monkeypatch.syspath_prepend(str(ROOT))  # the simulation's Python gets this one's search path
        monkeypatch.syspath_prepend(str(here))
        results = runner.test(
            hdl_toplevel="top",
            test_module=module,
            build_dir=build,
            test_dir=work,
            results_xml=str(work / "results.xml"),
            extra_env=env or {},
            log_file=log,
            waves=bool(waves),
        )
        if waves:  # before the verdict: the wave of a test that fails is the one that is wanted
            Path(waves).mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
            shutil.move(work / "dump.vcd", Path(waves) / f"{module}-{name}.vcd")
        total, failed = get_results(results)
        assert total > 0, f"{module} holds no cocotb test; see {log}"
        assert failed == 0, f"{failed} of {total} cocotb tests of {module} failed; see {log}\n{log.read_text()[-6000:]}"

    return run
