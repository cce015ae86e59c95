"""Whatever is asked in whatever state, conduct answers: entries that fold, or a refusal that says why."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from amended import V1, V2, V3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_quality import QUALITY
from small_trial import (
    BASELINE,
    BLOCKS,
    CLASSES,
    DAY,
    FORM,
    LESIONS,
    LOOP,
    SAFETY,
    SEEDS,
    SIMPLE,
    TEXT,
    UNCHANGED,
    Clerk,
    small,
)

from equipoise.conduct import Accepted, Decision, Refused, commands, fold, replay_allocations
from equipoise.conduct.signing import shown, whole_state
from equipoise.ledger import verify_bytes
from equipoise.protocol import Protocol, loads

PROTOCOLS = [
    small(),
    small(BLOCKS),
    small(SIMPLE),
    loads(CLASSES, file="classes.yaml"),
    loads(SAFETY, file="safety.yaml"),
    loads(QUALITY, file="quality.yaml"),
    loads(LESIONS, file="lesions.yaml"),
    loads(LOOP, file="loop.yaml"),
]
AT = datetime(2024, 4, 1, 9, tzinfo=UTC)
NEXT = "next"
"""The id of a command that gets one of its own when it is submitted."""

text = st.text(st.characters(), max_size=6) | st.just("x" * 101)
values = (
    st.booleans()
    | st.integers(-5, 10**13)
    | st.decimals()
    | st.decimals(0, 200, places=1)
    | text
    | st.dates()
    | st.datetimes()
)
near = st.integers(0, 20).map(lambda n: DAY + timedelta(days=n))

# what is usually meant; {field: strategy} by kind of command
both = st.sampled_from(["CR", "PR", "PD", "NE"]).map(lambda found: {"primary": "PR", "metastatic": found})
found = st.sampled_from(["40", "10", "60", "0", "absent", "present", "too small", "not evaluated"])
readers = st.sampled_from(["local", "local", "central", "adjudicator"])
reader_roles = st.sampled_from(["investigator", "central reader", "adjudicator"])
judgements = [("surgeon", {"I2": True}), ("investigator", {"E1": False}), ("board", {"I2": True}), ("board", {})]
who, where = st.sampled_from(["anna", "berta"]), st.sampled_from([None, "01"])
roles = st.sampled_from(["administrator", "investigator", "monitor", "data manager"])
SIGNED: dict[str, st.SearchStrategy[Any]] = {
    "digest": st.just("ab" * 32),  # of nothing; `check` gives every other signature the right one
    "meaning": st.just("review"),
    "printed_name": st.just("Anna"),
    "session": st.sampled_from(["s1", "s2"]),
    "identification": st.just("entered"),
    "secret": st.sampled_from(["entered", "entered", "session"]),
}
USUAL: dict[Any, dict[str, st.SearchStrategy[Any]]] = {
    commands.Screen: {
        "pseudonym": st.sampled_from([None, None, "a" * 64]),
        "rescreens": st.sampled_from([None, None, "P1", "P2"]),
        "reason": st.sampled_from([None, "papers lost"]),
    },
    commands.Reconsent: {"version": st.sampled_from(["1", "2", "3"])},
    commands.Erase: {"reason": st.sampled_from([None, "asked for"])},
    commands.Amend: {"protocol_digest": st.sampled_from([V2.digest, V3.digest]), "on": near, "by_site": st.booleans()},
    commands.Activate: {
        "version": st.sampled_from(["1", "2", "3"]),
        "at_site": st.sampled_from(["01", "02"]),
        "on": near,
    },
    commands.Record: {
        "form": st.sampled_from(["screening", "visit", "quality"]),
        "values": st.sampled_from(
            [
                FORM,
                {"fit": True},
                {"qlq_c30_29": 5, "qlq_c30_30": 6, "qlq_c30_8": 2},
                {"pain": 3},
                {"pain": 9},
                {"age": 70},
                {"her2": "negative"},
                {},
            ]
        ),
        "visit": st.sampled_from([None, "M3"]),
    },
    commands.Judge: {"role": st.sampled_from([role for role, _ in judgements]), "answers": st.just({"I2": True})},
    commands.Register: {"step": st.just("registration")},
    commands.Assess: {"name": st.sampled_from(["induction", "evaluation", "follow_up"]), "responses": both},
    commands.Classify: {"by": st.just("response_class")},
    commands.Allocate: {"step": st.sampled_from(["randomisation", "assignment"])},
    commands.AllocateByHand: {
        "step": st.sampled_from(["randomisation", "assignment"]),
        "arm": st.sampled_from(["A", "B", "operated"]),
        "role": st.sampled_from(["coordinator", "coordinator", "investigator"]),
        "reason": st.sampled_from(["the line was down", None]),
    },
    commands.Treat: {
        "intervention": st.sampled_from(["drug", "surgery"]),
        "status": st.sampled_from(["started", "done", "stopped"]),
        "lesions": st.sampled_from([(), (), ("B1",), ("L1",), ("B1", "G1")]),
    },
    commands.DescribeLesions: {
        "lesions": st.sampled_from([BASELINE, BASELINE[:2], BASELINE[2:], ()]),
        "reading": readers,
        "role": reader_roles,
        "reason": st.sampled_from([None, "read again"]),
    },
    commands.AssessLesions: {
        "name": st.sampled_from(["induction", "evaluation", "follow_up"]),
        "findings": st.fixed_dictionaries(dict.fromkeys(UNCHANGED, found)),
        "new": st.sampled_from([{}, {}, {"N1": "lung"}]),
        "doubtful": st.sampled_from([{}, {"N1": "lung"}, {"N2": "breast"}]),
        "markers_normal": st.sampled_from([None, True, False]),
        "reading": readers,
        "role": reader_roles,
        "reason": st.sampled_from([None, "read again"]),
    },
    commands.Adjudicate: {
        "name": st.sampled_from(["induction", "evaluation", "follow_up"]),
        "agrees_with": readers,
        "role": reader_roles,
        "reason": st.sampled_from([None, "read again"]),
    },
    commands.Decide: {
        "by": st.just("response_class"),
        "decision": st.sampled_from(["followed", "declined", "missed"]),
        "reason": st.sampled_from([None, "the patient's wish"]),
    },
    commands.Stage: {
        "staging": st.just("tnm"),
        "prefix": st.sampled_from(["c", "p", "yp"]),
        "t": st.sampled_from(["T0", "T1mi", "T2", "T4d", "TX"]),
        "n": st.sampled_from(["N0", "N1mi", "N2a", "N3", "NX"]),
        "m": st.sampled_from(["M0", "M1"]),
        "stage": st.sampled_from([None, None, "IIA", "IV"]),
    },
    commands.Happen: {
        "event": st.sampled_from(["death", "progression", "late_surgery", "recurrence"]),
        "cause": st.sampled_from([None, "cancer", "other"]),
        "crossover_reason": st.sampled_from([None, "wound_problems"]),
        "partial": st.sampled_from([None, None, "2024-03", "2024", "2023-02-UN"]),
    },
    commands.Visit: {"visit": st.just("M3"), "missed": st.booleans()},
    commands.Withdraw: {"rule": st.sampled_from(["W1", "W2", "W3", "W4"])},
    commands.Lose: {},
    commands.Correct: {
        "variable": st.sampled_from(["age", "her2", "creatinine", "pain", "fit", "arm", "diagnosis_date"]),
        "value": st.sampled_from([50, Decimal(66), "negative", Decimal("80.5"), False, "2024-01", "2023", 75]),
        "reason": st.sampled_from([None, "read wrongly"]),
    },
    commands.Strike: {"entry": st.integers(1, 30), "reason": st.sampled_from([None, "wrong participant"])},
    commands.ReportAdverseEvent: {
        "term": st.sampled_from(["Neutropenia", "Sepsis", "Wound dehiscence"]),
        "grade": st.integers(1, 5),
        "aware": near,
        "serious": st.sampled_from([(), ("hospitalisation",), ("death",), ("life-threatening", "hospitalisation")]),
        "related": st.sampled_from([None, {"drug": True}, {"drug": False, "surgery": False}]),
        "expected": st.sampled_from([None, None, True, False]),
        "role": st.sampled_from(["investigator", "sponsor"]),
        "outcome": st.sampled_from([None, "recovering", "fatal"]),
        "ended": st.none() | near,
    },
    commands.FollowUpAdverseEvent: {
        "entry": st.integers(1, 30),
        "grade": st.sampled_from([None, 3, 5]),
        "serious": st.sampled_from([None, (), ("hospitalisation",), ("death",)]),
        "expected": st.sampled_from([None, None, True]),
        "outcome": st.sampled_from([None, "recovered", "fatal"]),
    },
    commands.ReportSafety: {"entry": st.integers(1, 30), "report": st.sampled_from(["sae", "susar"])},
    commands.Depart: {
        "guidance": st.sampled_from(["drugs", "axilla"]),
        "given": st.just("another drug"),
        "reason": st.sampled_from([None, "heart failure"]),
    },
    commands.Find: {"alive": st.booleans()},
    commands.OpenQuery: {
        "message": st.just("sure?"),
        "variable": st.sampled_from(["age", None]),
        "entry": st.none() | st.integers(1, 30),
        "role": st.sampled_from(["monitor", "investigator"]),
    },
    commands.AnswerQuery: {"query": st.integers(1, 30), "answer": st.just("yes")},
    commands.CloseQuery: {"query": st.integers(1, 30), "role": st.sampled_from(["monitor", "data manager"])},
    commands.Deviate: {
        "category": st.sampled_from(["treatment", "other"]),
        "description": st.just("another dose"),
        "severity": st.sampled_from(["minor", "major"]),
        "per_protocol": st.sampled_from(["excluded", "kept"]),
    },
    commands.Reclassify: {
        "deviation": st.integers(1, 30),
        "severity": st.sampled_from(["minor", "major"]),
        "per_protocol": st.just("kept"),
        "role": st.sampled_from(["coordinator", "investigator"]),
        "reason": st.sampled_from(["seen again", None]),
    },
    commands.Alive: {"source": st.sampled_from(["phone", "registry", "hearsay"])},
    commands.Sweep: {"on": near},
    commands.CheckCohort: {},
    commands.Freeze: {"analysis": st.sampled_from(["interim", "final"]), "cut_off": near},
    commands.Lock: {},
    commands.Unlock: {"reason": st.sampled_from([None, "a late report"])},
    commands.Unblind: {"reason": st.sampled_from([None, "a reaction"])},
    commands.Access: {
        "looked": st.sampled_from(["export", "identities"]),
        "scope": st.just("all"),
        "reason": st.just("x"),
    },
    commands.Sign: {"entries": st.sampled_from([(), (2,), (2, 3)]), **SIGNED},
    commands.SignTrial: {"entries": st.sampled_from([(), (1,), (1, 2)]), **SIGNED},
    commands.Grant: {"account": who, "account_role": roles, "account_site": where, "printed_name": st.just("Berta")},
    commands.Revoke: {
        "account": who,
        "account_role": roles,
        "account_site": where,
        "reason": st.sampled_from([None, "x"]),
    },
    commands.LockTrial: {},
    commands.UnlockTrial: {"reason": st.sampled_from([None, "a late report"])},
    commands.Reveal: {"seeds": st.just({"main": SEEDS["main"].hex()})},
    commands.Close: {},
    commands.Open: {"protocol_digest": st.just(PROTOCOLS[0].digest), "commitments": st.just({"main": "ab" * 32})},
}
ENDING = (commands.Open, commands.Close, commands.Reveal, commands.LockTrial)
OFTEN = tuple(kind for kind in USUAL if kind not in ENDING)

mistyped = (
    st.none()
    | values
    | st.floats()
    | st.binary(max_size=3)
    | st.lists(text, max_size=2)
    | st.dictionaries(
        st.sampled_from(["main", "I2", "E1", "primary", "metastatic", "age", 1]), st.none() | values, max_size=3
    )
)

# what a field can hold beside, by its name
WILD: dict[str, st.SearchStrategy[Any]] = {
    "id": st.sampled_from(["once", "twice"]) | text,
    "at": st.datetimes(timezones=st.sampled_from([None, UTC])),
    "on": st.dates() | st.datetimes(),
    "site": st.none() | text,
    "reason": st.none() | text,
    "visit": st.none() | text,
    "cause": st.none() | text,
    "missed": st.booleans(),
    "value": values,
    "values": st.dictionaries(st.sampled_from([*FORM, "remark", "family_name", "age_group"]) | text, values),
    "answers": st.dictionaries(st.sampled_from(["I1", "I2", "E1"]) | text, st.booleans() | values),
    "responses": st.dictionaries(st.sampled_from(["primary", "metastatic"]) | text, text),
    "findings": st.dictionaries(st.sampled_from([*UNCHANGED, "X"]) | text, text),
    "new": st.dictionaries(text, text),
    "lesions": st.just(BASELINE)
    | st.tuples(text)
    | st.builds(
        lambda n, value: (replace(BASELINE[0], **{n: value}),),
        st.sampled_from([field.name for field in fields(commands.Described)]),
        text | st.none() | values,
    ),
    "reading": text,
    "stage": st.none() | text,
    "seeds": st.dictionaries(st.just("main") | text, text),
    "commitments": st.dictionaries(st.just("main") | text, text),
    "status": st.sampled_from(["started", "done", "stopped"]) | text,
    "entry": st.integers(),
    "by_site": st.booleans(),
}


@st.composite
def likely_command(draw: st.DrawFn, kinds: tuple[Any, ...] = OFTEN) -> Any:
    """A command that could be meant."""
    kind = draw(st.sampled_from(kinds))
    said = {"id": NEXT, "at": AT, "actor": "anna", "role": "investigator", "site": "01"}
    if "participant" in {field.name for field in fields(kind)}:
        said |= {"participant": draw(st.sampled_from(["P1", "P1", "P2"])), "on": draw(near)}
    return kind(**{**said, **{name: draw(strategy) for name, strategy in USUAL[kind].items()}})


@st.composite
def any_command(draw: st.DrawFn) -> Any:
    """A command of any kind, of which some fields hold anything, be it of another type."""
    command = draw(likely_command(tuple(USUAL)))
    names = [field.name for field in fields(command)]
    changed = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    return replace(command, **{name: draw(WILD.get(name, text) | mistyped) for name in changed})


def enter(clerk: Clerk, stage: int) -> None:
    """Bring one participant so far: not at all, screened, registered, assessed, allocated."""
    if clerk.protocol.id in ("small", "quality", "lesions"):
        acts = [clerk.screen, lambda: clerk(commands.Register, step="registration"), clerk.assess]
        if clerk.protocol.id == "lesions":
            acts[2:] = [clerk.describe, lambda: clerk.find("induction", day=DAY + timedelta(days=1))]
        acts.append(lambda: clerk(commands.Allocate, step="randomisation", day=DAY + timedelta(days=1)))
    else:
        responses = {"primary": "PR", "metastatic": "PR"}
        lesions = clerk.protocol.id == "loop"
        acts = [
            lambda: clerk(commands.Screen),
            lambda: clerk(commands.Record, form="screening", values={"fit": True}),
            lambda: clerk(commands.Register, step="registration"),
            clerk.describe if lesions else lambda: clerk(commands.Assess, name="evaluation", responses=responses),
            *([lambda: clerk.find("evaluation", day=DAY + timedelta(days=1))] if lesions else []),
            lambda: clerk(commands.Classify, by="response_class"),
            lambda: clerk(commands.Judge, role="board", answers={"I2": True}),
            lambda: clerk(commands.Allocate, step="assignment"),
        ]
    for act in acts[:stage]:
        act()


def submitted(clerk: Clerk, command: Any) -> Decision:
    """Submit; an amendment with its text, if its digest is one of ours."""
    text = next((text for text in (V2, V3) if getattr(command, "protocol_digest", None) == text.digest), None)
    if isinstance(command, commands.Amend) and text is not None:
        return clerk.desk.amend(text, command)
    return clerk.desk.submit(command)


def check(clerk: Clerk, asked: list[Any]) -> None:
    """Submit all; only decisions come back, and the ledger adds up to the desk's states."""
    for count, one in enumerate(asked):
        command = replace(one, id=f"next{count}") if one.id == NEXT else one
        if count % 2 and isinstance(command, commands.Sign) and isinstance(command.participant, str):
            state = clerk.desk.participants.get(command.participant)
            signed = () if state is None else whole_state(state.history)
            command = replace(command, entries=(), digest=shown(signed))
        before = len(clerk.desk.journal)
        repeated = isinstance(command.id, str) and command.id in clerk.desk._answers
        decision = submitted(clerk, command)
        kinds = [entry.kind for entry in clerk.desk.journal][before:]
        if repeated:
            assert kinds == []
        elif isinstance(decision, Refused):
            assert decision.reasons
            assert all(decision.reasons)
            assert kinds in ([], ["refuse"])
        else:
            assert isinstance(decision, Accepted)
            assert kinds == [draft.kind for draft in decision.drafts]
            assert "refuse" not in kinds
    amendments = [V2, V3] if clerk.protocol.id == "small" else []
    assert fold(clerk.protocol, clerk.desk.journal, amendments) == (clerk.desk.trial, clerk.desk.participants)
    assert not clerk.desk.journal or verify_bytes(clerk.desk.journal.to_bytes()).ok
    assert replay_allocations(clerk.protocol, clerk.desk.journal, amendments).problems == ()


