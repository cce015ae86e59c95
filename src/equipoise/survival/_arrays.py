"""Reading array-likes: numpy, polars, pandas, lists. Whatever an estimator cannot take is named by its rows.

Columns are recognised by what they can do (`to_numpy`, `columns`), so that neither polars nor pandas is
imported.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from equipoise._kernel import as_float, as_int
from equipoise.errors import DataError, NoEventsError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Keys = NDArray[np.uint64]

NO_FLOATS: Floats = np.empty(0)
"""Stands for "not given" in a kernel's float arguments, whose type must not change."""
NO_INTS: Ints = np.empty(0, dtype=np.int64)
"""Stands for "not given" in a kernel's integer arguments."""

_ROWS_NAMED = 5
_KINDS = {"U": "text", "S": "text", "M": "dates", "m": "durations", "c": "complex numbers"}
_DAYS = "divide by a unit: np.timedelta64(1, 'D') gives days, as .dt.total_days() does in polars"
_MENDS = {"dates": f"subtract the date of the origin, then {_DAYS}", "durations": _DAYS}
_CODE_EVENTS = "code censoring as 0, and an event as 1 or as the number of its cause"
A = TypeVar("A", Floats, Ints)


def rows_text(bad: Bools) -> str:
    """The rows where `bad` holds, counted from 0, as text: `rows 3, 8 and 12 more`."""
    rows = np.flatnonzero(bad)
    shown = ", ".join(str(int(row)) for row in rows[:_ROWS_NAMED])
    more = f" and {rows.size - _ROWS_NAMED} more" if rows.size > _ROWS_NAMED else ""
    return f"row{'s' if rows.size > 1 else ''} {shown}{more}"


def _is_missing(value: object) -> bool:
    """None, a NaN, and the `NA` and `NaT` of pandas."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and math.isnan(value)


def _number(value: object) -> float:
    """One object as a float; missing becomes NaN."""
    return math.nan if _is_missing(value) else float(value)  # type: ignore[arg-type]  # a wrong type raises: caught


def _plain(values: Any) -> NDArray[Any]:
    """Any array-like as a numpy array of whatever type."""
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    if not isinstance(values, Sequence) and isinstance(values, Iterable) and not hasattr(values, "__array__"):
        values = list(values)
    return np.asarray(values)


def _is_number(value: object) -> bool:
    try:
        _number(value)
    except (TypeError, ValueError):
        return False
    return True


def _kind(value: object) -> str:
    """What an object that is no number is, in words."""
    kinds = ((str, "text"), (bytes, "text"), (dt.date, "dates"), (dt.timedelta, "durations"), (complex, _KINDS["c"]))
    named = next((word for kind, word in kinds if isinstance(value, kind)), "")
    return named or _KINDS.get(np.asarray(value).dtype.kind, f"objects of type {type(value).__name__}")


def _no_numbers(array: NDArray[Any], name: str, mend_text: str) -> DataError:
    """The error for an array with entries that are no numbers: what they are, in which rows, how to mend it."""
    kind, where = _KINDS.get(array.dtype.kind, "records"), ""
    if array.dtype.kind == "O":
        bad = np.array([not _is_number(value) for value in array.ravel()]).reshape(array.shape)
        kind = _kind(array[bad][0])
        where = "" if bad.all() else f" in {rows_text(np.asarray(bad.reshape(len(bad), -1).any(axis=1)))}"
    mend = mend_text if kind == "text" else _MENDS.get(kind, "convert them first")
    return DataError(f"{name}: numbers are needed, not {kind}{where}; {mend}")


def numbers(values: Any, name: str, *, ndim: int = 1, mend_text: str = "convert it first") -> Floats:
    """`values` as a C-contiguous float array; missing entries become NaN.

    Args:
        values: the array-like.
        name: what messages call it.
        ndim: the dimensions it must have.
        mend_text: what a message says to do with text.

    Raises:
        DataError: if an entry is no number or the array has another number of dimensions than `ndim`.
    """
    array = _plain(values)
    if array.dtype.kind not in "fiub":
        if array.dtype.kind != "O":
            raise _no_numbers(array, name, mend_text)
        try:
            array = np.array([_number(value) for value in array.ravel()]).reshape(array.shape)
        except (TypeError, ValueError):
            raise _no_numbers(array, name, mend_text) from None
    if array.ndim != ndim:
        raise DataError(f"{name}: {ndim} dimension{'s' if ndim > 1 else ''} needed, {array.ndim} given; reshape it")
    return _owned(as_float(array))


def _owned(array: A) -> A:
    """A copy where the caller's memory is read-only (polars): to a kernel that would be another type."""
    return array if array.flags.writeable else array.copy()


