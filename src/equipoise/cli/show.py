"""`equipoise show T`: what a protocol says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from equipoise.cli.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from pydantic import BaseModel

    from equipoise.protocol import Protocol
    from equipoise.protocol.model.criteria import Criterion
    from equipoise.protocol.model.pathway import StepSettings

NAME = "show"
EXAMPLE = "Examples: equipoise show jcog1017; equipoise show --json-schema > protocol.schema.json"


def run(
    trial: Annotated[
        str | None, typer.Argument(metavar="T", help="Id of a shipped trial, or path of a protocol file.")
    ] = None,
    json_schema: Annotated[
        bool, typer.Option("--json-schema", help="Print the JSON Schema of protocol files.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a protocol: who may enter, what happens, what is measured, how it is analysed."""
    from equipoise import protocol as protocols

    if json_schema:
        print_json(protocols.json_schema())
        return
    if trial is None:
        raise typer.BadParameter("name a trial, such as jcog1017, or ask for --json-schema")
    found = protocols.load(trial)
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        return
    _print(found, trial)


def _print(found: Protocol, path: str) -> None:
    """The protocol in tables, in the order of a trial."""
    say(found.title)
    say(f"{found.id}, version {found.version}" + (f", {', '.join(found.registrations)}" if found.registrations else ""))
    if found.summary:
        say(f"\n{found.summary.strip()}")
    say("\nWho may enter, and who may not")
    print_table(
        ["", "", "at", "criterion", "decided by"],
        [[c.id, c.kind, c.at, c.title, _decided(c)] for c in found.eligibility],
    )
    if found.cohort_rules:
        say("\nRules about all participants together: they warn and refuse nobody")
        print_table(["", "rule"], [[item.id, item.rule] for item in found.cohort_rules])
    say("\nWhat happens")
    print_table(["", "step"], [[kind, text] for kind, text in map(_step, found.steps)])
    say("\nArms")
    print_table(
        ["arm", "label", "interventions"],
        [
            [name + (" (reference)" if name == found.reference_arm else ""), arm.label, ", ".join(arm.interventions)]
            for name, arm in found.arms.items()
        ],
    )
    say("\nAllocation")
    lists = [[name, item.method, _settings(item)] for name, item in found.allocation.items()]
    print_table(["list", "method", "settings"], lists)
    say("\nEndpoints")
    print_table(
        ["endpoint", "role", "kind", "label"],
        [[name, item.role, item.kind, item.label] for name, item in found.endpoints.items()],
    )
    say("\nAnalyses")
    print_table(
        ["endpoint", "population", "test", "model", "level", "sides"],
        [
            [a.endpoint, a.population, a.test, a.model, f"{100 * a.conf_level:g} %", str(a.sides)]
            for a in found.analyses
        ],
    )
    if found.withdrawal:
        say("\nReasons to leave")
        print_table(["", "by", "reason"], [[item.id, item.by, item.label] for item in found.withdrawal])
    if count := len(found.assumptions_made):
        say(f"\n{count} values are assumed where the source leaves them open: equipoise check {path} lists them.")


def _decided(criterion: Criterion) -> str:
    parts = [criterion.rule] if criterion.rule else []
    if criterion.judgement:
        parts.append(f"judgement of the {criterion.judgement}")
    return "; and ".join(parts)


def _step(step: StepSettings) -> tuple[str, str]:
    """The kind of a step, and what it says of itself."""
    kind = "follow up" if type(step).__name__ == "FollowUp" else type(step).__name__.lower()
    label = str(getattr(step, "label", "") or getattr(step, "by", ""))
    every = getattr(step, "every_months", None)
    return kind, f"{label} every {every:g} months".strip() if every else label


def _settings(item: BaseModel) -> str:
    """The settings of an allocation list in words."""
    shown = item.model_dump(mode="json", exclude={"method", "text", "assumed", "note", "source"})
    return "; ".join(f"{key} {_plain(value)}" for key, value in shown.items() if value not in ([], None))


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)
