"""Random numbers that are looked up, not run through: Philox4x64-10, a counter-based generator.

A draw is a pure function of (seed, stream, replicate, participant, number of the draw), so a participant gets
the same numbers whatever is computed before, beside or instead of it: in another order, in another range, on
another thread.

Key and counter are laid out so that anyone can look the numbers up with numpy alone. The draws of one
participant are

    numpy.random.Philox(key=[seed, stream], counter=[0, participant, replicate, 0]).random_raw(...)

(numpy steps its counter before it draws, so our block b has b + 1 in the first word).

Source: Salmon, Moraes, Dror, Shaw. Parallel random numbers: as easy as 1, 2, 3. SC 2011, section 3.3.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it comes with numba and has no types
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import ArrayLike, NDArray

from equipoise._kernel import as_int, kernel
from equipoise.errors import DesignError

Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

WORD_VALUES = 2**64
DRAWS_PER_BLOCK = 4

# The multipliers and the Weyl constants (golden ratio, sqrt(3) - 1) of the paper's Philox4x64.
MULTIPLIER_0 = np.uint64(0xD2E7470EE14C6C93)
MULTIPLIER_1 = np.uint64(0xCA5A826395121157)
WEYL_0 = np.uint64(0x9E3779B97F4A7C15)
WEYL_1 = np.uint64(0xBB67AE8584CAA73B)
ROUNDS = 10

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TWELVE = np.uint64(12)


def _multiply_high(_typing: Any, _a: Any, _b: Any) -> tuple[Any, Any]:
    """The upper 64 bits of a product of two uint64: one machine instruction that numba cannot spell."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        a, b = (builder.zext(argument, wide) for argument in arguments)
        return builder.trunc(builder.lshr(builder.mul(a, b), ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), emit


# A cast, since numba types an intrinsic as what emits the code, not as what is called.
multiply_high = cast(Callable[[np.uint64, np.uint64], np.uint64], intrinsic(_multiply_high))


@kernel
def philox_block(key: tuple[np.uint64, np.uint64], counter: Words) -> Words:
    """The four 64-bit words that belong to one counter."""
    key_0, key_1 = key
    c_0, c_1, c_2, c_3 = counter
    for _ in range(ROUNDS):
        high_0 = multiply_high(MULTIPLIER_0, c_0)
        high_1 = multiply_high(MULTIPLIER_1, c_2)
        low_0 = MULTIPLIER_0 * c_0
        low_1 = MULTIPLIER_1 * c_2
        c_0, c_1, c_2, c_3 = high_1 ^ c_1 ^ key_0, low_1, high_0 ^ c_3 ^ key_1, low_0
        key_0 += WEYL_0
        key_1 += WEYL_1
    return c_0, c_1, c_2, c_3


@kernel
def open_uniform(word: np.uint64) -> float:
    """A double strictly between 0 and 1 from the upper 52 bits: (k + 1/2) / 2**52, symmetric about 1/2.

    With 53 bits the largest value would round to 1, whose logarithm no hazard can use.
    """
    return (float(word >> _TWELVE) + 0.5) * 2.220446049250313e-16


@kernel
def uniform_block(
    seed: np.uint64, stream: np.uint64, replicate: np.uint64, participant: np.uint64, block: np.uint64
) -> tuple[float, float, float, float]:
    """Draws 4 x block to 4 x block + 3 of one participant, as doubles in (0, 1); all arguments are uint64."""
    w_0, w_1, w_2, w_3 = philox_block((seed, stream), (block + _ONE, participant, replicate, _ZERO))
    return open_uniform(w_0), open_uniform(w_1), open_uniform(w_2), open_uniform(w_3)


@kernel
def _fill_uniforms(
    seed: np.uint64,
    stream: np.uint64,
    replicate: NDArray[np.int64],
    participant: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    rows, draws = out.shape
    for row in range(rows):
        key_replicate, key_participant = np.uint64(replicate[row]), np.uint64(participant[row])
        for first in range(0, draws, DRAWS_PER_BLOCK):
            number = np.uint64(first // DRAWS_PER_BLOCK)
            block = uniform_block(seed, stream, key_replicate, key_participant, number)
            for within in range(min(DRAWS_PER_BLOCK, draws - first)):
                out[row, first + within] = block[within]


def seed_word(seed: int) -> np.uint64:
    """The seed as a word of the key.

    Raises:
        DesignError: the seed is outside 0 .. 2**64 - 1.
        TypeError: it is no whole number.
    """
    if not 0 <= operator.index(seed) < WORD_VALUES:
        raise DesignError(f"seed {seed} is not in 0 to 2**64 - 1; give a whole number such as 20110505")
    return np.uint64(operator.index(seed))


def stream_word(stream: int | str) -> np.uint64:
    """A stream as a word of the key: a number stands for itself, a name for the start of its SHA-256.

    Streams keep purposes apart ("accrual", "disease"): what one of them draws never moves the draws of
    another.

    Raises:
        DesignError: a number outside 0 .. 2**64 - 1.
    """
    if isinstance(stream, str):
        return np.uint64(int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8], "big"))
    if not 0 <= int(stream) < WORD_VALUES:
        raise DesignError(f"stream {stream!r} is outside 0 to 2**64 - 1; give a smaller number or a name")
    return np.uint64(int(stream))


def keyed_rows(
    participant: ArrayLike, replicate: ArrayLike, rows: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Participant and replicate numbers, one of each a row.

    Raises:
        DesignError: a number below zero, or lengths that do not agree.
    """
    wanted = (1,) if rows is None else (rows,)
    try:
        shape = np.broadcast_shapes(np.shape(participant), np.shape(replicate), wanted)
        # Copies, since a kernel would be compiled anew for an array that cannot be written to.
        who = np.array(np.broadcast_to(as_int(participant), shape))
        which = np.array(np.broadcast_to(as_int(replicate), shape))
    except ValueError as error:
        raise DesignError(
            f"participant {np.shape(participant)} and replicate {np.shape(replicate)} do not fit"
            f"{'' if rows is None else f' {rows} rows'}; give one number for all, or one a row"
        ) from error
    if who.size and (who.min() < 0 or which.min() < 0):
        raise DesignError("participant and replicate numbers must not be below zero; count from 0")
    return who, which


def uniforms(
    seed: int, stream: int | str, participant: ArrayLike, *, replicate: ArrayLike = 0, draws: int = 1
) -> NDArray[np.float64]:
    """Uniform numbers in the open interval (0, 1), the same for the same key whatever else is computed.

    Args:
        seed: 0 .. 2**64 - 1.
        stream: what the numbers are for, a name or a number.
        participant: numbers of the participants from 0, shape (n,) or one number.
        replicate: number of the replicate from 0, one for all or shape (n,).
        draws: how many numbers each participant gets.

    Returns:
        Shape (n, draws), float64.

    Raises:
        DesignError: a key outside its range, or shapes that do not agree.
    """
    if draws < 1:
        raise DesignError(f"draws = {draws}; ask for at least one")
    who, which = keyed_rows(participant, replicate)
    out = np.empty((who.size, draws))
    _fill_uniforms(seed_word(seed), stream_word(stream), which, who, out)
    return out
