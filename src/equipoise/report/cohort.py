"""Rules about all participants together, and how they were judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.analysis.results import CohortVerdict, Results
from equipoise.figures.numbers import count
from equipoise.protocol import Protocol

_VERDICTS = {"pass": "met", "fail": "not met", "unknown": "not known to be met"}


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """A rule about the cohort in words and as written, its verdict at analysis, and those before it."""

    id: str
    label: str
    rule: str
    verdict: str
    before: str


def cohort_rules(protocol: Protocol, results: Results) -> list[JudgedRule]:
    """Every rule about the cohort, with its verdicts as far as there are some."""
    judged = []
    for rule in protocol.cohort_rules:
        own = [item for item in results.cohort if item.rule == rule.id]
        label = (rule.label or " ".join(rule.quotes)).rstrip(" ;.")
        final = "; ".join(_at_analysis(item) for item in own if item.final)
        judged.append(JudgedRule(rule.id, label, rule.rule, final, _before([i for i in own if not i.final])))
    return judged


def _at_analysis(item: CohortVerdict) -> str:
    return f"At analysis: {_VERDICTS[item.verdict]} ({_participants(item.participants)})"


def _before(items: Sequence[CohortVerdict]) -> str:
    """`Before: not met at 7 entries, the first with 18 and the last with 24 participants`."""
    parts = []
    for verdict in ("fail", "unknown"):
        sizes = [item.participants for item in items if item.verdict == verdict]
        if len(sizes) > 2:
            span = f"the first at {count(sizes[0])} and the last at {_participants(sizes[-1])}"
            parts.append(f"{_VERDICTS[verdict]} at {count(len(sizes))} entries, {span}")
        elif sizes:
            parts.append(f"{_VERDICTS[verdict]} at {' and '.join((*map(count, sizes[:-1]), _participants(sizes[-1])))}")
    return f"Before: {'; '.join(parts)}" if parts else ""


def _participants(number: int) -> str:
    return f"{count(number)} participant{'' if number == 1 else 's'}"
