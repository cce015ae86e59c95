"""What figures are made of: two kinds of marks, and the list that they are collected on.

Coordinates are CSS pixels from the top left corner, y downwards; the y of a text is its baseline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from equipoise.figures.palette import INK, PAPER, RULE

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text."""

    x: float
    y: float
    text: str
    size: float = 12.0
    bold: bool = False
    color: str = INK
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True)
class Shape:
    """One or more lines or areas of one style."""

    paths: tuple[tuple[Point, ...], ...]
    stroke: str | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()
    fill: str | None = None
    opacity: float = 1.0
    closed: bool = False


Mark = Text | Shape


class Scene:
    """Collects marks in the order they are drawn."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12.0,
        bold: bool = False,
        color: str = INK,
        anchor: Anchor = "start",
    ) -> None:
        """A line of text with its baseline at `y`."""
        if text:
            self.marks.append(Text(x, y, text, size, bold, color, anchor))

    def lines(
        self,
        paths: Iterable[Sequence[Point]],
        *,
        color: str = INK,
        width: float = 1.0,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Open lines of one style."""
        kept = tuple(tuple(path) for path in paths if len(path) > 1)
        if kept:
            self.marks.append(Shape(kept, stroke=color, width=width, dash=dash))

    def line(self, *points: Point, color: str = INK, width: float = 1.0, dash: tuple[float, ...] = ()) -> None:
        """One open line through `points`."""
        self.lines([points], color=color, width=width, dash=dash)

    def area(self, *points: Point, fill: str, opacity: float = 1.0) -> None:
        """A filled polygon without an outline."""
        self.marks.append(Shape((points,), fill=fill, opacity=opacity, closed=True))

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str = PAPER, stroke: str | None = RULE
    ) -> None:
        """A rectangle."""
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        self.marks.append(Shape((corners,), stroke=stroke, fill=fill, closed=True))

    def arrow(self, *points: Point, color: str = INK, width: float = 1.1, head: float = 5.0) -> None:
        """A line with a head at its last point; the last piece is horizontal or vertical."""
        (x0, y0), (x1, y1) = points[-2], points[-1]
        dx = (x1 > x0) - (x1 < x0)
        dy = (y1 > y0) - (y1 < y0)
        base = (x1 - dx * head, y1 - dy * head)
        half = head * 0.6
        self.line(*points[:-1], base, color=color, width=width)
        self.area(
            (x1, y1),
            (base[0] + dy * half, base[1] + dx * half),
            (base[0] - dy * half, base[1] - dx * half),
            fill=color,
        )
