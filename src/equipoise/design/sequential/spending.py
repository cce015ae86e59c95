"""How much error may be spent by when: spending functions, by the protocol file's own words.

    spending:obrien-fleming          2 - 2 Phi(z(1 - a/2) / sqrt(t))                  Lan and DeMets 1983
    spending:pocock                  a log(1 + (e - 1) t)                             Lan and DeMets 1983
    spending:hsd:GAMMA               a (1 - exp(-GAMMA t)) / (1 - exp(-GAMMA))        Hwang, Shih and DeCani 1990
    spending:kim-demets:RHO          a t^RHO                                          Kim and DeMets 1987
    spending:cumulative:A1,A2,...    these amounts, look by look

a is the error of one side and t the fraction of the planned maximum, of information or of calendar time. Sources: Lan
and DeMets, Biometrika 1983;70:659-663; Hwang, Shih and DeCani, Statistics in Medicine 1990;9:1439-1445; Kim and
DeMets, Biometrika 1987;74:149-154.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from scipy.special import ndtr, ndtri

from equipoise.design.sequential.crossing_kernels import Floats
from equipoise.errors import DesignError

Shares: TypeAlias = Callable[[Floats, float], Floats]
"""From fractions of the maximum, within 0 and 1, and the error of one side, to the cumulative error of that side."""
PREFIX = "spending:"
_KINDS = ("obrien-fleming", "pocock", "hsd", "kim-demets", "cumulative")
KNOWN = ", ".join(PREFIX + words for words in (*_KINDS[:2], "hsd:-4", "kim-demets:2", "cumulative:0.01,0.025"))
_STEEPEST = 40.0
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Spending:
    """A spending function.

    Attributes:
        words: as a protocol file writes it.
        of_time: the cumulative error of one side at fractions of the maximum; None if amounts are given by look.
        by_look: amounts spent by each look in all, over both sides if there are two.
    """

    words: str
    of_time: Shares | None = None
    by_look: tuple[float, ...] = ()

    def spent(self, times: Floats, total: float, sides: int = 1) -> Floats:
        """(K,) cumulative error at the looks.

        Args:
            times: (K,) fractions of the planned maximum; beyond 1 everything is spent.
            total: what there is to spend, over both sides if there are two.
            sides: 1 or 2.

        Raises:
            DesignError: for amounts by look that are fewer than the looks or more than the total, and for functions
                that fall or leave the range from nothing to everything.
        """
        if self.of_time is None:
            return self._by_look(times, total)
        spent = sides * self.of_time(np.minimum(times, 1.0), total / sides)
        return np.asarray(np.where(times >= 1.0, total, spent))

    def for_looks(self, looks: int) -> Spending:
        """The same; if it gives amounts by look, further looks have nothing more to spend."""
        extra = looks - len(self.by_look)
        if self.of_time is not None or extra <= 0:
            return self
        return Spending(self.words, by_look=self.by_look + self.by_look[-1:] * extra)

    def _by_look(self, times: Floats, total: float) -> Floats:
        looks = times.size
        if looks > len(self.by_look):
            raise DesignError(
                f"{self.words}: {len(self.by_look)} amounts for {looks} looks; give the cumulative amount at each look"
            )
        spent = np.array(self.by_look[:looks])
        if spent[-1] > total * (1.0 + _ROUNDING):
            raise DesignError(f"{self.words}: spends {spent[-1]:g} of {total:g}; give amounts that end at {total:g}")
        if times[-1] >= 1.0 and looks == len(self.by_look) and spent[-1] < total * (1.0 - _ROUNDING):
            raise DesignError(
                f"{self.words}: spends {spent[-1]:g} of {total:g} in all; let the last amount be {total:g}"
            )
        return spent


def read_spending(given: str | Callable[[float], float] | Spending, name: str) -> Spending:
    """A spending function from the protocol's words or from Python.

    Args:
        given: words as above; a function from the fraction of the maximum to the share of the error spent, from 0 at
            0 to 1 at 1 and never falling; or a `Spending`.
        name: the option, for the message.

    Raises:
        DesignError: if it is none of these.
    """
    if isinstance(given, Spending):
        return given
    if callable(given):
        return _from_function(given, name)
    kind, _, parameter = given.removeprefix(PREFIX).partition(":")
    if not given.startswith(PREFIX) or kind not in _KINDS:
        raise DesignError(f"{name}: {given!r} is no spending function; give one such as {KNOWN}")
    if kind == "cumulative":
        return cumulative([number(text, given, name) for text in parameter.split(",")])
    if kind in {"obrien-fleming", "pocock"}:
        if parameter:
            raise DesignError(f"{name}: {given!r}; {PREFIX}{kind} takes no parameter, leave it out")
        return Spending(given, obrien_fleming if kind == "obrien-fleming" else pocock)
    value = number(parameter, given, name)
    return Spending(given, hwang_shih_decani(value) if kind == "hsd" else kim_demets(value))


def number(text: str, words: str, name: str) -> float:
    """The parameter of some words as a finite number, or a DesignError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        missing = f"{text!r} is not a number" if text else "a number is missing"
        raise DesignError(f"{name}: {words!r}: {missing}; write it as in {KNOWN}")
    return value


