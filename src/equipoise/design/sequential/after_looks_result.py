"""What is found after the looks of a group-sequential trial: tables and estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from equipoise.design._checks import sided
from equipoise.design.sequential.crossing_kernels import Floats
from equipoise.estimates import Estimate
from equipoise.estimates.result import Column, Result, percent, show, show_p

Reason = Literal["efficacy", "futility", "harm", "last look", "by decision"]
Measure = Literal["hazard ratio", "drift"]


@dataclass(frozen=True, slots=True)
class Ending:
    """Where and why a trial ended: at a bound, at its last look, or by a decision that its results had no part in."""

    look: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Scale:
    """How an effect towards benefit is shown.

    Attributes:
        measure: the hazard ratio of an effect that is the size of its logarithm, or the drift itself.
        sign: 1 where a hazard ratio below 1 is benefit, -1 where one above is; 1 for the drift.
    """

    measure: Measure
    sign: int

    @property
    def rising(self) -> bool:
        """Whether what is shown is larger for a larger benefit."""
        return self.measure == "drift" or self.sign == -1

    @property
    def null(self) -> float:
        """How no effect is shown."""
        return 0.0 if self.measure == "drift" else 1.0

    def shown(self, effect: Any) -> Any:
        """An effect towards benefit, or an array of them, as it is shown."""
        return effect if self.measure == "drift" else np.exp(-self.sign * effect)

    def interval(self, low: float, high: float) -> tuple[float, float]:
        """The limits of an effect as they are shown, the smaller first."""
        ends = float(self.shown(low)), float(self.shown(high))
        return ends if self.rising else (ends[1], ends[0])


@dataclass(frozen=True, slots=True)
class StageWise:
    """The analysis of a trial that has ended, by the stage-wise ordering.

    Attributes:
        look: at which it ended, counted from 1.
        reason: why it ended there.
        rejected: whether an efficacy bound was crossed.
        p_value: final, with the sides of the design; one-sided it looks towards benefit.
        median_unbiased: the effect that half of all trials would find smaller; the estimate to report.
        conf_low: lower limit of the stage-wise interval.
        conf_high: upper limit.
        unadjusted: the estimate as if there had been no looks before, which early stopping biases.
        unadjusted_low: its lower limit.
        unadjusted_high: its upper limit.
    """

    look: int
    reason: Reason
    rejected: bool
    p_value: float
    median_unbiased: float
    conf_low: float
    conf_high: float
    unadjusted: float
    unadjusted_low: float
    unadjusted_high: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AfterLooks(Result):
    """What the looks so far say.

    Effects are hazard ratios, arm over reference, or drifts; `scale` says which and where benefit lies.

    Attributes:
        scale: of the effects.
        alpha: of the design, total over the sides.
        sides: 1 or 2.
        conf_level: of all intervals, two-sided.
        binding: whether futility (or harm) bounds bind.
        information: (k,) of the design at the looks so far.
        critical_values: (k,) of z in force at the looks.
        z: (k,) observed, positive towards benefit.
        estimate: (k,) at each look, as if it were the only one.
        std_error: (k,) of it, of the logarithm for a hazard ratio.
        repeated_low: (k,) lower limits of the repeated confidence intervals.
        repeated_high: (k,) upper limits.
        repeated_p: (k,) repeated p-values, with the sides of the design; half the number of sides where no smaller
            alpha would reject, NaN where the critical value is the same at every alpha.
        final: the analysis at the end; None while the trial goes on.
        notes: what a reader must know besides.
    """

    scale: Scale
    alpha: float
    sides: int
    conf_level: float
    binding: bool
    information: Floats
    critical_values: Floats
    z: Floats
    estimate: Floats
    std_error: Floats
    repeated_low: Floats
    repeated_high: Floats
    repeated_p: Floats
    final: StageWise | None
    notes: tuple[str, ...]

    def estimates(self, endpoint: str, *, arm: str, reference: str, **fields: Any) -> tuple[Estimate, ...]:
        """As estimates: the median-unbiased one if the trial has ended, the repeated and the unadjusted one.

        Args:
            endpoint: id of the endpoint.
            arm: the arm that benefit is benefit of.
            reference: the arm compared with.
            fields: any other field of an `Estimate`, such as `data_cut`.
        """
        common: dict[str, Any] = {
            "endpoint": endpoint,
            "measure": self.scale.measure,
            "unit": "ratio" if self.scale.measure == "hazard ratio" else "",
            "conf_level": self.conf_level,
            "null_value": self.scale.null,
            "arm": arm,
            "reference": reference,
            **fields,
        }
        return tuple(Estimate(**(common | own)) for own in (*self._final_fields(), *self._repeated_fields()))

    def _final_fields(self) -> list[dict[str, Any]]:
        found = self.final
        if found is None:
            return []
        at = f"ended at look {found.look}: {found.reason}"
        main = {
            "method": "median-unbiased, stage-wise ordering",
            "value": found.median_unbiased,
            "conf_low": found.conf_low,
            "conf_high": found.conf_high,
            "p_value": found.p_value,
            "p_method": "stage-wise ordering",
            "sides": self.sides,
            "note": at,
        }
        plain = {
            "method": "not adjusted for the looks",
            "role": "sensitivity",
            "value": found.unadjusted,
            "std_error": float(self.std_error[found.look - 1]),
            "conf_low": found.unadjusted_low,
            "conf_high": found.unadjusted_high,
            "note": at,
        }
        return [main, plain]

    def _repeated_fields(self) -> list[dict[str, Any]]:
        p = float(self.repeated_p[-1])
        tested = {} if np.isnan(p) else {"p_value": p, "p_method": "repeated p-value", "sides": self.sides}
        return [
            {
                "method": "repeated confidence interval",
                "role": "main" if self.final is None else "sensitivity",
                "value": float(self.estimate[-1]),
                "std_error": float(self.std_error[-1]),
                "conf_low": float(self.repeated_low[-1]),
                "conf_high": float(self.repeated_high[-1]),
                "note": f"at look {self.z.size}",
                **tested,
            }
        ]

    def _title(self) -> str:
        where = "" if self.scale.measure == "drift" else f", benefit {'below' if self.scale.sign == 1 else 'above'} 1"
        looks = "1 look" if self.z.size == 1 else f"{self.z.size} looks"
        return f"After {looks}: {self.scale.measure}{where}, {sided(self.sides)} alpha {show(self.alpha)}"

    def _columns(self) -> Mapping[str, Column]:
        return {
            "look": np.arange(1, self.z.size + 1),
            "information": self.information,
            "critical_value": self.critical_values,
            "z": self.z,
            self.scale.measure.replace(" ", "_"): self.estimate,
            "repeated_low": self.repeated_low,
            "repeated_high": self.repeated_high,
            "repeated_p": self.repeated_p,
        }

    def _notes(self) -> list[str]:
        return [f"repeated intervals at {percent(self.conf_level)}", *self._final_notes(), *self.notes]

    def _final_notes(self) -> list[str]:
        found = self.final
        if found is None:
            return []
        interval = f"{percent(self.conf_level)} CI {show(found.conf_low)} to {show(found.conf_high)}"
        plain = f"{show(found.unadjusted)} ({show(found.unadjusted_low)} to {show(found.unadjusted_high)})"
        return [
            f"ended at look {found.look}: {found.reason}; {'' if found.rejected else 'no '}benefit shown",
            f"stage-wise: {self.scale.measure} {show(found.median_unbiased)} (median-unbiased), {interval}, "
            f"{sided(self.sides)} p {show_p(found.p_value)}",
            f"not adjusted for the looks: {plain}",
        ]
