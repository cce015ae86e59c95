"""What holds for every figure."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from equipoise.figures.scene import Text
from equipoise.figures.typeface import text_width

SVG = "{http://www.w3.org/2000/svg}"


def texts(figure):
    """All texts drawn."""
    return [mark.text for mark in figure.marks if isinstance(mark, Text)]


def assert_sound(figure):
    """Well-formed, named, described, and no mark reaches beyond the edges (by more than the arrow of a limit)."""
    root = ET.fromstring(figure.svg("x"))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "x-title x-desc"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == figure.title
    assert root[1].tag == f"{SVG}desc"
    assert root[1].text == figure.description
    for mark in figure.marks:
        if isinstance(mark, Text):
            width = text_width(mark.text, mark.size, bold=mark.bold)
            left = mark.x - {"start": 0, "middle": width / 2, "end": width}[mark.anchor]
            assert left >= -1, mark
            assert left + width <= figure.width + 1, mark
            assert 0 <= mark.y <= figure.height, mark
        else:
            for path in mark.paths:
                for x, y in path:
                    assert -0.01 <= x <= figure.width + 0.01, mark
                    assert -0.01 <= y <= figure.height + 0.01, mark
