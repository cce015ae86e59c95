"""What a simulated trial assumes: who comes when, and what happens to them in each arm.

Dates are months since the start of accrual. A scenario makes trials for `simulate`; every trial is drawn from
Philox4x64-10 with the key (seed, "design trial") and a counter that holds replicate and participant, so that any trial
can be drawn alone (`participants`) and comes out the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from equipoise._kernel import as_float, as_int
from equipoise.design._checks import check_not_negative, check_ratio, check_share
from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm, calendar_time, dropout_by, expected_events
from equipoise.design.population import PopulationStratum, control_survival
from equipoise.design.simulation.course_kernels import Piecewise, Rows, entry_rows, piecewise_rows, plain_rows
from equipoise.design.simulation.numbers import HALF_VALUES, Floats, Ints
from equipoise.design.simulation.participants import participants_of
from equipoise.design.simulation.plain_kernels import Plain
from equipoise.design.survival_function import Survival
from equipoise.disease.philox import seed_word, stream_word
from equipoise.errors import DesignError

if TYPE_CHECKING:
    import polars

STREAM = "design trial"

Entry = Literal["random", "even"]
Allocation = Literal["balanced", "simple"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stratum: a part of the population with a prognosis of its own.

    Attributes:
        control: survival of the control arm.
        experimental: survival of the experimental arm.
        share: of the participants.
        label: for tables.
    """

    control: Survival
    experimental: Survival
    share: float = 1.0
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A trial of two arms with one endpoint, all hazards piecewise constant.

    Attributes:
        n: participants.
        accrual: the shape of accrual; its rates are scaled to `n`.
        parts: strata, one or more, whose shares sum to 1. Tests are stratified by them.
        dropout: loss to follow-up of control and experimental arm.
        ratio: experimental to control participants.
        crossover: share of the control arm that lives under the experimental hazards from the start.
        non_adherence: share of the experimental arm that lives under the control hazards from the start.
        sites: how many sites of equal size.
        site_sd: standard deviation of the logarithm of a site's hazard ratio (log-normal, median 1), drawn anew in
            each trial.
        entry: `random`: participants come independently; `even`: the same entries in every trial, evenly spaced on the
            accrual curve: participant i in the middle of its share (rpact: at its end).
        allocation: `balanced`: within each stratum the arms alternate in the order of entry so that no prefix is more
            than one participant away from the ratio; `simple`: each participant is allocated alone.

    Raises:
        DesignError: what contradicts itself.
    """

    n: int
    accrual: Accrual
    parts: tuple[Part, ...]
    dropout: tuple[Survival, Survival] = (Survival.exponential(0.0), Survival.exponential(0.0))
    ratio: float = 1.0
    crossover: float = 0.0
    non_adherence: float = 0.0
    sites: int = 1
    site_sd: float = 0.0
    entry: Entry = "random"
    allocation: Allocation = "balanced"

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.n != int(self.n) or self.n < 2:
            raise DesignError(f"n = {self.n}; give a whole number of participants from 2 up")
        if not math.isfinite(self.accrual.total):
            raise DesignError("accrual does not end, so n has no meaning; end it with until(months)")
        check_ratio(self.ratio)
        check_share("crossover", self.crossover)
        check_share("non_adherence", self.non_adherence)
        check_not_negative("site_sd", self.site_sd)
        if self.sites < 1 or (self.site_sd > 0.0 and self.sites == 1):
            raise DesignError(f"sites = {self.sites}; give the number of sites, two or more if they differ")
        if not self.parts or not math.isclose(sum(part.share for part in self.parts), 1.0, rel_tol=1e-9):
            raise DesignError("shares of strata do not sum to 1; mend the shares")
        if not any(max(part.control.rates) > 0.0 or max(part.experimental.rates) > 0.0 for part in self.parts):
            raise DesignError("no arm has any events; give a hazard above 0")
        if self.entry not in {"random", "even"} or self.allocation not in {"balanced", "simple"}:
            raise DesignError(
                f"entry = {self.entry!r}, allocation = {self.allocation!r}; give random or even, balanced or simple"
            )

    @classmethod
    def two_arm(
        cls,
        *,
        n: int,
        accrual: float | Accrual,
        control_median: float | None = None,
        hazard_ratio: float | None = None,
        control: Survival | None = None,
        experimental: Survival | None = None,
        strata: Sequence[PopulationStratum] | None = None,
        dropout: float | tuple[float, float] = 0.0,
        dropout_time: float = 12.0,
        ratio: float = 1.0,
        crossover: float = 0.0,
        non_adherence: float = 0.0,
        sites: int = 1,
        site_sd: float = 0.0,
        entry: Entry = "random",
        allocation: Allocation = "balanced",
    ) -> Scenario:
        """Two arms, the usual way.

        Args:
            n: participants.
            accrual: months of uniform accrual, or its shape.
            control_median: of an exponential control arm.
            hazard_ratio: experimental over control; with a cured fraction that of the uncured.
            control: survival of the control arm instead of its median.
            experimental: survival of the experimental arm instead of the hazard ratio.
            strata: parts of the population instead of `control`; those without a hazard ratio take `hazard_ratio`.
            dropout: fraction lost by `dropout_time` were there no events, or (control, experimental).
            dropout_time: months.
            ratio: experimental to control participants.
            crossover: see the class; so for the rest.
            non_adherence: see the class.
            sites: see the class.
            site_sd: see the class.
            entry: see the class.
            allocation: see the class.

        Raises:
            DesignError: what is missing, given twice, or contradicts itself.
        """
        fractions = dropout if isinstance(dropout, tuple) else (dropout, dropout)
        losses = [dropout_by(check_share("dropout", fraction), dropout_time) for fraction in fractions]
        return cls(
            n=n,
            accrual=accrual if isinstance(accrual, Accrual) else Accrual.uniform(n, accrual),
            parts=_parts(control_survival(control, control_median), experimental, strata, hazard_ratio),
            dropout=(losses[0], losses[1]),
            ratio=ratio,
            crossover=crossover,
            non_adherence=non_adherence,
            sites=sites,
            site_sd=site_sd,
            entry=entry,
            allocation=allocation,
        )

    @property
    def unit(self) -> float:
        """Length of a month in the time unit of the trials, which is the month."""
        return 1.0

    @property
    def strata(self) -> int:
        """How many strata."""
        return len(self.parts)

    @property
    def whole_days(self) -> bool:
        """Whether times are whole days; they are months on a continuous scale."""
        return False

    @property
    def visits(self) -> Floats:
        """Times at which participants are seen; none, since they are watched all the time."""
        return np.empty(0)

    @property
    def span(self) -> float:
        """A guess at the trial's length, in months."""
        rates = [max(arm.rates) for part in self.parts for arm in (part.control, part.experimental)]
        return self.accrual.duration + 4.0 / max(rates)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Groups with one prognosis, for expectations in closed form; effects of sites are left out."""
        shares = (1.0 / (1.0 + self.ratio), self.ratio / (1.0 + self.ratio))
        groups = []
        for part in self.parts:
            for arm, swapped in enumerate((self.crossover, self.non_adherence)):
                lives = (part.control, part.experimental)
                for survival, share in ((lives[arm], 1.0 - swapped), (lives[1 - arm], swapped)):
                    if share > 0.0:
                        groups.append(Arm(survival, part.share * shares[arm] * share, self.dropout[arm]))
        return tuple(groups)

    def expected_events(self, dates: Sequence[float]) -> Floats:
        """(k,) events expected by dates, in closed form; effects of sites are left out."""
        by_arm = expected_events(dates, arms=self.arms, accrual=self.accrual.scaled_to(self.n))
        return np.asarray(by_arm.sum(axis=0), dtype=np.float64)

    def expected_date(self, events: float) -> float:
        """The month by which so many events are expected, in closed form."""
        return calendar_time(events, arms=self.arms, accrual=self.accrual.scaled_to(self.n))

    @property
    def log_hazard_ratio(self) -> float:
        """The true one, experimental over control; NaN where hazards are not proportional for all alike."""
        if self.crossover or self.non_adherence or self.site_sd or any(part.control.cured for part in self.parts):
            return math.nan
        ratios = []
        for part in self.parts:
            one, other = part.experimental.refined(part.control.cuts), part.control.refined(part.experimental.cuts)
            pairs = zip(one.rates, other.rates, strict=True)
            ratios += [a / b if b > 0.0 else math.nan for a, b in pairs if a > 0.0 or b > 0.0]
        same = part.experimental.cured == 0.0 and min(ratios) > 0.0 and math.isclose(min(ratios), max(ratios))
        return math.log(ratios[0]) if same else math.nan

    def without_effect(self) -> Scenario:
        """The same trial with the control arm's survival in both arms: for the size of a test."""
        return replace(self, parts=tuple(replace(part, experimental=part.control) for part in self.parts))

    def participants(self, seed: int, replicate: int = 0, *, cut: float | None = None) -> polars.DataFrame:
        """The participants of one simulated trial.

        Args:
            seed: of the simulation.
            replicate: number of the trial, from 0.
            cut: month of a look; then the table is what is known at it, of those who have come.

        Returns:
            One row a participant, in the order of entry: `participant`, `stratum`, `arm` (0 control, 1 experimental),
            `entry` (month), `time` (months since entry), `event` (1, or 0 for one who was lost or is still followed).
        """
        return participants_of(self, seed, replicate, cut)

    def plain(self) -> Plain | None:
        """The trial as the plain kernel takes it; None if it is not plain."""
        return _plain(self)

    def rows(self, seed: int, first: int, last: int) -> Rows:
        """Draw trials `first` to `last` - 1."""
        shape = (last - first, self.n)
        rows = Rows(*(np.empty(shape, dtype) for dtype in (float, float, np.int64, np.int64, np.int64, float)))
        key, plain = (seed_word(seed), stream_word(STREAM)), self.plain()
        if plain is not None:
            plain_rows(key, (first, last), plain, rows)
        else:
            piecewise_rows(key, (first, last), self._piecewise(), rows)
        return rows

    def _fixed_entry(self) -> Floats:
        return _even_entry(self.accrual, self.n) if self.entry == "even" else np.empty(0)

    def _piecewise(self) -> Piecewise:
        cells = [curve for part in self.parts for curve in (part.control, part.experimental)]
        return Piecewise(
            hazard=_hazard_table(cells),
            loss=_hazard_table(self.dropout),
            cured=as_float([cell.cured for cell in cells]),
            kept=as_float([loss.cured for loss in self.dropout]),
            strata=as_float(np.cumsum([part.share for part in self.parts])),
            swapped=as_float([self.crossover, self.non_adherence]),
            pattern=pattern(self.n, self.ratio) if self.allocation == "balanced" else np.empty(0, np.int64),
            experimental=self.ratio / (1.0 + self.ratio),
            accrual=_accrual_table(self.accrual),
            entry=self._fixed_entry(),
            sites=as_float(np.arange(1, self.sites + 1) / self.sites),
            site_sd=float(self.site_sd),
        )


