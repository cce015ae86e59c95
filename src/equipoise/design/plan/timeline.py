"""Participants and events over the months of a trial: what is drawn as its timeline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Due:
    """A moment of the trial.

    Attributes:
        label: what happens: `end of accrual`, `analysis`.
        month: months since the first participant.
    """

    label: str
    month: float


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """What is expected at each month since the first participant.

    Attributes:
        months: (k,) increasing, from 0.
        enrolled: (k,) participants so far.
        events: by name of the assumption, (k,) events expected so far.
        required: events that the analysis waits for; None if nothing says so.
        moments: what is due when.
        unit: what an event is called: `deaths`.
    """

    months: Floats
    enrolled: Floats
    events: dict[str, Floats]
    required: float | None
    moments: tuple[Due, ...]
    unit: str = "events"
