"""Replay a ledger: fold it anew, judge every step again, and draw every arm again once the seeds are revealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.allocation import BY_HAND, ListState, advance_recorded, commitment, differences
from equipoise.conduct.admission import BY_HAND_ROLE, EntryStep, condition_of, entry_step, is_drawn_on, listed
from equipoise.conduct.amendment import changes, not_activated, not_carried, not_consented, not_next
from equipoise.conduct.context import Amendment
from equipoise.conduct.desk import others_among
from equipoise.conduct.eligibility import Criteria, CriterionResult
from equipoise.conduct.evolve import evolve_participant
from equipoise.conduct.lesions import as_judged, reading_of
from equipoise.conduct.lists import arm_of_class, levels_of, method_of
from equipoise.conduct.persons import problems_of
from equipoise.conduct.proposals import class_draft, row_of
from equipoise.conduct.recheck import Recheck
from equipoise.conduct.responses import overall_of, with_reading
from equipoise.conduct.state import ParticipantState, ProtocolVersion
from equipoise.conduct.versions import amended_to, folded, version_of_entry
from equipoise.errors import EquipoiseError
from equipoise.ledger import Entry, Journal
from equipoise.protocol import Protocol
from equipoise.protocol.model.allocation import ClassifiedList
from equipoise.protocol.model.pathway import Assign, Randomise, Register

_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, EquipoiseError)
"""What reading an entry can raise that was changed and hashed anew."""

_STEP = frozenset({"step", "on", "number"})
_CHOSEN = frozenset({"list", "method", "stratum", "k", "levels", "block", "draw", "arm"})
_EXPLAINED = frozenset({"imbalance", "preferred", "tie", "probabilities", "why"})
_CLASSED = frozenset({"list", "method", "class", "arm"})
_MEMBERS = {Register: _STEP, Randomise: _STEP | _CHOSEN | _EXPLAINED, Assign: _STEP | _CLASSED}
_GIVEN = _STEP | {"list", "method", "stratum", "k", "levels", "probabilities", "arm"}
"""What the entry of a passed step holds, and no other but what may stand in any entry. `_GIVEN`: by hand."""
_ANYWHERE = frozenset({"clock", "after_freeze"})


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying found.

    Attributes:
        allocations: how many were drawn again.
        revealed: whether the seeds are in the ledger.
        problems: entry number and what does not fit.
        sealed: how many allocations were drawn from a list with chance.
        by_hand: how many the coordinating centre gave by hand.
    """

    allocations: int
    revealed: bool
    problems: tuple[tuple[int, str], ...]
    sealed: int = 0
    by_hand: int = 0

    def __str__(self) -> str:
        """One line for people."""
        if self.problems:
            entry, what = self.problems[0]
            more = f" (and {len(self.problems) - 1:,} more)" if len(self.problems) > 1 else ""
            return f"allocations do not replay: entry {entry}: {what}{more}"
        besides = f"; {self.by_hand:,} given by hand" if self.by_hand else ""
        if self.revealed:
            return f"{self.allocations:,} allocations replayed from the revealed seeds{besides}"
        if self.sealed:
            return f"{self.sealed:,} allocations cannot be replayed yet: their seeds are not revealed{besides}"
        return f"no allocation to replay: none rests on chance{besides}"


def replay_allocations(protocol: Protocol, journal: Journal, amendments: Sequence[Protocol] = ()) -> Replay:
    """Draw every allocation of a ledger again from the revealed seeds.

    Checks that each seed is the one committed to before the first allocation, and that each entry's levels, stratum,
    counter, imbalances, probabilities, draw and arm follow from the seed and the entries before it; of an allocation
    by class, that the arm is the class's. Without the seeds it checks what needs none: that the ledger was opened under
    this text of the protocol; that each step was passed in its order, on a day on which it could be, by somebody of
    whom every criterion held by the entries before it; that a refusal names the criteria that stood against it; that
    the overall response is that of its compartments; that locks, freezes and signatures hold; and, where the trial was
    opened with an administrator, that each entry is by an account that had the role for it. Of an amended trial it
    checks that each entry names the version that it had to be judged by, and judges it by that one; that each amendment
    is to one of `amendments` and could carry what was there; and that nobody is in the trial twice by pseudonym.
    """
    replayer = _Replayer(Criteria(protocol, amendments), journal)
    for entry in journal:
        replayer.take(entry)
    return Replay(replayer.drawn, bool(replayer.seeds), tuple(replayer.problems), replayer.sealed, replayer.by_hand)


