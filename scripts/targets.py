"""What was to be reached, beside what was found: the verdicts of a page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from machine import table


@dataclass(frozen=True)
class Target:
    """What was to be reached, what was found, and whether it was; None where there was nothing to compare with."""

    words: str
    found: str
    reached: bool | None

    def cells(self) -> list[str]:
        verdict = {True: "reached", False: "**not reached**", None: "not measured"}[self.reached]
        return [self.words, self.found, verdict]


def within(words: str, found: float | None, most: float, text: str) -> Target:
    """A target not to be exceeded."""
    return Target(words, text if found is not None else "", None if found is None else found <= most)


def at_least(words: str, found: float | None, least: float, text: str) -> Target:
    """A target to be reached or exceeded."""
    return Target(words, text if found is not None else "", None if found is None else found >= least)


def target_table(targets: Sequence[Target]) -> str:
    return table(["target", "found", ""], [target.cells() for target in targets])


def judged(title: str, targets: Sequence[Target]) -> int:
    """Say all verdicts on standard error; 1 if a target is missed, else 0: the status a script ends with."""
    print(f"\n{title}", file=sys.stderr)
    for target in targets:
        words, found, verdict = target.cells()
        print(f"  {verdict.strip('*'):12} {words}: {found}", file=sys.stderr)
    return int(any(target.reached is False for target in targets))
