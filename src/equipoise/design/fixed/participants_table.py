"""The table of a size that is a number of participants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from equipoise.estimates.result import Column

if TYPE_CHECKING:
    from equipoise.design.fixed.fixed_time import FixedTimeSize
    from equipoise.design.fixed.proportions import ProportionSize


def participants_table(size: FixedTimeSize | ProportionSize, evaluable: str) -> Mapping[str, Column]:
    """All and each arm; where not all count, also those who do, under the name `evaluable`."""
    columns: dict[str, list[Any]] = {
        "participants": ["all", "control", "experimental"],
        "value": [size.n, *size.n_by_arm],
        "rounded": [size.n_rounded, *size.n_rounded_by_arm],
    }
    if size.n_evaluable != size.n:
        for column, value in zip(columns.values(), (evaluable, size.n_evaluable, None), strict=True):
            column.append(value)
    return columns