@pytest.mark.parametrize(
    "protocol", PROTOCOLS, ids=["minimisation", "blocks", "simple", "classes", "safety", "quality", "lesions", "loop"]
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(stage=st.integers(0, 8), asked=st.lists(likely_command() | likely_command() | any_command(), max_size=20))
def test_any_sequence_of_commands_is_answered(protocol: Protocol, stage: int, asked: list[Any]) -> None:
    clerk = Clerk(protocol, seeds={} if protocol.id in ("classes", "loop") else SEEDS)
    clerk.open()
    enter(clerk, stage)
    check(clerk, asked)


@given(asked=st.lists(any_command() | likely_command(), max_size=5))
def test_any_command_before_the_opening_is_answered(asked: list[Any]) -> None:
    check(Clerk(PROTOCOLS[0]), asked)


PERSONS = loads(TEXT.replace("\nforms:\n", "\nidentity: [family_name]\nforms:\n"), file="persons.yaml")
AROUND = (commands.Amend, commands.Activate, commands.Reconsent, commands.Screen, commands.Register, commands.Allocate)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    stage=st.integers(0, 4),
    asked=st.lists(likely_command((*AROUND, commands.Record, commands.Withdraw, commands.Correct)), max_size=25),
)
def test_commands_around_amendments_fold_and_replay_the_same(stage: int, asked: list[Any]) -> None:
    clerk = Clerk(V1)
    clerk.open()
    enter(clerk, stage)
    clerk.desk.amend(V2, clerk.command(commands.Amend, None, protocol_digest=V2.digest, on=DAY + timedelta(days=7)))
    check(clerk, asked)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    asked=st.lists(
        likely_command((commands.Screen, commands.Register, commands.Withdraw, commands.Erase, commands.Correct)),
        max_size=25,
    )
)
def test_commands_about_the_same_persons_fold_and_replay_the_same(asked: list[Any]) -> None:
    clerk = Clerk(PERSONS)
    clerk.open()
    numbers = (f"P{n}" for n in range(1, 100))
    check(
        clerk, [replace(one, participant=next(numbers)) if isinstance(one, commands.Screen) else one for one in asked]
    )
    people = clerk.desk.participants.values()
    current = [state.pseudonym for state in people if state.pseudonym is not None and state.rescreened is None]
    assert len(current) == len(set(current))
