"""The compiled walk of one participant after another through the states of the disease model.

Every transition k of a participant has one standard exponential threshold E_k and happens when its
accumulated hazard

    integral over 0..t of speed_k(s) dH_k(s)

reaches E_k. H_k is the baseline cumulative hazard, which is inverted exactly, and speed_k (arm, covariates,
frailty, what has happened) is constant between events. So the walk goes from event to event and needs no time
steps. The method is the random time change, or next reaction method with one clock a transition: Gibson,
Bruck. J Phys Chem A 2000;104:1876-1889; Anderson. J Chem Phys 2007;127:214107, algorithm 3.

One threshold a transition, drawn once, has two uses besides speed: what happens before an arm is decided does
not depend on the arm, and two models that differ a little give histories that differ a little.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise._kernel import inner_kernel, kernel
from equipoise.disease.philox import Words, uniform_block

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CANCER_DEATH, OTHER_DEATH, DROPOUT, LOCAL, DISTANT = range(5)
N_TRANSITIONS = 5
ABSENT = -1

_BLOCK_0 = np.uint64(0)
_BLOCK_1 = np.uint64(1)


# Columns of the table of a model, shape (arms + 1, 5 transitions, columns); the last row is "no arm".
# It is one array, since every array that a kernel hands on costs time.
HAZARD = 0  # number of the baseline hazard, or ABSENT: the transition never happens
ARM_RATIO = 1  # hazard ratio of the arm
AFTER = 2  # hazard ratio after local progression, and in the next column after distant progression
SHAPE = 4  # of a Weibull hazard
SCALE = 5  # of a Weibull hazard, months
PIECES = 6  # number of pieces; a Weibull hazard has none
FIRST_PIECE = 7  # three columns a piece: start (months), rate (a month), cumulative hazard at the start
PIECE_COLUMNS = 3

# Rows of the clocks of one participant, shape (4, 5 transitions).
BASE = 0  # frailty x hazard ratio of the covariates
SPEED = 1  # all that multiplies the baseline hazard now
TARGET = 2  # baseline cumulative hazard at which the transition happens, as things stand
DUE = 3  # months at which it happens, as things stand


class Key(NamedTuple):
    """Key of the random numbers: two words and, by row, replicate and participant, shape (n,)."""

    seed: np.uint64
    stream: np.uint64
    replicate: Ints
    participant: Ints


class Participants(NamedTuple):
    """What differs between participants.

    Attributes:
        arm: row of the model's table in force in each period, shape (n, periods).
        arm_from: months at which each period starts, shape (n, periods), not decreasing, the first column 0.
        ratio: hazard ratio of the covariates, shape (n, 5), or (0, 5) where there are none.
    """

    arm: Ints
    arm_from: Floats
    ratio: Floats


class PackedModel(NamedTuple):
    """A disease model as the kernel takes it.

    Attributes:
        table: see the columns above.
        frailty_sd: standard deviation of the logarithm of the frailty.
    """

    table: Floats
    frailty_sd: float


@inner_kernel
def cumulative_hazard(table: Floats, arm: int, k: int, months: float) -> float:
    """Baseline cumulative hazard of transition `k` at `months`."""
    pieces = np.int64(table[arm, k, PIECES])
    if pieces == 0:
        scaled = months / table[arm, k, SCALE]
        shape = table[arm, k, SHAPE]
        return float(scaled if shape == 1.0 else scaled**shape)
    column, last = FIRST_PIECE, FIRST_PIECE + PIECE_COLUMNS * (pieces - 1)
    while column < last and table[arm, k, column + PIECE_COLUMNS] < months:
        column += PIECE_COLUMNS
    return float(table[arm, k, column + 2] + table[arm, k, column + 1] * (months - table[arm, k, column]))


@inner_kernel
def time_of_hazard(table: Floats, arm: int, k: int, target: float) -> float:
    """The months at which the cumulative hazard of transition `k` reaches `target`; infinite if never."""
    pieces = np.int64(table[arm, k, PIECES])
    if pieces == 0:
        shape = table[arm, k, SHAPE]
        return float(table[arm, k, SCALE] * (target if shape == 1.0 else target ** (1.0 / shape)))
    column, last = FIRST_PIECE, FIRST_PIECE + PIECE_COLUMNS * (pieces - 1)
    while column < last and table[arm, k, column + PIECE_COLUMNS + 2] < target:
        column += PIECE_COLUMNS
    if table[arm, k, column + 1] == 0.0:
        return np.inf
    return float(table[arm, k, column] + (target - table[arm, k, column + 2]) / table[arm, k, column + 1])


@inner_kernel
def draw(words: Words, model: PackedModel, clocks: Floats) -> None:
    """Draw one participant: a standard exponential for each transition into TARGET, the frailty into BASE.

    Args:
        words: seed, stream, replicate, participant.
        model: the model; what it does not need is not drawn.
        clocks: filled.
    """
    seed, stream, replicate, participant = words
    u_0, u_1, u_2, u_3 = uniform_block(seed, stream, replicate, participant, _BLOCK_0)
    for k in range(N_TRANSITIONS):
        clocks[BASE, k] = 1.0
    clocks[TARGET, CANCER_DEATH] = -np.log(u_0)
    clocks[TARGET, OTHER_DEATH] = -np.log(u_1)
    clocks[TARGET, DROPOUT] = -np.log(u_2)
    clocks[TARGET, LOCAL] = -np.log(u_3)
    if model.table[0, DISTANT, HAZARD] == ABSENT and model.frailty_sd == 0.0:
        return
    u_4, u_5, u_6, _ = uniform_block(seed, stream, replicate, participant, _BLOCK_1)
    clocks[TARGET, DISTANT] = -np.log(u_4)
    if model.frailty_sd > 0.0:
        normal = np.sqrt(-2.0 * np.log(u_5)) * np.cos(2.0 * np.pi * u_6)  # Box and Muller 1958
        for k in (CANCER_DEATH, LOCAL, DISTANT):
            clocks[BASE, k] = np.exp(model.frailty_sd * normal - 0.5 * model.frailty_sd**2)


@inner_kernel
def start(table: Floats, arm: int, clocks: Floats) -> None:
    """Turn the thresholds in TARGET into the clocks of a participant at the origin, in row `arm`."""
    for k in range(N_TRANSITIONS):
        clocks[DUE, k] = np.inf
        if table[arm, k, HAZARD] != ABSENT:
            clocks[SPEED, k] = clocks[BASE, k] * table[arm, k, ARM_RATIO]
            clocks[TARGET, k] /= clocks[SPEED, k]
            clocks[DUE, k] = time_of_hazard(table, arm, k, clocks[TARGET, k])


@inner_kernel
def reset(now: float, arms: tuple[int, int], happened: tuple[bool, bool], table: Floats, clocks: Floats) -> None:
    """Set anew the clocks that run otherwise from `now` on, after a progression or a change of arm.

    Args:
        now: months.
        arms: rows of the table in force before and after.
        happened: whether local and distant progression have happened.
        table: of the model.
        clocks: changed in place; what is due already stays as it is.
    """
    was, arm = arms
    for k in range(N_TRANSITIONS):
        if table[arm, k, HAZARD] == ABSENT or clocks[DUE, k] <= now:
            continue
        speed = clocks[BASE, k] * table[arm, k, ARM_RATIO]
        for progression in range(2):
            if happened[progression]:
                speed *= table[arm, k, AFTER + progression]
        other_baseline = table[was, k, HAZARD] != table[arm, k, HAZARD]
        if speed == clocks[SPEED, k] and not other_baseline:
            continue
        spent = cumulative_hazard(table, was, k, now)
        left = max(clocks[TARGET, k] - spent, 0.0) * clocks[SPEED, k]
        if other_baseline:
            spent = cumulative_hazard(table, arm, k, now)
        clocks[SPEED, k] = speed
        clocks[TARGET, k] = spent + left / speed
        # A remainder lost in rounding must not put the event into the past.
        clocks[DUE, k] = max(now, time_of_hazard(table, arm, k, clocks[TARGET, k]))


@kernel
def walk(key: Key, participants: Participants, model: PackedModel, clocks: Floats, times: Floats, cause: Ints) -> None:
    """Walk every participant from the origin to death.

    Args:
        key: of the random numbers.
        participants: n rows.
        model: the model.
        clocks: room to work in, shape (4, 5).
        times: filled with months of local progression, distant progression, death, dropout, shape (4, n).
        cause: filled with the cause of death, shape (n,).
    """
    arm, arm_from, ratio = participants.arm, participants.arm_from, participants.ratio
    rows, periods = arm.shape
    for row in range(rows):
        who, which = np.uint64(key.participant[row]), np.uint64(key.replicate[row])
        draw((key.seed, key.stream, which, who), model, clocks)
        if ratio.shape[0] > 0:
            for k in range(N_TRANSITIONS):
                clocks[BASE, k] *= ratio[row, k]
        start(model.table, arm[row, 0], clocks)
        local = distant = np.inf
        period = 0
        while True:
            death = min(clocks[DUE, CANCER_DEATH], clocks[DUE, OTHER_DEATH])
            local_next = clocks[DUE, LOCAL] if local == np.inf else np.inf
            distant_next = clocks[DUE, DISTANT] if distant == np.inf else np.inf
            switch_next = arm_from[row, period + 1] if period + 1 < periods else np.inf
            now = min(local_next, distant_next, switch_next, death)
            if now == death:
                break
            was = arm[row, period]
            if now == switch_next:
                period += 1
            elif now == local_next:
                local = now
            else:
                distant = now
            reset(now, (was, arm[row, period]), (local <= now, distant <= now), model.table, clocks)
        times[0, row] = local
        times[1, row] = distant
        times[2, row] = death
        times[3, row] = clocks[DUE, DROPOUT] if clocks[DUE, DROPOUT] < death else np.inf
        by_cancer = clocks[DUE, CANCER_DEATH] <= clocks[DUE, OTHER_DEATH]
        cause[row] = 0 if death == np.inf else (1 if by_cancer else 2)