@lru_cache(maxsize=1024)
def _plain(scenario: Scenario) -> Plain | None:
    """The same; kept, since every range of trials asks for it."""
    part = scenario.parts[0]
    curves = (part.control, part.experimental, *scenario.dropout)
    diluted = scenario.crossover or scenario.non_adherence or scenario.site_sd
    if len(scenario.parts) > 1 or diluted or scenario.allocation != "balanced":
        return None
    if any(curve.cuts or curve.cured for curve in curves):
        return None
    events = np.array([part.control.rates[0], part.experimental.rates[0]])
    total = events + np.array([loss.rates[0] for loss in scenario.dropout])
    if (total == 0.0).any():
        return None
    arm = pattern(scenario.n, scenario.ratio)
    return Plain(
        arm=arm,
        mean=as_float((1.0 / total)[arm]),
        threshold=as_int(np.rint(events / total * HALF_VALUES)[arm]),
        accrual=_accrual_table(scenario.accrual),
        entry=_even_entry(scenario.accrual, scenario.n) if scenario.entry == "even" else np.empty(0),
        inverse=as_float(np.concatenate([[0.0], 1.0 / np.arange(1, scenario.n + 1)])),
        before=as_int(np.concatenate([[0], np.cumsum(arm)])),
    )


def pattern(n: int, ratio: float) -> Ints:
    """(n,) arms in the order of entry such that every prefix is within one participant of the ratio."""
    share = ratio / (1.0 + ratio)
    counts = np.floor(np.arange(n + 1) * share + 1e-9)
    return as_int(np.diff(counts))


