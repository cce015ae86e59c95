"""The registry's record: its dates, its numbers and its fields against the rest of the protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from equipoise.checker.finding import Finding, error, note, warning
from equipoise.checker.places import listed
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Assign
from equipoise.protocol.rules import compile_rule
from equipoise.units import days_to_months

_MULTICENTRE = re.compile(r"\bmulti-?\s?(?:centre|center|centric)\b", re.IGNORECASE)
_OPEN = {"recruiting", "not yet recruiting", "enrolling by invitation", "active, not recruiting"}
_ESSENTIAL = (
    "sponsor", "conditions", "phase", "allocation", "intervention_model", "masking", "enrolment", "start", "completion",
    "locations", "contacts",
)  # fmt: skip  # short items of one kind share a line
"""Of the WHO Trial Registration Data Set, those that this part of the protocol has a field for."""


def _months(start: date, end: date) -> float:
    return days_to_months((end - start).days)


def enrolment(protocol: Protocol) -> Iterator[Finding]:
    """The target number: not stated, or not the design's."""
    target, design = protocol.registry.enrolment, protocol.design
    if isinstance(target, int):
        if design is not None and design.participants is not None and design.participants != target:
            what = f"the registry's target is {target}, and the design has {design.participants} participants"
            yield warning(
                protocol, ("registry", "enrolment"), "enrolment-against-design", what, "ask which is in force"
            )
        return
    said = f"the registry's target is '{target}'" if target else "the registry states no target"
    if design is None or design.participants is None or design.assumed:
        ours = (
            ""
            if design is None or design.participants is None
            else f"; the {design.participants} in the design are assumed"
        )
        mend = "ask how many participants are planned, and what the number rests on"
        yield warning(protocol, ("registry", "enrolment"), "enrolment-not-specified", said + ours, mend)
    else:
        what = f"{said}, and the design plans {design.participants} participants"
        yield note(
            protocol, ("registry", "enrolment"), "enrolment-not-specified", what, "have the registry's record completed"
        )


def dates_in_order(protocol: Protocol) -> Iterator[Finding]:
    """Start, primary completion, completion; posted, updated."""
    registry = protocol.registry
    for first, last in (
        ("start", "primary_completion"),
        ("start", "completion"),
        ("primary_completion", "completion"),
        ("first_posted", "last_update"),
    ):
        early, late = getattr(registry, first), getattr(registry, last)
        if early is not None and late is not None and late < early:
            what = f"{last} {late} is before {first} {early}"
            yield error(protocol, ("registry", last), "dates-order", what, "correct the dates")


def window_of_accrual_and_follow_up(protocol: Protocol) -> Iterator[Finding]:
    """The time between start and completion, against what the design needs."""
    registry, design = protocol.registry, protocol.design
    if registry.start is None or registry.completion is None or design is None:
        return
    if design.accrual is None or design.follow_up is None:
        return
    needed, given = design.accrual + design.follow_up, _months(registry.start, registry.completion)
    if given < needed - 1:
        what = (
            f"from start {registry.start} to completion {registry.completion} are {given:.0f} months; accrual of"
            f" {design.accrual:g} and follow-up of {design.follow_up:g} need {needed:g}"
            f"{f' (status: {registry.status})' if registry.status else ''}"
        )
        mend = "ask for the dates in force"
        yield warning(protocol, ("registry", "completion"), "window-too-short", what, mend)


def duration(protocol: Protocol) -> Iterator[Finding]:
    """A printed duration beside the dates."""
    registry = protocol.registry
    if registry.duration_months is None or registry.start is None or registry.completion is None:
        return
    months = _months(registry.start, registry.completion)
    if abs(months - registry.duration_months) > 1:
        what = (
            f"the duration is printed as {registry.duration_months} months; start and completion are {months:.1f} apart"
        )
        yield warning(protocol, ("registry", "duration_months"), "duration-against-dates", what, "ask which is right")


def sites(protocol: Protocol) -> Iterator[Finding]:
    """One location, in a trial that calls itself multicentre."""
    registry = protocol.registry
    # what the trial says of itself: the page may name other trials, and what they are
    own = " ".join(filter(None, (registry.official_title, registry.summary, registry.description, protocol.title)))
    found = _MULTICENTRE.search(own)
    if found and len(protocol.registry.locations) == 1:
        what = f"the source calls the trial '{found.group()}' and lists one location ({protocol.registry.locations[0]})"
        yield warning(protocol, ("registry", "locations"), "one-site-multicentre", what, "ask for the list of sites")


