"""A scene as SVG: small, the same bytes every time, and readable by a screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from equipoise.figures.palette import INK
from equipoise.figures.scene import Point, Shape, Text

if TYPE_CHECKING:
    from equipoise.figures.figure import Figure

FONTS = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', Roboto, sans-serif"
"""Faces of the widths in `typeface`, found on every common system."""


def write_svg(figure: Figure, id: str) -> str:
    """The `<svg>` element of a figure, named and described for who cannot see it."""
    width, height = _number(figure.width), _number(figure.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="{escape(id)}-title {escape(id)}-desc" font-family={quoteattr(FONTS)} '
        f'font-size="12" fill="{INK}" stroke-linejoin="round" style="max-width:100%;height:auto">'
    )
    title = f'<title id="{escape(id)}-title">{escape(_clean(figure.title))}</title>'
    description = f'<desc id="{escape(id)}-desc">{escape(_clean(figure.description))}</desc>'
    body = [_text(mark) if isinstance(mark, Text) else _shape(mark) for mark in figure.marks]
    return "\n".join([head, title, description, *body, "</svg>\n"])


def _clean(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(character for character in text if character >= " " or character in "\t\n")


def _text(mark: Text) -> str:
    attributes = f'x="{_number(mark.x)}" y="{_number(mark.y)}"'
    if mark.size != 12:
        attributes += f' font-size="{_number(mark.size)}"'
    if mark.bold:
        attributes += ' font-weight="600"'
    if mark.color != INK:
        attributes += f' fill="{mark.color}"'
    if mark.anchor != "start":
        attributes += f' text-anchor="{mark.anchor}"'
    return f"<text {attributes}>{escape(_clean(mark.text))}</text>"


def _shape(mark: Shape) -> str:
    data = "".join(_path(path, mark.closed) for path in mark.paths)
    attributes = f'd="{data}" fill="{mark.fill or "none"}"'
    if mark.stroke:
        attributes += f' stroke="{mark.stroke}" stroke-width="{_number(mark.width)}"'
        if mark.dash:
            attributes += f' stroke-dasharray="{" ".join(map(_number, mark.dash))}"'
    if mark.opacity != 1:
        attributes += f' opacity="{_number(mark.opacity, 2)}"'
    return f"<path {attributes}/>"


def _path(points: tuple[Point, ...], closed: bool) -> str:
    """Path data; steps are written as horizontal and vertical lines, which halves the size of a step curve."""
    x, y = (_number(value) for value in points[0])
    parts = [f"M{x} {y}"]
    for point in points[1:]:
        next_x, next_y = (_number(value) for value in point)
        if next_x != x and next_y != y:
            parts.append(f"L{next_x} {next_y}")
        elif next_x != x:
            parts.append(f"H{next_x}")
        elif next_y != y:
            parts.append(f"V{next_y}")
        x, y = next_x, next_y
    return "".join(parts) + ("Z" if closed else "")


def _number(value: float, digits: int = 1) -> str:
    """Rounded, without trailing zeros and without a negative zero."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
