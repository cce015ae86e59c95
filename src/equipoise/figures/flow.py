"""Participant flow, in the manner of a CONSORT diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.analysis.results import Flow, FlowArm, FlowStep
from equipoise.figures.figure import Figure
from equipoise.figures.numbers import NBSP, count
from equipoise.figures.palette import INK, MUTED, WASH, arm_styles
from equipoise.figures.scene import Scene
from equipoise.figures.typeface import text_width, wrap

WIDE, NARROW = 720.0, 340.0
_LINE = 16.0
_PAD = 9.0
_GAP = 22.0
_SIZE = 12.0


@dataclass(frozen=True, slots=True)
class _Item:
    """A line of a box: what, and how many."""

    text: str
    number: int | None = None
    bold: bool = False
    indent: bool = False


@dataclass(frozen=True, slots=True)
class _Placed:
    """A box on the page."""

    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The horizontal middle."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class _Arm:
    """The boxes of one arm, and its colour."""

    stages: list[list[_Item]]
    color: str


def flow(
    flow: Flow,
    *,
    title: str = "Participant flow",
    show_title: bool = True,
    allocation: str = "Allocated",
    narrow: bool = False,
) -> Figure:
    """Who was screened, who passed each step and why others did not, and what became of each arm.

    Args:
        flow: the numbers.
        title: of the figure.
        show_title: whether to draw the title; it names the figure for a screen reader in any case.
        allocation: the word over the arms: `Randomised`, `Assigned`.
        narrow: the layout for a telephone, 340 instead of 720 pixels wide.
    """
    scene = Scene()
    width = NARROW if narrow else WIDE
    y = 1.0
    if show_title:
        scene.text(0, 16, title, size=15, bold=True)
        y = 30.0
    trunk = _entry(scene, flow, width, y)
    y = trunk.bottom
    if flow.arms:
        beside = len(flow.arms) <= (2 if narrow else 4)
        styles = arm_styles(tuple(arm.arm for arm in flow.arms))
        arms = [_Arm(_stages(arm, allocation), styles[arm.arm].color) for arm in flow.arms]
        draw = _arms_beside if beside else _arms_below
        y = draw(scene, arms, trunk, width)
    return Figure(title, _describe(flow, title, allocation), width, y + 2, tuple(scene.marks))


def _entry(scene: Scene, flow: Flow, width: float, y: float) -> _Placed:
    """The boxes down to allocation, with those who did not pass at the side; returns the last box."""
    narrow = width == NARROW
    main = width * (0.43 if narrow else 0.36)
    left = 0.0 if narrow else width / 2 - main / 2
    side = width - left - main - _GAP
    screened = [_Item("Screened", flow.screened, bold=True)]
    if flow.rescreened:
        screened.append(_Item("Screenings", flow.screenings))
    last = _box(scene, (left, y, main), screened)
    for step in flow.steps:
        reasons = _refused(step)
        gap = _GAP
        if reasons:
            out_y = last.bottom + _GAP / 2
            out = _box(scene, (left + main + _GAP, out_y, side), reasons)
            gap = out.height + _GAP
            turn = out_y + min(out.height / 2, 22.0)
            scene.arrow((last.middle, turn), (out.x, turn))
        box = _box(scene, (left, last.bottom + gap, main), [_Item(step.label, step.passed, bold=True)])
        scene.arrow((last.middle, last.bottom), (last.middle, box.y))
        last = box
    return last


def _refused(step: FlowStep) -> list[_Item]:
    """Those who did not pass a step, with reasons; nothing if all did."""
    missing = step.assessed - step.passed
    if not missing and not step.not_passed:
        return []
    head = _Item("Did not pass", missing, bold=True)
    return [head, *(_Item(_title(reason), number, indent=True) for reason, number in step.not_passed.items())]


def _title(reason: str) -> str:
    """Without the stop or semicolon that a document's list ends its items with."""
    return reason.rstrip(" ;.") or reason


def _arms_beside(scene: Scene, arms: Sequence[_Arm], trunk: _Placed, width: float) -> float:
    """The arms side by side, their boxes aligned in rows; returns where they end."""
    gap = 10.0 if width == NARROW else 16.0
    each = width * 0.5 if len(arms) == 1 else (width - gap * (len(arms) - 1)) / len(arms)
    start = (width - each * len(arms) - gap * (len(arms) - 1)) / 2
    lefts = [start + index * (each + gap) for index in range(len(arms))]
    split = trunk.bottom + _GAP * 0.75
    y = split + _GAP * 0.75
    middles = [left + each / 2 for left in lefts]
    scene.line((trunk.middle, trunk.bottom), (trunk.middle, split))
    scene.line((min(*middles, trunk.middle), split), (max(*middles, trunk.middle), split))
    for middle in middles:
        scene.arrow((middle, split), (middle, y))
    last = len(arms[0].stages) - 1
    for row in range(last + 1):
        height = max(_height(arm.stages[row], each) for arm in arms)
        for left, arm in zip(lefts, arms, strict=True):
            box = _box(scene, (left, y, each), arm.stages[row], height=height, accent=None if row else arm.color)
            if row < last:
                scene.arrow((box.middle, box.bottom), (box.middle, box.bottom + _GAP * 0.75))
        y += height + _GAP * 0.75
    return y - _GAP * 0.75


