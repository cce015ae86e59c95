"""`equipoise design T`: how the numbers of a trial follow, and what they are worth if its assumptions fail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from equipoise.cli.output import AsJson, Trial, note, print_json, say

if TYPE_CHECKING:
    from equipoise.design.plan.derivation import Derivation

NAME = "design"
EXAMPLE = (
    "Examples: equipoise design jcog1017; equipoise design tehran --control-median 45 --figure timeline.svg;"
    " equipoise design changhai --json"
)


def run(
    trial: Trial,
    control_median: Annotated[
        list[float] | None,
        typer.Option(
            "--control-median", min=0.01, help="What if the control arm has this median, in months; repeatable."
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", help="Write the timeline of accrual and events; .svg, .pdf, .png, .eps or .tiff."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Derive a trial's size step by step, with its timeline, and what it is worth if its assumptions fail."""
    from equipoise.design.plan.derive import derive
    from equipoise.protocol import load
    from equipoise.trials.published_effects import published_effects

    protocol = load(trial)
    question = None if protocol.design is None else protocol.design.question
    effects = () if question is None else published_effects(question)
    found = derive(protocol, effects=effects, control_medians=control_median or ())
    if figure is not None:
        _write(found, figure)
    if as_json:
        print_json(found.to_dict())
        return
    say(str(found))


def _write(found: Derivation, path: Path) -> None:
    """The timeline as a picture."""
    from equipoise.errors import DesignError, InputError
    from equipoise.figures import timeline

    if found.timeline is None:
        raise DesignError(
            f"{found.trial} has no timeline; it needs participants, accrual, follow-up and control survival"
        )
    title = f"{found.sizing.endpoint}: participants and expected {found.sizing.unit}"
    try:
        timeline(found.timeline, title=title).save(path)
    except (OSError, ValueError) as error:
        mend = "name a folder that exists, and an ending of those listed"
        raise InputError(f"cannot write the figure to {path}: {error}", mend=mend) from error
    note(f"timeline written to {path}")
