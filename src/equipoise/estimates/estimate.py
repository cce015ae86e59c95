"""The `Estimate`: a value that says what it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

SIGNIFICANT_DIGITS = 10

Role = Literal["main", "biased", "sensitivity"]
"""What an estimate is for: to answer, to stand beside the answer though biased, or to see how much a rule matters."""


def significant(value: float) -> float | int | None:
    """`value` rounded to 10 significant digits, None where it is not a finite number: the form written to JSON.

    A platform's mathematics library may differ in the last bits of a float; ten digits are the same everywhere.
    """
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number of one analysis.

    Nothing downstream has to guess its level, sides, direction or origin.

    Attributes:
        endpoint: id of the endpoint in the protocol, such as `os`.
        population: the analysis set, such as `itt`.
        role: `main` answers the question; `biased` is shown beside the main one, such as an analysis as the protocol
            writes it; `sensitivity` is the same question under another rule.
        method: how it was computed, such as `kaplan-meier` or `cox`.
        measure: what it is, such as `median`, `hazard ratio`, `survival`, `count`.
        unit: of `value`: `month`, `ratio`, `probability`, `participant`, ...
        value: the estimate; None where there is none, and then `note` says why ("not reached", "no events").
        std_error: of `value`, or of its logarithm where the measure is a ratio.
        conf_low: lower limit of the interval at `conf_level`, two-sided; None where not reached.
        conf_high: upper limit.
        conf_level: 0.9 means 5 % in each tail.
        p_value: of the test named by `p_method`.
        p_method: the test, such as `log-rank, stratified`, `Wald`, `interaction likelihood ratio`.
        sides: 1 or 2; a one-sided p looks towards benefit of `arm`.
        null_value: the value of no effect: 1 for ratios, 0 for differences; None where nothing is compared.
        arm: the arm it speaks of; in a comparison, the arm over the reference. None means all arms together.
        reference: the arm compared with.
        origin: where time starts: `randomisation`, `diagnosis`, ...
        at: the time point of a milestone, in months.
        subgroup: `{variable: value}` of a subgroup, empty for all.
        strata: variables that the analysis is stratified by.
        adjusted_for: covariates of the model besides the arm.
        ties: how tied event times are treated: `efron`, `breslow`, `exact`.
        n_by_arm: participants in the analysis, by arm.
        events_by_arm: events in the analysis, by arm.
        data_cut: the data cut-off date, ISO 8601.
        protocol_version: the version of the protocol that the analysis follows.
        source: where it comes from: `rehearsal`, `trial data`, or a publication.
        note: what a reader must know besides; where there is no value, why comes first, up to a `; `.
    """

    endpoint: str
    measure: str
    method: str = ""
    population: str = "itt"
    role: Role = "main"
    unit: str = ""
    value: float | None = None
    std_error: float | None = None
    conf_low: float | None = None
    conf_high: float | None = None
    conf_level: float | None = None
    p_value: float | None = None
    p_method: str = ""
    sides: int | None = None
    null_value: float | None = None
    arm: str | None = None
    reference: str | None = None
    origin: str = ""
    at: float | None = None
    subgroup: Mapping[str, str] = field(default_factory=dict)
    strata: tuple[str, ...] = ()
    adjusted_for: tuple[str, ...] = ()
    ties: str = ""
    n_by_arm: Mapping[str, int] = field(default_factory=dict)
    events_by_arm: Mapping[str, int] = field(default_factory=dict)
    data_cut: str = ""
    protocol_version: str = ""
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what could be misread: an interval without its level, a p-value without sides or test."""
        if self.role not in get_args(Role):
            raise ValueError(f"{self.endpoint} {self.measure}: role is one of {', '.join(get_args(Role))}")
        if self.value is None and not self.note:
            raise ValueError(f"{self.endpoint} {self.measure}: a value that is missing needs a note that says why")
        if (self.conf_low is not None or self.conf_high is not None) and self.conf_level is None:
            raise ValueError(f"{self.endpoint} {self.measure}: an interval needs its conf_level")
        if self.p_value is not None and (self.sides not in (1, 2) or not self.p_method):
            raise ValueError(f"{self.endpoint} {self.measure}: a p-value needs sides (1 or 2) and p_method")
        if self.reference is not None and self.null_value is None:
            raise ValueError(f"{self.endpoint} {self.measure}: a comparison needs its null_value")

    def to_dict(self) -> dict[str, Any]:
        """Every field, numbers at 10 significant digits, ready for JSON."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Estimate:
        """The inverse of `to_dict`; unknown keys are an error."""
        known = {item.name for item in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise ValueError(f"not a field of an Estimate: {', '.join(unknown)}")
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**values)

    @property
    def reason(self) -> str:
        """Why there is no value: the first part of the note; empty where there is one."""
        return self.note.partition("; ")[0] if self.value is None else ""

    @property
    def remark(self) -> str:
        """The note, less the reason why there is no value."""
        return self.note.partition("; ")[2] if self.value is None else self.note

    @property
    def comparison(self) -> str:
        """`B versus A`, the arm alone, or an empty string."""
        if self.arm is not None and self.reference is not None:
            return f"{self.arm} versus {self.reference}"
        return self.arm or ""

    def __str__(self) -> str:
        """One line to quote: `os hazard ratio B versus A 0.86 (90 % CI 0.69 to 1.1), one-sided p = 0.13 (log-rank)`."""
        head = " ".join(part for part in (self.endpoint, self.measure, self.comparison) if part)
        at = f" at {self.at:g} months" if self.at is not None else ""
        group = " in " + ", ".join(f"{k} = {v}" for k, v in self.subgroup.items()) if self.subgroup else ""
        value = self.note if self.value is None else f"{self.value:.3g}" if self.value % 1 else f"{self.value:g}"
        interval = ""
        if self.conf_level is not None and (self.conf_low is not None or self.conf_high is not None):
            low = "not reached" if self.conf_low is None else f"{self.conf_low:.3g}"
            high = "not reached" if self.conf_high is None else f"{self.conf_high:.3g}"
            interval = f" ({100 * self.conf_level:g} % CI {low} to {high})"
        p = ""
        if self.p_value is not None:
            p = f", {'one' if self.sides == 1 else 'two'}-sided p = {self.p_value:.2g} ({self.p_method})"
        return f"{head}{at}{group} {value}{interval}{p}"


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it, floats at 10 significant digits."""
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return significant(value)
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(item) for item in value]