def _arms_below(scene: Scene, arms: Sequence[_Arm], trunk: _Placed, width: float) -> float:
    """The arms under one another, along a rail at the left, where they do not fit side by side."""
    rail, left = 8.0, 20.0
    y = trunk.bottom + _GAP
    turns: list[float] = []
    for arm in arms:
        box = _box(scene, (left, y, width - left), [item for stage in arm.stages for item in stage], accent=arm.color)
        turns.append(y + 18)
        y = box.bottom + 14
    start = (trunk.middle, trunk.bottom)
    scene.line(start, (trunk.middle, trunk.bottom + 10), (rail, trunk.bottom + 10), (rail, turns[-1]))
    for turn in turns:
        scene.arrow((rail, turn), (left, turn))
    return y - 14


def _stages(arm: FlowArm, allocation: str) -> list[list[_Item]]:
    """The boxes of one arm: allocation, follow-up, analysis."""
    first = [_Item(f"{allocation} to {arm.arm}", arm.allocated, bold=True), _Item(arm.label)]
    if arm.by_hand:
        first.append(_Item("of them by hand", arm.by_hand, indent=True))
    if arm.received:
        first.append(_Item("Received"))
    first += [_Item(what, number, indent=True) for what, number in arm.received.items()]
    second = [_Item("Died", arm.died), _Item("In follow-up", arm.in_follow_up)]
    if arm.left:
        second.append(_Item("Left", sum(arm.left.values())))
        second += [_Item(reason, number, indent=True) for reason, number in arm.left.items()]
    if arm.treatment_stopped:
        second.append(_Item("In follow-up, treatment stopped", sum(arm.treatment_stopped.values())))
        second += [_Item(reason, number, indent=True) for reason, number in arm.treatment_stopped.items()]
    third = [_Item("Analysed", arm.analysed, bold=True)]
    if arm.analysed > arm.allocated:
        third.append(_Item("of them never assigned an arm", arm.analysed - arm.allocated, indent=True))
    return [first, second, third]


def _lines(items: list[_Item], width: float) -> list[tuple[str, str, bool, float]]:
    """Text, number, weight and indent of each line of a box."""
    lines: list[tuple[str, str, bool, float]] = []
    for item in items:
        indent = 10.0 if item.indent else 0.0
        number = "" if item.number is None else count(item.number)
        room = width - 2 * _PAD - indent - (text_width(number, _SIZE, bold=item.bold) + 8 if number else 0)
        wrapped = wrap(item.text, _SIZE, room, bold=item.bold)
        lines += [(line, number if not index else "", item.bold, indent) for index, line in enumerate(wrapped)]
    return lines


def _height(items: list[_Item], width: float) -> float:
    return len(_lines(items, width)) * _LINE + 2 * _PAD - 3


def _box(
    scene: Scene,
    place: tuple[float, float, float],
    items: list[_Item],
    *,
    height: float | None = None,
    accent: str | None = None,
) -> _Placed:
    """A box at x and y, so wide: text at the left, numbers at the right."""
    x, y, width = place
    lines = _lines(items, width)
    placed = _Placed(x + 0.75, y, width - 1.5, height or _height(items, width))
    scene.box(placed.x, y, placed.width, placed.height, fill=WASH, stroke=MUTED)
    if accent:
        scene.area((x, y), (x + width, y), (x + width, y + 3), (x, y + 3), fill=accent)
    for index, (text, number, bold, indent) in enumerate(lines):
        base = y + _PAD + 11 + index * _LINE
        scene.text(x + _PAD + indent, base, text, size=_SIZE, bold=bold, color=MUTED if indent else INK)
        scene.text(x + width - _PAD, base, number, size=_SIZE, bold=bold, anchor="end", color=MUTED if indent else INK)
    return placed


def _describe(flow: Flow, title: str, allocation: str) -> str:
    """The figure in sentences."""
    again = f" in {count(flow.screenings)} screenings" if flow.rescreened else ""
    parts = [f"{title}: {count(flow.screened)} screened{again}."]
    for step in flow.steps:
        parts.append(f"{step.label}: {count(step.passed)} of {count(step.assessed)} passed{_reasons(step.not_passed)}.")
    for arm in flow.arms:
        parts.append(
            f"{allocation} to {arm.arm}, {arm.label}: {count(arm.allocated)}{_by_hand(arm)}{_reasons(arm.received)}; "
            f"died {count(arm.died)}, in follow-up {count(arm.in_follow_up)}, left {count(sum(arm.left.values()))}"
            f"{_reasons(arm.left)}{_stopped(arm)}; analysed {count(arm.analysed)}."
        )
    return " ".join(parts)


def _by_hand(arm: FlowArm) -> str:
    return f", {count(arm.by_hand)} of them by hand" if arm.by_hand else ""


def _stopped(arm: FlowArm) -> str:
    number = sum(arm.treatment_stopped.values())
    return f", treatment stopped {count(number)}{_reasons(arm.treatment_stopped)}" if number else ""


def _reasons(reasons: Mapping[str, int]) -> str:
    listed = ", ".join(f"{_title(reason)}{NBSP}{count(number)}" for reason, number in reasons.items())
    return f" ({listed})" if listed else ""
