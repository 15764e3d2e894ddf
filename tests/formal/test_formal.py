"""The short form of ``make formal``: the fastest proofs, and for each a removed check that it must see."""

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
