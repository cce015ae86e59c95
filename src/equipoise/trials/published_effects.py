"""Pooled effects that others have published on the questions of the shipped trials."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from equipoise.errors import InputError

_FOLDER = Path(__file__).parent / "effects"


@dataclass(frozen=True, slots=True)
class PublishedEffect:
    """A hazard ratio that others have published, with its interval; those that ship are pooled, of death.

    Attributes:
        label: whose.
        hazard_ratio: the estimate, treatment of the question over none.
        conf_low: lower limit.
        conf_high: upper limit.
        conf_level: of the limits.
        source: where it is printed, or how it was computed.
        design: of the studies pooled: `randomised` or `observational`; empty if not said.
        studies: how many, if said.
        participants: in them, if said.
    """

    label: str
    hazard_ratio: float
    conf_low: float
    conf_high: float
    conf_level: float
    source: str = ""
    design: str = ""
    studies: int | None = None
    participants: int | None = None


def questions() -> tuple[str, ...]:
    """The questions on which effects ship."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.csv")))


def published_effects(question: str) -> tuple[PublishedEffect, ...]:
    """The effects published on one of `questions()`, randomised evidence first.

    Raises:
        InputError: another question.
    """
    if question not in questions():
        raise InputError(f"no published effects ship on the question '{question}'", mend=f"name one of {questions()}")
    with (_FOLDER / f"{question}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_effect(row) for row in csv.DictReader(file))


def _effect(row: dict[str, str]) -> PublishedEffect:
    return PublishedEffect(
        label=row["label"],
        hazard_ratio=float(row["hazard_ratio"]),
        conf_low=float(row["conf_low"]),
        conf_high=float(row["conf_high"]),
        conf_level=float(row["conf_level"]),
        source=row["source"],
        design=row["design"],
        studies=int(row["studies"]),
        participants=int(row["participants"]) if row["participants"] else None,
    )
