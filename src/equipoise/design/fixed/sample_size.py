"""How many events and participants a comparison of survival needs, and how long it takes.

A design has three quantities that hang together: participants, accrual and follow-up. Any one of them follows from
the others:

    n            accrual (months, or periods of relative intensity) and follow_up given
    accrual      accrual_rate (participants a month) and follow_up given
    follow_up    n and either accrual or accrual_rate given

Sources: Schoenfeld, Biometrics 1983;39:499-503; Freedman, Statistics in Medicine 1982;1:121-129; Lachin and Foulkes,
Biometrics 1986;42:507-519 (also accrual, losses, dilution); Pintilie, Statistics in Medicine 2002;21:3317-3324
(competing risks: events of the cause of interest, of which fewer are seen); Jennison and Turnbull 2000, chapter 13
(the inflation of a group-sequential design).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from equipoise.design._checks import check_hazard_ratio, check_not_negative, check_positive, check_share, sided
from equipoise.design._roots import find_root, find_root_above
from equipoise.design.accrual import Accrual
from equipoise.design.fixed.looks import Looks, looks_at, read_bounds
from equipoise.design.fixed.requirement import PlannedTest, SizeMethod, factor, seen
from equipoise.design.formulas import Benefit
from equipoise.design.population import Pair, Population, PopulationStratum, control_survival, population
from equipoise.design.rounding import round_up, whole_participants
from equipoise.design.sequential.boundaries import Bounds
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result

_LONGEST = 1e6


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SampleSize(Result):
    """A sized design. Numbers are unrounded unless their name says otherwise.

    Attributes:
        hazard_ratio: of those treated as allocated; of strata with ratios of their own, their average.
        diluted_hazard_ratio: what the test will see: after crossover and non-adherence, strata averaged by events.
        null: the hazard ratio to be excluded.
        alpha: total over the sides.
        sides: 1 or 2.
        power: in the benefit tail.
        ratio: experimental to control participants.
        method: of sizing.
        inflation: of the group-sequential design over the fixed one; 1 for a fixed design.
        fixed_events: events that the fixed test needs.
        events: at the last look.
        n: participants to randomise, loss included.
        n_evaluable: those who are not lost; they give the events.
        registered: to register, of whom `randomised_share` are randomised.
        event_probability: of one evaluable participant, by the end.
        events_by_arm: (control, experimental).
        n_by_arm: (control, experimental) of `n`.
        accrual: of evaluable participants, a month.
        accrual_duration: months.
        follow_up: months from the last participant to the last look.
        duration: months from the first participant to the last look.
        looks: the analyses and when they are due.
        events_rounded: up.
        n_rounded: up to a multiple of the ratio's sum.
        n_rounded_by_arm: (control, experimental).
        registered_rounded: registered for `n_rounded`, up.
        drift: expected z of the fixed test.
    """

    hazard_ratio: float
    diluted_hazard_ratio: float
    null: float
    alpha: float
    sides: int
    power: float
    ratio: float
    method: SizeMethod
    inflation: float
    drift: float
    fixed_events: float
    events: float
    n: float
    n_evaluable: float
    registered: float
    event_probability: float
    events_by_arm: tuple[float, float]
    n_by_arm: tuple[float, float]
    accrual: Accrual
    accrual_duration: float
    follow_up: float
    duration: float
    looks: Looks
    events_rounded: int
    n_rounded: int
    n_rounded_by_arm: tuple[int, int]
    registered_rounded: int

    def _title(self) -> str:
        test = f"{sided(self.sides)} alpha {self.alpha:g}, power {self.power:g}, ratio {self.ratio:g}"
        against = "" if self.null == 1 else f" against {self.null:g}"
        diluted = (
            "" if self.diluted_hazard_ratio == self.hazard_ratio else f" ({self.diluted_hazard_ratio:.4g} diluted)"
        )
        return f"Size for a hazard ratio of {self.hazard_ratio:.4g}{diluted}{against}: {test}, {self.method}"

    def _columns(self) -> Mapping[str, Column]:
        rows: list[tuple[str, float, int | None]] = [
            ("events", self.events, self.events_rounded),
            ("participants", self.n, self.n_rounded),
            ("  control", self.n_by_arm[0], self.n_rounded_by_arm[0]),
            ("  experimental", self.n_by_arm[1], self.n_rounded_by_arm[1]),
        ]
        if self.n_evaluable != self.n:
            rows.append(("  not lost", self.n_evaluable, None))
        if self.registered != self.n:
            rows.append(("registered", self.registered, self.registered_rounded))
        rows += [
            ("probability of an event", self.event_probability, None),
            ("accrual (months)", self.accrual_duration, None),
            ("follow-up (months)", self.follow_up, None),
        ]
        if self.inflation != 1:
            rows.append(("inflation by looks", self.inflation, None))
        return {
            "quantity": [row[0] for row in rows],
            "value": [row[1] for row in rows],
            "rounded": [row[2] for row in rows],
        }

    def _notes(self) -> list[str]:
        return str(self.looks).splitlines()


def sample_size(
    hazard_ratio: float | None = None,
    *,
    alpha: float,
    power: float,
    sides: int = 1,
    ratio: float = 1.0,
    control_median: float | None = None,
    control: Survival | None = None,
    experimental: Survival | None = None,
    strata: Sequence[PopulationStratum] | None = None,
    accrual: float | Accrual | None = None,
    accrual_rate: float | Accrual | None = None,
    follow_up: float | None = None,
    n: float | None = None,
    dropout: Pair = 0.0,
    dropout_time: float = 12.0,
    competing: Survival | tuple[Survival, Survival] | None = None,
    crossover: float = 0.0,
    non_adherence: float = 0.0,
    loss: float = 0.0,
    randomised_share: float = 1.0,
    null: float = 1.0,
    method: SizeMethod = "schoenfeld",
    bounds: Bounds | GroupSequential | None = None,
    information: Sequence[float] | None = None,
    futility: Bounds | None = None,
    binding: bool = False,
) -> SampleSize:
    """Size a comparison of survival between two arms. Times in months.

    Args:
        hazard_ratio: experimental over control, of those treated as allocated. None: taken from `control` and
            `experimental` if these are proportional. With a cured fraction, that of the uncured.
        alpha: total over the sides.
        power: in the benefit tail.
        sides: 1 or 2.
        ratio: experimental to control participants.
        control_median: median of an exponential control arm; or give
        control: survival of the control arm; or
        strata: the population in parts, each with its own survival (the test is then stratified).
        experimental: survival of the experimental arm for the expected events, where the hazards are not simply
            `hazard_ratio` times those of control.
        accrual: months of uniform accrual, or periods with relative intensities, scaled to the size found.
        accrual_rate: participants a month, or periods with absolute rates, of which the last goes on.
        follow_up: months from the last participant to the last look.
        n: participants to randomise, where follow-up is to be found.
        dropout: fraction lost by `dropout_time` were there no events (exponential); one number or (control,
            experimental).
        dropout_time: months.
        competing: free of competing events, of both arms or (control, experimental); `hazard_ratio` and `control`
            are then cause-specific.
        crossover: fraction of control that gets the experimental hazard, from the start.
        non_adherence: fraction of the experimental arm that keeps the control hazard, from the start; see
            `equipoise.design.population` for the diluted hazard ratio (Lachin and Foulkes 1986).
        loss: fraction of participants who give no information at all: n / (1 - loss) are randomised.
        randomised_share: fraction of the registered who are randomised, where a period of treatment comes first.
        null: hazard ratio to be excluded: 1, or a margin of non-inferiority above `hazard_ratio`.
        method: how events are found.
        bounds: of a group-sequential design, as for `GroupSequential`, or one of these.
        information: fractions of the events at the looks, the last 1.
        futility: as for `GroupSequential`.
        binding: whether futility must be obeyed.

    Returns:
        The design, with unrounded and rounded numbers and its looks.

    Raises:
        DesignError: what is impossible or contradicts itself, including events that never come.
    """
    people = population(
        hazard_ratio,
        control=control_survival(control, control_median),
        experimental=experimental,
        strata=strata,
        ratio=ratio,
        dropout=dropout,
        dropout_time=dropout_time,
        competing=competing,
        crossover=crossover,
        non_adherence=non_adherence,
    )
    check_share("loss", loss)
    test = PlannedTest(alpha=alpha, sides=sides, power=power, method=method, null=null)
    if hazard_ratio is not None and strata is None:
        check_hazard_ratio(hazard_ratio, null=null)
    sequential = read_bounds(
        bounds, information, alpha=alpha, sides=sides, power=power, futility=futility, binding=binding
    )
    if sequential is not None:
        test = replace(test, inflation=float(sequential.inflation))
    plan = _Plan(people, test, 1 - loss)
    timing = _solve(plan, accrual, accrual_rate, follow_up, n)
    return _result(plan, timing, sequential, power, randomised_share)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What does not depend on the quantity that is solved for."""

    people: Population
    test: PlannedTest
    kept: float

    def factor(self, accrual: Accrual, time: float) -> float:
        """How many times those who come by `accrual` are needed."""
        return factor(seen(self.people, accrual, time, self.test), self.test)

    def surplus(self, accrual: Accrual, time: float) -> float:
        """Logarithm of what there is over what is needed: 0 where the plan is right, rising with time."""
        return -math.log(self.factor(accrual, time))


