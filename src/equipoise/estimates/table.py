"""Estimates as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from equipoise.estimates.estimate import Estimate

if TYPE_CHECKING:
    import polars as pl


def to_frame(estimates: Iterable[Estimate]) -> pl.DataFrame:
    """One row an estimate; mappings and lists become short texts so that the frame can be written anywhere."""
    import polars as pl  # noqa: PLC0415 - polars is slow to import and most users of this package do without

    rows = []
    for estimate in estimates:
        row = estimate.to_dict()
        for key, value in row.items():
            if isinstance(value, dict):
                row[key] = "; ".join(f"{k}={v}" for k, v in value.items())
            elif isinstance(value, list):
                row[key] = "; ".join(map(str, value))
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)