def check_length(array: NDArray[Any], n: int, name: str) -> None:
    """Raise a DataError unless `array` has one entry a row."""
    if array.shape[0] != n:
        raise DataError(f"{name}: {array.shape[0]} rows, but time has {n}; give one entry a participant")


def _refuse(bad: Bools, name: str, what: str, mend: str) -> None:
    if bad.any():
        raise DataError(f"{name}: {what} in {rows_text(bad)}; {mend}")


def _non_negative(values: Floats, name: str) -> Floats:
    """`values` where all are finite and at least 0; else a DataError that names the rows."""
    # one pass each for the usual case: NaN and infinity both fail these comparisons
    if not (values.min() >= 0.0 and values.max() < math.inf):
        _refuse(np.isnan(values), name, "missing value", "remove the rows or complete them, and say which")
        _refuse(~np.isfinite(values), name, "infinite value", "give the last time known")
        _refuse(values < 0.0, name, "negative value", "times run from the origin on, at 0")
    return values


def read_time(time: Any, name: str = "time") -> Floats:
    """Times: at least one, finite, not negative."""
    values = numbers(time, name)
    if values.size == 0:
        raise DataError(f"{name}: no rows; give at least one participant")
    return _non_negative(values, name)


def read_event(event: Any, n: int, name: str = "event") -> Ints:
    """Event indicators, 1 or True for an event and 0 or False for censored."""
    array = _plain(event)
    if array.dtype.kind == "b" and array.ndim == 1:
        values = _owned(as_int(array))
        check_length(values, n, name)
        return values
    codes = read_causes(array, n, name)
    if codes.max() > 1:
        _refuse(codes > 1, name, "value other than 0 and 1", "code an event as 1 and censoring as 0")
    return codes


def read_causes(event: Any, n: int, name: str = "event") -> Ints:
    """Event types: 0 for censored, else the cause as a positive whole number."""
    array = _plain(event)
    small = array.dtype.kind == "i" or (array.dtype.kind == "u" and array.dtype.itemsize < 8)
    if small and array.ndim == 1 and array.size and array.min() >= 0:
        check_length(array, n, name)
        return _owned(as_int(array))
    values = numbers(array, name, mend_text=_CODE_EVENTS)
    check_length(values, n, name)
    codes = as_int(values) if np.isfinite(values.sum()) else None
    if codes is None or codes.min() < 0 or not np.array_equal(codes, values):
        _refuse(np.isnan(values), name, "missing value", "remove the rows or complete them, and say which")
        whole = np.isfinite(values) & (values >= 0) & (values == np.floor(values))
        _refuse(~whole, name, "value other than 0, 1, 2, ...", "code censoring as 0 and events as whole numbers")
        return as_int(values)
    return codes


def as_codes(causes: Ints) -> tuple[Ints, tuple[int, ...]]:
    """Causes renumbered 1, 2, ... with 0 for censored, and the causes that occur; (1,) if none does."""
    present = np.unique(causes)
    found = present[present > 0]
    if found.size == 0:
        return causes, (1,)
    if found[-1] == found.size:
        return causes, tuple(found.tolist())
    return as_int(np.where(causes > 0, np.searchsorted(found, causes) + 1, 0)), tuple(found.tolist())


