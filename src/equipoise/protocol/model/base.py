"""What every part of a protocol file has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A name that rules and files refer to: lower case, digits and underscores."""

ArmName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_]{0,19}$")]

Label = Annotated[str, StringConstraints(min_length=1, max_length=300)]

RuleText = Annotated[str, StringConstraints(min_length=1)]
"""A rule, as text; its length and depth are bounded where it is parsed."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]

Probability = Annotated[float, Field(ge=0, le=1)]


class Element(BaseModel):
    """A part of the file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


class Sourced(Element):
    """A part that says where it comes from."""

    text: Text | tuple[Text, ...] | None = Field(
        default=None, description="The source document's own words, to the letter; a test finds them in it."
    )
    source: Label | None = Field(default=None, description="Where it is from, if not the source document.")
    assumed: Text | None = Field(
        default=None, description="Why this value was chosen, where the source document leaves it open."
    )
    note: Text | None = Field(default=None, description="What a reader should know besides.")

    @property
    def quotes(self) -> tuple[str, ...]:
        """The passages quoted from the source document."""
        if self.text is None:
            return ()
        return (self.text,) if isinstance(self.text, str) else self.text
