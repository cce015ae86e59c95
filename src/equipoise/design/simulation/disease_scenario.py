"""Trials of the multi-state disease model: every endpoint of a patient comes from one course of the disease.

Times are whole days, as a trial records them: entries are days since the start of accrual, progression counts on the
visit that finds it (`equipoise.disease.observe`), and the day of entry is day 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from equipoise._kernel import as_float, as_int
from equipoise.design._checks import check_not_negative, check_positive, check_ratio, check_share
from equipoise.design.accrual import Accrual
from equipoise.design.simulation.course_kernels import Rows
from equipoise.design.simulation.numbers import Floats, Ints
from equipoise.design.simulation.participants import participants_of
from equipoise.design.simulation.scenario import Allocation, Entry, entries_of, pattern
from equipoise.disease import (
    PROGRESSIONS,
    DiseaseModel,
    Histories,
    Records,
    categorical,
    linear_predictors,
    observe,
    time_to_first,
    uniforms,
    visit_months,
)
from equipoise.disease import simulate as simulate_disease
from equipoise.disease.observe import CANCER_DEATH, DISTANT_PROGRESSION, LOCAL_PROGRESSION, OTHER_DEATH, Event
from equipoise.errors import DesignError
from equipoise.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import polars

_CAUSES = {
    "local_progression": (LOCAL_PROGRESSION,),
    "distant_progression": (DISTANT_PROGRESSION,),
    "death": (CANCER_DEATH, OTHER_DEATH),
    "cancer_death": (CANCER_DEATH,),
    "other_death": (OTHER_DEATH,),
}
_DISEASE = ("cancer_death", "local_progression", "distant_progression")
"""What effects of a site speed up."""


@dataclass(frozen=True, slots=True)
class DiseaseEndpoint:
    """Time from randomisation to the first of some events.

    Attributes:
        events: of `local_progression`, `distant_progression`, `death`, `cancer_death`, `other_death`. A death that
            is none of them censors.
        censor: where participants without an event are censored; endpoints with a progression at the last visit.

    Raises:
        DesignError: no event, one that does not exist, or a censoring that does not suit.
    """

    events: tuple[str, ...]
    censor: Literal["last_alive", "last_visit"] = "last_alive"

    def __post_init__(self) -> None:
        """Refuse what is no endpoint."""
        if not self.events or set(self.events) - set(_CAUSES):
            raise DesignError(f"events {list(self.events)}; name some of {', '.join(_CAUSES)}")
        if self.censor not in {"last_alive", "last_visit"}:
            raise DesignError(f"censor = {self.censor!r}; give last_alive or last_visit")
        if self.censor == "last_visit" and not set(self.events) & set(PROGRESSIONS):
            raise DesignError("deaths alone are known whenever they happen; censor at last_alive")

    def of(self, records: Records) -> tuple[Floats, Ints]:
        """Days to the event or to the last that is known, and 1 for an event, (n,) each."""
        # death always ends the time, whether it counts as an event or not
        first: list[Event] = ["death"]
        if "local_progression" in self.events:
            first.append("local_progression")
        if "distant_progression" in self.events:
            first.append("distant_progression")
        found = time_to_first(records, first, censor=self.censor)
        wanted = [cause for event in self.events for cause in _CAUSES[event]]
        return found.time - 1.0, as_int(np.isin(found.cause, wanted))


OVERALL_SURVIVAL = DiseaseEndpoint(("death",))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressionCrossover:
    """Control participants who go over to the experimental treatment after progression.

    Attributes:
        probability: of each control participant who progresses.
        delay: months from progression to the change.
        after: progressions that let them, whichever comes first.

    Raises:
        DesignError: a probability or a delay that is none.
    """

    probability: float
    delay: float = 0.0
    after: tuple[str, ...] = PROGRESSIONS

    def __post_init__(self) -> None:
        """Refuse what is no crossover."""
        if not 0.0 <= self.probability <= 1.0:
            raise DesignError(f"probability of crossover = {self.probability}; give a number from 0 to 1")
        check_not_negative("delay of crossover (months)", self.delay)
        if not self.after or set(self.after) - set(PROGRESSIONS):
            raise DesignError(f"crossover after {list(self.after)}; name {' or '.join(PROGRESSIONS)}")


@dataclass(frozen=True, kw_only=True)
class DiseaseScenario:
    """A trial of two arms whose participants follow a disease model from randomisation.

    Attributes:
        model: of the disease.
        n: participants.
        accrual: months of uniform accrual, or its shape.
        arms: control and experimental arm of the model; by default its first two.
        endpoint: what the tests compare.
        clock: the endpoint whose events looks wait for; by default the same.
        visits_every: pairs (every, until) in months, as `equipoise.disease.visit_months` takes them; progression is
            found at visits only.
        covariates: shares by level of each covariate that the model's hazards depend on.
        stratify_by: covariates by whose levels tests are stratified.
        balance_by: covariates by whose levels allocation is balanced; by default the same.
        ratio: experimental to control participants.
        crossover: of control participants after progression.
        non_adherence: share of control and of experimental participants who live under the other arm's hazards
            from the start.
        sites: how many sites of equal size.
        site_sd: standard deviation of the logarithm of a site's hazard ratio, on progressions and on death from the
            cancer.
        entry: as in `Scenario`.
        allocation: as in `Scenario`.
        follow_up: months after which a participant is followed no longer; by default until the end of the trial.
        true_hazard_ratio: of the endpoint, where there is one: for bias and coverage.

    Raises:
        DesignError: what contradicts itself.
    """

    model: DiseaseModel
    n: int
    accrual: float | Accrual
    arms: tuple[str, str] | None = None
    endpoint: DiseaseEndpoint = OVERALL_SURVIVAL
    clock: DiseaseEndpoint | None = None
    visits_every: tuple[tuple[float, float], ...] = ()
    covariates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    stratify_by: tuple[str, ...] = ()
    balance_by: tuple[str, ...] | None = None
    ratio: float = 1.0
    crossover: ProgressionCrossover | None = None
    non_adherence: tuple[float, float] = (0.0, 0.0)
    sites: int = 1
    site_sd: float = 0.0
    entry: Entry = "random"
    allocation: Allocation = "balanced"
    follow_up: float | None = None
    true_hazard_ratio: float | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.n != int(self.n) or self.n < 2:
            raise DesignError(f"n = {self.n}; give a whole number of participants from 2 up")
        if self.arms is None and len(self.model.arms) < 2:
            raise DesignError("the model has one arm; a comparison needs two")
        for arm in self.arms or ():
            if arm not in self.model.arms:
                raise DesignError(f"arm {arm!r} is not in the model; its arms are {', '.join(self.model.arms)}")
        check_ratio(self.ratio)
        for share in self.non_adherence:
            check_share("non_adherence", share)
        check_not_negative("site_sd", self.site_sd)
        if self.sites < 1 or (self.site_sd > 0.0 and self.sites == 1):
            raise DesignError(f"sites = {self.sites}; give the number of sites, two or more if they differ")
        self._check_covariates()
        events = {event for endpoint in (self.endpoint, self.clock) if endpoint for event in endpoint.events}
        if events & set(PROGRESSIONS) and not self.visits_every:
            raise DesignError("progression is found at visits, and there are none; give visits_every")
        visit_months(self.visits_every)
        if self.follow_up is not None:
            check_positive("follow_up (months)", self.follow_up)
        if self.true_hazard_ratio is not None:
            check_positive("true_hazard_ratio", self.true_hazard_ratio)

    def _check_covariates(self) -> None:
        for name, shares in self.covariates.items():
            if not shares or not math.isclose(sum(shares.values()), 1.0, rel_tol=1e-9):
                raise DesignError(f"shares of the levels of {name!r} do not sum to 1; mend them")
        for name in (*self.stratify_by, *(self.balance_by or ())):
            if name not in self.covariates:
                raise DesignError(
                    f"stratify_by or balance_by names {name!r}, which is no covariate; describe its levels"
                )

    @property
    def unit(self) -> float:
        """Length of a month in the time unit of the trials, which is the day."""
        return DAYS_PER_MONTH

    @property
    def strata(self) -> int:
        """How many strata."""
        return self._cells(self.stratify_by)

    def _cells(self, names: tuple[str, ...]) -> int:
        return math.prod(len(self.covariates[name]) for name in names)

    @property
    def whole_days(self) -> bool:
        """Times are whole days."""
        return True

    @property
    def visits(self) -> Floats:
        """Days at which participants without an event are last seen; none if they are censored when last alive."""
        if self.endpoint.censor == "last_alive":
            return np.empty(0)
        return as_float(np.ceil(visit_months(self.visits_every) * DAYS_PER_MONTH - 1e-9))

    @property
    def span(self) -> float:
        """A guess at the trial's length, in days."""
        return 3.0 * self._shape.duration * DAYS_PER_MONTH

    @property
    def log_hazard_ratio(self) -> float:
        """The true one, if it was given; else NaN."""
        return math.nan if self.true_hazard_ratio is None else math.log(self.true_hazard_ratio)

    @property
    def _shape(self) -> Accrual:
        return self.accrual if isinstance(self.accrual, Accrual) else Accrual.uniform(self.n, self.accrual)

    def analysed_by(self, endpoint: DiseaseEndpoint) -> DiseaseScenario:
        """The same trials, with looks at the same dates, judged by another endpoint."""
        return replace(self, endpoint=endpoint, clock=self.clock or self.endpoint, true_hazard_ratio=None)

    def without_effect(self) -> DiseaseScenario:
        """The same trial with the baseline hazards in both arms: for the size of a test."""
        alike: dict[str, Any] = {
            name: replace(transition, hazard_ratio={}, in_arm={}) for name, transition in self.model.transitions()
        }
        return replace(self, model=replace(self.model, **alike), true_hazard_ratio=1.0)

    def participants(self, seed: int, replicate: int = 0, *, cut: float | None = None) -> polars.DataFrame:
        """The participants of one simulated trial; see `Scenario.participants`. Times are days, entry is in months."""
        return participants_of(self, seed, replicate, cut)

    def rows(self, seed: int, first: int, last: int) -> Rows:
        """Draw trials `first` to `last` - 1."""
        trials = last - first
        entry = np.floor(entries_of(seed, (first, last), self._shape, self.n, self.entry) * DAYS_PER_MONTH)
        draws = _Draws(seed, np.tile(np.arange(self.n), trials), np.repeat(np.arange(first, last), self.n))
        levels = {name: _levels(draws, name, shares) for name, shares in self.covariates.items()}
        arm = self._allocated(levels, draws, trials)
        records = observe(self._histories(arm, levels, draws), visits=visit_months(self.visits_every), cut_off=np.inf)
        exit_, event = self._seen(self.endpoint, records)
        waits, counts = (exit_, event) if self.clock is None else self._seen(self.clock, records)
        clock = np.where(counts == 1, entry.ravel() + waits, np.inf)
        shape = (trials, self.n)
        return Rows(
            entry=as_float(entry),
            exit=as_float(exit_.reshape(shape)),
            event=as_int(event.reshape(shape)),
            arm=as_int(arm.reshape(shape)),
            stratum=as_int(self._cell(self.stratify_by, levels, draws).reshape(shape)),
            clock=as_float(clock.reshape(shape)),
        )

    def _seen(self, endpoint: DiseaseEndpoint, records: Records) -> tuple[Floats, Ints]:
        """Days to the event or to the last that is known, and 1 for an event, within the follow-up."""
        exit_, event = endpoint.of(records)
        if self.follow_up is None:
            return exit_, event
        last = math.floor(self.follow_up * DAYS_PER_MONTH + 1e-9)
        return np.minimum(exit_, last), np.where(exit_ <= last, event, 0)

    def _cell(self, names: tuple[str, ...], levels: Mapping[str, Ints], draws: _Draws) -> Ints:
        """(trials x n,) number of each participant's combination of levels."""
        cell = np.zeros(draws.who.size, dtype=np.int64)
        for name in names:
            cell = cell * len(self.covariates[name]) + levels[name]
        return cell

    def _allocated(self, levels: Mapping[str, Ints], draws: _Draws, trials: int) -> Ints:
        """0 control, 1 experimental, (trials x n,)."""
        if self.allocation == "simple":
            return as_int(draws.uniform("arm") < self.ratio / (1.0 + self.ratio))
        arms = pattern(self.n, self.ratio)
        names = self.stratify_by if self.balance_by is None else self.balance_by
        by_trial = self._cell(names, levels, draws).reshape(trials, self.n)
        arm = np.empty((trials, self.n), dtype=np.int64)
        for s in range(self._cells(names)):
            inside = by_trial == s
            arm[inside] = arms[(np.cumsum(inside, axis=1) - 1)[inside]]
        return arm.ravel()

    def _histories(self, arm: Ints, levels: Mapping[str, Ints], draws: _Draws) -> Histories:
        names = self.arms or self.model.arms[:2]
        of_model = np.array([self.model.arms.index(name) for name in names])
        lives = np.where(draws.uniform("adherence") < np.array(self.non_adherence)[arm], 1 - arm, arm)
        predictors = self._predictors(levels, draws)

        def walk(rows: Ints, arms: Ints, since: Floats | None) -> Histories:
            return simulate_disease(
                self.model,
                arms,
                seed=draws.seed,
                stream="design disease",
                participant=draws.who[rows],
                replicate=draws.which[rows],
                arm_from=since,
                linear_predictors={name: values[rows] for name, values in predictors.items()},
            )

        every = np.arange(arm.size)
        histories = walk(every, of_model[lives], None)
        if self.crossover is None:
            return histories
        progressed = np.minimum.reduce([getattr(histories, name) for name in self.crossover.after])
        since = progressed + self.crossover.delay
        willing = draws.uniform("crossover") < self.crossover.probability
        rows = np.flatnonzero(willing & (lives == 0) & (since < histories.death))
        if rows.size == 0:
            return histories
        # what happens before the change does not depend on it, so the second walk repeats the first until then
        both = np.broadcast_to(of_model, (rows.size, 2))
        changed = walk(rows, np.array(both), np.stack([np.zeros(rows.size), since[rows]], axis=1))
        for name in Histories.__slots__:
            getattr(histories, name)[rows] = getattr(changed, name)
        return histories

    def _predictors(self, levels: Mapping[str, Ints], draws: _Draws) -> dict[str, Floats]:
        covariates = {name: np.array(list(self.covariates[name]))[level] for name, level in levels.items()}
        predictors = linear_predictors(self.model, covariates)
        if self.site_sd > 0.0:
            effect = self.site_sd * draws.of_site(self.sites)
            for name, _ in self.model.transitions():
                if name in _DISEASE:
                    predictors[name] = predictors[name] + effect if name in predictors else effect
        return predictors


@dataclass(frozen=True, slots=True)
class _Draws:
    """Keyed random numbers of the participants of some trials, one row each."""

    seed: int
    who: Ints
    which: Ints

    def uniform(self, name: str) -> Floats:
        """(rows,) uniform numbers for one purpose."""
        return uniforms(self.seed, f"design {name}", self.who, replicate=self.which)[:, 0]

    def of_site(self, sites: int) -> Floats:
        """(rows,) standard normal number of each participant's site, drawn anew in each trial (Box and Muller 1958)."""
        site = np.minimum((self.uniform("site") * sites).astype(np.int64), sites - 1)
        u = uniforms(self.seed, "design site effect", site, replicate=self.which, draws=2)
        return np.asarray(np.sqrt(-2.0 * np.log(u[:, 0])) * np.cos(2.0 * np.pi * u[:, 1]))


def _levels(draws: _Draws, name: str, shares: Mapping[str, float]) -> Ints:
    """(rows,) place of each participant's level among those of a covariate."""
    return categorical(draws.uniform(f"covariate {name}"), list(shares.values()))