def entries_of(seed: int, replicates: tuple[int, int], accrual: Accrual, n: int, entry: Entry) -> Floats:
    """(trials, n) months of entry, ascending along a row."""
    months = np.empty((replicates[1] - replicates[0], n))
    fixed = _even_entry(accrual, n) if entry == "even" else np.empty(0)
    entry_rows((seed_word(seed), stream_word(STREAM)), replicates, fixed, _accrual_table(accrual), months)
    return months


def _even_entry(accrual: Accrual, n: int) -> Floats:
    shape = accrual.scaled_to(n)
    return as_float([shape.time_of(i + 0.5) for i in range(n)])


def _accrual_table(accrual: Accrual) -> Floats:
    """(periods, 3): share who came before, month of the start, months for all at the period's intensity."""
    rows, before = [], 0.0
    for start, end, rate in zip(accrual.starts, accrual.ends, accrual.rates, strict=True):
        if rate > 0.0:
            rows.append((before / accrual.total, start, accrual.total / rate))
            before += rate * (end - start)
    return as_float(rows)


def _hazard_table(curves: Sequence[Survival]) -> Floats:
    """(curves, pieces, 3): start, rate and cumulative hazard at the start; pieces to spare start at infinity."""
    table = np.full((len(curves), max(len(curve.rates) for curve in curves), 3), np.inf)
    for i, curve in enumerate(curves):
        starts = (0.0, *curve.cuts)
        table[i, : len(starts), 0] = starts
        table[i, : len(starts), 1] = curve.rates
        table[i, : len(starts), 2] = curve.uncured_cumulative_hazard(np.array(starts))
    return as_float(table)