def allocation(protocol: Protocol) -> Iterator[Finding]:
    """Randomised or not, by the registry and by the pathway."""
    said = (protocol.registry.allocation or "").lower().replace("-", "").replace("z", "s")
    if not said.strip() or "applicable" in said or said == "n/a":
        return
    chance = not said.startswith("non")
    if chance == isinstance(protocol.allocation_step, Assign):
        what = f"the registry's allocation is '{protocol.registry.allocation}', and the pathway's is not"
        yield error(protocol, ("registry", "allocation"), "allocation-contradiction", what, "correct one of the two")


def limits_of_age_and_sex(protocol: Protocol) -> Iterator[Finding]:
    """The registry's limits, against the criteria that enforce them."""
    registry = protocol.registry
    sexes = {"female": "male", "male": "female"}
    other = sexes.get((registry.sex or "").lower())
    sex, years = protocol.variables.get("sex"), protocol.variables.get("age")
    if other and sex is not None and other in (sex.values or ()) and not _refused(protocol, {"sex": other}):
        what = f"the registry admits {str(registry.sex).lower()} patients only, and no criterion refuses others"
        yield warning(protocol, ("registry", "sex"), "sex-not-enforced", what, "add it to a criterion")
    for name, step in (("minimum_age", -1), ("maximum_age", 1)):
        limit = re.match(r"(\d{1,3}) ?[Yy]ear", getattr(registry, name) or "")
        if limit is None or years is None or years.type not in ("integer", "decimal"):
            continue
        age = int(limit[1])
        if _refused(protocol, {"age": age}) or not _refused(protocol, {"age": age + step}):
            what = f"the registry's {name.replace('_', ' ')} is {age} years, and the criteria draw another limit"
            yield warning(protocol, ("registry", name), "age-not-enforced", what, "ask which is in force")


def _refused(protocol: Protocol, values: dict[str, object]) -> bool:
    """Whether some criterion fails on these values alone, all else unknown."""
    return any(
        compile_rule(item.rule, protocol.dictionary).judge(values).value is (item.kind == "exclusion")
        for item in protocol.eligibility
        if item.rule is not None
    )


def withdrawn(protocol: Protocol) -> Iterator[Finding]:
    """A trial that was withdrawn: nobody was enrolled, and nothing can be reported."""
    registry = protocol.registry
    if (registry.status or "").lower() != "withdrawn":
        return
    if registry.enrolled:
        what = f"the status is withdrawn, which means before enrolment, and {registry.enrolled} were enrolled"
        mend = "ask whether it was terminated; withdrawn is for trials that enrolled nobody"
        yield error(protocol, ("registry", "status"), "withdrawn-with-participants", what, mend)
    else:
        what = "the trial was withdrawn with 0 participants enrolled, so there are no results"
        mend = "a rehearsal shows how it would have run; do not quote it as a result"
        yield note(protocol, ("registry", "status"), "withdrawn", what, mend)


def start_after_last_update(protocol: Protocol) -> Iterator[Finding]:
    """A start that lay in the future when the record was last touched."""
    registry = protocol.registry
    if registry.start is None or registry.last_update is None or registry.start <= registry.last_update:
        return
    what = (
        f"the start {registry.start} lies after the last update {registry.last_update}"
        f"{f' (status: {registry.status})' if registry.status else ''}, so the record does not say whether it began"
    )
    yield note(protocol, ("registry", "start"), "start-after-update", what, "ask whether and when the trial started")


def status_against_completion(protocol: Protocol, today: date | None) -> Iterator[Finding]:
    """A trial that is said to be open after the day on which it was to be complete."""
    registry = protocol.registry
    own = [registry.last_update, registry.last_verified, *(version.on for version in protocol.versions)]
    as_of = today or max((day for day in own if day is not None), default=None)
    if as_of is None or registry.completion is None or (registry.status or "").lower() not in _OPEN:
        return
    if registry.completion < as_of:
        what = f"the status is {registry.status}, and completion was due on {registry.completion}, before {as_of}"
        yield warning(protocol, ("registry", "status"), "status-past-completion", what, "ask for the status of today")


def missing_fields(protocol: Protocol) -> Iterator[Finding]:
    """Fields that a registration needs and that the copy read does not have (WHO Trial Registration Data Set 1.3.1)."""
    missing = [name for name in _ESSENTIAL if getattr(protocol.registry, name) in (None, ())]
    if missing:
        shown = listed([name.replace("_", " ") for name in missing])
        what = f"the registry's record, in the copy read, has no {shown}"
        yield note(protocol, ("registry",), "registry-fields-missing", what, "look them up in the registry itself")
