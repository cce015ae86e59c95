"""The unit of work of a simulation: a range of trials of one job, on whatever thread or machine."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from equipoise._kernel import as_float, as_int
from equipoise.design.formulas import critical_z
from equipoise.design.simulation.cut import Looks
from equipoise.design.simulation.look_kernels import trials_at_looks
from equipoise.design.simulation.numbers import Floats
from equipoise.design.simulation.participants import TrialSource
from equipoise.design.simulation.plain_kernels import (
    COLUMNS,
    DATE,
    ENROLLED,
    EVENTS,
    LOG_HAZARD_RATIO,
    REACHED,
    STD_ERROR,
    plain_trials,
)
from equipoise.design.simulation.result import Trials
from equipoise.design.simulation.scenario import STREAM, Scenario
from equipoise.design.simulation.stopping import Stopping
from equipoise.design.simulation.sums import Sums, sums_of
from equipoise.design.simulation.tests_at_looks import Test, read, z_of
from equipoise.disease.philox import seed_word, stream_word

_PLAIN_RANGE, _RANGE = 2048, 256
"""Trials of one range: some ten milliseconds of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All that decides what a range of trials gives; picklable, and its `repr` says all of it.

    Attributes:
        source: makes the trials.
        seed: of the random numbers.
        events: (k,) events at which to look, or empty.
        dates: (k,) months at which to look, or empty.
        max_duration: month after which no look by events is.
        tests: their names.
        stopping: the bounds.
        conf_level: of the intervals whose coverage is counted.
        keep: whether the trials are kept one by one.
    """

    source: TrialSource
    seed: int
    events: tuple[int, ...]
    dates: tuple[float, ...]
    max_duration: float
    tests: tuple[Test, ...]
    stopping: Stopping
    conf_level: float
    keep: bool

    @property
    def digest(self) -> str:
        """A short text that differs where the trials or their judgement differ."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @property
    def looks(self) -> int:
        """How many looks there are."""
        return len(self.stopping.critical)

    @property
    def plain(self) -> bool:
        """Whether the plain kernel does it all."""
        source = self.source
        return isinstance(source, Scenario) and read(self.tests).plain and source.plain() is not None

    @property
    def range_size(self) -> int:
        """Trials of one range."""
        return _PLAIN_RANGE if self.plain else _RANGE


@dataclass(frozen=True, slots=True)
class RangeResult:
    """What a range of trials gave.

    Attributes:
        first: its first trial.
        last: the one after its last.
        sums: one a test.
        trials: the trials one by one, if they are kept.
    """

    first: int
    last: int
    sums: tuple[Sums, ...]
    trials: Trials | None


def run_range(job: Job, first: int, last: int) -> RangeResult:
    """Simulate trials `first` to `last` - 1: the unit of work that threads and machines are given."""
    out, z = _plain(job, first, last) if job.plain else _general(job, first, last)
    events, reached = out[:, :, EVENTS], out[:, :, REACHED]
    stops = [job.stopping.decide(of_test, events, reached, job.events) for of_test in z]
    half_width = critical_z(1.0 - job.conf_level, 2)
    truth = job.source.log_hazard_ratio
    sums = tuple(sums_of(out, of_test, stop, truth, half_width) for of_test, stop in zip(z, stops, strict=True))
    trials = None
    if job.keep:
        trials = Trials(
            z=z,
            events=out[:, :, EVENTS].copy(),
            dates=out[:, :, DATE].copy(),
            enrolled=out[:, :, ENROLLED].copy(),
            reached=out[:, :, REACHED].astype(np.int64),
            log_hazard_ratio=out[:, :, LOG_HAZARD_RATIO].copy(),
            std_error=out[:, :, STD_ERROR].copy(),
            stopping_look=np.stack([look for look, _ in stops]),
            stopped_for=np.stack([what for _, what in stops]),
        )
    return RangeResult(first, last, sums, trials)


def _looks(job: Job) -> Looks:
    source = job.source
    dates = as_float(job.dates)
    max_date = job.max_duration * source.unit
    if source.whole_days:  # rounding must not move a month that was made from a day to the day before
        dates, max_date = (
            np.floor(dates * source.unit + 1e-9),
            math.floor(max_date + 1e-9) if max_date < math.inf else max_date,
        )
    return Looks(as_int(job.events), dates, float(max_date), float(source.span))


def _plain(job: Job, first: int, last: int) -> tuple[Floats, Floats]:
    """The columns of `plain_kernels`, (r, k, COLUMNS), and z, (t, r, k), of plain trials."""
    assert isinstance(job.source, Scenario)
    plain = job.source.plain()
    assert plain is not None
    out = np.empty((last - first, job.looks, COLUMNS))
    plain_trials((seed_word(job.seed), stream_word(STREAM)), (first, last), plain, _looks(job), out)
    none = np.empty((last - first, job.looks, 0))
    return out, z_of(read(job.tests), out, none, none, none)


def _general(job: Job, first: int, last: int) -> tuple[Floats, Floats]:
    """The same of any trials."""
    source = job.source
    tests = read(job.tests, source.unit)
    shape = (last - first, job.looks)
    weights, contrasts = len(tests.weights), len(tests.contrasts)
    out, weighted = np.empty((*shape, COLUMNS)), np.empty((*shape, weights))
    covariance, contrast = np.zeros((*shape, weights, weights)), np.empty((*shape, contrasts))
    trials_at_looks(
        source.rows(job.seed, first, last),
        _looks(job),
        (source.visits, source.whole_days),
        source.strata,
        (tests.weights, tests.contrasts),
        (out, weighted, covariance, contrast),
    )
    out[:, :, DATE] /= source.unit
    return out, z_of(tests, out, weighted, covariance, contrast)
