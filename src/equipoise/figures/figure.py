"""A figure: a scene of text and shapes that can be written as SVG or given to matplotlib."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.figures.scene import Mark
from equipoise.figures.svg import write_svg

if TYPE_CHECKING:
    import matplotlib.figure


@dataclass(frozen=True, slots=True)
class Figure:
    """A finished figure.

    Attributes:
        title: what it shows, in a few words; the name that a screen reader says.
        description: its main numbers in sentences, for who cannot see it.
        width: natural width in CSS pixels; it scales to the width it is given.
        height: natural height.
        marks: what is drawn, in order.
    """

    title: str
    description: str
    width: float
    height: float
    marks: tuple[Mark, ...] = field(repr=False)

    def svg(self, id: str | None = None) -> str:
        """An `<svg>` element; the same figure always gives the same bytes.

        Args:
            id: prefix of the ids inside, unique in the page that it goes into; made from the content if not given.
        """
        return write_svg(self, id or self._own_id())

    def to_matplotlib(self) -> matplotlib.figure.Figure:
        """The same scene as a matplotlib figure, to change or to save."""
        from equipoise.figures.export import to_matplotlib  # noqa: PLC0415 - matplotlib is slow to import; SVG does without

        return to_matplotlib(self)

    def save(self, path: str | Path, *, dpi: float = 300) -> None:
        """Write to a file; its ending says the format: svg, or what matplotlib writes (pdf, png, eps, tiff)."""
        path = Path(path)
        if path.suffix.lower() == ".svg":
            path.write_text(self.svg(), encoding="utf-8")
        else:
            self.to_matplotlib().savefig(path, dpi=dpi)

    def _own_id(self) -> str:
        return "figure-" + hashlib.sha256(write_svg(self, "").encode()).hexdigest()[:12]

    def _repr_html_(self) -> str:
        """In a notebook."""
        return self.svg()
