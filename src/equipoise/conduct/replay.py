"""Replay a ledger's allocations: fold it anew, and draw every one again once the seeds are revealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.allocation import ListState, advance_recorded, commitment, differences
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.evolve import evolve_participant
from equipoise.conduct.lists import arm_of_class, levels_of, method_of
from equipoise.conduct.state import ParticipantState
from equipoise.errors import EquipoiseError
from equipoise.ledger import Entry, Journal
from equipoise.protocol import Protocol
from equipoise.protocol.model.allocation import ClassifiedList
from equipoise.protocol.model.pathway import Assign, Randomise

_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, EquipoiseError)
"""What reading an entry can raise that was changed and hashed anew."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying found.

    Attributes:
        allocations: how many were drawn again.
        revealed: whether the seeds are in the ledger.
        problems: entry number and what does not fit.
        sealed: how many allocations rest on a list with chance.
    """

    allocations: int
    revealed: bool
    problems: tuple[tuple[int, str], ...]
    sealed: int = 0

    def __str__(self) -> str:
        """One line for people."""
        if self.problems:
            entry, what = self.problems[0]
            more = f" (and {len(self.problems) - 1:,} more)" if len(self.problems) > 1 else ""
            return f"allocations do not replay: entry {entry}: {what}{more}"
        if self.revealed:
            return f"{self.allocations:,} allocations replayed from the revealed seeds"
        if self.sealed:
            return f"{self.sealed:,} allocations cannot be replayed yet: their seeds are not revealed"
        return "no allocation to replay: none rests on chance"


def replay_allocations(protocol: Protocol, journal: Journal) -> Replay:
    """Draw every allocation of a ledger again from the revealed seeds.

    Checks that each seed is the one committed to before the first allocation, and that each entry's levels, stratum,
    counter, imbalances, probabilities, draw and arm follow from the seed and the entries before it; of an allocation
    by class, that the arm is the class's. Without the seeds it checks what needs none.
    """
    replayer = _Replayer(protocol, journal)
    for entry in journal:
        replayer.take(entry)
    return Replay(replayer.drawn, bool(replayer.seeds), tuple(replayer.problems), replayer.sealed)


class _Replayer:
    def __init__(self, protocol: Protocol, journal: Journal) -> None:
        self.criteria = Criteria(protocol)
        self.problems: list[tuple[int, str]] = []
        self.seeds = self._revealed(journal)
        self.participants: dict[str, ParticipantState] = {}
        self.lists: dict[str, ListState] = {}
        self.opened = self.revealed = False
        self.drawn = self.sealed = 0

    def _problem(self, entry: Entry, what: str) -> None:
        self.problems.append((entry.seq, what))

    def _revealed(self, journal: Journal) -> dict[str, bytes]:
        """The seeds of the first `reveal` entry."""
        entry = next((entry for entry in journal if entry.kind == "reveal"), None)
        if entry is None:
            return {}
        seeds: Any = entry.data.get("seeds")
        try:
            found = {str(name): bytes.fromhex(text) for name, text in seeds.items()}
            for seed in found.values():
                commitment(seed)
        except _UNREADABLE:
            self._problem(entry, "the seeds cannot be read")
            return {}
        return found

    def take(self, entry: Entry) -> None:
        """Check one entry, then fold it into the states."""
        for act in (self._check, self._fold):
            try:
                act(entry)
            except _UNREADABLE as error:
                self._problem(entry, f"'{entry.kind}' cannot follow from the entries before it ({error})")

    def _check(self, entry: Entry) -> None:
        match entry.kind:
            case "open":
                self._open(entry)
            case "reveal":
                self.revealed = True
            case "allocate":
                self._allocate(entry)
            case _:
                pass

    def _fold(self, entry: Entry) -> None:
        if entry.participant is not None:
            before = self.participants.get(entry.participant)
            self.participants[entry.participant] = evolve_participant(self.criteria, before, entry)

    def _open(self, entry: Entry) -> None:
        """Every list with chance has to be committed to, here and nowhere else."""
        if self.opened:
            self._problem(entry, "the trial is opened a second time")
            return
        self.opened = True
        promised: Any = entry.data["commitments"]
        for name, item in self.criteria.protocol.allocation.items():
            if isinstance(item, ClassifiedList):
                continue
            if name not in promised:
                self._problem(entry, f"the seed of list '{name}' is not committed to")
            elif self.seeds and (name not in self.seeds or commitment(self.seeds[name]) != promised[name]):
                self._problem(entry, f"the revealed seed of list '{name}' is not the one committed to")

    def _allocate(self, entry: Entry) -> None:
        data: Any = entry.data
        steps = {step.id: step for step in self.criteria.protocol.entry_steps if isinstance(step, Randomise | Assign)}
        step = steps.get(data["step"])
        if step is None or step.list != data["list"]:
            self._problem(entry, f"the pathway has no step '{data['step']}' that takes list '{data['list']}'")
            return
        state = self.participants[str(entry.participant)]
        if isinstance(step, Assign):
            self._assign(entry, step.list, data, state)
        else:
            self._draw(entry, step, data, state)

    def _assign(self, entry: Entry, name: str, data: Mapping[str, Any], state: ParticipantState) -> None:
        """Compare class and arm with the participant's newest class."""
        by_table = (*arm_of_class(self.criteria.protocol, name, state.values), "classified")
        recorded = (data["class"], data["arm"], data["method"])
        if recorded != by_table:
            self._problem(entry, f"class, arm, method: recorded {recorded}, by the class before {by_table}")

    def _draw(self, entry: Entry, step: Randomise, data: Mapping[str, Any], state: ParticipantState) -> None:
        """Compare the levels with what was recorded of the participant, and the rest with the list and its seed."""
        self.sealed += 1
        name = step.list
        if not self.opened or self.revealed:
            when = "after the seeds were revealed" if self.revealed else "before the seeds were committed to"
            self._problem(entry, f"it was made {when}")
        if step.id in state.steps:
            self._problem(entry, f"{state.number} was allocated before")
        levels = levels_of(self.criteria, name, state.values, state.site)
        if data["levels"] != levels:
            self._problem(entry, f"levels: recorded {data['levels']!r}, by the entries before {levels!r}")
        method, before = method_of(self.criteria.protocol, name), self.lists.get(name, ListState())
        if name in self.seeds:
            self.drawn += 1
            for what in differences(method, before, data, seed=self.seeds[name]):
                self._problem(entry, what)
        self.lists[name] = advance_recorded(method, before, data)