def _solve(
    plan: _Plan,
    accrual: float | Accrual | None,
    accrual_rate: float | Accrual | None,
    follow_up: float | None,
    n: float | None,
) -> tuple[Accrual, float]:
    """Accrual of evaluable participants, and follow-up."""
    if accrual is not None and accrual_rate is None:
        shape = _shape(accrual)
        if n is not None and follow_up is None:
            return _follow_up(plan, shape.scaled_to(check_positive("n", n) * plan.kept))
        if n is None and follow_up is not None:
            end = shape.duration + check_not_negative("follow_up (months)", follow_up)
            return shape.scaled_to(shape.total * plan.factor(shape, end)), follow_up
    if accrual is None and accrual_rate is not None:
        rate = _rate(accrual_rate, plan.kept)
        if n is not None and follow_up is None:
            return _follow_up(plan, rate.until(rate.time_of(check_positive("n", n) * plan.kept)))
        if n is None and follow_up is not None:
            return _accrual_time(plan, rate, check_not_negative("follow_up (months)", follow_up)), follow_up
    raise DesignError(_asks(accrual, accrual_rate, follow_up, n))


def _asks(*given: object) -> str:
    names = ("accrual", "accrual_rate", "follow_up", "n")
    there = ", ".join(name for name, value in zip(names, given, strict=True) if value is not None) or "none of them"
    return (
        f"of accrual, accrual_rate, follow_up and n there is {there}; give accrual and follow_up to find n, "
        "accrual_rate and follow_up to find the accrual time, or n with either accrual to find the follow-up"
    )