def cumulative(amounts: Sequence[float]) -> Spending:
    """Amounts of error spent by each look in all, the last being all of it; over both sides if there are two."""
    values = tuple(float(amount) for amount in amounts)
    words = PREFIX + "cumulative:" + ",".join(f"{value:g}" for value in values)
    if not values or not all(0.0 <= value < 1.0 for value in values):
        raise DesignError(f"{words}: give amounts from 0 up and below 1")
    if any(later < earlier for earlier, later in pairwise(values)):
        raise DesignError(f"{words}: amounts fall; what is spent stays spent, so give cumulative amounts")
    return Spending(words, by_look=values)


def obrien_fleming(times: Floats, total: float) -> Floats:
    """Little early, as the bounds of O'Brien and Fleming do (Lan and DeMets 1983)."""
    return np.asarray(2.0 * ndtr(ndtri(total / 2.0) / np.sqrt(times)))


def pocock(times: Floats, total: float) -> Floats:
    """Evenly, as the bounds of Pocock do (Lan and DeMets 1983)."""
    return np.asarray(total * np.log1p((math.e - 1.0) * times))


def hwang_shih_decani(gamma: float) -> Shares:
    """The family of Hwang, Shih and DeCani: evenly at 0, late below, early above."""
    if abs(gamma) > _STEEPEST:
        raise DesignError(f"spending:hsd:{gamma:g}: give a parameter from {-_STEEPEST:g} to {_STEEPEST:g}")
    if gamma == 0.0:
        return kim_demets(1.0)
    return lambda times, total: np.asarray(total * np.expm1(-gamma * times) / math.expm1(-gamma))


def kim_demets(rho: float) -> Shares:
    """A power of the fraction: evenly at 1, late above."""
    if rho <= 0.0:
        raise DesignError(f"spending:kim-demets:{rho:g}: give a power above 0")
    return lambda times, total: np.asarray(total * times**rho)


def _from_function(share: Callable[[float], float], name: str) -> Spending:
    words = getattr(share, "__name__", "function")

    def of_time(times: Floats, total: float) -> Floats:
        shares = np.array([float(share(float(time))) for time in times])
        ends = float(share(0.0)), float(share(1.0))
        if not bool(np.all(np.diff([0.0, *shares, 1.0]) >= -_ROUNDING)) or not np.allclose(ends, (0.0, 1.0)):
            raise DesignError(
                f"{name}: the function gives the shares {[round(float(x), 6) for x in shares]}, {ends[0]:g} at 0 and "
                f"{ends[1]:g} at 1; give one that rises from 0 at 0 to 1 at 1"
            )
        return np.asarray(total * np.clip(shares, 0.0, 1.0))

    return Spending(words, of_time)
