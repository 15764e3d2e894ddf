"""The short form of ``make formal``: the fastest proofs, and for each a removed check that it must see."""

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from proofs import PROOFS
from prover import ROOT, ProverError, holds

BY_NAME = {proof.name: proof for proof in PROOFS}


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("arming", "arms while killed"),
        ("counters", "counters wrap"),
        ("records", "says a word that the type does not have"),
        ("row", "keeps its bound when it spills"),
    ],
)
def test_a_proof_holds_and_fails_without_its_check(name, what):
    proof = BY_NAME[name]
    assert holds(proof)
    (mutation,) = (m for m in proof.mutations if m.what == what)
    assert not holds(proof, mutation)


def test_every_change_is_of_text_that_is_there():
    """A changed source must not let a mutation slip away: each text is there exactly once."""
    assert all(proof.mutations for proof in PROOFS)
    for proof in PROOFS:
        for mutation in proof.mutations:
            assert (ROOT / mutation.path).read_text().count(mutation.old) == 1, mutation
            assert mutation.old != mutation.new, mutation


def test_a_mutation_that_changes_nothing_is_an_error():
    proof = BY_NAME["arming"]
    with pytest.raises(ProverError, match="not once"):
        holds(proof, replace(proof.mutations[0], what="is not there", old="no such text"))


def test_two_runs_at_one_proof_wait_for_each_other():
    with ThreadPoolExecutor(2) as both:
        assert list(both.map(holds, [BY_NAME["arming"]] * 2)) == [True, True]


@pytest.mark.parametrize(("named", "runs"), [(["arming", "row"], 0), ([], 1)])
def test_only_a_run_of_all_proofs_leaves_figures(named, runs, monkeypatch):
    spec = importlib.util.spec_from_file_location("formal_command", ROOT / "tests" / "formal" / "__main__.py")
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    left = []
    monkeypatch.setattr(command, "holds", lambda proof, mutation=None: mutation is None)
    monkeypatch.setattr(command, "merge", lambda file, figures: left.append({n: f.value for n, f in figures.items()}))
    monkeypatch.setattr(sys, "argv", ["formal", *named])
    assert command.main() == 0
    mutations = sum(len(proof.mutations) for proof in PROOFS)
    assert left == [{"proofs_passed": len(PROOFS), "proofs_mutations_caught": mutations}] * runs
