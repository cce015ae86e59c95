"""Criteria: who may enter, what holds for the cohort, and what ends participation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from equipoise.protocol.model.base import Element, Label, Name, RuleText, Sourced


class Criterion(Sourced):
    """One eligibility criterion: a rule, a judgement by a named role, or both.

    The rule states the criterion's text: for an inclusion, true passes; for an exclusion, true fails. With both, an
    inclusion needs both to be true, and either of them excludes.
    """

    id: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")
    kind: Literal["inclusion", "exclusion"]
    at: Name = Field(description="The step of the pathway at which it is judged.")
    label: Label | None = Field(default=None, description="In our words, where the text is not short.")
    rule: RuleText | None = None
    judgement: str | None = Field(default=None, description="The role that answers, such as investigator.")

    @model_validator(mode="after")
    def _can_be_judged(self) -> Criterion:
        if self.rule is None and self.judgement is None:
            raise ValueError(f"criterion {self.id} needs a rule, a judgement, or both")
        if not self.quotes and self.label is None:
            raise ValueError(f"criterion {self.id} needs a text (the document's words) or a label")
        return self

    @property
    def title(self) -> str:
        """A short text for tables."""
        return self.label or self.quotes[0].rstrip(" ;.")

    @property
    def judgement_variable(self) -> str:
        """The boolean variable that holds the answer of the judging role."""
        return f"judged_{self.id.lower()}"


class CohortRule(Sourced):
    """A rule about all participants together; it warns and never refuses."""

    id: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")
    label: Label | None = None
    rule: RuleText
    of: Name = Field(description="The step of the pathway that the participants counted have passed.")
    start: int = Field(default=1, ge=1, alias="from", description="Judged from this participant on.")


class WithdrawalEffect(Element):
    """What a withdrawal ends."""

    treatment: Literal["stops", "continues"]
    follow_up: Literal["stops", "continues"]
    data: Literal["kept", "no-more", "erased"] = Field(
        description="What was recorded is kept; no more is recorded; or identifying data are erased."
    )


class WithdrawalRule(Sourced):
    """A reason for which a participant leaves, who states it, and its effect."""

    id: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")
    label: Label
    by: str = Field(description="The role that states it: participant, investigator, sponsor.")
    effect: WithdrawalEffect
