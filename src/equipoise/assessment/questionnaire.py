"""Scores of the EORTC QLQ-C30 (version 3) and QLQ-BR23 from answers by item number.

The wording of the questionnaires belongs to the EORTC and is not here; a trial needs the EORTC's permission to use it.

Source: Fayers et al., The EORTC QLQ-C30 Scoring Manual, 3rd edition, 2001; the EORTC's SAS program for the QLQ-C30 and
modules (Van Steen and Curran, 1998, with later changes) for the items that apply to some patients only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from equipoise.errors import DataError


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of a questionnaire.

    Attributes:
        name: as in the scoring manual.
        items: numbers of its items.
        kind: "functional" or "global": higher is better; "symptom": higher is worse.
        rising: whether the score rises with the answers. Functional scales fall, but for the two of the QLQ-BR23
            whose items ask for something good.
        only_if: the number of the item whose answer 1 ("not at all") means that this one does not apply.
    """

    name: str
    items: tuple[int, ...]
    kind: Literal["functional", "symptom", "global"]
    rising: bool
    only_if: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a scale.

    Attributes:
        scale: its name.
        value: 0 to 100, None if unknown.
        raw: mean of the answered items, None if unknown.
        answered: number of items answered. items: number of items.
        why: why it is unknown; empty if it is known.
    """

    scale: str
    value: float | None
    raw: Fraction | None
    answered: int
    items: int
    why: str


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A questionnaire: its scales, and the highest answer of each item (the lowest is 1)."""

    name: str
    scales: tuple[Scale, ...]
    highest: Mapping[int, int]


def _falling(name: str, *items: int) -> Scale:
    return Scale(name, items, "functional", rising=False)


def _symptom(name: str, *items: int, only_if: int | None = None) -> Scale:
    return Scale(name, items, "symptom", rising=True, only_if=only_if)


QLQ_C30 = Questionnaire(
    "QLQ-C30",
    (
        Scale("QL2", (29, 30), "global", rising=True),
        _falling("PF2", 1, 2, 3, 4, 5),
        _falling("RF2", 6, 7),
        _falling("EF", 21, 22, 23, 24),
        _falling("CF", 20, 25),
        _falling("SF", 26, 27),
        _symptom("FA", 10, 12, 18),
        _symptom("NV", 14, 15),
        _symptom("PA", 9, 19),
        _symptom("DY", 8),
        _symptom("SL", 11),
        _symptom("AP", 13),
        _symptom("CO", 16),
        _symptom("DI", 17),
        _symptom("FI", 28),
    ),
    {item: 7 if item >= 29 else 4 for item in range(1, 31)},
)
"""Version 3.0; items 1 to 30."""

QLQ_BR23 = Questionnaire(
    "QLQ-BR23",
    (
        _falling("BRBI", 39, 40, 41, 42),
        Scale("BRSEF", (44, 45), "functional", rising=True),
        Scale("BRSEE", (46,), "functional", rising=True, only_if=45),
        _falling("BRFU", 43),
        _symptom("BRST", 31, 32, 33, 34, 36, 37, 38),
        _symptom("BRBS", 50, 51, 52, 53),
        _symptom("BRAS", 47, 48, 49),
        _symptom("BRHL", 35, only_if=34),
    ),
    dict.fromkeys(range(31, 54), 4),
)
"""Items 31 to 53, as numbered when it follows the QLQ-C30."""


def scores(questionnaire: Questionnaire, answers: Mapping[int, int | None]) -> dict[str, Score]:
    """Every score of a questionnaire that one patient filled in.

    A scale is scored when at least half of its items are answered: the missing ones count as the mean of the others.

    Args:
        questionnaire: `QLQ_C30` or `QLQ_BR23`.
        answers: by item number; None or left out is not answered.

    Returns:
        By the name of the scale, in the manual's order; a score that cannot be known has the value None.

    Raises:
        DataError: an item that the questionnaire has not, or an answer outside its range.
    """
    for item, answer in answers.items():
        highest = questionnaire.highest.get(item)
        if highest is None:
            raise DataError(f"{questionnaire.name} has no item {item}; it has {_range(questionnaire)}")
        if answer is not None and (type(answer) is not int or not 1 <= answer <= highest):
            raise DataError(f"item {item} of {questionnaire.name}: {answer!r}; the answers are 1 to {highest}")
    return {scale.name: _score(scale, answers, questionnaire.highest[scale.items[0]]) for scale in questionnaire.scales}


def _score(scale: Scale, answers: Mapping[int, int | None], highest: int) -> Score:
    given = [answer for item in scale.items if (answer := answers.get(item)) is not None]
    number, of = len(given), len(scale.items)
    if scale.only_if is not None and answers.get(scale.only_if) == 1:
        return Score(scale.name, None, None, number, of, f"does not apply, by item {scale.only_if}")
    if not given or 2 * number < of:
        return Score(scale.name, None, None, number, of, f"{number} of {of} items answered, fewer than half")
    raw = Fraction(sum(given), number)
    rise = (raw - 1) / (highest - 1)
    return Score(scale.name, float(100 * (rise if scale.rising else 1 - rise)), raw, number, of, "")


def _range(questionnaire: Questionnaire) -> str:
    return f"{min(questionnaire.highest)} to {max(questionnaire.highest)}"