def read_weights(weights: Any, n: int) -> Floats:
    """Case weights, finite and not negative; an empty array where none are given."""
    if weights is None:
        return NO_FLOATS
    values = numbers(weights, "weights")
    check_length(values, n, "weights")
    if not (values.min() >= 0.0 and values.max() < math.inf):
        _refuse(~np.isfinite(values), "weights", "missing or infinite value", "give every row a weight")
        _refuse(values < 0.0, "weights", "negative value", "weights are 0 or more")
    if values.max() == 0.0:
        raise DataError("weights: all are 0; at least one row must count")
    return values


def read_entry(entry: Any, time: Floats) -> Floats:
    """Entry times (delayed entry), before `time` in every row; an empty array where none are given."""
    if entry is None:
        return NO_FLOATS
    values = numbers(entry, "entry")
    check_length(values, time.size, "entry")
    _non_negative(values, "entry")
    _refuse(
        values >= time,
        "entry",
        "entry not before time",
        "a participant must enter before the end of follow-up",
    )
    return values


def read_groups(group: Any, n: int, name: str = "group") -> tuple[Ints, tuple[Hashable, ...]]:
    """Group codes 0, 1, ... and the labels they stand for.

    Labels are in sorted order; those of a pandas categorical or a polars Enum keep the order they were
    declared in, and levels that do not occur are left out.

    Raises:
        DataError: if a label is missing or the length is wrong.
    """
    declared = _declared_levels(group)
    array = _plain(group)
    if array.ndim != 1:
        raise DataError(f"{name}: one label a participant is needed, {array.ndim} dimensions given")
    check_length(array, n, name)
    if array.dtype.kind in "biu":
        small = _small_codes(array)
        if small is not None:
            return small
    if array.dtype.kind == "f":
        _refuse(np.isnan(array), name, "missing label", "give every participant a group")
    values = array.tolist()
    found = dict.fromkeys(values)
    if any(_is_missing(value) for value in found):
        _refuse(
            np.array([_is_missing(value) for value in values]),
            name,
            "missing label",
            "give every row a group",
        )
    levels = [level for level in declared if level in found] if declared else sorted(found, key=_sort_key)
    place = {level: k for k, level in enumerate(levels)}
    return as_int(np.fromiter((place[value] for value in values), dtype=np.int64, count=n)), tuple(levels)


def _sort_key(label: Any) -> tuple[int, Any]:
    """Numbers before texts, so that mixed labels can be sorted at all."""
    return (0, label) if isinstance(label, (int, float)) else (1, str(label))


def _declared_levels(group: Any) -> list[Hashable]:
    """The declared order of a pandas categorical or a polars Enum; empty where there is none."""
    kind = getattr(group, "dtype", None)
    if kind is None or not hasattr(kind, "categories") or isinstance(group, np.ndarray):
        return []
    return list(kind.categories)


def _small_codes(array: NDArray[Any]) -> tuple[Ints, tuple[Hashable, ...]] | None:
    """Codes of whole-number labels with few levels, without sorting; None where that would not pay."""
    codes = _owned(as_int(array))
    low, high = int(codes.min()), int(codes.max())
    if high - low > 4096:
        return None
    present = np.flatnonzero(np.bincount(codes - low if low else codes)) + low
    labels: tuple[Hashable, ...] = tuple(present.astype(array.dtype).tolist())
    if present.size == high - low + 1:
        return (codes - low if low else codes), labels
    return as_int(np.searchsorted(present, codes)), labels


