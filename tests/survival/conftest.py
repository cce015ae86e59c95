"""The classic data sets that published numbers were computed on."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

DATA = Path(__file__).parent.parent / "data" / "survival"


@pytest.fixture(scope="session")
def classic() -> dict[str, pl.DataFrame]:
    """Data frames by name: aml, ovarian, lung, veteran as in R's survival; whas500 of Hosmer and Lemeshow."""
    return {path.stem: pl.read_csv(path, null_values="NA") for path in DATA.glob("*.csv")}
