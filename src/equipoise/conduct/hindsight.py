"""What a change after the fact means for the steps that were passed: they stand, and somebody should look."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.conduct.admission import condition_of
from equipoise.conduct.context import Context
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.lists import levels_of
from equipoise.conduct.values import Recorded
from equipoise.protocol.model.pathway import Randomise


def warnings_of(context: Context, values: Mapping[str, Recorded]) -> tuple[str, ...]:
    """Criteria of passed steps that would no longer pass, and balanced levels that would be others.

    Args:
        context: the state before the change.
        values: the participant's values after it.
    """
    found: list[str] = []
    for name, version in _passed(context).items():
        judging = context.criteria.of(version)
        step = next(item for item in judging.protocol.entry_steps if item.id == name)
        found += _criteria(context, judging, name, condition_of(step), values)
        found += _levels(context, judging, step.list, values) if isinstance(step, Randomise) else []
    return tuple(found)


def _passed(context: Context) -> dict[str, str]:
    """The steps that were passed, in order, and the version of the protocol that each was judged by."""
    found: dict[str, str] = {}
    for entry in context.known.history:
        if entry.kind in ("register", "allocate"):
            found.setdefault(str(entry.data["step"]), entry.version)
    return found


def _criteria(
    context: Context, judging: Criteria, step: str, when: str | None, values: Mapping[str, Recorded]
) -> list[str]:
    """Those that passed before the change and do not after it."""
    before = judging.judge_step(step, context.known.values, when=when)
    after = judging.judge_step(step, values, when=when)
    return [
        f"'{step}' was passed, and {new}"
        for old, new in zip(before, after, strict=True)
        if old.verdict == "pass" and new.verdict != "pass"
    ]


def _levels(context: Context, judging: Criteria, name: str, values: Mapping[str, Recorded]) -> list[str]:
    state = context.known
    before = levels_of(judging, name, state.values, state.site)
    after = levels_of(judging, name, values, state.site)
    return [
        f"list '{name}' balanced {variable}: arm, counts and level stay as randomised"
        for variable in before
        if before[variable] != after[variable]
    ]
