"""What a screening found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.estimates.result import Column, Result, show
from equipoise.protocol.wording import clipped
from equipoise.screening.cohort import CohortCheck

_TITLE = 56
"""Characters of a criterion's text in a printed table."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Screening(Result):
    """How the records of a table stand on the criteria of a trial.

    A record is *ineligible* if it fails a criterion, *undecided* if it fails none and at least one is unknown on it,
    and *eligible* if it passes every rule. Of every criterion, `failed + unknown + passed + needs_judgement = records`.

    Attributes:
        trial, version: the protocol and its version.
        source: the table, for people.
        engine: what judged it.
        at: the step that was screened for; None for every step of entry.
        records, eligible, undecided, ineligible: how many records.
        criterion, kind, step, title: of every criterion in the order of the protocol, the conditions of steps last.
        judge: the role that has to judge it; None where the rule is all.
        first: records that fail it and no criterion before it.
        remaining: records that fail neither it nor any criterion before it.
        alone: records that fail it and pass all others.
        failed, unknown, passed: records, whatever they do on others.
        needs_judgement: records whose standing a person has to judge: all of them where there is no rule, and those
            that pass the rule where there is one besides. These stop nobody here.
        cohort: the rules about all participants, judged on the eligible records. They warn only.
        missing: the variables that the table lacks, and the criteria that rest on each; not recorded for anybody.
        notes: what else is to be said of how the table was read.
    """

    trial: str
    version: str
    source: str
    engine: str
    at: str | None
    records: int
    eligible: int
    undecided: int
    ineligible: int
    criterion: tuple[str, ...]
    kind: tuple[str, ...]
    step: tuple[str, ...]
    title: tuple[str, ...]
    judge: tuple[str | None, ...]
    first: NDArray[np.int64]
    remaining: NDArray[np.int64]
    alone: NDArray[np.int64]
    failed: NDArray[np.int64]
    unknown: NDArray[np.int64]
    passed: NDArray[np.int64]
    needs_judgement: NDArray[np.int64]
    cohort: tuple[CohortCheck, ...]
    missing: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]

    @property
    def judgements(self) -> tuple[str, ...]:
        """The criteria that a person has to judge, wholly or besides their rule."""
        return tuple(name for name, role in zip(self.criterion, self.judge, strict=True) if role is not None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The rules about all participants that do not hold."""
        return tuple(str(item) for item in self.cohort if item.verdict == "fail")

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        columns = {name: np.asarray(column).tolist() for name, column in self._columns().items()}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return {
            "trial": self.trial,
            "version": self.version,
            "source": self.source,
            "engine": self.engine,
            "at": self.at,
            "records": self.records,
            "eligible": self.eligible,
            "undecided": self.undecided,
            "ineligible": self.ineligible,
            "criteria": rows,
            "cohort": [asdict(item) for item in self.cohort],
            "missing": {name: list(users) for name, users in self.missing.items()},
            "notes": list(self.notes),
        }

    def _columns(self) -> Mapping[str, Column]:
        return {
            "criterion": self.criterion,
            "kind": self.kind,
            "at": self.step,
            "title": self.title,
            "judge": self.judge,
            "first": self.first,
            "remaining": self.remaining,
            "alone": self.alone,
            "fail": self.failed,
            "unknown": self.unknown,
            "pass": self.passed,
            "needs_judgement": self.needs_judgement,
        }

    def _cells(self) -> tuple[list[str], list[list[str]], int]:
        """Every criterion: an attrition table with a gap is none. Long texts are cut here, and whole in the frame."""
        columns = {**self._columns(), "title": [clipped(text, _TITLE) for text in self.title]}
        del columns["judge"]  # in the notes
        rows = [[show(column[i]) for column in columns.values()] for i in range(len(self.criterion))]
        return list(columns), rows, len(rows)

    def _title(self) -> str:
        where = "every step of entry" if self.at is None else self.at
        return f"Screening for {self.trial} ({where}), version {self.version}: {self.source}, {self.records:,} records"

    def _notes(self) -> list[str]:
        parts = (("eligible", self.eligible), ("undecided", self.undecided), ("ineligible", self.ineligible))
        lines = [f"{name}: {count:,}{_share(count, self.records)}" for name, count in parts]
        if self.judgements:
            lines.append(f"needs judgement: {', '.join(self.judgements)}; no record is decided by them here")
        lines += [lacking(self.missing)] if self.missing else []
        lines += [f"of all together: {item}" for item in self.cohort]
        return [*lines, *self.notes]


def lacking(missing: Mapping[str, tuple[str, ...]]) -> str:
    """What the table lacks, in a line: each variable with the criteria that rest on it."""
    names = ", ".join(f"{name} ({', '.join(users)})" for name, users in missing.items())
    return f"not in the table, so not recorded for anybody: {names}"


def _share(count: int, of: int) -> str:
    return f" ({100 * count / of:.1f} %)" if of else ""
