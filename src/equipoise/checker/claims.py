"""The numbers that the source prints, derived again from what they are said to rest on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from equipoise.checker.derivations import DERIVATIONS, How, Inputs, MissingInputError
from equipoise.checker.finding import Finding, error, note, warning
from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.model.statistics import Claim
from equipoise.protocol.model.trial import Path
from equipoise.protocol.printed import Printed, printed

_EXPONENT = re.compile(r"exp\s*[({]\s*(?P<sign>[-−–]?)\s*(?P<number>\d+(?:\.\d+)?)\s*[)}]")

_PER_PERSON = re.compile(r"\b(?:events?|deaths?|cases?) per (?:person|patient)\b", re.IGNORECASE)
_LARGEST_EXPONENT = 100.0
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class _Derived:
    """A claim derived twice: from its inputs as printed, and from unrounded ones where they are claims themselves."""

    path: Path
    claim: Claim
    how: How
    shown: Printed
    inputs: Inputs
    value: float
    unrounded: float


def numbers_derived_again(protocol: Protocol) -> Iterator[Finding]:
    """Every claim that names a derivation, in the order of the file."""
    chain: dict[str, float] = {}
    for i, claim in enumerate(protocol.claims):
        if claim.derivation is None:
            continue
        path: Path = ("claims", i)
        try:
            derived = _derive(protocol, path, claim, chain)
        except (MissingInputError, DesignError, ArithmeticError, ValueError) as problem:
            what = f"{claim.id} cannot be derived by {claim.derivation}: {str(problem) or 'its inputs are impossible'}"
            yield error(protocol, path, "claim-not-derivable", what, "complete its inputs, or take the derivation away")
            continue
        chain[claim.id] = _rounded_rightly(derived.how, derived.unrounded)
        yield from _judged(protocol, derived)
        if _drifts(derived):
            yield _drift(protocol, derived)


def rates_per_person(protocol: Protocol) -> Iterator[Finding]:
    """A rate that gives every person more than one event, where a number of persons was left out of its unit."""
    for i, claim in enumerate(protocol.claims):
        shown = printed(claim.printed)
        if shown is None or shown.value <= 1 or not _PER_PERSON.search(claim.unit or ""):
            continue
        what = f"{claim.id} is printed as {claim.printed} {claim.unit}, which gives each person {shown.value:g} events"
        mend = "ask per how many persons, and over what time; 100 or 1000 persons is usual"
        yield warning(protocol, ("claims", i, "unit"), "claim-unit", what, mend)


def _derive(protocol: Protocol, path: Path, claim: Claim, chain: Inputs) -> _Derived:
    assert claim.derivation is not None
    how, shown = DERIVATIONS[claim.derivation], printed(claim.printed)
    if shown is None:
        raise MissingInputError(f"'{claim.printed}' is not one number")
    scale = 100.0 if claim.unit == "percent" else 1.0
    inputs = {name: float(value) for name, value in claim.inputs.items()}
    value = scale * how.value(protocol, inputs)
    unrounded = scale * how.value(protocol, {name: chain.get(name, number) for name, number in inputs.items()})
    if not max(abs(value), abs(unrounded)) < _LARGEST:
        raise MissingInputError("its inputs give no number that a trial could print")
    return _Derived(path, claim, how, shown, inputs, value, unrounded)


def _rounded_rightly(how: How, value: float) -> float:
    return float(math.ceil(round(value, 9))) if how.rounding == "up" else value


def _judged(protocol: Protocol, derived: _Derived) -> Iterator[Finding]:
    """What the printed number is beside the derived one."""
    claim, fits = derived.claim, derived.shown.agrees(derived.value)
    yield from _lost_sign(protocol, derived)
    if derived.how.rounding in fits or "exact" in fits or _interval_allows(protocol, derived):
        return
    said = f"{claim.id} is printed as {claim.printed}; {_recomputed(derived)}"
    if not fits:
        yield _not_reproduced(protocol, derived, said)
    elif derived.how.rounding == "up" and "nearest" in fits:
        what = f"{said}, so it was rounded to the nearest and not up to {_up(protocol, derived)}"
        yield note(protocol, derived.path, "claim-rounded-nearest", what, "round counts up; one more costs little")
    elif derived.how.rounding == "up":
        what = f"{said}, so it was rounded down: {_up(protocol, derived)}"
        yield warning(
            protocol, derived.path, "claim-rounded-down", what, "round up, or the power is below the one planned"
        )
    else:
        what = f"{said}, so it was rounded {fits[0]}"
        mend = "use the unrounded number in what follows from it"
        yield note(protocol, derived.path, "claim-rounded-oddly", what, mend)


def _recomputed(derived: _Derived) -> str:
    inputs = ", ".join(f"{name} {value:g}" for name, value in derived.inputs.items())
    by = f"{derived.how.formula} with {inputs}" if inputs else derived.how.formula
    return f"{by} gives {derived.value:.{max(2, min(derived.shown.decimals, 4) + 2)}f}"


def _up(protocol: Protocol, derived: _Derived) -> str:
    """The number rounded up, and the next that splits into the arms if it is not one that does."""
    least = math.ceil(round(derived.value, 9))
    if derived.claim.derivation != "participants-for-events" or not (rest := least % len(protocol.arms)):
        return f"{least}"
    return f"{least} are needed, {least + len(protocol.arms) - rest} in equal arms"


def _not_reproduced(protocol: Protocol, derived: _Derived, said: str) -> Finding:
    claim, shown = derived.claim, derived.shown.value
    if claim.derivation == "loss-inflation" and derived.shown.agrees(_added_loss(derived)):
        what = f"{said}: n (1 + loss) = {_added_loss(derived):.2f} was used, which leaves too few after the loss"
        return warning(protocol, derived.path, "claim-loss-added", what, "divide by 1 - loss")
    if claim.derivation == "participants-over-time" and shown > derived.value:
        what = f"{said}, so {claim.printed} hold a margin of {100 * (shown / derived.value - 1):.0f} %"
        return note(protocol, derived.path, "claim-margin", what, "say what the margin is for")
    power = math.log10(shown / derived.value) if shown > 0 and derived.value > 1e-9 else 0.0
    if round(power) and abs(power - round(power)) < 1e-9:
        unit = f" (its unit is printed as '{claim.unit}')" if claim.unit else ""
        what = f"{said}: a factor of {10.0 ** round(power):g} lies between them{unit}"
        return warning(protocol, derived.path, "claim-unit", what, "correct the unit")
    return warning(protocol, derived.path, "claim-not-reproduced", said, "ask how it was calculated")


def _added_loss(derived: _Derived) -> float:
    number = next(value for name, value in derived.inputs.items() if name != "loss")
    return number * (1 + derived.inputs["loss"])


def _lost_sign(protocol: Protocol, derived: _Derived) -> Iterator[Finding]:
    """`exp{0.5} = 0.60`: printed without the minus that its own result needs."""
    if derived.claim.derivation != "exponential-survival":
        return
    for quote in derived.claim.quotes:
        for match in _EXPONENT.finditer(quote):
            number = float(match["number"])
            if match["sign"] or number > _LARGEST_EXPONENT or not math.isclose(number, derived.inputs["lambda_t"]):
                continue
            what = (
                f"{derived.claim.id} is printed as {match.group()} = {derived.claim.printed}: the sign is lost, since"
                f" exp({number:g}) = {math.exp(number):.3f} and exp(-{number:g}) = {math.exp(-number):.4f}"
            )
            yield warning(protocol, derived.path, "claim-sign-lost", what, "write the exponent with its minus")


def _interval_allows(protocol: Protocol, derived: _Derived) -> bool:
    """Whether inputs rounded for print can give the number: each may lie half a unit of its last digit away."""
    if derived.claim.derivation not in ("interval-p", "interval-ratio"):
        return False
    names = [name for name in ("hazard_ratio", "conf_low", "conf_high") if name in derived.inputs]
    half = min(0.5 * 10.0 ** int(derived.claim.inputs[name].as_tuple().exponent) for name in names)
    low, high = derived.inputs["conf_low"] + half, derived.inputs["conf_high"] - half
    if not half < min(derived.inputs[name] for name in names) or not low < high:
        return False
    corners = (
        {**derived.inputs, **{name: derived.inputs[name] + way * half for name, way in zip(names, ways, strict=True)}}
        for ways in product((-1, 1), repeat=len(names))
    )
    reached = [derived.how.value(protocol, corner) for corner in corners]
    shown = derived.shown
    return min(reached) - shown.half_unit <= shown.value <= max(reached) + shown.half_unit


def _drifts(derived: _Derived) -> bool:
    """Whether a number of participants changes when nothing is rounded on the way to it."""
    changed = not math.isclose(derived.unrounded, derived.value)
    counted = derived.claim.derivation == "participants-for-events"
    return changed and counted and math.ceil(round(derived.unrounded, 9)) != derived.shown.value


def _drift(protocol: Protocol, derived: _Derived) -> Finding:
    least = math.ceil(round(derived.unrounded, 9))
    arms = len(protocol.arms)
    even = least + -least % arms
    what = (
        f"{derived.claim.id} is printed as {derived.claim.printed}; without rounding on the way to it"
        f" {derived.unrounded:.2f}, so {least}{f', or {even} in equal arms' if even != least else ''}"
    )
    return note(protocol, derived.path, "claim-rounded-on-the-way", what, "round once, at the end")
