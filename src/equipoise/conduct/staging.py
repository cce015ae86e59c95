"""Staging by TNM: categories with their checks, and the stage group that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from equipoise.assessment import Tnm, group_problem, stage_group, tnm_problems
from equipoise.conduct.commands import Stage
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Decider, Decision, accept, refuse
from equipoise.conduct.state import ParticipantState, Staged
from equipoise.conduct.values import Recorded
from equipoise.protocol import Protocol
from equipoise.protocol.model.staging import Staging


def decide_stage(context: Context, command: Stage) -> Decision:
    """A staging: categories that are, and a stage that is theirs."""
    staging = context.protocol.staging.get(command.staging)
    if staging is None:
        known = ", ".join(context.protocol.staging) or "none"
        return refuse(f"there is no staging '{command.staging}' (there is {known})")
    tnm = Tnm(command.prefix, command.t, command.n, command.m)
    problems = list(tnm_problems(tnm))
    if not problems and command.prefix not in staging.prefixes:
        problems.append(f"the prefix {command.prefix} is none of '{command.staging}' ({', '.join(staging.prefixes)})")
    if problems:
        return refuse(*problems)
    before = _metastases_before(context.known, staging, command)
    if command.stage is not None and (problem := group_problem(command.stage, tnm, metastases_before=before)):
        return refuse(problem)
    group, why = stage_group(tnm, metastases_before=before)
    return accept(
        "stage",
        command.participant,
        staging=command.staging,
        on=command.on.isoformat(),
        prefix=tnm.prefix,
        t=tnm.t,
        n=tnm.n,
        m=tnm.m,
        stage=group,
        recorded=command.stage,
        why=why,
    )


def _metastases_before(state: ParticipantState, staging: Staging, command: Stage) -> bool:
    """Whether a staging before that day found metastases, and that decides the stage for ever."""
    return staging.after_m1 == "IV" and any(item.tnm.m == "M1" and item.on <= command.on for item in state.stagings)


def staging_values(stagings: Sequence[Staged]) -> dict[str, Recorded]:
    """The values of the newest staging of each name."""
    values: dict[str, Recorded] = {}
    for name, item in {item.staging: item for item in stagings}.items():
        values |= {f"{name}_prefix": item.tnm.prefix, f"{name}_date": item.on}
        values |= {f"{name}_t": item.tnm.t, f"{name}_n": item.tnm.n, f"{name}_m": item.tnm.m}
        values |= {} if item.stage is None else {f"{name}_stage": item.stage}
    return values


def with_stagings(
    protocol: Protocol, values: Mapping[str, Recorded], stagings: Sequence[Staged]
) -> dict[str, Recorded]:
    """Values with those of the newest staging of each name, and of no other."""
    implied = {variable for name, item in protocol.staging.items() for variable in item.variables(name)}
    return {**{name: value for name, value in values.items() if name not in implied}, **staging_values(stagings)}


DECIDERS: dict[type[Any], Decider] = {Stage: decide_stage}
