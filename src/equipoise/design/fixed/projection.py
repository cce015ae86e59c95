"""During a trial, without knowing who is in which arm: when are the events due, and is the size still right?

The hazard is that of both arms together, constant or piecewise constant, estimated from the data at a cut-off. The
interval has two sources: the estimate of the hazard (a gamma distribution of events + 1/2 over exposure, which is
Jeffreys' for a Poisson rate) and chance in who has the event when and who comes in when.

Source: Bagiella and Heitjan, Statistics in Medicine 2001;20:2055-2063.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise.design._checks import check_fraction, check_increasing
from equipoise.design._roots import find_root_above
from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm, event_probability, expected_events
from equipoise.design.survival_function import Survival
from equipoise.errors import DataError, DesignError
from equipoise.estimates.result import Result, percent

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PRIOR_EVENTS = 0.5
_FAR = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Blinded:
    """What is known of the participants at a data cut-off, arms unknown.

    Attributes:
        time: (n,) months on study: to the event, to loss, or to the last contact.
        event: (n,) whether it ended with the event.
        lost: (n,) whether it ended with loss to follow-up; who has neither is followed on.
        since_entry: (n,) months from entry to the cut-off, at least `time`.
    """

    time: Floats
    event: Bools
    lost: Bools
    since_entry: Floats

    @property
    def followed(self) -> Bools:
        """(n,) whether an event can still come."""
        return ~(self.event | self.lost)

    def hazard(self, cuts: Sequence[float]) -> tuple[Floats, Floats]:
        """Events and exposure (person-months) in each piece of study time between `cuts`: two of (pieces,)."""
        starts = np.array([0.0, *check_increasing("cuts (months)", cuts)])
        widths = np.diff([*starts, math.inf])
        exposure = np.clip(self.time[:, None] - starts, 0.0, widths).sum(axis=0)
        piece = np.searchsorted(starts[1:], self.time[self.event], side="left")
        return np.bincount(piece, minlength=starts.size).astype(np.float64), exposure


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Projection(Result):
    """When events are due, in months from the data cut-off.

    Attributes:
        target: (k,) events.
        expected: (k,) month by which so many are expected at the estimated hazard; infinite if never.
        median: (k,) of the simulated months.
        conf_low: (k,) lower limit of the prediction interval; 0 where the events are there.
        conf_high: (k,) upper limit; infinite where too many simulated trials never get there.
        reached: (k,) share of the simulated trials that get there.
        conf_level: of the interval.
        events: at the cut-off.
        exposure: person-months at the cut-off.
        hazard: pooled, as estimated.
        dropout: loss to follow-up, as estimated.
        simulated: (replicates, k) months; infinite if never.
    """

    _shown: ClassVar[tuple[str, ...]] = ("target", "expected", "median", "conf_low", "conf_high", "reached")

    target: Floats
    expected: Floats
    median: Floats
    conf_low: Floats
    conf_high: Floats
    reached: Floats
    conf_level: float
    events: int
    exposure: float
    hazard: Survival
    dropout: Survival
    simulated: Floats

    def _title(self) -> str:
        return (
            f"Months from the cut-off until the events are due, {percent(self.conf_level)} interval; "
            f"{self.events} events in {self.exposure:.5g} person-months"
        )


def project_events(
    target: ArrayLike,
    *,
    time: ArrayLike,
    event: ArrayLike,
    lost: ArrayLike | None = None,
    since_entry: ArrayLike | None = None,
    accrual: Accrual | None = None,
    cuts: Sequence[float] = (),
    conf_level: float = 0.9,
    replicates: int = 2000,
    seed: int,
) -> Projection:
    """When are events due? From pooled data, with a prediction interval.

    Args:
        target: (k,) or one, numbers of events.
        time: (n,) months on study.
        event: (n,) whether it ended with the event.
        lost: (n,) whether it ended with loss to follow-up; nobody by default.
        since_entry: (n,) months from entry to the cut-off; `time` by default, for contact up to the cut-off. Who was
            last seen earlier may have had the event since.
        accrual: participants still to come, in months from the cut-off; as many as it totals, at random times.
        cuts: study times at which the pooled hazard changes; none is an exponential.
        conf_level: of the interval.
        replicates: simulated trials.
        seed: of the simulation; replicate i depends on the seed and i alone.

    Raises:
        DataError: times, events or losses that do not fit.
        DesignError: a hazard that the data do not hold, or accrual that does not end.
    """
    data = _read(time, event, lost, since_entry)
    check_fraction("conf_level", conf_level)
    wanted = np.atleast_1d(np.asarray(target, dtype=np.float64))
    if not ((wanted > 0) & (wanted == np.round(wanted))).all():
        raise DesignError(f"target = {wanted.tolist()}; give whole numbers of events above 0")
    if accrual is not None and math.isinf(accrual.duration):
        raise DesignError("accrual does not end; end it with until(months)")
    if replicates < 1:
        raise DesignError(f"replicates = {replicates}; give at least 1")
    model = _Model(data, tuple(cuts), accrual)
    simulated = np.empty((replicates, wanted.size))
    for i in range(replicates):
        simulated[i] = _due(model, wanted - model.events, np.random.Generator(np.random.Philox(key=[seed, i])))
    tail = (1 - conf_level) / 2
    low, middle, high = _quantiles(simulated, (tail, 0.5, 1 - tail))
    return Projection(
        target=wanted,
        expected=np.array([model.expected_time(number) for number in wanted]),
        median=middle,
        conf_low=low,
        conf_high=high,
        reached=np.isfinite(simulated).mean(axis=0),
        conf_level=conf_level,
        events=model.events,
        exposure=float(model.exposure.sum()),
        hazard=model.hazard,
        dropout=model.dropout,
        simulated=simulated,
    )


class _Model:
    """The pooled model of the data at the cut-off, and what is still to come."""

    __slots__ = ("accrual", "arm", "count", "data", "dropout", "events", "exposure", "hazard", "losses", "starts")

    def __init__(self, data: Blinded, cuts: tuple[float, ...], accrual: Accrual | None) -> None:
        self.data, self.accrual = data, accrual
        self.count, self.exposure = data.hazard(cuts)
        self.starts = np.array([0.0, *cuts])
        if not (self.exposure > 0).all():
            raise DesignError(f"cuts = {list(cuts)}: nobody was observed in every piece of study time; give fewer cuts")
        self.events = int(data.event.sum())
        self.losses = int(data.lost.sum())
        self.hazard = Survival.piecewise(cuts, (self.count / self.exposure).tolist())
        self.dropout = Survival.exponential(self.losses / float(self.exposure.sum()))
        self.arm = Arm(self.hazard, 1.0, self.dropout)

    def expected(self, months: float) -> float:
        """Events expected by so many months from the cut-off, those of today included."""
        data = self.data
        on = data.time[data.followed]
        until = data.since_entry[data.followed] + months
        here = np.asarray(self.hazard.survival(on)) * np.asarray(self.dropout.survival(on))
        more = (event_probability(until, self.arm) - event_probability(on, self.arm)) / here
        come = (
            0.0 if self.accrual is None else float(expected_events(months, arms=[self.arm], accrual=self.accrual).sum())
        )
        return self.events + float(more.sum()) + come

    def expected_time(self, target: float) -> float:
        """Month by which `target` events are expected; infinite if never."""
        when = find_root_above(lambda months: self.expected(months) - target, 0.0, 1.0, _FAR)
        return math.inf if when is None else when

    def draw_rates(self, random: np.random.Generator) -> tuple[Floats, float]:
        """Hazard in each piece and rate of loss, as uncertain as their estimates."""
        rates = random.gamma(self.count + _PRIOR_EVENTS) / self.exposure
        loss = random.gamma(self.losses + _PRIOR_EVENTS) / float(self.exposure.sum()) if self.losses else 0.0
        return rates, loss


def _due(model: _Model, missing: Floats, random: np.random.Generator) -> Floats:
    """The months by which the missing numbers of events are there, in one simulated trial."""
    rates, loss = model.draw_rates(random)
    data = model.data
    on = data.time[data.followed]
    happens = [data.time[data.followed] - data.since_entry[data.followed] + _residual(on, rates, loss, model, random)]
    if model.accrual is not None:
        entry = _entries(model.accrual, random)
        happens.append(entry + _residual(np.zeros(entry.size), rates, loss, model, random))
    # what happened before the cut-off, yet unreported, is due at once
    months = np.sort(np.maximum(np.concatenate(happens), 0.0))
    index = missing.astype(np.int64) - 1
    found = np.where(index < months.size, months[np.clip(index, 0, max(months.size - 1, 0))], np.inf)
    result: Floats = np.where(missing <= 0, 0.0, found)
    return result


def _residual(on: Floats, rates: Floats, loss: float, model: _Model, random: np.random.Generator) -> Floats:
    """Months to the event of people free of it for `on` months; infinite if they are lost before."""
    cumulative = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(model.starts))])
    piece = np.searchsorted(model.starts[1:], on, side="right")
    target = cumulative[piece] + rates[piece] * (on - model.starts[piece]) + random.standard_exponential(on.size)
    there = np.searchsorted(cumulative[1:], target, side="right")
    months = model.starts[there] + (target - cumulative[there]) / rates[there] - on
    lost = random.standard_exponential(on.size) / loss if loss > 0 else np.full(on.size, np.inf)
    waiting: Floats = np.where(months < lost, months, np.inf)
    return waiting


def _entries(accrual: Accrual, random: np.random.Generator) -> Floats:
    """Months at which the participants still to come do so: a Poisson process, its last rate until all are there."""
    number = round(accrual.total)
    ends, rates = np.array(accrual.ends), np.array(accrual.rates)
    used = np.flatnonzero(rates > 0)[-1] + 1
    starts, rates = np.array(accrual.starts)[:used], rates[:used]
    cumulative = np.concatenate([[0.0], np.cumsum(rates * (ends[:used] - starts))])
    target = np.cumsum(random.standard_exponential(number))
    piece = np.clip(np.searchsorted(cumulative[1:], target, side="left"), 0, used - 1)
    entry: Floats = starts[piece] + (target - cumulative[piece]) / rates[piece]
    return entry


def _quantiles(months: Floats, levels: tuple[float, ...]) -> list[Floats]:
    """Quantiles over the replicates, where infinity is a month like any other: no interpolation."""
    ordered = np.sort(months, axis=0)
    return [ordered[min(int(level * len(ordered)), len(ordered) - 1)] for level in levels]


def _read(time: ArrayLike, event: ArrayLike, lost: ArrayLike | None, since_entry: ArrayLike | None) -> Blinded:
    months = np.asarray(time, dtype=np.float64)
    ended = np.asarray(event)
    left = np.zeros(months.shape, dtype=bool) if lost is None else np.asarray(lost)
    since = months if since_entry is None else np.asarray(since_entry, dtype=np.float64)
    for name, values in (("event", ended), ("lost", left), ("since_entry", since)):
        if months.ndim != 1 or values.shape != months.shape:
            raise DataError(f"{name} has shape {values.shape} and time {months.shape}; give one value a participant")
    for name, values in (("event", ended), ("lost", left)):
        if not np.isin(values, (0, 1)).all():
            raise DataError(f"{name}: rows {_rows(~np.isin(values, (0, 1)))} are neither true nor false")
    if not (good := np.isfinite(months) & (months >= 0)).all():
        raise DataError(f"time: rows {_rows(~good)} are missing, infinite or below 0; give months on study")
    if not (good := np.isfinite(since) & (since >= months * (1 - 1e-12))).all():
        raise DataError(
            f"since_entry: rows {_rows(~good)} are missing or below time; give months from entry to cut-off"
        )
    ended, left = ended.astype(bool), left.astype(bool)
    if (both := ended & left).any():
        raise DataError(f"rows {_rows(both)} have the event and are lost; one of them ends the time")
    return Blinded(months, ended, left, since)


def _rows(which: Bools) -> str:
    found = np.flatnonzero(which)
    return ", ".join(map(str, found[:5])) + (f" and {found.size - 5} more" if found.size > 5 else "")
