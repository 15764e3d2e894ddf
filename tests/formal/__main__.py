"""``make formal``: prove everything, and see every proof fail when its check is removed."""

import argparse
import sys
import time

from proofs import PROOFS
from prover import ROOT, holds

from sim.bench.figures import Figure, merge


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/formal", description=__doc__)
    by_name = {proof.name: proof for proof in PROOFS}
    parser.add_argument("name", nargs="*", help=f"proofs, all if none is named: {', '.join(by_name)}")
    names = parser.parse_args().name
    unknown = [name for name in names if name not in by_name]
    if unknown:
        parser.error(f"no proof is called {', '.join(unknown)}: there are {', '.join(by_name)}")
    passed = caught = 0
    wrong = []
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:5.0f} s  {text}", flush=True)

    for proof in [by_name[name] for name in names] or PROOFS:
        if holds(proof):
            passed += 1
            say(f"{proof.name}: " + (f"proved for {proof.depth} cycles from reset" if proof.bounded else "proved"))
        else:
            wrong.append(f"{proof.name} does not hold")
            say(wrong[-1])
        for mutation in proof.mutations:
            if holds(proof, mutation):
                wrong.append(f"{proof.name} does not see a card that {mutation.what}")
                say(wrong[-1])
            else:
                caught += 1
                say(f"{proof.name}: caught: {mutation.what}")
    # Of some of the proofs there is no figure.
    if not names:
        merge(
            ROOT / "build" / "bench.json",
            {
                "proofs_passed": Figure(
                    passed,
                    "proofs",
                    "sets of properties proved on the gateware's blocks, by k-induction or bounded: see docs/formal.md",
                ),
                "proofs_mutations_caught": Figure(
                    caught, "mutations", "changes of the source, each taking away one check, that a proof refuted"
                ),
            },
        )
    print(f"proofs: {passed} passed, mutations: {caught} caught")
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
