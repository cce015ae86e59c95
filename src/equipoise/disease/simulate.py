"""Draw histories from a disease model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise._kernel import as_float, as_int
from equipoise.disease import _walk
from equipoise.disease._walk import ABSENT, N_TRANSITIONS, Key, PackedModel, Participants, walk
from equipoise.disease.hazard import Hazard, Weibull
from equipoise.disease.histories import Histories
from equipoise.disease.model import PROGRESSIONS, TRANSITIONS, DiseaseModel
from equipoise.disease.philox import keyed_rows, seed_word, stream_word
from equipoise.errors import DesignError

NO_ARM = -1


def pack(model: DiseaseModel) -> PackedModel:
    """Lay a model out as arrays. `simulate` does it itself; pack once where many small calls follow."""
    present = dict(model.transitions())
    most_pieces = max(
        len(_pieces(hazard))
        for transition in present.values()
        for hazard in (transition.hazard, *transition.in_arm.values())
    )
    rows = len(model.arms) + 1
    table = np.zeros((rows, N_TRANSITIONS, _walk.FIRST_PIECE + _walk.PIECE_COLUMNS * most_pieces))
    table[:, :, _walk.HAZARD] = ABSENT
    for name, transition in present.items():
        column = table[:, TRANSITIONS.index(name), :]
        for row, arm in enumerate((*model.arms, None)):
            own = transition.in_arm.get(arm) if arm is not None else None
            # The baseline is number 0; an arm's own hazard gets a number of its own.
            column[row, _walk.HAZARD] = 0 if own is None else row + 1
            column[row, _walk.ARM_RATIO] = 1.0 if arm is None else transition.hazard_ratio.get(arm, 1.0)
            column[row, _walk.AFTER : _walk.SHAPE] = [transition.after.get(event, 1.0) for event in PROGRESSIONS]
            _pack_hazard(transition.hazard if own is None else own, column[row])
    return PackedModel(table, float(model.frailty_sd))


def _pieces(hazard: Hazard) -> list[tuple[float, float, float]]:
    """Start, rate and cumulative hazard at the start of each piece."""
    if isinstance(hazard, Weibull):
        return []
    starts = (0.0, *hazard.cuts)
    return [(start, rate, hazard.cumulative(start)) for start, rate in zip(starts, hazard.rates, strict=True)]


def _pack_hazard(hazard: Hazard, columns: NDArray[np.float64]) -> None:
    if isinstance(hazard, Weibull):
        columns[_walk.SHAPE], columns[_walk.SCALE] = hazard.shape, hazard.scale
    pieces = np.ravel(_pieces(hazard))
    columns[_walk.PIECES] = pieces.size // _walk.PIECE_COLUMNS
    columns[_walk.FIRST_PIECE : _walk.FIRST_PIECE + pieces.size] = pieces


def simulate(
    model: DiseaseModel | PackedModel,
    arm: ArrayLike,
    *,
    seed: int,
    stream: int | str = "disease",
    participant: ArrayLike | None = None,
    replicate: ArrayLike = 0,
    arm_from: ArrayLike | None = None,
    linear_predictors: Mapping[str, ArrayLike] | None = None,
) -> Histories:
    """Draw the latent history of each participant.

    The draws are exact (cumulative hazards are inverted, there are no time steps), and a participant's
    history depends on nothing but the model, the participant's own values and the key (seed, stream,
    replicate, participant): any part of a trial can be drawn alone and comes out the same, byte by byte.
    Until an arm is in force the history does not depend on it, so a participant can be walked without an arm
    up to the day of allocation and then again with one.

    Args:
        model: the disease model, or what `pack` makes of it.
        arm: number of the arm, its place in `model.arms`, or -1 for no arm (baseline hazards); shape (n,), or
            (n, periods) for participants whose arm changes, with `arm_from` of the same shape.
        seed: 0 .. 2**64 - 1.
        stream: separates this use of the seed from others.
        participant: numbers of the participants, shape (n,); 0 .. n - 1 if not given.
        replicate: number of the replicate, one for all or shape (n,).
        arm_from: months from which the arm (of each period) is in force, shape as `arm`, not decreasing along
            a row. Before, there is no arm. If not given, the arm is in force from the origin.
        linear_predictors: logarithm of the hazard ratio of the covariates by transition, shape (n,) each.

    Returns:
        Histories of n participants, in the order of `arm`.

    Raises:
        DesignError: arms outside the model, shapes that do not agree, keys out of range, or values not
            finite.
    """
    packed = model if isinstance(model, PackedModel) else pack(model)
    groups, starts = _periods(arm, arm_from, packed.table.shape[0] - 1)
    n = groups.shape[0]
    who, which = keyed_rows(np.arange(n) if participant is None else participant, replicate, n)
    times, cause = np.empty((4, n)), np.empty(n, dtype=np.int64)
    walk(
        Key(seed_word(seed), stream_word(stream), which, who),
        Participants(groups, starts, _predictor_ratio(packed, linear_predictors or {}, n)),
        packed,
        np.empty((4, N_TRANSITIONS)),
        times,
        cause,
    )
    return Histories(
        local_progression=times[0],
        distant_progression=times[1],
        death=times[2],
        death_cause=cause,
        dropout=times[3],
    )


def _periods(arm: ArrayLike, arm_from: ArrayLike | None, arms: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Row of the arm and start of each period, shapes (n, periods); the first period starts at 0."""
    given = np.asarray(arm)
    if given.ndim not in (1, 2) or (given.size and not np.issubdtype(given.dtype, np.integer)):
        raise DesignError(f"arm has shape {given.shape} and type {given.dtype}; give numbers of arms, shape (n,)")
    groups = as_int(given).reshape(given.shape[0], -1 if given.size else 1)
    if groups.size and (groups.min() < NO_ARM or groups.max() >= arms):
        raise DesignError(f"arm holds numbers {groups.min()} to {groups.max()}; the model has 0 to {arms - 1}")
    groups = np.where(groups == NO_ARM, arms, groups)
    if arm_from is None:
        if groups.shape[1] > 1:
            raise DesignError("arm has several periods but arm_from is not given; give the months each starts at")
        return as_int(groups), np.zeros(groups.shape)
    starts = as_float(arm_from)
    if starts.shape != given.shape:
        raise DesignError(f"arm has shape {given.shape} and arm_from {starts.shape}; give one month for each arm")
    starts = starts.reshape(groups.shape)
    if np.isnan(starts).any() or (starts < 0).any() or (starts[:, 1:] < starts[:, :-1]).any():
        raise DesignError("arm_from is missing, below 0 or decreases along a row; give months since the origin")
    before = np.full((groups.shape[0], 1), arms, dtype=np.int64)
    return as_int(np.hstack([before, groups])), as_float(np.hstack([np.zeros(before.shape), starts]))


def _predictor_ratio(packed: PackedModel, predictors: Mapping[str, ArrayLike], n: int) -> NDArray[np.float64]:
    """Hazard ratio of the covariates, shape (n, transitions), or no rows where there are none."""
    if not predictors:
        return np.empty((0, N_TRANSITIONS))
    ratio = np.ones((n, N_TRANSITIONS))
    for name, predictor in predictors.items():
        if name not in TRANSITIONS or packed.table[0, TRANSITIONS.index(name), _walk.HAZARD] == ABSENT:
            raise DesignError(f"a linear predictor for {name!r}, which the model does not have; leave it out")
        values = as_float(predictor)
        if values.shape != (n,) or not np.isfinite(values).all():
            raise DesignError(f"linear predictor of {name}: shape {values.shape}; give {n} finite numbers")
        ratio[:, TRANSITIONS.index(name)] = np.exp(values)
    return ratio
