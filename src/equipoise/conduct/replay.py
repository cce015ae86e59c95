"""Replay a ledger: fold it anew, and draw every allocation again once the seeds are revealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from equipoise.allocation import ListState, advance_recorded, commitment, differences
from equipoise.conduct.lists import method_of
from equipoise.ledger import Journal
from equipoise.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying found.

    Attributes:
        allocations: how many were drawn again.
        revealed: whether the seeds are in the ledger.
        problems: entry number and what does not fit.
    """

    allocations: int
    revealed: bool
    problems: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        """One line for people."""
        if self.problems:
            entry, what = self.problems[0]
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            return f"allocations do not replay: entry {entry}: {what}{more}"
        if not self.revealed:
            return "seeds not revealed: allocations cannot be replayed yet"
        return f"{self.allocations:,} allocations replayed from the revealed seeds"


def replay_allocations(protocol: Protocol, journal: Journal) -> Replay:
    """Draw every allocation of a ledger again from the revealed seeds.

    Checks that each seed is the one committed to before the first allocation, and that each entry's stratum, counter,
    imbalances, probabilities, draw and arm follow from the seed and the entries before it.
    """
    seeds = _revealed(journal)
    problems: list[tuple[int, str]] = []
    states: dict[str, ListState] = {}
    count = 0
    for entry in journal:
        data: Any = entry.data
        if entry.kind == "open" and seeds:
            for name, promised in data["commitments"].items():
                if name not in seeds or commitment(seeds[name]) != promised:
                    problems.append((entry.seq, f"the revealed seed of list '{name}' is not the one committed to"))
        if entry.kind != "allocate" or data["method"] == "classified" or data["list"] not in seeds:
            continue
        method = method_of(protocol, data["list"])
        state = states.get(data["list"], ListState())
        problems += [(entry.seq, what) for what in differences(method, state, data, seed=seeds[data["list"]])]
        states[data["list"]] = advance_recorded(method, state, data)
        count += 1
    return Replay(count, bool(seeds), tuple(problems))


def _revealed(journal: Journal) -> dict[str, bytes]:
    for entry in journal:
        if entry.kind == "reveal":
            seeds: Any = entry.data["seeds"]
            return {name: bytes.fromhex(text) for name, text in seeds.items()}
    return {}
