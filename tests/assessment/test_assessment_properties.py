"""What holds for every patient, found by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from patients import DAY0, day

from equipoise.assessment import (
    Baseline,
    BestRule,
    Course,
    Finding,
    Lesion,
    NewLesion,
    Progression,
    Recist,
    Resection,
    TimePoint,
    Visit,
    best_response,
    judge,
)

RANK = {"CR": 0, "PR": 1, "SD": 2, "non-CR/non-PD": 2, "PD": 3}
TARGETS = (
    Lesion("B", "breast"),
    Lesion("G", "axillary", node=True),
    Lesion("L1", "liver"),
    Lesion("L2", "liver"),
)
OTHERS = (Lesion("N1", "bone", role="non-target"), Lesion("N2", "breast", role="non-target"))

tenths = st.integers(0, 800)
start_tenths = st.integers(150, 600)
bests = st.builds(
    BestRule,
    confirmation=st.booleans(),
    minimum_stable_days=st.sampled_from([0, 42, 60]),
    after_complete=st.sampled_from(["progression", "as recorded", "partial"]),
    accept_stable=st.booleans(),
    max_not_evaluable=st.integers(0, 2),
)
criteria = st.builds(
    Recist,
    best=bests,
    overall=st.sampled_from(["all lesions", "compartments"]),
    reappearance=st.sampled_from(["progression", "sum"]),
    progression=st.sampled_from([Progression(), Progression("0.1", 0)]),
)


def measured(lesion: str, size: int) -> Finding:
    return Finding.measured(lesion, f"{size // 10}.{size % 10}")


@st.composite
def findings(draw: Any, missing: bool = True) -> tuple[Finding, ...]:
    """Every lesion as it may be found."""
    found = []
    for lesion in TARGETS:
        # Many small values, so that lesions vanish and nodes become normal.
        size = draw(st.one_of(st.just(0), st.integers(0, 120), tenths))
        found.append(measured(lesion.id, size))
        if missing and draw(st.integers(0, 9)) == 0:
            found[-1] = Finding.not_evaluated(lesion.id)
    for lesion in OTHERS:
        state = draw(st.sampled_from(["absent", "absent", "present", "worse", "not evaluated"][: 5 if missing else 4]))
        found.append(Finding(lesion.id, state))
    return tuple(found)


@st.composite
def patients(draw: Any, missing: bool = True) -> tuple[Baseline, list[Visit]]:
    """A patient with targets and non-targets in both compartments, and up to five visits."""
    start = Baseline(DAY0, TARGETS + OTHERS, tuple(measured(lesion.id, draw(start_tenths)) for lesion in TARGETS))
    gaps = draw(st.lists(st.integers(10, 90), min_size=1, max_size=5))
    visits = []
    for number in range(len(gaps)):
        new = (NewLesion("X", "brain"),) if draw(st.integers(0, 14)) == 0 else ()
        visits.append(Visit(day(sum(gaps[: number + 1])), draw(findings(missing)), new))
    return start, visits


def every_part(course: Course) -> list[list[str]]:
    return [[point.response for point in course.points(part)] for part in ("overall", "primary", "metastatic")]


@given(patients(), criteria, st.randoms(use_true_random=False))
def test_the_order_of_lesions_findings_and_visits_is_irrelevant(patient: Any, rules: Recist, chance: Any) -> None:
    def shuffled(items: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    start, visits = patient
    other = replace(start, lesions=shuffled(start.lesions), findings=shuffled(start.findings))
    again = [replace(visit, findings=shuffled(visit.findings)) for visit in shuffled(visits)]
    assert judge(other, again, criteria=rules) == judge(start, visits, criteria=rules)


@given(patients(), criteria)
def test_the_unit_of_a_diameter_is_irrelevant(patient: Any, rules: Recist) -> None:
    def in_cm(each: Finding) -> Finding:
        if each.micrometres is None:
            return each
        return Finding.measured(each.lesion, f"{each.micrometres // 10_000}.{each.micrometres % 10_000:04d}", unit="cm")

    start, visits = patient
    same = [replace(visit, findings=tuple(map(in_cm, visit.findings))) for visit in visits]
    other = replace(start, findings=tuple(map(in_cm, start.findings)))
    assert judge(other, same, criteria=rules) == judge(start, visits, criteria=rules)


@given(patients(), st.integers(2, 9))
def test_a_ruler_that_reads_k_times_as_much_gives_the_same_responses(patient: Any, k: int) -> None:
    """Every diameter and every limit in millimetres scaled alike."""

    def scaled(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(
            each if each.micrometres is None else replace(each, micrometres=k * each.micrometres) for each in found
        )

    start, visits = patient
    rules = Recist(
        progression=Progression("0.2", 5 * k),
        measurable_mm=10 * k,
        node_target_mm=15 * k,
        node_normal_mm=10 * k,
        too_small_mm=5 * k,
    )
    larger = judge(
        replace(start, findings=scaled(start.findings)),
        [replace(visit, findings=scaled(visit.findings)) for visit in visits],
        criteria=rules,
    )
    assert every_part(larger) == every_part(judge(start, visits))


@given(patients(missing=False), criteria, st.sampled_from(TARGETS), st.integers(1, 300))
def test_growth_at_the_last_visit_never_improves_the_response(
    patient: Any, rules: Recist, grown: Lesion, growth: int
) -> None:
    start, visits = patient
    last = visits[-1]
    larger = tuple(
        replace(each, micrometres=(each.micrometres or 0) + 100 * growth) if each.lesion == grown.id else each
        for each in last.findings
    )
    before = judge(start, visits, criteria=rules)
    after = judge(start, [*visits[:-1], replace(last, findings=larger)], criteria=rules)
    for old, new in zip(every_part(before), every_part(after), strict=True):
        assert RANK[new[-1]] >= RANK[old[-1]]


@given(patients(), criteria)
def test_nothing_after_progression_changes_the_best_response(patient: Any, rules: Recist) -> None:
    start, visits = patient
    course = judge(start, visits, criteria=rules)
    for part in ("overall", "primary", "metastatic"):
        ended = course.progression(part)
        points = course.points(part)
        if ended is None:
            continue
        until = [point for point in points if point.on <= ended]
        assert best_response(points, DAY0, rules.best) == best_response(until, DAY0, rules.best)


@given(patients(), criteria)
def test_what_was_judged_at_a_visit_is_not_changed_by_later_measurements(patient: Any, rules: Recist) -> None:
    start, visits = patient
    whole = judge(start, visits, criteria=rules).assessments
    for number in range(len(visits)):
        assert judge(start, visits[: number + 1], criteria=rules).assessments == whole[: number + 1]


@given(
    patients(),
    findings(missing=False),
    criteria,
    st.sets(st.sampled_from([lesion.id for lesion in TARGETS + OTHERS]), min_size=1),
    st.booleans(),
)
def test_a_resection_never_improves_the_response(
    patient: Any, last: tuple[Finding, ...], rules: Recist, removed: set[str], at_once: bool
) -> None:
    """What is left is found as it was before surgery, all of it evaluated: the response is no better than it was."""
    start, visits = patient
    earlier = [] if at_once else [*visits[:-1], replace(visits[-1], findings=last)]
    unchanged = last if earlier else (*start.findings, *(Finding.present(lesion.id) for lesion in OTHERS))
    on = earlier[-1].on if earlier else DAY0
    after = Visit(on + timedelta(days=30), tuple(each for each in unchanged if each.lesion not in removed))
    course = judge(start, [*earlier, after], resections=[Resection(on, tuple(sorted(removed)))], criteria=rules)
    for responses in every_part(course):
        before = responses[-2] if earlier else "SD"
        if responses[-1] != "NE":
            assert RANK[responses[-1]] >= RANK[before], responses


@given(patients(missing=False), criteria, st.integers(0, 3))
def test_surgery_of_every_lesion_adds_no_response(patient: Any, rules: Recist, before: int) -> None:
    start, visits = patient
    earlier = visits[: min(before, len(visits) - 1)]
    last = visits[len(earlier)]
    on = earlier[-1].on if earlier else DAY0
    resection = Resection(on, tuple(lesion.id for lesion in start.lesions))
    bare = replace(last, findings=(), new_lesions=())
    with_surgery = judge(start, [*earlier, bare], resections=[resection], criteria=rules)
    without = judge(start, earlier, criteria=rules)
    better = with_surgery.best(DAY0).response
    best = without.best(DAY0).response
    assert better not in ("CR", "PR") or better == best


responses_of = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(["CR", "PR", "SD", "non-CR/non-PD", "PD", "NE", "ND"])), max_size=8
)


@given(responses_of, bests)
def test_confirmation_never_improves_the_best_response(rows: list[tuple[int, Any]], rule: BestRule) -> None:
    order = ["CR", "PR", "SD", "non-CR/non-PD", "PD", "NE", "ND", "MISSING"]
    points, on = [], 0
    for gap, response in rows:
        on += gap
        points.append(TimePoint(day(on), response))
    strict = best_response(points, DAY0, replace(rule, confirmation=True))
    lenient = best_response(points, DAY0, replace(rule, confirmation=False))
    assert order.index(strict.response) >= order.index(lenient.response)
    assert strict.response not in ("CR", "PR") or strict.confirmed_on is not None
