"""What will happen to a synthetic participant: the latent course of the disease, in dates."""

from __future__ import annotations

import math
from datetime import date, timedelta

from equipoise.disease import Histories, whole_days

LOCAL, DISTANT = "local_progression", "distant_progression"


class Fate:
    """Dates of one participant's latent history; None where something never happens.

    Args:
        histories: of this one participant, in months from `origin`.
        origin: the day on which the clock started.
    """

    def __init__(self, histories: Histories, origin: date) -> None:
        self.origin = origin
        self.progressions = {
            LOCAL: self._day(histories.local_progression[0]),
            DISTANT: self._day(histories.distant_progression[0]),
        }
        self.death = self._day(histories.death[0])
        self.cause = int(histories.death_cause[0])
        self.dropout = self._day(histories.dropout[0])

    def _day(self, months: float) -> date | None:
        """Simulated times round up to whole days; a time beyond two centuries is never."""
        if not math.isfinite(months) or months > 2400:
            return None
        return self.origin + timedelta(days=int(whole_days([months])[0]))

    @property
    def end(self) -> date | None:
        """Death or loss to follow-up, whichever is first."""
        return min((day for day in (self.death, self.dropout) if day is not None), default=None)

    @property
    def dies(self) -> bool:
        """Whether the end is death: on one day death comes before loss."""
        return self.death is not None and self.death == self.end
