"""What else is in the tables: people with roles, sites, open tasks; and values that come back as they were."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from small_trial import after, small
from stored_trial import StoreClerk

from equipoise.conduct import CriterionResult, Refused, commands
from equipoise.store import Store, answers, projections
from equipoise.store.tasks import OpenTask, open_tasks


def tasks(clerk: StoreClerk, number: str = "P1") -> set[tuple[str, str]]:
    return {(task.kind, task.name) for task in open_tasks(clerk.protocol, clerk.state(number))}


def test_open_tasks_are_what_leads_to_the_next_step(clerk: StoreClerk) -> None:
    clerk.accepted(commands.Screen)
    assert tasks(clerk) == {("form", "screening"), ("judge", "I2"), ("judge", "E1"), ("step", "registration")}
    assert OpenTask("judge", "I2", "surgeon") in open_tasks(clerk.protocol, clerk.state())
    clerk.accepted(commands.Judge, role="surgeon", answers={"I2": True})
    assert ("judge", "I2") not in tasks(clerk)
    clerk.register("P2")
    assert tasks(clerk, "P2") == {("step", "randomisation")}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (commands.Happen, {"event": "death", "cause": "cancer"}),
        (commands.Withdraw, {"rule": "W1"}),
        (commands.Lose, {}),
    ],
)
def test_nothing_is_open_after_the_end(clerk: StoreClerk, kind: Any, more: dict[str, Any]) -> None:
    clerk.screen()
    assert tasks(clerk)
    clerk.accepted(kind, day=after(3), **more)
    assert not tasks(clerk)


def test_a_withdrawal_from_treatment_alone_leaves_forms_open_and_no_step(clerk: StoreClerk) -> None:
    clerk.accepted(commands.Screen)
    clerk.accepted(commands.Withdraw, rule="W2", day=after(3))
    assert tasks(clerk) == {("form", "screening")}


def test_people_have_roles_by_trial_and_site(clerk: StoreClerk, store: Store) -> None:
    from equipoise.store.models import Person, Role, Site, Trial

    trial = Trial.objects.using(store.alias).get(name="small")
    site = Site.objects.using(store.alias).create(trial=trial, code="01", label="The first")
    Person.objects.using(store.alias).create(account="anna", label="Anna")
    for where in (site.code, ""):
        given_role = {"account": "anna", "site": where, "role": "investigator", "printed_name": "Anna", "held": True}
        Role.objects.using(store.alias).create(trial=trial, **given_role)
        with pytest.raises(IntegrityError), transaction.atomic(using=store.alias):
            Role.objects.using(store.alias).create(trial=trial, **given_role)
    for again in (lambda: Site(trial=trial, code="01", label="x"), lambda: Person(account="anna", label="x")):
        with pytest.raises(IntegrityError), transaction.atomic(using=store.alias):
            again().save(using=store.alias)


def test_the_models_read_what_plain_sql_wrote(clerk: StoreClerk, store: Store) -> None:
    from equipoise.store.models import Allocation, Entry, Head, Participant

    arm = clerk.allocate("P1")
    assert Participant.objects.using(store.alias).get(pk=(1, "P1")).arm == arm
    assert Allocation.objects.using(store.alias).get(participant="P1").arm == arm
    assert Entry.objects.using(store.alias).filter(participant="P1").count() == len(clerk.state().history)
    assert Head.objects.using(store.alias).get().entries == len(clerk.desk.journal)


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.dates()
    | st.decimals(allow_nan=False, allow_infinity=False)
)


@given(st.dictionaries(st.text(), VALUES), st.lists(st.text()))
def test_a_refusal_comes_back_as_it_was(decided_by: dict[str, Any], reasons: list[str]) -> None:
    refused = Refused(tuple(reasons), (CriterionResult("I1", "inclusion", "Fit", "fail", decided_by),))
    read = answers.from_text(answers.to_text(refused), ())
    assert read == refused
    assert isinstance(read, Refused)
    types = [{name: type(value) for name, value in found.criteria[0].decided_by.items()} for found in (read, refused)]
    assert types[0] == types[1]


def test_every_recorded_value_comes_back_with_its_type() -> None:
    values: dict[str, Any] = {
        "age": 54, "her2": "positive", "targeted": True, "creatinine": Decimal("88.5"), "remark": 'said "no"\n\u2028',
        "diagnosis_date": date(2024, 2, 1), "judged_i2": False, "arm": "A", "registration_date": date(2024, 3, 1),
    }  # fmt: skip  # short items of one kind share a line
    read = projections.values_of(projections.values_text(values), small().dictionary)
    assert read == values
    assert {name: type(value) for name, value in read.items()} == {name: type(value) for name, value in values.items()}


@pytest.mark.parametrize(
    "value",
    [float("nan"), 10**5000, "\ud800", object, {1: 2, "a": None}, Decimal("sNaN"), [1, [2]], b"x"],
    ids=("float", "long", "half a pair", "type", "mapping", "no number", "list", "bytes"),
)
def test_a_command_that_holds_anything_has_a_fingerprint(clerk: StoreClerk, store: Store, value: Any) -> None:
    clerk.accepted(commands.Screen)
    command = clerk.command(commands.Record, form="screening", values={"age": value})
    assert answers.fingerprint(command) == answers.fingerprint(command)
    assert not store.submit("small", command).accepted
    assert store.submit("small", command).repeated


def test_the_migrations_make_the_tables_that_the_models_say(store: Store) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "store", check=True, dry_run=True, verbosity=0)
