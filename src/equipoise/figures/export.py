"""A scene as a matplotlib figure, for the formats that journals ask for.

`matplotlib.figure.Figure` is used by itself, without pyplot, so that nothing global is touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import matplotlib.figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text as PlacedText
from matplotlib.transforms import Affine2D

from equipoise.figures.scene import Anchor, Shape, Text

if TYPE_CHECKING:
    from equipoise.figures.figure import Figure

POINTS_PER_INCH = 72
FONT_SCALE = 0.9
"""DejaVu Sans, the face that matplotlib brings, is that much wider than the faces the layout is measured for."""

_ALIGN: dict[Anchor, Literal["left", "center", "right"]] = {"start": "left", "middle": "center", "end": "right"}


def to_matplotlib(figure: Figure) -> matplotlib.figure.Figure:
    """The figure at one point a CSS pixel."""
    width, height = figure.width / POINTS_PER_INCH, figure.height / POINTS_PER_INCH
    page = matplotlib.figure.Figure(figsize=(width, height), dpi=POINTS_PER_INCH, facecolor="white")
    scale = 1 / POINTS_PER_INCH
    transform = Affine2D().scale(scale, -scale).translate(0, height) + page.dpi_scale_trans
    for order, mark in enumerate(figure.marks):
        artist = _text(mark) if isinstance(mark, Text) else _shape(mark)
        artist.set_transform(transform)
        artist.set_zorder(order)
        page.add_artist(artist)
    return page


def _text(mark: Text) -> PlacedText:
    font = FontProperties(family="DejaVu Sans", size=mark.size * FONT_SCALE, weight="bold" if mark.bold else "normal")
    return PlacedText(
        mark.x,
        mark.y,
        mark.text,
        color=mark.color,
        fontproperties=font,
        horizontalalignment=_ALIGN[mark.anchor],
        verticalalignment="baseline",
        parse_math=False,  # a dollar sign in a label is a dollar sign
        usetex=False,
    )


def _shape(mark: Shape) -> PathPatch:
    paths = [Path(path, closed=False) for path in mark.paths]
    if mark.closed:
        paths = [Path([*path, path[0]], closed=True) for path in mark.paths]
    return PathPatch(
        Path.make_compound_path(*paths),
        fill=mark.fill is not None,
        facecolor=mark.fill or "none",
        edgecolor=mark.stroke or "none",
        linewidth=mark.width if mark.stroke else 0,
        linestyle=(0, mark.dash) if mark.dash else "solid",
        alpha=mark.opacity,
        capstyle="butt",
        joinstyle="round",
    )
