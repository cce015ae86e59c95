"""How wide a text will be, without a font file.

A page is shown in whatever sans-serif face its reader has. Widths are those of Helvetica (Adobe Core 14 metrics),
taken a little larger so that the common system faces fit as well.
"""

from __future__ import annotations

import unicodedata

_ASCII = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip  # short items of one kind share a line
_OTHERS = {"\u00a0": 278, "–": 556, "−": 584, "—": 1000, "·": 278, "≥": 584, "≤": 584, "×": 584}
_MARGIN = 1.06
_BOLD = 1.07


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of `text` at `size`, in the unit of `size`; an estimate from above for the common faces."""
    return sum(map(_advance, text)) / 1000 * size * _MARGIN * (_BOLD if bold else 1.0)


def _advance(character: str) -> int:
    code = ord(character)
    if 32 <= code < 127:
        return _ASCII[code - 32]
    if character in _OTHERS:
        return _OTHERS[character]
    if unicodedata.combining(character):
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 600


def wrap(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """`text` in lines no wider than `width`; a word that is wider by itself is broken. At least one line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):  # not at no-break spaces
        for part in _pieces(word, size, width, bold):
            longer = f"{line} {part}" if line else part
            if line and text_width(longer, size, bold=bold) > width:
                lines.append(line)
                line = part
            else:
                line = longer
    return [*lines, line]


def _pieces(word: str, size: float, width: float, bold: bool) -> list[str]:
    """A word, cut where it would not fit on a line of its own."""
    if text_width(word, size, bold=bold) <= width:
        return [word]
    pieces, piece = [], ""
    for character in word:
        if piece and text_width(piece + character, size, bold=bold) > width:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]
