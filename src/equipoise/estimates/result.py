"""How a result shows itself: as a frame, as text and in a notebook, all from the same columns."""

from __future__ import annotations

import html
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Column = Sequence[Any] | NDArray[Any]
_ROWS_SHOWN = 20
_HEADINGS = {"groups": "group", "names": "covariate"}  # a column holds one of them a row
_SMALLEST_P = 1e-4
"""Below this a p-value is only shown to be so: no approximation is exact that far out in the tail."""


class Result(ABC):
    """Base of what estimators and designs return."""

    __slots__ = ()
    _shown: ClassVar[tuple[str, ...]] = ()
    """The attributes that are columns of its table."""

    @abstractmethod
    def _title(self) -> str:
        """What it is, in a line."""

    def _columns(self) -> Mapping[str, Column]:
        """The table: column name, without blanks, to values; all of one length."""
        return {_HEADINGS.get(name, name): getattr(self, name) for name in self._shown}

    def _notes(self) -> list[str]:
        """Lines below the table."""
        return []

    def to_frame(self) -> pl.DataFrame:
        """The result as a polars data frame, in full precision."""
        import polars as pl  # noqa: PLC0415 - slow to import, and most callers read the arrays

        return pl.DataFrame(
            {name: np.asarray(column).tolist() for name, column in self._columns().items()}, strict=False
        )

    def _cells(self) -> tuple[list[str], list[list[str]], int]:
        columns = self._columns()
        n = max((len(column) for column in columns.values()), default=0)
        shown = range(n) if n <= _ROWS_SHOWN else [*range(_ROWS_SHOWN // 2), *range(n - _ROWS_SHOWN // 2, n)]
        rows = [[_cell(name, column[i]) for name, column in columns.items()] for i in shown]
        return list(columns), rows, n

    def __str__(self) -> str:
        """A plain table."""
        names, rows, n = self._cells()
        lines = aligned([names, *rows])
        if n > len(rows):
            lines.insert(1 + len(rows) // 2, f"... {n - len(rows)} rows ...")
        return "\n".join([self._title(), *lines, *self._notes()])

    def __repr__(self) -> str:
        """The same table, since arrays in a repr help nobody."""
        return str(self)

    def _repr_html_(self) -> str:
        """The table in a notebook."""
        names, rows, n = self._cells()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
        body = ["<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
        if n > len(rows):
            body.insert(len(rows) // 2, f'<tr><td colspan="{len(names)}">{n - len(rows)} rows not shown</td></tr>')
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        caption = f"<caption>{html.escape(self._title())}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{notes}"


def aligned(rows: Sequence[Sequence[str]], *, left: int = 0) -> list[str]:
    """Rows of cells as lines, the columns aligned to the right but for the first `left`."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if j < left else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def show(value: object) -> str:
    """One cell: five significant digits, a dash where there is no value."""
    if value is None:
        return "-"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isnan(number):
            return "-"
        return f"{number:.0f}" if number.is_integer() and abs(number) < 1e9 else f"{number:.5g}"
    return str(value)


def show_p(p_value: float) -> str:
    """A p-value as `show` does, and `< 0.0001` below that."""
    return f"< {_SMALLEST_P:.4f}" if p_value < _SMALLEST_P else show(p_value)


def _cell(name: str, value: Any) -> str:
    """One cell of the column of this name: `p`, `p_value` and such as `repeated_p` are p-values."""
    is_p = name.removesuffix("_value").rpartition("_")[2] == "p" and isinstance(value, (float, np.floating))
    return show_p(value) if is_p else show(value)


def percent(conf_level: float) -> str:
    """0.95 as `95 %`."""
    return f"{100 * conf_level:g} %"
