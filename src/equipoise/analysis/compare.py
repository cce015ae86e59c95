"""Arms against the reference: log-rank test and Cox model, stratified and adjusted as the protocol says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from equipoise.analysis.context import Frame
from equipoise.analysis.model import TIES, Strata, arm_columns, covariates_of, fit, strata_of
from equipoise.analysis.sample import Sample
from equipoise.errors import DataError
from equipoise.estimates import Estimate
from equipoise.survival import Cox, logrank

NO_EVENTS = "no events"


def compare_arms(frame: Frame, sample: Sample, *, model: str = "") -> Iterator[Estimate]:
    """The test of the protocol, and the hazard ratio of every arm over the reference.

    Args:
        frame: the analysis.
        sample: its participants.
        model: another name of the method, where the sample is not the plain one.
    """
    yield from _Comparison(frame, sample, strata_of(frame, sample), model).estimates()


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One comparison of all arms with the reference."""

    frame: Frame
    sample: Sample
    strata: Strata
    model: str

    def estimates(self) -> Iterator[Estimate]:
        analysis = self.frame.analysis
        if reason := self._impossible():
            yield from self._nothing(reason)
            return
        test = self._test() if analysis.test == "logrank" else None
        if analysis.model == "cox":
            fitted = self._fit()
            for place in range(1, len(self.sample.arms)):
                yield self._hazard_ratio(fitted, place, test if self._two else None)
        if test is not None and not (self._two and analysis.model == "cox"):
            yield test

    @property
    def _two(self) -> bool:
        return len(self.sample.arms) == 2

    @property
    def _method(self) -> str:
        return self.model or ("cox, cause-specific" if self.frame.competing else "cox")

    def _impossible(self) -> str:
        """Why nothing can be compared; empty if something can."""
        if len(self.sample.arms) < 2:
            return f"only arm {self.sample.arms[0]} has participants"
        return "" if self.sample.event.any() else NO_EVENTS

    def _nothing(self, reason: str) -> Iterator[Estimate]:
        """What was asked for, without a value."""
        analysis = self.frame.analysis
        if analysis.model == "cox":
            for arm in self.sample.arms[1:] or (None,):
                reference = self.sample.arms[0] if arm else None
                settings = self._ratio() | {"arm": arm, "reference": reference, "null_value": 1 if arm else None}
                yield self.frame.nothing("hazard ratio", reason, **settings)
        elif analysis.test == "logrank":
            yield self.frame.nothing("log-rank test", reason, method=self._test_name, unit="z", **self._counts())

    def _counts(self) -> dict[str, Any]:
        sample = self.sample
        return {
            "strata": self.strata.names,
            "n_by_arm": sample.counts(),
            "events_by_arm": sample.counts(sample.cause == 1),
        }

    def _ratio(self) -> dict[str, Any]:
        """What every hazard ratio of the comparison says of itself."""
        own = {"method": self._method, "unit": "ratio", "ties": TIES, "adjusted_for": self.frame.analysis.covariates}
        return own | self._counts()

    @property
    def _test_name(self) -> str:
        return "log-rank" + (f", stratified by {', '.join(self.strata.names)}" if self.strata.names else "")

    def _test(self) -> Estimate:
        """The log-rank test: between two arms of its z, among more of its chi-squared."""
        sample, frame = self.sample, self.frame
        groups = [f"{place:03}" for place in sample.arm]
        entry = sample.entry if sample.delayed else None
        found = logrank(sample.time, sample.event, groups, strata=self.strata.values, entry=entry)
        shared: dict[str, Any] = {"method": self._test_name, "null_value": 0} | self._counts()
        if not self._two:
            p = {"p_value": found.p_value, "p_method": self._test_name, "sides": 2}
            return frame.estimate("log-rank test", value=found.statistic, unit="chi-squared", **p, **shared)
        p = frame.tested(found.z, self._test_name)
        arms = {"arm": sample.arms[1], "reference": sample.arms[0]}
        return frame.estimate("log-rank test", value=found.z, unit="z", **arms, **p, **shared)

    def _fit(self) -> Cox | str:
        """The fitted model, or why there is none, such as a covariate that is a combination of others."""
        columns = arm_columns(self.sample) | covariates_of(self.frame, self.sample)
        try:
            return fit(self.frame, self.sample, columns, self.strata)
        except DataError as error:
            return f"the model cannot be fitted: {error}"

    def _hazard_ratio(self, fitted: Cox | str, place: int, test: Estimate | None) -> Estimate:
        """The hazard ratio of one arm; its p is that of the protocol's test, or Wald's where there is none."""
        arms = {"arm": self.sample.arms[place], "reference": self.sample.arms[0], "null_value": 1}
        p: dict[str, Any] = {}
        if test is not None and test.p_value is not None:
            kind = "unadjusted " if self.frame.analysis.covariates else ""
            p = {"p_value": test.p_value, "p_method": kind + test.p_method, "sides": test.sides}
        if isinstance(fitted, str):
            return self.frame.nothing("hazard ratio", fitted, **self._ratio(), **arms, **p)
        if test is None:
            p = self.frame.tested(float(fitted.z[place - 1]), "Wald")
        numbers = ratio_fields(fitted, place - 1)
        return self.frame.estimate("hazard ratio", note=fitted.note, **numbers, **self._ratio(), **arms, **p)


def ratio_fields(fitted: Cox, at: int) -> dict[str, Any]:
    """The numbers of one hazard ratio; a ratio of 0 or infinity, as of an arm without events, is no estimate."""
    ratio = float(fitted.hazard_ratio[at])
    return {
        "value": None if ratio in (0, float("inf")) else ratio,
        "std_error": fitted.std_error[at],
        "conf_low": fitted.conf_low[at],
        "conf_high": fitted.conf_high[at],
        "conf_level": fitted.conf_level,
    }
