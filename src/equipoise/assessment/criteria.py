"""The rules by which response is judged; every number of RECIST 1.1 that a trial may set otherwise is a field.

Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247 (RECIST 1.1). Options of the best response that rest on a
convention carry the names that they have in admiralonco (derive_param_confirmed_bor) in their description.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from equipoise.assessment.lengths import Number, exact, micrometres
from equipoise.errors import DesignError

AfterComplete = Literal["progression", "as recorded", "partial"]


@dataclass(frozen=True, slots=True)
class Progression:
    """How much growth of a sum of diameters over its nadir is progression; both limits must be reached.

    Attributes:
        increase: relative to the nadir; RECIST 1.1 has 0.2, the induction of JCOG1017 has 0.1.
        at_least_mm: in millimetres; RECIST 1.1 has 5. With 0 any growth over a nadir of 0 is progression.

    Raises:
        DesignError: an increase that is not above 0.
    """

    increase: Number = "0.2"
    at_least_mm: Number = 5

    def __post_init__(self) -> None:
        """Check both limits."""
        if exact(self.increase) <= 0:
            raise DesignError(f"progression at an increase of {self.increase}; give a share above 0, such as '0.2'")
        micrometres(self.at_least_mm)

    def reached(self, total: int, nadir: int) -> bool:
        """Whether a sum has progressed over its nadir, both in micrometres; exact at both limits."""
        growth = total - nadir
        return growth > 0 and growth >= micrometres(self.at_least_mm) and growth >= exact(self.increase) * nadir

    def __str__(self) -> str:
        """The rule in words."""
        return f"+{exact(self.increase) * 100} % over the nadir and at least {exact(self.at_least_mm)} mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class BestRule:
    """How the best overall response follows from the responses at the assessments.

    Attributes:
        confirmation: whether CR and PR must be confirmed; RECIST 1.1 asks for it in trials without randomisation
            whose primary endpoint is response.
        confirm_days: least days from a response to the assessment that confirms it (admiralonco: ref_confirm).
        minimum_stable_days: least days from the origin to an assessment that counts as stable disease
            (ref_start_window). RECIST 1.1 leaves it to the protocol and names six to eight weeks.
        max_not_evaluable: assessments that are not evaluable allowed between a response and its confirmation
            (max_nr_ne).
        accept_stable: whether one SD between a PR and its confirmation is allowed (accept_sd).
        missing_as_ne: whether no assessment at all is "NE" instead of "MISSING" (missing_as_ne).
        after_complete: what PR, SD or non-CR/non-PD after CR is: "progression", since disease came back (note 1 to
            table 3); "as recorded" (admiralonco); "partial", where the CR was none and is changed to PR (the same
            note).

    Raises:
        DesignError: a number of days or assessments below 0.
    """

    confirmation: bool = False
    confirm_days: int = 28
    minimum_stable_days: int = 42
    max_not_evaluable: int = 1
    accept_stable: bool = False
    missing_as_ne: bool = False
    after_complete: AfterComplete = "progression"

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ("confirm_days", "minimum_stable_days", "max_not_evaluable"):
            if getattr(self, name) < 0:
                raise DesignError(f"{name} is {getattr(self, name)}; give 0 or more")
        if self.after_complete not in ("progression", "as recorded", "partial"):
            raise DesignError(f"after_complete {self.after_complete!r}; give progression, as recorded or partial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recist:
    """RECIST 1.1, with the fields that a protocol may set.

    Attributes:
        progression: the rule for target lesions; a visit may have its own.
        decrease: of the sum from baseline that is a partial response.
        measurable_mm: least longest diameter of a target lesion at baseline.
        node_target_mm: least short axis of a target node at baseline; from `node_normal_mm` up to it a node is
            pathological and non-target.
        node_normal_mm: a node with a shorter short axis is normal.
        too_small_mm: diameter of a lesion that is there and too small to measure.
        max_targets: in all. max_per_organ: in an organ; nodes are one organ.
        reappearance: disease after a complete response of the whole is "progression" whatever its size (note 1 to
            table 3), or is judged by the "sum" like any other.
        after_resection: "re-baseline": what is left has a new baseline and nadir at the next assessment, and surgery
            scores neither PR nor CR; or "not evaluable" from then on unless progression is proven (the EORTC's
            answer for surgery that the protocol does not foresee).
        overall: judged on "all lesions" in one sum, or put together from the "compartments".
        best: the rule for the best overall response. A partial response is kept until progression from its first
            assessment on, or, where confirmation is required, once it is confirmed.

    Raises:
        DesignError: limits that contradict each other.
    """

    progression: Progression = field(default_factory=Progression)
    decrease: Number = "0.3"
    measurable_mm: Number = 10
    node_target_mm: Number = 15
    node_normal_mm: Number = 10
    too_small_mm: Number = 5
    max_targets: int = 5
    max_per_organ: int = 2
    reappearance: Literal["progression", "sum"] = "progression"
    after_resection: Literal["re-baseline", "not evaluable"] = "re-baseline"
    overall: Literal["all lesions", "compartments"] = "all lesions"
    best: BestRule = field(default_factory=BestRule)

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        if not 0 < exact(self.decrease) < 1:
            raise DesignError(f"a decrease of {self.decrease} for a partial response; give a share between 0 and 1")
        if not micrometres(self.node_normal_mm) <= micrometres(self.node_target_mm):
            raise DesignError("a target node must not be smaller than a normal one; correct node_normal_mm")
        if not 1 <= self.max_per_organ <= self.max_targets:
            raise DesignError(
                f"{self.max_per_organ} targets an organ of {self.max_targets} in all; give 1 or more of each"
            )
        for name, allowed in (
            ("reappearance", ("progression", "sum")),
            ("after_resection", ("re-baseline", "not evaluable")),
            ("overall", ("all lesions", "compartments")),
        ):
            if getattr(self, name) not in allowed:
                raise DesignError(f"{name} is {getattr(self, name)!r}; give {' or '.join(allowed)}")

    def partial(self, total: int, baseline: int) -> bool:
        """Whether a sum has shrunk enough from baseline for a partial response, both in micrometres."""
        return total < baseline and total <= (1 - exact(self.decrease)) * Fraction(baseline)