class _Replayer:
    def __init__(self, criteria: Criteria, journal: Journal) -> None:
        self.family = self.criteria = criteria  # the version that judges, of all
        self.versions: tuple[ProtocolVersion, ...] = ()
        self.answered, self.judged_by = "", ""
        self.commitments: dict[str, str] = {}
        self.problems: list[tuple[int, str]] = []
        self.seeds = self._revealed(journal)
        self.participants: dict[str, ParticipantState] = {}
        self.recheck = Recheck()
        self.lists: dict[str, ListState] = {}
        self.passed: dict[str, int] = {}
        self.opened = self.revealed = False
        self.drawn = self.sealed = self.by_hand = 0

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
        for act in (self._version, self._check, self._fold):
            try:
                act(entry)
            except _UNREADABLE as error:
                self._problem(entry, f"'{entry.kind}' cannot follow from the entries before it ({error})")

    def _version(self, entry: Entry) -> None:
        """Take the version that the entry names, which is the same for all entries of a command."""
        if not self.versions:
            self.judged_by = entry.version
        elif entry.command != self.answered:
            participant = None if entry.participant is None else self.participants.get(entry.participant)
            self.judged_by = version_of_entry(self.versions, participant, entry)
        if entry.version != self.judged_by:
            what = f"version: recorded {entry.version[:100]!r}, in force or consented to is {self.judged_by!r}"
            self._problem(entry, what)
        self.answered = entry.command
        self.criteria = self.family.of(entry.version)

    def _check(self, entry: Entry) -> None:
        for problem in self.recheck.problems(
            self.criteria.protocol, entry, self.participants.get(entry.participant or "")
        ):
            self._problem(entry, problem)
        match entry.kind:
            case "open":
                self._open(entry)
            case "reveal":
                self.revealed = True
            case "register" | "allocate":
                self._pass(entry)
            case "refuse":
                self._refuse(entry)
            case "assess" | "adjudicate":
                self._assess(entry)
            case "classify":
                self._classify(entry)
            case "amend":
                self._amend(entry)
            case "screen" | "rescreened":
                self._person(entry)
            case "reconsent":
                self._reconsent(entry)
            case "activate":
                self._activate(entry)
            case _:
                pass

    def _assess(self, entry: Entry) -> None:
        """Compare the responses with what follows from the findings, or overall with the compartments."""
        data: Any = entry.data
        if "findings" not in data and "agrees_with" not in data:
            overall = overall_of(data["responses"])
            if data["overall"] != overall:
                self._problem(entry, f"overall: recorded {data['overall']!r}, by its compartments {overall!r}")
            return
        state = self.participants[str(entry.participant)]
        reading = reading_of(self.criteria, data, date.fromisoformat(data["on"]), entry.seq)
        judged = as_judged(with_reading(self.criteria.protocol, state, reading), entry.seq)
        for part in ("responses", "overall", "judged"):
            if data.get(part) != judged.get(part):
                self._problem(entry, f"{part}: recorded {data.get(part)!r}, by the findings {judged.get(part)!r}")

    def _classify(self, entry: Entry) -> None:
        """Compare the class, its proposal and its window with what the table says of the values before."""
        data: Any = entry.data
        state = self.participants[str(entry.participant)]
        row = row_of(self.criteria, data["by"], state.values)
        if isinstance(row, str):
            self._problem(entry, f"class {data['value']} is given, and {row}")
            return
        draft = class_draft(state.number, data["by"], row, date.fromisoformat(data["on"]))
        for member in ("value", "proposes", "closes"):
            if data.get(member) != draft.data.get(member):
                told = f"recorded {data.get(member)!r}, by the entries before {draft.data.get(member)!r}"
                self._problem(entry, f"{member}: {told}")
                return

    def _amend(self, entry: Entry) -> None:
        """An amendment to a text at hand, which could carry what was there."""
        data: Any = entry.data
        new = amended_to(self.family, entry).protocol
        proposed = Amendment(new, self.participants.values())
        so_far = [self.family.of(item.version).protocol for item in self.versions]
        for what in not_next(so_far, new, self.versions[-1], date.fromisoformat(data["on"])):
            self._problem(entry, what)
        for what in not_carried(so_far, self.lists, proposed):
            self._problem(entry, f"version '{new.version}' cannot carry what was there: {what}")
        if data["changes"] != (found := list(changes(so_far[-1], new))):
            self._problem(entry, f"changes: recorded {data['changes']!r}, by the texts {found!r}")
        added = data.get("commitments", {})
        lists = {name for name, item in new.allocation.items() if not isinstance(item, ClassifiedList)}
        if wrong := sorted((lists - self.commitments.keys()) ^ added.keys()):
            self._problem(entry, f"the new lists with chance and those committed to differ ({', '.join(wrong)})")
        self._revealed_as_promised(entry, added)

    def _person(self, entry: Entry) -> None:
        """Nobody is in the trial under two numbers, unless the first screening failed and both say so."""
        data: Any = entry.data
        if entry.kind == "screen":
            again, same = data.get("rescreens"), data.get("pseudonym")
            others = others_among(self.participants, again, same)
            for what in problems_of(str(entry.participant), again, same, others):
                self._problem(entry, what)
        elif self.participants[data["as"]].rescreens != entry.participant:
            self._problem(entry, f"{data['as']} does not say that it is {entry.participant} screened again")

    def _reconsent(self, entry: Entry) -> None:
        """Consent to what is in force, from the version consented to so far."""
        data: Any = entry.data
        state = self.participants[str(entry.participant)]
        if problem := not_consented(self.versions, state, data["version"], date.fromisoformat(data["on"])):
            self._problem(entry, problem)
        elif data["before"] != state.version:
            self._problem(entry, f"before: recorded {data['before']!r}, by the entries before {state.version!r}")

    def _activate(self, entry: Entry) -> None:
        data: Any = entry.data
        on = date.fromisoformat(data["on"])
        if problem := not_activated(self.versions, data["version"], data["at_site"], on):
            self._problem(entry, problem)

    def _fold(self, entry: Entry) -> None:
        self.versions = folded(self.versions, entry)
        self.recheck.take(entry)
        if entry.participant is not None:
            before = self.participants.get(entry.participant)
            self.participants[entry.participant] = evolve_participant(self.criteria, before, entry)

    def _open(self, entry: Entry) -> None:
        """Every list with chance has to be committed to, here and nowhere else."""
        if self.opened:
            self._problem(entry, "the trial is opened a second time")
            return
        self.opened = True
        if entry.data["digest"] != self.criteria.protocol.digest:
            self._problem(entry, "the ledger was opened under another text of the protocol")
        promised: Any = entry.data["commitments"]
        for name, item in self.criteria.protocol.allocation.items():
            if not isinstance(item, ClassifiedList) and name not in promised:
                self._problem(entry, f"the seed of list '{name}' is not committed to")
        self._revealed_as_promised(entry, promised)

    def _revealed_as_promised(self, entry: Entry, promised: Mapping[str, str]) -> None:
        self.commitments |= promised
        for name, text in promised.items():
            if self.seeds and (name not in self.seeds or commitment(self.seeds[name]) != text):
                self._problem(entry, f"the revealed seed of list '{name}' is not the one committed to")

    def _pass(self, entry: Entry) -> None:
        """A step that was passed: in its order and on its day, every criterion of it held, and an arm that follows."""
        data: Any = entry.data
        state, protocol = self.participants[str(entry.participant)], self.criteria.protocol
        on = date.fromisoformat(data["on"])
        step = next((item for item in protocol.entry_steps if item.id == data["step"]), None)
        if step is None or isinstance(step, Register) != (entry.kind == "register"):
            self._problem(entry, f"the pathway has no step '{data['step']}' to {entry.kind}")
            return
        given = isinstance(step, Randomise) and data.get("method") == BY_HAND
        if data.keys() - _ANYWHERE != (_GIVEN if given else _MEMBERS[type(step)]):
            self._problem(entry, f"it holds {', '.join(sorted(data))}, and not what the entry of such a step does")
        self._timely(entry, step, on, state)
        if against := self._against(state, step, on):
            self._problem(entry, f"'{step.id}' was passed against {'; '.join(map(str, against))}")
        number = self.passed.get(step.id, 0) + (step.id not in state.steps)
        if data["number"] != number:
            self._problem(entry, f"number: recorded {data['number']!r}, by the entries before {number}")
        self.passed[step.id] = number
        if not isinstance(step, Register):
            self._allocate(entry, step, state)

    def _timely(self, entry: Entry, step: EntryStep, on: date, state: ParticipantState) -> None:
        """Whether the step could be passed on that day."""
        problem = entry_step(self.criteria.protocol, state, step.id, on, type(step))
        if isinstance(problem, str):
            self._problem(entry, problem)
        if state.died_on is not None:
            self._problem(entry, f"{state.number} died on {state.died_on}")
        today = date.fromisoformat(entry.time[:10])
        if isinstance(step, Randomise) and not is_drawn_on(on, today) and not (entry.reason or "").strip():
            self._problem(entry, f"it is of {on}, was drawn on {today}, and gives no reason")

    def _against(self, state: ParticipantState, step: EntryStep, on: date) -> tuple[CriterionResult, ...]:
        """The criteria of a step that do not pass, on the values so far and that day."""
        values = {**state.values, f"{step.id}_date": on}
        results = self.criteria.judge_step(step.id, values, when=condition_of(step))
        return tuple(result for result in results if result.verdict != "pass")

    def _refuse(self, entry: Entry) -> None:
        """Compare the criteria that stood against a step with those that do."""
        data: Any = entry.data
        step = next((item for item in self.criteria.protocol.entry_steps if item.id == data["step"]), None)
        if step is None:
            self._problem(entry, f"the pathway has no step '{data['step']}' to refuse")
            return
        state = self.participants[str(entry.participant)]
        against = listed(self._against(state, step, date.fromisoformat(data["on"])))
        if data["criteria"] != against:
            self._problem(entry, f"criteria: recorded {data['criteria']!r}, by the entries before {against!r}")

    def _allocate(self, entry: Entry, step: Randomise | Assign, state: ParticipantState) -> None:
        data: Any = entry.data
        if step.list != data["list"]:
            self._problem(entry, f"the pathway has no step '{step.id}' that takes list '{data['list']}'")
        elif isinstance(step, Assign):
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
        name = step.list
        if not self.opened or self.revealed:
            when = "after the seeds were revealed" if self.revealed else "before the seeds were committed to"
            self._problem(entry, f"it was made {when}")
        levels = levels_of(self.criteria, name, state.values, state.site)
        if data["levels"] != levels:
            self._problem(entry, f"levels: recorded {data['levels']!r}, by the entries before {levels!r}")
        by_hand = data["method"] == BY_HAND
        if by_hand:
            self._given(entry)
        self.sealed += not by_hand
        method, before = method_of(self.criteria.protocol, name), self.lists.get(name, ListState())
        if by_hand or name in self.seeds:
            self.drawn += not by_hand
            for what in differences(method, before, data, seed=self.seeds.get(name)):
                self._problem(entry, what)
        self.lists[name] = advance_recorded(method, before, data)

    def _given(self, entry: Entry) -> None:
        """An arm given by hand: by whom it may be, with a reason."""
        self.by_hand += 1
        if entry.role != BY_HAND_ROLE:
            self._problem(entry, f"the arm was given by hand by the {entry.role}, and not by the {BY_HAND_ROLE}")
        if not (entry.reason or "").strip():
            self._problem(entry, "the arm was given by hand, and no reason is")
