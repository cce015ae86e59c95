"""How each kind of claim is derived again from what it is said to rest on.

A claim names its `derivation`; the functions here give the number before any rounding. Inputs go by name; an input
that has the id of another claim can be replaced by that claim's own unrounded number, which shows what rounding on the
way has done.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from equipoise.design import formulas
from equipoise.protocol import Protocol
from equipoise.protocol.model.statistics import Derivation

Inputs: TypeAlias = Mapping[str, float]

Rounding = Literal["nearest", "up"]


class MissingInputError(Exception):
    """The claim does not give what its derivation needs."""


@dataclass(frozen=True, slots=True)
class How:
    """One way of deriving a number.

    Attributes:
        formula: as a reader would write it.
        value: the number, before rounding.
        rounding: what is right for it: counts of participants and events are rounded up.
    """

    formula: str
    value: Callable[[Protocol, Inputs], float]
    rounding: Rounding = "nearest"


def _get(inputs: Inputs, *names: str) -> tuple[float, ...]:
    if missing := [name for name in names if name not in inputs]:
        raise MissingInputError(f"needs {', '.join(missing)} under inputs")
    return tuple(inputs[name] for name in names)


def _exactly(inputs: Inputs, number: int) -> tuple[float, ...]:
    if len(inputs) != number:
        raise MissingInputError(f"takes {number} inputs and has {len(inputs)}")
    return tuple(inputs.values())


def _sum(_: Protocol, inputs: Inputs) -> float:
    if len(inputs) < 2:
        raise MissingInputError("takes two inputs or more")
    return sum(inputs.values())


def _product(_: Protocol, inputs: Inputs) -> float:
    if len(inputs) < 2:
        raise MissingInputError("takes two inputs or more")
    return math.prod(inputs.values())


def _quotient(_: Protocol, inputs: Inputs) -> float:
    number, by = _exactly(inputs, 2)
    return number / by


def _complement(_: Protocol, inputs: Inputs) -> float:
    (share,) = _exactly(inputs, 1)
    return 1 - share


def _normal_quantile(_: Protocol, inputs: Inputs) -> float:
    if "power" in inputs:
        return formulas.normal_quantile(inputs["power"])
    alpha, sides = _get(inputs, "alpha", "sides")
    return formulas.critical_z(alpha, int(sides))


def _hazard_ratio(inputs: Inputs) -> float:
    if "hazard_ratio" in inputs:
        return inputs["hazard_ratio"]
    control, experimental = _get(inputs, "control_median", "experimental_median")
    return control / experimental


def _schoenfeld(_: Protocol, inputs: Inputs) -> float:
    alpha, sides, power = _get(inputs, "alpha", "sides", "power")
    return formulas.events_required(
        _hazard_ratio(inputs), alpha=alpha, sides=int(sides), power=power, ratio=inputs.get("ratio", 1.0)
    )


def _exponential_survival(_: Protocol, inputs: Inputs) -> float:
    (cumulative,) = _get(inputs, "lambda_t")
    return math.exp(-cumulative * inputs.get("hazard_ratio", 1.0))


def _mean_event_probability(_: Protocol, inputs: Inputs) -> float:
    one, other = _exactly(inputs, 2)
    return 1 - (one + other) / 2


def _participants_over_time(_: Protocol, inputs: Inputs) -> float:
    events, accrual, follow_up, control = _get(inputs, "events", "accrual", "follow_up", "control_median")
    rate = math.log(2) / control
    rates = (rate, rate * _hazard_ratio(inputs))
    return events / (sum(formulas.exponential_event_probability(item, accrual, follow_up) for item in rates) / 2)


def _loss_inflation(_: Protocol, inputs: Inputs) -> float:
    (loss,) = _get(inputs, "loss")
    others = [value for name, value in inputs.items() if name != "loss"]
    if len(others) != 1:
        raise MissingInputError("needs one number of participants beside loss under inputs")
    return others[0] / (1 - loss)


def _interval_p(_: Protocol, inputs: Inputs) -> float:
    ratio, low, high, level, sides = _get(inputs, "hazard_ratio", "conf_low", "conf_high", "conf_level", "sides")
    return formulas.p_of(math.log(ratio) / formulas.log_standard_error(low, high, level), int(sides))


def _interval_ratio(_: Protocol, inputs: Inputs) -> float:
    low, high = _get(inputs, "conf_low", "conf_high")
    return math.sqrt(low * high)


def _registry_months(protocol: Protocol, _: Inputs) -> float:
    start, end = protocol.registry.start, protocol.registry.completion
    if start is None or end is None:
        raise MissingInputError("needs start and completion under registry")
    return float((end.year - start.year) * 12 + end.month - start.month - (end.day < start.day))


def _number_of_arms(protocol: Protocol, _: Inputs) -> float:
    return float(len(protocol.arms))


def _number_of_locations(protocol: Protocol, _: Inputs) -> float:
    return float(len(protocol.registry.locations))


DERIVATIONS: dict[Derivation, How] = {
    "sum": How("the sum of its inputs", _sum),
    "product": How("the product of its inputs", _product),
    "quotient": How("the first input over the second", _quotient),
    "complement": How("1 minus its input", _complement),
    "normal-quantile": How("the normal quantile", _normal_quantile),
    "schoenfeld-events": How("Schoenfeld's formula", _schoenfeld, "up"),
    "exponential-survival": How("exp(-lambda t)", _exponential_survival),
    "mean-event-probability": How("1 minus the mean survival of the arms", _mean_event_probability),
    "participants-for-events": How("events over the probability of one", _quotient, "up"),
    "participants-over-time": How(
        "events over their probability within accrual and follow-up", _participants_over_time, "up"
    ),
    "loss-inflation": How("n / (1 - loss)", _loss_inflation, "up"),
    "interval-p": How("the p-value of the ratio and its interval", _interval_p),
    "interval-ratio": How("the geometric mean of the limits", _interval_ratio),
    "registry-months": How("months from start to completion", _registry_months),
    "number-of-arms": How("the number of arms", _number_of_arms),
    "number-of-locations": How("the number of locations", _number_of_locations),
}
