"""Lesions, what is found of them at a visit, and the compartment that they belong to.

Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247 (RECIST 1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from equipoise.assessment.lengths import Number, Unit, micrometres
from equipoise.errors import DataError

Role = Literal["target", "non-target"]
Method = Literal["CT", "MRI", "caliper", "chest X-ray"]
State = Literal["measured", "absent", "too small", "merged", "present", "worse", "not evaluated"]

PRIMARY, METASTATIC = "primary", "metastatic"
BREAST_AND_REGIONAL_NODES = frozenset(
    {"breast", "axillary", "intramammary", "infraclavicular", "internal mammary", "supraclavicular"}
)
"""Sites of the primary compartment of breast cancer: the breast and the regional nodes of the same side (UICC TNM,
8th edition). A site of the other side is named otherwise, as in "contralateral axillary"."""


def compartment_of(site: str, primary_sites: frozenset[str] = BREAST_AND_REGIONAL_NODES) -> str:
    """The compartment of a site: "primary" in the breast and its regional nodes, otherwise "metastatic"."""
    return PRIMARY if " ".join(site.lower().split()) in primary_sites else METASTATIC


@dataclass(frozen=True, slots=True)
class Lesion:
    """A lesion found at baseline.

    Attributes:
        id: its name in the participant.
        site: the organ ("liver"), or for a node its region ("axillary").
        role: "target" or "non-target".
        node: whether it is a lymph node, measured by its short axis; all nodes together are one organ.
        compartment: judged apart under this name; by the site if not given.
        method: how it is measured; by chest X-ray a lesion is measurable from 20 mm.
        slice_mm: thickness of the slices where over 5 mm: a lesion is then measurable from twice that.
        not_measurable_because: why it cannot be a target whatever its size (bone without soft tissue, effusion,
            irradiated before and not grown since); empty if it can.
    """

    id: str
    site: str
    role: Role = "target"
    node: bool = False
    compartment: str = ""
    method: Method = "CT"
    slice_mm: Number | None = None
    not_measurable_because: str = ""

    def __post_init__(self) -> None:
        """Check the names, and find the compartment."""
        if not self.id or not self.site:
            raise DataError(f"a lesion has no id or no site ({self.id!r}, {self.site!r}); give both")
        if self.role not in ("target", "non-target"):
            raise DataError(f"lesion {self.id}: role {self.role!r}; give 'target' or 'non-target'")
        if not self.compartment:
            object.__setattr__(self, "compartment", compartment_of(self.site))

    @property
    def organ(self) -> str:
        """The organ that counts for the limit an organ."""
        return "lymph nodes" if self.node else self.site.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one lesion; made by its class methods, `Finding.measured("T1", "12.5")`.

    Attributes:
        lesion: id of the lesion.
        state: "measured"; "absent"; "too small" to measure; "merged" into another lesion that is measured with it;
            for non-target lesions also "present" and "worse" (unequivocal progression); "not evaluated".
        micrometres: the diameter where it was measured, the short axis of a node.
    """

    lesion: str
    state: State
    micrometres: int | None = None

    @classmethod
    def measured(cls, lesion: str, *diameters: Number, unit: Unit = "mm") -> Finding:
        """A measured lesion; a lesion that fell apart has a diameter a piece, and they are added.

        Raises:
            DataError: no diameter, or one that cannot be.
        """
        if not diameters:
            raise DataError(f"lesion {lesion} is measured without a diameter; give it, or say what was found")
        return cls(lesion, "measured", sum(micrometres(each, unit) for each in diameters))

    @classmethod
    def absent(cls, lesion: str) -> Finding:
        """A lesion that is no longer there."""
        return cls(lesion, "absent")

    @classmethod
    def too_small(cls, lesion: str) -> Finding:
        """A lesion that is there and too small to measure; it counts with the default diameter."""
        return cls(lesion, "too small")

    @classmethod
    def merged(cls, lesion: str) -> Finding:
        """A lesion that has grown together with another, whose diameter is that of both."""
        return cls(lesion, "merged")

    @classmethod
    def present(cls, lesion: str) -> Finding:
        """A non-target lesion that is there and has not progressed beyond doubt."""
        return cls(lesion, "present")

    @classmethod
    def worse(cls, lesion: str) -> Finding:
        """A non-target lesion that has progressed beyond doubt."""
        return cls(lesion, "worse")

    @classmethod
    def not_evaluated(cls, lesion: str) -> Finding:
        """A lesion that was not looked at, or could not be judged."""
        return cls(lesion, "not evaluated")


@dataclass(frozen=True, slots=True)
class NewLesion:
    """A lesion that was not there at baseline.

    Attributes:
        id: its name, the same at every visit that sees it.
        site: the organ or the region of nodes.
        unequivocal: whether it is new disease beyond doubt. A lesion in doubt that a later visit confirms counts
            from the visit that saw it first.
        compartment: by the site if not given: metastatic unless in the breast or its regional nodes.
    """

    id: str
    site: str
    unequivocal: bool = True
    compartment: str = ""

    def __post_init__(self) -> None:
        """Check the names, and find the compartment."""
        if not self.id or not self.site:
            raise DataError(f"a new lesion has no id or no site ({self.id!r}, {self.site!r}); give both")
        if not self.compartment:
            object.__setattr__(self, "compartment", compartment_of(self.site))
