"""`equipoise show T`: what a protocol says."""

from __future__ import annotations

from typing import Annotated

import typer

from equipoise.cli.output import AsJson, print_json, print_table, say

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
    _print(found)


def _print(found: object) -> None:
    from equipoise.protocol import Protocol

    assert isinstance(found, Protocol)
    say(f"{found.title}")
    say(f"{found.id}, version {found.version}" + (f", {', '.join(found.registrations)}" if found.registrations else ""))
    if found.summary:
        say(f"\n{found.summary.strip()}")
    say("\nWho may enter")
    print_table(
        ["", "at", "criterion", "decided by"],
        [[c.id, c.at, c.title, c.rule or f"judgement of the {c.judgement}"] for c in found.eligibility],
    )
    say("\nArms")
    print_table(
        ["arm", "label", "interventions"],
        [
            [name + (" (reference)" if name == found.reference_arm else ""), arm.label, ", ".join(arm.interventions)]
            for name, arm in found.arms.items()
        ],
    )
    say("\nAllocation")
    print_table(
        ["list", "method", "settings"],
        [[name, item.method, _settings(item)] for name, item in found.allocation.items()],
    )
    say("\nEndpoints")
    print_table(
        ["endpoint", "role", "kind", "label"],
        [[name, item.role, item.kind, item.label] for name, item in found.endpoints.items()],
    )
    count = len(found.assumptions_made)
    say(f"\n{count} values are assumed where the source leaves them open: equipoise check {found.id} lists them.")


def _settings(item: object) -> str:
    from pydantic import BaseModel

    assert isinstance(item, BaseModel)
    shown = item.model_dump(mode="json", exclude={"method", "text", "assumed", "note", "source"}, exclude_defaults=True)
    return "; ".join(f"{key}: {value}" for key, value in shown.items())