def _parts(
    control: Survival | None,
    experimental: Survival | None,
    strata: Sequence[PopulationStratum] | None,
    hazard_ratio: float | None,
) -> tuple[Part, ...]:
    if experimental is not None and hazard_ratio is not None:
        raise DesignError("hazard_ratio and experimental are both given; give one")
    if strata is not None:
        if control is not None or experimental is not None:
            raise DesignError("strata bring their own survival; leave control, control_median and experimental out")
        return tuple(_stratum(stratum, hazard_ratio) for stratum in strata)
    if control is None:
        raise DesignError("the control arm is missing; give control_median, control or strata")
    if experimental is None:
        if hazard_ratio is None:
            raise DesignError("the effect is missing; give hazard_ratio, or experimental beside control")
        experimental = control.scaled(hazard_ratio)
    return (Part(control=control, experimental=experimental),)


def _stratum(stratum: PopulationStratum, hazard_ratio: float | None) -> Part:
    ratio = stratum.hazard_ratio if stratum.hazard_ratio is not None else hazard_ratio
    if ratio is None:
        raise DesignError(f"stratum {stratum.label!r} has no hazard ratio; give one to it, or to all")
    return Part(
        control=stratum.control,
        experimental=stratum.control.scaled(ratio),
        share=stratum.share,
        label=stratum.label,
    )
