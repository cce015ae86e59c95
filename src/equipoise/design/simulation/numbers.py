"""From random words to the numbers that trials are drawn from: exponentials by a logarithm of our own.

The logarithm is most of the cost of an exponential. This one is a few multiplications in a loop that the compiler
turns into vector instructions, four times as fast as the system's; and since it is plain arithmetic it gives the same
bits under every system's mathematics library. Its error is at most one unit in the last place or two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it comes with numba and has no types
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from equipoise._kernel import inner_kernel, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HALF_WORD = np.uint64(32)
LOWER_HALF = np.uint64(0xFFFFFFFF)
HALF_VALUES = 2**32

_EXPONENT_OF_ONE = 0x3FF0000000000000
_FRACTION = 0x000FFFFFFFFFFFFF
_ROOT_TO_ONE = 0x0009_5F61_9980_C433
"""Bits of 1 less bits of the root of 1/2: added, the exponent counts from root to root instead of from 1 to 2."""
_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts: its leading 32 bits, so that e * high is exact,
_LN2_LOW = 1.90821492927058770002e-10  # and the rest


def _bits_of(_typing: Any, _number: Any) -> tuple[Any, Any]:
    """The bits of a float64 as an int64."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), emit


def _float_of(_typing: Any, _bits: Any) -> tuple[Any, Any]:
    """The float64 that has these bits."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), emit


# Casts, since numba types an intrinsic as what emits the code, not as what is called.
bits_of = cast(Callable[[float], int], intrinsic(_bits_of))
float_of = cast(Callable[[int], float], intrinsic(_float_of))


@inner_kernel
def negative_log(u: float) -> float:
    """-ln(u) of a normal number above 0: a standard exponential if `u` is uniform.

    With u = m 2^e and m between the roots of 1/2 and 2, ln m = 2 artanh((m - 1)/(m + 1)), whose argument is below
    0.172: the series in its square is below the last bit after ten terms.
    """
    shifted = bits_of(u) + _ROOT_TO_ONE
    exponent = float((shifted >> 52) - 1023)
    m = float_of((shifted & _FRACTION) + (_EXPONENT_OF_ONE - _ROOT_TO_ONE))
    s = (1.0 - m) / (1.0 + m)
    z = s * s
    series = 1.0 / 19.0
    series = series * z + 1.0 / 17.0
    series = series * z + 1.0 / 15.0
    series = series * z + 1.0 / 13.0
    series = series * z + 1.0 / 11.0
    series = series * z + 1.0 / 9.0
    series = series * z + 1.0 / 7.0
    series = series * z + 1.0 / 5.0
    series = series * z + 1.0 / 3.0
    half = s + s * (z * series)
    return (half + half) - exponent * _LN2_LOW - exponent * _LN2_HIGH


@kernel
def negative_logs(values: Floats) -> None:
    """Replace each of `values`, (n,), by its `negative_log`."""
    for i in range(values.shape[0]):
        values[i] = negative_log(values[i])


@inner_kernel
def upper_uniform(word: np.uint64) -> float:
    """A double strictly between 0 and 1 from the upper half of a word: (k + 1/2) / 2**32."""
    return (float(np.int64(word >> HALF_WORD)) + 0.5) * 2.3283064365386963e-10


@inner_kernel
def lower_half(word: np.uint64) -> np.int64:
    """The lower half of a word, 0 .. 2**32 - 1, which is below 2**32 p with probability p."""
    return np.int64(word & LOWER_HALF)


@inner_kernel
def lower_uniform(word: np.uint64) -> float:
    """A double strictly between 0 and 1 from the lower half of a word."""
    return (float(lower_half(word)) + 0.5) * 2.3283064365386963e-10


@kernel
def entries_of_spacings(spacings: Floats, n: int, accrual: Floats, entry: Floats) -> None:
    """Fill `entry`, (n,), with the ascending months of entry of `n` participants who come independently.

    Sorted uniforms are the running sum of n + 1 standard exponentials over their total (Devroye 1986, section V.3), so
    nothing is sorted; the accrual turns each into a month.

    Args:
        spacings: (n + 1 or more,) standard exponentials; used up.
        n: participants.
        accrual: (periods, 3): share of participants who came before, month of its start, months for all of them at
            its intensity. Periods without accrual are left out.
        entry: filled.
    """
    total = 0.0
    for i in range(n + 1):
        total += spacings[i]
        spacings[i] = total
    scale = 1.0 / total
    period, last = 0, accrual.shape[0] - 1
    for i in range(n):
        share = spacings[i] * scale
        while period < last and share >= accrual[period + 1, 0]:
            period += 1
        entry[i] = accrual[period, 1] + (share - accrual[period, 0]) * accrual[period, 2]
