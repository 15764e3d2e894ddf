"""What a proof is, and what a change of the source is that it must catch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """A check removed from the source: ``old`` is there exactly once."""

    what: str
    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Proof:
    """A component of properties, and what it must catch.

    ``depth`` is that of the induction; of a ``bounded`` proof it is the number of cycles from reset that are looked at,
    all there are of them, and nothing is said of later ones.
    """

    name: str
    module: str
    component: str
    depth: int
    mutations: tuple[Mutation, ...]
    bounded: bool = False
