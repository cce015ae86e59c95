"""Lesions of a synthetic participant: sizes that give the responses that were drawn.

Each compartment has one target lesion. Sizes are tenths of a millimetre.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.assessment import METASTATIC, PRIMARY
from equipoise.conduct.commands import Described
from equipoise.protocol.model.response import ResponseCriteria
from equipoise.rehearsal.draws import Draws

SITES = {PRIMARY: "breast", METASTATIC: "liver"}
"""Where the lesion of a compartment lies."""

_SEEN = 100
"""Least size of a lesion that comes back."""


@dataclass
class _Lesion:
    """The target lesion of a compartment.

    Attributes:
        name: its name. site: its organ.
        baseline: its size before treatment. nadir: the smallest so far. size: now.
        gone: whether it was resected.
        recurrences: how many new lesions have come up where it was.
    """

    name: str
    site: str
    baseline: int
    nadir: int
    size: int
    gone: bool = False
    recurrences: int = 0


class Lesions:
    """One participant's lesions.

    A response that RECIST 1.1 does not know is not brought about: a partial response is kept until progression, disease
    after a complete response is progression, and what stood before a resection stands.

    Args:
        response: the protocol's rules.
        draws: the participant's chance.
    """

    def __init__(self, response: ResponseCriteria, draws: Draws) -> None:
        self._rules = response
        self._draws = draws
        self._turn = 0
        self._of: dict[str, _Lesion] = {}
        for number, part in enumerate(response.compartments, start=1):
            site = SITES[part] if len(response.compartments) > 1 else SITES[PRIMARY]
            size = draws.whole(f"lesion {part}", 250, 600)
            self._of[part] = _Lesion(f"T{number}", site, size, size, size)
        self._nadir = self._total
        self._operated = False  # since the last assessment: the next one is a new baseline

    def described(self) -> tuple[Described, ...]:
        """The lesions at baseline."""
        return tuple(Described(id=item.name, site=item.site, found=_mm(item.baseline)) for item in self._of.values())

    def of(self, part: str) -> tuple[str, ...]:
        """Names of the lesions of a compartment that a resection would take out."""
        item = self._of[part]
        return () if item.gone else (item.name,)

    def resected(self, part: str) -> None:
        """A compartment's lesion was taken out."""
        self._of[part].gone = True
        self._nadir = sum(item.nadir for item in self._of.values() if not item.gone)
        self._operated = True

    def found(self, wanted: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """What an assessment finds, so that the compartments respond as is wanted; one not named is as it was.

        Returns:
            Findings by lesion, and the sites of new lesions.
        """
        self._turn += 1
        new: dict[str, str] = {}
        for part, response in wanted.items():
            if self._of[part].gone:
                new |= self._recurrence(part) if response == "PD" else {}
            elif response != "PD":
                self._shrink(part, response)
        for part in (part for part, response in wanted.items() if response == "PD" and not self._of[part].gone):
            self._grow(part)
        left = [item for item in self._of.values() if not item.gone]
        for item in left:
            item.nadir = min(item.nadir, item.size)
        self._nadir = self._total if self._operated else min(self._nadir, self._total)
        self._operated = False
        return {item.name: _mm(item.size) if item.size else "absent" for item in left}, new

    @property
    def _total(self) -> int:
        return sum(item.size for item in self._of.values() if not item.gone)

    def _recurrence(self, part: str) -> dict[str, str]:
        item = self._of[part]
        item.recurrences += 1
        return {f"{item.name}-{item.recurrences}": item.site}

    def _shrink(self, part: str, response: str) -> None:
        """A size that is no progression, and is as far from baseline as the response says."""
        item = self._of[part]
        partial = item.baseline * 7 // 10
        if response == "CR":
            item.size = 0
        elif item.nadir == 0:
            item.size = max(_SEEN, item.size)  # disease after a complete response
        elif response == "PR":
            drawn = item.baseline * self._draws.whole(f"lesion {part} {self._turn}", 30, 69) // 100
            item.size = item.nadir if item.nadir <= partial else drawn
        elif item.nadir < item.baseline:
            item.size = item.nadir
        else:
            item.size = item.baseline * self._draws.whole(f"lesion {part} {self._turn}", 75, 104) // 100

    def _grow(self, part: str) -> None:
        """A size that is progression of the compartment, and of all lesions in one sum."""
        item = self._of[part]
        others = sum(other.size for name, other in self._of.items() if name != part and not other.gone)
        item.size = max(_SEEN, item.size, self._least(item.nadir), self._least(self._nadir) - others)

    def _least(self, nadir: int) -> int:
        """The least sum that is progression over a nadir, in whole tenths."""
        increase = round(self._rules.progression_increase * 1_000_000)
        share = nadir + -(-nadir * increase // 1_000_000)
        return max(share, nadir + -(-round(self._rules.progression_at_least_mm * 1000) // 100)) + 1


def _mm(size: int) -> str:
    return f"{size // 10}.{size % 10}"
