"""Response of a tumour per compartment, and classes made of it."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from equipoise.assessment import (
    BREAST_AND_REGIONAL_NODES,
    METASTATIC,
    PRIMARY,
    RESPONSES,
    BestRule,
    Progression,
    Recist,
    Response,
    compartment_of,
)
from equipoise.protocol.model.base import Element, Label, Name, Probability, RuleText, Sourced, Text

__all__ = ["RESPONSES", "ClassRow", "Classification", "Response", "ResponseCriteria"]

Millimetres = float
Site = Label


class ResponseCriteria(Sourced):
    """How response is judged. What is not said is as in RECIST 1.1."""

    criteria: Literal["recist-1.1", "investigator"] = "recist-1.1"
    compartments: tuple[Name, ...] = Field(
        min_length=1, max_length=20, description="Parts judged apart: primary, metastatic."
    )
    recorded: Literal["response", "lesions"] = Field(
        default="response",
        description="What is entered at an assessment: the response of each compartment, or what was found of each "
        "lesion, from which the response is then judged and never typed in.",
    )
    reading: Literal["local", "central", "central, else local", "agreed, else adjudicator"] = Field(
        default="local", description="Which reading counts where an assessment is read more than once."
    )
    progression_increase: Probability = Field(
        default=0.2, description="Growth of the sum of diameters over its nadir that is progression."
    )
    progression_at_least_mm: Millimetres = Field(
        default=5, ge=0, le=1000, description="Least growth in mm over the nadir that is progression."
    )
    partial_decrease: float = Field(
        default=0.3, gt=0, lt=1, description="Decrease of the sum from baseline that is a partial response."
    )
    measurable_mm: Millimetres = Field(
        default=10, ge=0, le=1000, description="Least longest diameter of a target lesion at baseline."
    )
    node_target_mm: Millimetres = Field(
        default=15, ge=0, le=1000, description="Least short axis of a target node at baseline."
    )
    node_normal_mm: Millimetres = Field(
        default=10, ge=0, le=1000, description="A node with a shorter short axis is normal."
    )
    too_small_mm: Millimetres = Field(
        default=5, ge=0, le=1000, description="Diameter of a lesion that is there and too small to measure."
    )
    max_targets: int = Field(default=5, ge=1, le=100, description="Target lesions in all.")
    max_per_organ: int = Field(default=2, ge=1, le=100, description="Target lesions in an organ; nodes are one.")
    reappearance: Literal["progression", "sum"] = Field(
        default="progression",
        description="Disease after a complete response: progression whatever its size, or judged by the sum.",
    )
    after_resection: Literal["re-baseline", "not evaluable"] = Field(
        default="re-baseline",
        description="After a target lesion is resected: what is left has a new baseline at the next assessment, or is "
        "not evaluable.",
    )
    overall: Literal["all lesions", "compartments"] = Field(
        default="all lesions",
        description="The overall response, where lesions are recorded: of all lesions in one sum, or put together from "
        "the compartments. A response that is recorded by compartment is always put together.",
    )
    primary_sites: tuple[Site, ...] = Field(
        default=(),
        description="Sites of the compartment `primary`; every other site is `metastatic`. The breast and its regional "
        "nodes if not given.",
    )
    minimum_stable_weeks: int | None = Field(
        default=None, ge=0, le=520, description="Least weeks from the origin to stable disease; 6 if not given."
    )
    confirmation: bool = Field(default=False, description="Whether CR and PR must be confirmed.")
    confirm_days: int = Field(default=28, ge=0, le=3650, description="Least days from a response to its confirmation.")
    max_not_evaluable: int = Field(
        default=1, ge=0, le=100, description="NE assessments allowed between a response and its confirmation."
    )
    accept_stable: bool = Field(
        default=False, description="Whether one SD between a PR and its confirmation is allowed."
    )
    missing_as_ne: bool = Field(default=False, description="Whether a best response without assessments is NE.")
    after_complete: Literal["progression", "as recorded", "partial"] = Field(
        default="progression", description="What PR or SD after CR is when the best response is told."
    )

    @cached_property
    def recist(self) -> Recist:
        """The rules that judge lesions.

        Raises:
            DesignError: they contradict each other.
        """
        return Recist(
            progression=self.progression(),
            decrease=str(self.partial_decrease),
            measurable_mm=self.measurable_mm,
            node_target_mm=self.node_target_mm,
            node_normal_mm=self.node_normal_mm,
            too_small_mm=self.too_small_mm,
            max_targets=self.max_targets,
            max_per_organ=self.max_per_organ,
            reappearance=self.reappearance,
            after_resection=self.after_resection,
            overall=self.overall,
            best=self.best_rule(),
        )

    def best_rule(self) -> BestRule:
        """How the best overall response follows."""
        weeks = {} if self.minimum_stable_weeks is None else {"minimum_stable_days": 7 * self.minimum_stable_weeks}
        return BestRule(
            confirmation=self.confirmation,
            confirm_days=self.confirm_days,
            max_not_evaluable=self.max_not_evaluable,
            accept_stable=self.accept_stable,
            missing_as_ne=self.missing_as_ne,
            after_complete=self.after_complete,
            **weeks,
        )

    def progression(self, increase: float | None = None, at_least_mm: float | None = None) -> Progression:
        """The rule of progression, with what an assessment of the pathway sets otherwise."""
        return Progression(
            str(self.progression_increase if increase is None else increase),
            self.progression_at_least_mm if at_least_mm is None else at_least_mm,
        )

    def compartment(self, site: str) -> str:
        """The compartment of a site, where that follows from it."""
        if len(self.compartments) == 1:
            return self.compartments[0]
        sites = frozenset(" ".join(each.lower().split()) for each in self.primary_sites)
        return compartment_of(site, sites or BREAST_AND_REGIONAL_NODES)

    @property
    def sorts_by_site(self) -> bool:
        """Whether the compartment of every lesion follows from its site."""
        return len(self.compartments) == 1 or set(self.compartments) == {PRIMARY, METASTATIC}


class ClassRow(Element):
    """A class, the condition for it, and what it leads to."""

    value: str = Field(min_length=1, max_length=20)
    label: Label
    when: RuleText
    proposes: Text = Field(description="What is done next.")
    arm: str | None = Field(default=None, description="The arm it leads to, in a trial that allocates by class.")
    window_months: float | None = Field(default=None, gt=0, le=600, description="How long the proposal stands.")


class Classification(Sourced):
    """A table that gives each participant a class; the first row whose condition holds."""

    label: Label
    rows: tuple[ClassRow, ...] = Field(min_length=2)