def _shape(accrual: float | Accrual) -> Accrual:
    shape = accrual if isinstance(accrual, Accrual) else Accrual.uniform(1.0, accrual)
    if math.isinf(shape.duration):
        raise DesignError("accrual does not end; end it, or give it as accrual_rate to find its end")
    return shape


def _rate(rate: float | Accrual, kept: float) -> Accrual:
    """Evaluable participants a month, the last rate going on for ever."""
    if not isinstance(rate, Accrual):
        return Accrual((math.inf,), (check_positive("accrual_rate", rate) * kept,))
    return Accrual((*rate.ends[:-1], math.inf), tuple(kept * r for r in rate.rates))


def _accrual_time(plan: _Plan, rate: Accrual, follow_up: float) -> Accrual:
    first = next(start for start, r in zip(rate.starts, rate.rates, strict=True) if r > 0)
    low = first + 1e-9

    def surplus(months: float) -> float:
        return plan.surplus(rate.until(months), months + follow_up)

    months = find_root_above(surplus, low, max(12.0, 2 * low), _LONGEST)
    if months is None:
        raise DesignError(f"accrual of {_LONGEST:g} months is not enough; raise accrual_rate or follow_up")
    return rate.until(months)


def _follow_up(plan: _Plan, accrual: Accrual) -> tuple[Accrual, float]:
    end = accrual.duration
    if plan.surplus(accrual, end) > 0:
        needed = plan.factor(accrual, end) * accrual.total / plan.kept
        raise DesignError(
            f"n = {accrual.total / plan.kept:g} have the events before accrual ends at {end:g} months; {needed:.1f} do "
            "without follow-up"
        )
    high = max(2 * end, 12.0)
    while plan.surplus(accrual, high) < 0:
        high *= 2
        if high > _LONGEST:
            needed = plan.factor(accrual, high) * accrual.total / plan.kept
            raise DesignError(
                f"n = {accrual.total / plan.kept:g} never have the events; even with endless follow-up {needed:.1f} "
                "are needed"
            )
    return accrual, find_root(lambda time: plan.surplus(accrual, time), end, high) - end


def _result(
    plan: _Plan,
    timing: tuple[Accrual, float],
    sequential: GroupSequential | None,
    power: float,
    randomised_share: float,
) -> SampleSize:
    people, test = plan.people, plan.test
    accrual, follow_up = timing
    if not 0 < randomised_share <= 1:
        raise DesignError(f"randomised_share = {randomised_share}; give a number above 0, at most 1")
    end = accrual.duration + follow_up
    at_end = seen(people, accrual, end, test)
    n = accrual.total / plan.kept
    share = people.ratio / (1 + people.ratio)
    whole = whole_participants(n, people.ratio)
    benefit: Benefit = "below" if at_end.hazard_ratio < test.null else "above"
    return SampleSize(
        hazard_ratio=at_end.planned_hazard_ratio,
        diluted_hazard_ratio=at_end.hazard_ratio,
        null=test.null,
        alpha=test.alpha,
        sides=test.sides,
        power=power,
        ratio=people.ratio,
        method=test.method,
        inflation=test.inflation,
        drift=test.z_alpha + test.z_beta,
        fixed_events=at_end.events / test.inflation,
        events=at_end.events,
        n=n,
        n_evaluable=accrual.total,
        registered=n / randomised_share,
        event_probability=at_end.events / accrual.total,
        events_by_arm=at_end.by_arm,
        n_by_arm=(n * (1 - share), n * share),
        accrual=accrual,
        accrual_duration=accrual.duration,
        follow_up=follow_up,
        duration=end,
        looks=looks_at(
            at_end.events,
            arms=people.arms,
            accrual=accrual,
            end=end,
            sequential=sequential,
            alpha=test.alpha,
            sides=test.sides,
            ratio=people.ratio,
            null=test.null,
            benefit=benefit,
        ),
        events_rounded=round_up(at_end.events),
        n_rounded=sum(whole),
        n_rounded_by_arm=whole,
        registered_rounded=round_up(sum(whole) / randomised_share),
    )
