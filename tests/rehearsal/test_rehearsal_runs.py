"""Whole rehearsals: the ledger holds, comes in order, and every shipped trial runs end to end."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from itertools import pairwise

import pytest

from equipoise.conduct import fold, replay_allocations
from equipoise.errors import DesignError
from equipoise.ledger import Journal, verify_bytes
from equipoise.protocol import load
from equipoise.protocol.model.assumptions import Leaving, Transition, Weibull
from equipoise.rehearsal import analyse_rehearsal, rehearse

TRIALS = ("breclim2", "changhai", "henan", "jcog1017", "tehran")
SMALL = 60
"""Registrations of the smaller rehearsals."""


def smaller(name, participants=SMALL, **assumptions):
    """A shipped protocol with fewer registrations, and other assumptions changed."""
    protocol = load(name)
    accrual = protocol.assumptions.accrual.model_copy(update={"participants": participants})
    changed = protocol.assumptions.model_copy(update={"accrual": accrual, **assumptions})
    return protocol.model_copy(update={"assumptions": changed})


@cache
def small(name, seed=1):
    return rehearse(smaller(name), seed=seed)


@cache
def jcog1017():
    """The full size, once."""
    return rehearse(load("jcog1017"), seed=1)


def results_text(rehearsal):
    return json.dumps(analyse_rehearsal(rehearsal)[1].to_dict(), allow_nan=False)


@pytest.fixture(params=TRIALS)
def any_trial(request):
    return small(request.param)


def test_every_shipped_trial_runs_and_gives_estimates(any_trial):
    _, results = analyse_rehearsal(any_trial)
    assert any_trial.trial.closed
    assert any_trial.trial.passed[any_trial.protocol.entry_steps[0].id] == SMALL
    analysed = {item.endpoint for item in any_trial.protocol.analyses}
    assert {item.endpoint for item in results.estimates} == analysed
    assert all(item.source == "rehearsal" for item in results.estimates)


def test_the_ledger_verifies_is_closed_and_folds_to_the_same_state(any_trial, tmp_path):
    data = any_trial.journal.to_bytes()
    found = verify_bytes(data)
    assert (found.ok, found.end, found.entries) == (True, "closed", len(any_trial.journal))
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(data)
    trial, participants = fold(any_trial.protocol, Journal.read(path))
    assert trial == any_trial.trial
    assert participants == any_trial.participants


def test_every_allocation_replays_from_the_revealed_seeds(any_trial):
    replay = replay_allocations(any_trial.protocol, any_trial.journal)
    assert replay.problems == ()
    drawn = [e for e in any_trial.journal if e.kind == "allocate" and e.data["method"] != "classified"]
    assert replay.allocations == len(drawn)
    assert bool(drawn) == (any_trial.protocol.id != "changhai")


def test_entries_come_in_the_order_of_the_calendar(any_trial):
    times = [entry.time for entry in any_trial.journal]
    assert all(earlier <= later for earlier, later in pairwise(times))
    dated = [entry for entry in any_trial.journal if entry.participant is not None]
    assert all(entry.data["on"] == entry.time[:10] for entry in dated)


def test_nothing_happens_to_the_dead_or_the_lost(any_trial):
    ended = {}
    for entry in any_trial.journal:
        if entry.participant in ended:
            # a death report is filled in on the day of death
            assert (entry.kind, entry.data["on"]) == ("form", ended[entry.participant])
        if entry.kind == "lose" or (entry.kind == "event" and entry.data["event_kind"] == "death"):
            ended[entry.participant] = entry.data["on"]
    assert ended


def test_progression_is_recorded_only_where_an_assessment_finds_it(any_trial):
    assessed = {(e.participant, e.data["on"]) for e in any_trial.journal if e.kind == "assess"}
    found = [e for e in any_trial.journal if e.kind == "event" and e.data["event_kind"] == "progression"]
    assert found
    assert all((entry.participant, entry.data["on"]) in assessed for entry in found)


def test_nobody_is_known_alive_or_followed_after_the_cut_off(any_trial):
    assert all(state.last_alive <= any_trial.data_cut for state in any_trial.participants.values())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    first, again, other = small("tehran"), rehearse(smaller("tehran"), seed=1), small("tehran", 2)
    assert first.journal.to_bytes() == again.journal.to_bytes()
    assert results_text(first) == results_text(again)
    assert first.journal.to_bytes() != other.journal.to_bytes()
    assert results_text(first) != results_text(other)


def test_a_full_jcog1017_has_570_registrations_and_loses_some_before_randomisation():
    flow = analyse_rehearsal(jcog1017())[1].flow
    registration, randomisation = flow.steps
    assert registration.passed == 570
    # binomial with 570 and 407/570: four standard deviations are 43
    assert abs(randomisation.passed - 407) < 43
    assert sum(randomisation.not_passed.values()) == 570 - randomisation.passed
    assert sum(arm.allocated for arm in flow.arms) == randomisation.passed
    assert abs(flow.arms[0].allocated - flow.arms[1].allocated) <= 20


def test_what_is_drawn_for_a_participant_does_not_depend_on_the_others():
    drawn = ("age", "er", "her2", "menopausal_status", "metastatic_organs", "measurable_metastases")
    few, many = small("jcog1017"), jcog1017()
    assert len(few.participants) < len(many.participants)
    for number, state in few.participants.items():
        other = many.participants[number]
        assert [state.values[name] for name in drawn] == [other.values[name] for name in drawn]
        assert state.site == other.site


def test_progress_is_told_in_days_up_to_the_last():
    told = []
    rehearse(smaller("breclim2", 5), seed=1, progress=lambda done, of: told.append((done, of)))
    done, totals = zip(*told, strict=True)
    assert list(done) == sorted(done)
    assert len(set(totals)) == 1
    assert done[-1] <= totals[0]


def test_assumptions_that_let_nobody_in_are_named():
    protocol = smaller("jcog1017", 5)
    variables = protocol.assumptions.variables
    nobody = variables | {"de_novo": variables["de_novo"].model_copy(update={"probability": 0.0})}
    changed = protocol.assumptions.model_copy(update={"variables": nobody})
    with pytest.raises(DesignError, match=r"200 synthetic participants in a row failed screening.*I1"):
        rehearse(protocol.model_copy(update={"assumptions": changed}), seed=1)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(DesignError, match="seed"):
        rehearse(load("jcog1017"), seed=seed)


def test_a_protocol_without_assumptions_is_refused():
    with pytest.raises(DesignError, match="assumptions"):
        rehearse(load("jcog1017").model_copy(update={"assumptions": None}), seed=1)


def test_a_protocol_that_cannot_record_a_death_is_refused():
    protocol = load("jcog1017")
    living = {name: event for name, event in protocol.events.items() if event.kind != "death"}
    with pytest.raises(DesignError, match="kind: death"):
        rehearse(protocol.model_copy(update={"events": living}), seed=1)


def test_deaths_while_treatment_runs_are_recorded_on_their_day():
    # Tehran waits three months between randomisation and surgery; here half have died by month 2
    disease = load("tehran").assumptions.disease
    fast = disease.model_copy(update={"cancer_death": Transition(weibull=Weibull(shape=1, scale=3))})
    rehearsal = rehearse(smaller("tehran", 40, disease=fast), seed=3)
    operated = {
        e.participant for e in rehearsal.journal if e.kind == "treat" and e.data["intervention"] == "breast_surgery"
    }
    early = [
        state
        for state in rehearsal.participants.values()
        if state.arm == "A" and state.died_on and (state.died_on - state.assignments[0].on).days < 90
    ]
    assert len(early) > 5
    assert not operated & {state.number for state in early}
    times = [entry.time for entry in rehearsal.journal]
    assert times == sorted(times)


def test_surgery_waits_for_the_treatment_before_it():
    rehearsal = small("tehran")
    days = [
        (treatment.on - state.assignments[0].on).days
        for state in rehearsal.participants.values()
        for treatment in state.treatments
        if treatment.intervention == "breast_surgery"
    ]
    assert days
    assert set(days) == {92}  # three months of 30.4375 days, rounded up


def test_visits_are_planned_from_randomisation():
    rehearsal = small("tehran")
    state = next(s for s in rehearsal.participants.values() if s.arm and len(s.assessments) > 4)
    follow_up = [item for item in state.assessments if item.visit]
    for item in follow_up:
        month = float(item.visit.removeprefix("M"))
        assert 0 <= (item.on - state.assignments[0].on).days - month * 30.4375 < 1


def test_who_leaves_before_randomisation_is_withdrawn_by_the_rule():
    leaving = (Leaving(before="randomisation", probability=1.0, withdrawal="W2"),)
    rehearsal = rehearse(smaller("jcog1017", 5, leaving=leaving), seed=1)
    assert Counter(state.left.rule for state in rehearsal.participants.values() if state.left) == {"W2": 5}
    assert "randomisation" not in rehearsal.trial.passed


def test_commands_are_numbered_and_never_repeat():
    ids = [entry.command for entry in small("jcog1017").journal]
    assert len(set(ids)) >= len(ids) - SMALL  # one command may write more than one entry
    assert ids == sorted(ids)
