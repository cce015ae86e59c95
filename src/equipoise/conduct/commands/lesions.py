"""Commands about lesions: what there was at baseline, what is found of it at a visit, and who decides between readings.

A finding is a text: a diameter in mm (`12.5`, the short axis of a node), the pieces of a lesion that fell apart
(`12.5 + 4`), or one of `absent`, `too small`, `merged`, `present`, `worse`, `not evaluated`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from equipoise.conduct.commands.base import AboutParticipant


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A lesion at baseline.

    Attributes:
        id: its name in the participant.
        site: the organ, or for a node its region; the compartment follows from it.
        role: `target` or `non-target`.
        node: whether it is a lymph node.
        found: the diameter of a target lesion as a finding; None where it was not measured.
        method: `CT`, `MRI`, `caliper` or `chest X-ray`.
        slice_mm: thickness of the slices, where over 5 mm.
        not_measurable: why it cannot be a target whatever its size; empty if it can.
    """

    id: str
    site: str
    role: str = "target"
    node: bool = False
    found: str | None = None
    method: str = "CT"
    slice_mm: str | None = None
    not_measurable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeLesions(AboutParticipant):
    """The disease before treatment, as one reading has it.

    Those of another day are a new baseline, from which a new line of treatment is judged; those of the same day again
    take the place of the first. Both have a reason.
    """

    lesions: tuple[Described, ...]
    reading: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessLesions(AboutParticipant):
    """What is found of the lesions on a day, as one reading has it; the response follows.

    Attributes:
        name: an assessment of the pathway, or `follow_up`.
        findings: by lesion of baseline; what is not named was not evaluated.
        new: sites of new lesions beyond doubt, by their names. doubtful: of those that may be new disease.
        markers_normal: whether tumour markers that were high are normal now.
        reading: `local`, `central` or `adjudicator`.
    """

    name: str
    findings: Mapping[str, str]
    new: Mapping[str, str] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)
    markers_normal: bool | None = None
    reading: str = "local"
    visit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjudicate(AboutParticipant):
    """The adjudicator agrees with one of two readings that differ; `on` is the day of the assessment."""

    name: str
    agrees_with: str
