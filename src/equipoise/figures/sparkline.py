"""Curves as a small picture beside a line of text."""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.analysis.results import Curve
from equipoise.figures.axis import Axis
from equipoise.figures.figure import Figure
from equipoise.figures.palette import RULE, arm_styles
from equipoise.figures.scene import Scene
from equipoise.figures.step_curve import check_curves, describe, end_of, last_time, placed, steps

_WIDTH, _HEIGHT = 180.0, 72.0


def sparkline(curves: Sequence[Curve], *, title: str = "", warning: str = "") -> Figure:
    """The curves of one endpoint without labels, 180 by 72 pixels.

    Args:
        curves: as `kaplan_meier` takes them.
        title: the endpoint's label.
        warning: what is wrong with the curves, said in the description.

    Raises:
        DataError: as `kaplan_meier`.
    """
    check_curves(curves)
    title = title or curves[0].endpoint
    scene = Scene()
    last = last_time(curves)
    time, share = Axis(0.0, last, 1.0, _WIDTH - 1), Axis(0.0, 1.0, _HEIGHT - 2, 3.0)
    scene.line((1, 1), (1, _HEIGHT - 1), (_WIDTH, _HEIGHT - 1), color=RULE)
    styles = arm_styles(tuple(curve.arm for curve in curves))
    for curve in curves:
        style = styles[curve.arm]
        dash = tuple(0.6 * part for part in style.dash)
        points = placed(steps(curve, curve.value, end_of(curve)), time, share)
        scene.line(*points, color=style.color, width=1.6, dash=dash)
    return Figure(
        title, describe(curves, (), title, "", (0.0, last / 2), warning=warning), _WIDTH, _HEIGHT, tuple(scene.marks)
    )
