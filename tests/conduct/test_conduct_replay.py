"""Replaying allocations: whatever was changed in a ledger whose hashes were all made anew, the entry is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_trial import BLOCKS, DAY, MINIMISATION, SIMPLE, TEXT, Clerk, after, small

from equipoise.conduct import commands, replay_allocations
from equipoise.conduct.replay import _MEMBERS
from equipoise.ledger import Journal, verify_bytes
from equipoise.protocol import Protocol, loads
from equipoise.protocol.model.pathway import Randomise

Body = dict[str, Any]


def resealed(bodies: list[Body]) -> Journal:
    """A journal of these entries with every hash made anew, as a forger would."""
    journal = Journal()
    for body in bodies:
        journal.append(**{name: value for name, value in body.items() if name not in ("seq", "prev")})
    assert verify_bytes(journal.to_bytes()).ok
    return journal


def bodies_of(journal: Journal) -> list[Body]:
    """The entries as they can be changed."""
    return [json.loads(line)["entry"] for line in journal.to_bytes().splitlines()]


def ledger_of(protocol: Protocol, *, reveal: bool = True) -> list[Body]:
    """The entries of a small trial with eight allocations."""
    clerk = Clerk(protocol)
    clerk.open()
    for i in range(8):
        clerk.allocate(f"P{i}", her2=("positive", "negative")[i % 3 == 0], site=f"0{i % 2}", age=(54, 66)[i % 2])
    if reveal:
        clerk.finish()
    return bodies_of(clerk.desk.journal)


LISTS = {"minimisation": MINIMISATION, "blocks": BLOCKS, "simple": SIMPLE}
PROTOCOLS = {name: small(text) for name, text in LISTS.items()}
LEDGERS = {name: ledger_of(protocol) for name, protocol in PROTOCOLS.items()}


def allocation(bodies: list[Body], which: int) -> tuple[int, Body]:
    """Number and data of one allocation."""
    return [(i, body["data"]) for i, body in enumerate(bodies, start=1) if body["kind"] == "allocate"][which]


def copied(bodies: list[Body]) -> list[Body]:
    """A copy of the entries that can be changed."""
    copy: list[Body] = json.loads(json.dumps(bodies))
    return copy


def problems_after(name: str, change: Callable[[list[Body]], int]) -> list[str]:
    """What replaying says of the entry that was changed; nothing may be said of one before it."""
    bodies = copied(LEDGERS[name])
    entry = change(bodies)
    result = replay_allocations(PROTOCOLS[name], resealed(bodies))
    assert result.problems, "the change was not found"
    assert result.problems[0][0] == entry
    assert str(result).startswith(f"allocations do not replay: entry {entry}: ")
    return [what for number, what in result.problems if number == entry]


@pytest.mark.parametrize("name", LISTS)
def test_an_honest_ledger_replays(name: str) -> None:
    result = replay_allocations(PROTOCOLS[name], resealed(LEDGERS[name]))
    assert (result.allocations, result.sealed, result.revealed, result.problems) == (8, 8, True, ())
    assert str(result) == "8 allocations replayed from the revealed seeds"


def test_a_ledger_replays_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(resealed(LEDGERS["blocks"]).to_bytes())
    assert replay_allocations(PROTOCOLS["blocks"], Journal.read(path)).problems == ()


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("which", [0, 3, 7])
@pytest.mark.parametrize("part", ["arm", "draw", "level", "probability", "stratum", "counter", "method"])
def test_a_changed_allocation_is_found(name: str, which: int, part: str) -> None:
    def change(bodies: list[Body]) -> int:
        entry, data = allocation(bodies, which)
        match part:
            case "arm":
                data["arm"] = {"A": "B", "B": "A"}[data["arm"]]
            case "draw":
                data["draw"] = str(int(data["draw"]) ^ 1)
            case "level":
                data["levels"] = {"her2": "negative", "site": "00", "age_group": "old", "sex": "male"}
            case "probability":
                data["probabilities"] = {"A": "3/4", "B": "1/4"}
            case "stratum":
                data["stratum"] = "her2=unknown"
            case "counter":
                data["k"] += 1
            case _:
                data["method"] = "coin"
        return entry

    assert problems_after(name, change)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("part", ["arm", "levels", "draw", "k", "list", "step", "method", "probabilities", "block"])
@pytest.mark.parametrize("value", ["missing", None, 7, "x", [], {"x": "y"}])
def test_an_allocation_that_lacks_a_part_or_has_another_there_is_found(name: str, part: str, value: object) -> None:
    def change(bodies: list[Body]) -> int:
        entry, data = allocation(bodies, 4)
        if value == "missing":
            del data[part]
        elif data[part] == value:
            data[part] = {"changed": True}
        else:
            data[part] = value
        return entry

    assert problems_after(name, change)


def test_a_level_that_is_not_what_was_recorded_is_found_even_where_the_draw_would_be_the_same() -> None:
    # the first allocation has the ratio's probabilities whatever the levels: only the form tells
    def change(bodies: list[Body]) -> int:
        entry, data = allocation(bodies, 0)
        data["levels"]["age_group"] = "old"
        return entry

    assert any(what.startswith("levels: recorded ") for what in problems_after("minimisation", change))


def test_a_recorded_value_changed_under_an_allocation_is_found_at_the_allocation() -> None:
    def change(bodies: list[Body]) -> int:
        form = next(body for body in bodies if body["kind"] == "form" and body["participant"] == "P2")
        form["data"]["values"]["her2"] = "negative"
        return allocation(bodies, 2)[0]

    assert problems_after("minimisation", change)


def test_an_allocation_called_one_by_class_does_not_slip_through() -> None:
    def change(bodies: list[Body]) -> int:
        entry, data = allocation(bodies, 3)
        data["method"] = "classified"
        data["arm"] = {"A": "B", "B": "A"}[data["arm"]]
        return entry

    assert problems_after("minimisation", change)


def test_an_allocation_from_a_list_that_is_not_there_does_not_slip_through() -> None:
    def change(bodies: list[Body]) -> int:
        entry, data = allocation(bodies, 3)
        data["list"] = "other"
        return entry

    assert problems_after("minimisation", change) == ["the pathway has no step 'randomisation' that takes list 'other'"]


def test_an_allocation_dropped_is_found_at_the_next() -> None:
    def change(bodies: list[Body]) -> int:
        entry, _ = allocation(bodies, 3)
        del bodies[entry - 1]
        bodies[-1]["data"]["entries"] -= 1
        return allocation(bodies, 3)[0]

    assert any(what.startswith("k: recorded 5, replayed 4") for what in problems_after("minimisation", change))


def test_an_allocation_doubled_is_found() -> None:
    def change(bodies: list[Body]) -> int:
        entry, _ = allocation(bodies, 3)
        bodies.insert(entry, bodies[entry - 1])
        bodies[-1]["data"]["entries"] += 1
        return entry + 1

    assert "P3 passed 'randomisation' on 2024-03-01" in problems_after("minimisation", change)


def test_two_allocations_swapped_are_found_at_the_first() -> None:
    def change(bodies: list[Body]) -> int:
        first, one = allocation(bodies, 3)
        second, other = allocation(bodies, 4)
        bodies[first - 1]["data"], bodies[second - 1]["data"] = other, one
        return first

    assert problems_after("minimisation", change)


def test_another_seed_is_not_the_one_committed_to() -> None:
    bodies = copied(LEDGERS["minimisation"])
    reveal = next(body for body in bodies if body["kind"] == "reveal")
    reveal["data"]["seeds"]["main"] = "00" * 32
    result = replay_allocations(PROTOCOLS["minimisation"], resealed(bodies))
    assert result.problems[0] == (1, "the revealed seed of list 'main' is not the one committed to")
    assert len(result.problems) > 8


@pytest.mark.parametrize(
    "seeds", [None, {}, {"main": "no digits"}, {"main": "ab"}, {"main": None}, {"other": "00" * 32}, ["00" * 32]]
)
def test_seeds_that_cannot_be_read_or_are_of_no_list_are_found(seeds: object) -> None:
    bodies = copied(LEDGERS["minimisation"])
    next(body for body in bodies if body["kind"] == "reveal")["data"]["seeds"] = seeds
    result = replay_allocations(PROTOCOLS["minimisation"], resealed(bodies))
    assert result.problems or not result.revealed


def test_a_commitment_made_after_an_allocation_is_none() -> None:
    bodies = copied(LEDGERS["simple"])
    first = allocation(bodies, 0)[0]
    bodies.insert(first - 2, bodies.pop(0))
    result = replay_allocations(PROTOCOLS["simple"], resealed(bodies))
    assert result.problems == ()  # still before the first allocation
    bodies.insert(first - 2, bodies.pop(first - 1))
    result = replay_allocations(PROTOCOLS["simple"], resealed(bodies))
    assert result.problems == ((first - 1, "it was made before the seeds were committed to"),)


def test_a_second_opening_and_an_allocation_after_the_reveal_are_found() -> None:
    bodies = copied(LEDGERS["simple"])
    bodies.insert(1, bodies[0])
    reveal = next(i for i, body in enumerate(bodies) if body["kind"] == "reveal")
    last = allocation(bodies, 7)[0]
    bodies.insert(last - 1, bodies.pop(reveal))
    bodies[-1]["data"]["entries"] += 1
    result = replay_allocations(PROTOCOLS["simple"], resealed(bodies))
    assert result.problems == (
        (2, "the trial is opened a second time"),
        (last + 1, "it was made after the seeds were revealed"),
    )
    assert "(and 1 more)" in str(result)


def test_an_opening_without_a_commitment_is_found() -> None:
    bodies = copied(LEDGERS["simple"])
    bodies[0]["data"]["commitments"] = {}
    result = replay_allocations(PROTOCOLS["simple"], resealed(bodies))
    assert result.problems == ((1, "the seed of list 'main' is not committed to"),)


def test_without_the_seeds_nothing_is_drawn_and_the_levels_are_still_compared() -> None:
    bodies = ledger_of(PROTOCOLS["blocks"], reveal=False)
    result = replay_allocations(PROTOCOLS["blocks"], resealed(bodies))
    assert (result.allocations, result.sealed, result.revealed, result.problems) == (0, 8, False, ())
    assert str(result) == "8 allocations cannot be replayed yet: their seeds are not revealed"
    entry, data = allocation(bodies, 5)
    data["levels"] = {"her2": "neither"}
    assert replay_allocations(PROTOCOLS["blocks"], resealed(bodies)).problems[0][0] == entry


def test_an_entry_that_cannot_be_folded_is_named_and_no_defect() -> None:
    bodies = copied(LEDGERS["minimisation"])
    screen = next(i for i, body in enumerate(bodies) if body["kind"] == "screen")
    bodies[screen]["data"] = {}
    result = replay_allocations(PROTOCOLS["minimisation"], resealed(bodies))
    assert result.problems[0][0] == screen + 1
    assert "'screen' cannot follow from the entries before it" in result.problems[0][1]


def test_a_ledger_without_an_entry_has_nothing_to_replay() -> None:
    result = replay_allocations(PROTOCOLS["simple"], Journal())
    assert (result.allocations, result.problems) == (0, ())
    assert str(result) == "no allocation to replay: none rests on chance"


# --- steps, criteria, days


def find(bodies: list[Body], kind: str, participant: str | None = None) -> tuple[int, Body]:
    """Number and data of the first entry of a kind, about a participant if one is named."""
    found = ((i, body) for i, body in enumerate(bodies, start=1) if body["kind"] == kind)
    return next((i, body["data"]) for i, body in found if participant in (None, body["participant"]))


def admit_the_old(bodies: list[Body]) -> int:
    find(bodies, "form", "P2")[1]["values"]["age"] = 75
    return find(bodies, "register", "P2")[0]


def skip_a_judgement(bodies: list[Body]) -> int:
    del bodies[find(bodies, "judge", "P2")[0] - 1]
    bodies[-1]["data"]["entries"] -= 1
    return find(bodies, "register", "P2")[0]


def skip_the_registration(bodies: list[Body]) -> int:
    del bodies[find(bodies, "register", "P7")[0] - 1]
    bodies[-1]["data"]["entries"] -= 1
    return find(bodies, "allocate", "P7")[0]


def allocate_a_progressed(bodies: list[Body]) -> int:
    data = find(bodies, "assess", "P2")[1]
    data["responses"]["primary"] = data["overall"] = "PD"
    return find(bodies, "allocate", "P2")[0]


def call_a_progression_a_response(bodies: list[Body]) -> int:
    number, data = find(bodies, "assess", "P2")
    data["responses"]["primary"] = "PD"
    return number


def count_twice(bodies: list[Body]) -> int:
    number, data = find(bodies, "register", "P3")
    data["number"] = 3
    return number


def allocate_before_registering(bodies: list[Body]) -> int:
    number, data = find(bodies, "allocate", "P3")
    data["on"] = "2024-02-29"
    return number


def allocate_by_a_late_entry(bodies: list[Body]) -> int:
    number, _ = find(bodies, "allocate", "P3")
    bodies[number - 1]["time"] = "2024-03-03T09:00:00Z"
    return number


def slip_something_in(bodies: list[Body]) -> int:
    number, data = find(bodies, "allocate", "P3")
    data["comment"] = "as the sponsor wished"
    return number


def leave_something_out(bodies: list[Body]) -> int:
    number, data = find(bodies, "allocate", "P3")
    del data["why"]
    return number


def slip_something_into_a_registration(bodies: list[Body]) -> int:
    number, data = find(bodies, "register", "P3")
    data["comment"] = "waived"
    return number


def open_under_another_text(bodies: list[Body]) -> int:
    bodies[0]["data"]["digest"] = "ab" * 32
    return 1


def register_as_allocated(bodies: list[Body]) -> int:
    number, data = find(bodies, "register", "P3")
    data["step"] = "randomisation"
    return number


FORGED = {
    "passed against": [admit_the_old, skip_a_judgement, allocate_a_progressed],
    "has not passed 'registration'": [skip_the_registration],
    "overall: recorded 'PR', by its compartments 'PD'": [call_a_progression_a_response],
    "number: recorded 3, by the entries before 4": [count_twice],
    "2024-02-29 is before P3 passed 'registration'": [allocate_before_registering],
    "was drawn on 2024-03-03, and gives no reason": [allocate_by_a_late_entry],
    "not what the entry of such a step does": [
        slip_something_in,
        leave_something_out,
        slip_something_into_a_registration,
    ],
    "opened under another text of the protocol": [open_under_another_text],
    "the pathway has no step 'randomisation' to register": [register_as_allocated],
}


@pytest.mark.parametrize(
    ("said", "change"),
    [(said, change) for said, changes in FORGED.items() for change in changes],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_step_that_could_not_be_passed_so_is_found(said: str, change: Callable[[list[Body]], int]) -> None:
    assert any(said in what for what in problems_after("blocks", change))


def test_an_allocation_holds_what_its_explanation_holds(protocol: Protocol) -> None:
    clerk = Clerk(protocol)
    clerk.open()
    clerk.allocate()
    assert set(clerk.last().data) == _MEMBERS[Randomise]


def test_a_step_after_a_death_is_found(clerk: Clerk) -> None:
    clerk.allocate()
    bodies = bodies_of(clerk.desk.journal)
    number, _ = find(bodies, "allocate")
    death = {"event": "death", "event_kind": "death", "cause": "other", "on": "2024-03-01"}
    bodies.insert(number - 1, {**bodies[number - 1], "kind": "event", "data": death})
    result = replay_allocations(clerk.protocol, resealed(bodies))
    assert result.problems == ((number + 1, "P1 died on 2024-03-01"),)


def test_a_refusal_that_does_not_follow_from_what_was_recorded_is_found(clerk: Clerk) -> None:
    clerk.screen(age=75)
    clerk(commands.Register, step="registration")
    bodies = bodies_of(clerk.desk.journal)
    assert replay_allocations(clerk.protocol, resealed(bodies)).problems == ()
    number, data = find(bodies, "refuse")
    data["step"] = "entrance"
    expected = ((number, "the pathway has no step 'entrance' to refuse"),)
    assert replay_allocations(clerk.protocol, resealed(bodies)).problems == expected
    data["step"] = "registration"
    find(bodies, "form")[1]["values"]["age"] = 54
    ((entry, what),) = replay_allocations(clerk.protocol, resealed(bodies)).problems
    assert entry == number
    assert what.startswith("criteria: recorded [{'criterion': 'I1'")


def test_an_entry_behind_the_clock_replays(protocol: Protocol) -> None:
    clerk = Clerk(protocol)
    clerk.open()
    clerk.accepted(commands.Screen, "P0", day=after(3))
    clerk.register("P1")
    clerk.assess("P1")
    clerk.accepted(commands.Screen, "P2", day=after(4))
    clerk.accepted(commands.Allocate, "P1", step="randomisation")
    assert clerk.last().data["clock"] == "behind"
    clerk.finish()
    assert replay_allocations(protocol, clerk.desk.journal).problems == ()


# --- by class


def assigned(board: Clerk) -> list[Body]:
    """A participant with two assignments."""
    board.accepted(commands.Screen)
    board.accepted(commands.Record, form="screening", values={"fit": True})
    board.accepted(commands.Register, step="registration")
    for metastatic, day in (("PR", DAY), ("CR", after(90))):
        responses = {"primary": "SD", "metastatic": metastatic}
        board.accepted(commands.Assess, name="evaluation", responses=responses, day=day)
        board.accepted(commands.Classify, by="response_class", day=day)
        board.accepted(commands.Judge, role="board", answers={"I2": True}, day=day)
        board.accepted(commands.Allocate, step="assignment", day=day)
    return bodies_of(board.desk.journal)


def test_assignments_by_class_follow_from_the_classes(board: Clerk) -> None:
    result = replay_allocations(board.protocol, resealed(assigned(board)))
    assert (result.problems, result.sealed) == ((), 0)


@pytest.mark.parametrize(("part", "value"), [("arm", "operated"), ("class", "a"), ("method", "simple"), ("list", "x")])
def test_an_assignment_that_is_not_of_its_class_is_found(board: Clerk, part: str, value: str) -> None:
    bodies = assigned(board)
    entry, data = allocation(bodies, 0)
    data[part] = value
    result = replay_allocations(board.protocol, resealed(bodies))
    assert result.problems[0][0] == entry


def test_a_protocol_of_other_lists_does_not_replay_the_ledger() -> None:
    other = loads(TEXT.replace("variable: site}", "variable: sex}"), file="other.yaml")
    result = replay_allocations(other, resealed(LEDGERS["minimisation"]))
    assert result.problems
