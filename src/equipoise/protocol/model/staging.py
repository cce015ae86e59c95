"""Staging by TNM: recorded categories, from which the stage group follows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from equipoise.assessment import M_CATEGORIES, N_CATEGORIES, PREFIXES, STAGE_GROUPS, T_CATEGORIES, Prefix
from equipoise.protocol.model.base import Label, Sourced
from equipoise.protocol.model.variables import Variable


class Staging(Sourced):
    """A staging that is recorded, and again after treatment; declares `NAME_t`, `NAME_n`, `NAME_m`, `NAME_stage`,
    `NAME_prefix` and `NAME_date`."""

    label: Label = "TNM staging"
    edition: Literal["ajcc-8-anatomic-breast"] = Field(
        default="ajcc-8-anatomic-breast", description="The tables: AJCC 8th edition, breast, anatomic stage."
    )
    prefixes: tuple[Prefix, ...] = Field(
        default=PREFIXES, min_length=1, description="Clinical c, pathological p, after therapy yc and yp, recurrence r."
    )
    after_m1: Literal["IV", "by category"] = Field(
        default="IV",
        description="The stage after systemic therapy of a participant who had metastases before: IV for ever, as AJCC "
        "has it, or by the categories found then.",
    )

    def variables(self, name: str) -> dict[str, Variable]:
        """What it declares."""
        of: dict[str, tuple[str, ...]] = {
            "prefix": self.prefixes,
            "t": T_CATEGORIES,
            "n": N_CATEGORIES,
            "m": M_CATEGORIES,
            "stage": STAGE_GROUPS,
        }
        found = {
            f"{name}_{part}": Variable(
                label=f"{self.label}: {part}"[:300], type="choice", values={value: value for value in values}
            )
            for part, values in of.items()
        }
        return {**found, f"{name}_date": Variable(label=f"{self.label}: date"[:300], type="date")}