def read_strata(strata: Any, n: int) -> tuple[Ints, tuple[Hashable, ...]]:
    """Stratum codes and labels.

    `strata` is one label a row, or several such columns (a list or tuple of array-likes, a mapping, a data
    frame), whose combinations that occur are the strata. No strata give an empty array and no labels.
    """
    if strata is None:
        return NO_INTS, ()
    columns = _strata_columns(strata)
    codes, labels = read_groups(columns[0], n, "strata")
    if len(columns) == 1:
        return codes, labels
    levels: list[tuple[Hashable, ...]] = [(label,) for label in labels]
    for column in columns[1:]:
        more, more_labels = read_groups(column, n, "strata")
        joint = codes * len(more_labels) + more
        present, codes = np.unique(joint, return_inverse=True)
        levels = [(*levels[j // len(more_labels)], more_labels[j % len(more_labels)]) for j in present.tolist()]
        codes = as_int(codes)
    return codes, tuple(levels)


def _strata_columns(strata: Any) -> list[Any]:
    if isinstance(strata, Mapping):
        return list(strata.values())
    if hasattr(strata, "columns"):
        return [strata[name] for name in strata.columns]
    if isinstance(strata, (list, tuple)) and all(
        hasattr(part, "__len__") and not isinstance(part, (str, bytes)) for part in strata
    ):
        return list(strata)
    array = _plain(strata)
    return list(array.T) if array.ndim == 2 else [strata]


def read_covariates(covariates: Any, n: int, names: Sequence[str] | None) -> tuple[Floats, tuple[str, ...]]:
    """Covariates as an (n, p) array and their names.

    Takes a 2-d array, a data frame, a mapping of name to column, or one column. Names are those given, else
    those of the frame, else x1, x2, ...

    Raises:
        DataError: if a value is missing or infinite, a column is no number, or lengths differ.
    """
    own_names: list[str] = []
    if isinstance(covariates, Mapping) or (hasattr(covariates, "columns") and hasattr(covariates, "__getitem__")):
        own_names = [str(name) for name in (covariates if isinstance(covariates, Mapping) else covariates.columns)]
        columns = [covariates[name] for name in (covariates if isinstance(covariates, Mapping) else covariates.columns)]
        if not columns:
            raise DataError("covariates: no columns; give at least one")
        read = [
            numbers(column, f"covariate {name}", mend_text=_dummies(name))
            for name, column in zip(own_names, columns, strict=True)
        ]
        for name, column in zip(own_names, read, strict=True):
            check_length(column, n, f"covariate {name}")
        matrix = np.column_stack(read)
    else:
        if getattr(covariates, "name", None):
            own_names = [str(covariates.name)]
        array = _plain(covariates)
        matrix = numbers(array, "covariates", ndim=array.ndim if array.ndim in {1, 2} else 2, mend_text=_dummies("x"))
        matrix = matrix.reshape(-1, 1) if matrix.ndim == 1 else matrix
    check_length(matrix, n, "covariates")
    p = matrix.shape[1]
    if p == 0:
        raise DataError("covariates: no columns; give at least one")
    chosen = tuple(names) if names is not None else tuple(own_names) or tuple(f"x{j + 1}" for j in range(p))
    if len(chosen) != p:
        raise DataError(f"names: {len(chosen)} given for {p} covariates; give one a column")
    if not np.isfinite(matrix.sum()):
        for j, name in enumerate(chosen):
            bad = ~np.isfinite(matrix[:, j])
            _refuse(
                bad,
                f"covariate {name}",
                "missing or infinite value",
                "remove the rows or complete them, and say which",
            )
    return _owned(as_float(matrix)), chosen


def _dummies(name: str) -> str:
    """How text becomes numbers."""
    return (
        f"make a column of 0 and 1 for each of its values but one, as {{'{name}=b': {name} == 'b'}}, or in polars "
        f"frame.to_dummies('{name}', drop_first=True)"
    )


def check_level(conf_level: float) -> float:
    """`conf_level` where it lies strictly between 0 and 1."""
    if not 0.0 < conf_level < 1.0:
        raise DataError(f"conf_level: {conf_level} is no level; give a number between 0 and 1, such as 0.95")
    return float(conf_level)


def require_events(event: Ints, what: str) -> None:
    """Raise a NoEventsError where `event` holds none."""
    if not event.any():
        raise NoEventsError(f"event: no events among {event.size} rows; {what} needs at least one")
