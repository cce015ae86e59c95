"""The published numbers that designs are held to, by id; each entry names its source and its tolerance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_FILE = Path(__file__).parent.parent / "data" / "design" / "statistics.json"


@dataclass(frozen=True)
class Entry:
    """One entry of statistics.json.

    Attributes:
        id: its name.
        source: where the numbers stand.
        inputs: what they were computed from.
        expected: the published numbers, by field.
        tolerance: one number for all fields; or by field, one number or one for each number of the field.
    """

    id: str
    source: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    tolerance: dict[str, Any] | float

    def check(self, **computed: Any) -> None:
        """Hold each computed field to the expected one at the entry's tolerance."""
        for field, value in computed.items():
            expected = np.asarray(self.expected[field], dtype=float)
            actual = np.asarray(value, dtype=float)
            assert actual.shape == expected.shape, f"{self.id} {field}: shape {actual.shape}, not {expected.shape}"
            given = self.tolerance[field] if isinstance(self.tolerance, dict) else self.tolerance
            allowed = np.asarray(given, dtype=float)
            # the tolerance is one unit in the last printed digit; its own rounding must not decide
            close = np.abs(actual - expected) <= allowed * (1 + 1e-9)
            assert close.all(), f"{self.id} {field}: {actual} is not {expected} within {allowed}"


@cache
def _entries() -> dict[str, Entry]:
    rows = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        row["id"]: Entry(row["id"], row["source"], row["inputs"], row["expected"], row.get("tolerance", {}))
        for row in rows
    }


def entry(name: str) -> Entry:
    """The entry of this id."""
    return _entries()[name]
