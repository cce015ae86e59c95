"""Colours and line styles.

The four arm colours keep 4.5 : 1 against white (WCAG AA for text), stay apart under the three colour-vision
deficiencies, and each comes with its own dash pattern, so that a black-and-white print can be read as well.
"""

from __future__ import annotations

from dataclasses import dataclass

INK = "#1b2430"
MUTED = "#56616f"
RULE = "#c9d0d8"
GRID = "#e6eaee"
PAPER = "#ffffff"
WASH = "#f4f6f8"


@dataclass(frozen=True, slots=True)
class ArmStyle:
    """How one arm is drawn."""

    color: str
    dash: tuple[float, ...]


ARM_STYLES = (
    ArmStyle("#00609c", ()),
    ArmStyle("#b5460f", (7.0, 3.0)),
    ArmStyle("#1d7a53", (2.0, 2.5)),
    ArmStyle("#7d3f8c", (9.0, 3.0, 2.0, 3.0)),
)


def arm_styles(arms: tuple[str, ...]) -> dict[str, ArmStyle]:
    """A style for each arm in order; beyond four arms they come round again."""
    return {arm: ARM_STYLES[index % len(ARM_STYLES)] for index, arm in enumerate(arms)}
