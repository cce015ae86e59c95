"""What happened to participants, whether anybody saw it or not."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars

CANCER = 1
"""`death_cause` of a death from the cancer; 0 is alive, 2 another cause."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """Latent histories, one row a participant, in months since the origin, infinite where it never happens.

    They are not cut by visits, dropout or a data cut-off (see `observe`): a death after dropout stands here.

    Attributes:
        local_progression: shape (n,), float64.
        distant_progression: shape (n,), float64.
        death: shape (n,), float64.
        death_cause: shape (n,), int64: 0 no death, 1 death from the cancer, 2 from another cause.
        dropout: shape (n,), float64; infinite too where death comes first.
    """

    local_progression: NDArray[np.float64]
    distant_progression: NDArray[np.float64]
    death: NDArray[np.float64]
    death_cause: NDArray[np.int64]
    dropout: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of participants."""
        return self.death.size

    def to_frame(self) -> polars.DataFrame:
        """One column an attribute, one row a participant."""
        import polars as pl  # noqa: PLC0415 - a simulation must not pay for loading polars

        return pl.DataFrame({column.name: getattr(self, column.name) for column in fields(self)})
