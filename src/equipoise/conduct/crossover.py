"""Treatment of another arm that the protocol permits: an event with its reason. The arm stays what it was."""

from __future__ import annotations

from equipoise.conduct.commands import Happen, Treat
from equipoise.conduct.context import Context
from equipoise.protocol.model.pathway import Crossover
from equipoise.protocol.wording import clipped


def crossover_of(context: Context, event: str) -> Crossover | None:
    """The crossover of the pathway that an event is, in the participant's arm."""
    return next((step for step in _of_arm(context) if step.event == event), None)


def _of_arm(context: Context) -> tuple[Crossover, ...]:
    arm = context.known.arm
    return tuple(step for step in context.protocol.steps if isinstance(step, Crossover) and arm in step.arms)


def crossover_problem(step: Crossover | None, command: Happen) -> str | None:
    """What stands against recording it: the reason, and who confirms it."""
    given = command.crossover_reason
    if step is None:
        return None if given is None else f"'{command.event}' is no crossover here, so it has no reason for one"
    if step.judged_by is not None and command.role != step.judged_by:
        return f"the crossover '{command.event}' is confirmed by the {step.judged_by}, not by the {command.role}"
    if step.reasons is None:
        return None if given is None else f"the crossover '{command.event}' has no reasons to choose from"
    if given not in step.reasons:
        known = ", ".join(step.reasons)
        what = "" if given is None else f", not '{clipped(given)}'"
        return f"the crossover '{command.event}' is recorded with its reason: one of {known}{what}"
    return None


def crossover_permitted(context: Context, step: Crossover | None) -> tuple[bool | None, tuple[str, ...]]:
    """Whether its rule holds (None if it has none, or cannot be told), and a warning unless it does.

    What happened is recorded whether it was permitted or not.
    """
    if step is None or step.when is None:
        return None, ()
    judged = context.criteria.rule(step.when).judge(context.known.values)
    if judged.value is None:
        missing = ", ".join(sorted(judged.decided_by))
        return None, (f"whether the crossover '{step.event}' is permitted cannot be told: {missing} is not recorded",)
    if judged.value:
        return True, ()
    return False, (f"the protocol does not permit the crossover '{step.event}' as things are: {step.when}",)


def crossover_of_treatment(context: Context, command: Treat) -> tuple[str, ...]:
    """What a treatment outside the arm asks for: the event that counts it, or nothing that the protocol permits."""
    step = next((item for item in _of_arm(context) if item.intervention == command.intervention), None)
    arm, label = context.known.arm, context.protocol.interventions[command.intervention].label
    if step is None:
        return (f"{label} belongs to no treatment of arm {arm}, and the protocol permits no crossover to it",)
    if any(item.event == step.event and item.on == command.on for item in context.known.events):
        return ()
    return (f"{label} in arm {arm} is a crossover: record the event '{step.event}' with its reason; the arm stays",)
