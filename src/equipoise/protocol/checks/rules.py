"""Every rule of the file: inside the language, and typed against the variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from equipoise.errors import ProtocolError, RuleError
from equipoise.protocol.checks.report import fail
from equipoise.protocol.model.endpoints import Proportion
from equipoise.protocol.model.pathway import Crossover, Randomise, Repeat, settings
from equipoise.protocol.rules import Rule, compile_rule
from equipoise.protocol.rules.language import Reference
from equipoise.protocol.rules.parse import parse

if TYPE_CHECKING:
    from equipoise.protocol.model.pathway import Step
    from equipoise.protocol.model.trial import Path, Protocol

Gives = Literal["boolean", "integer", "decimal", "date", "choice"]


def check_rules(protocol: Protocol) -> None:
    """Compile every rule; a rule's error carries its line."""
    _check_variable_names(protocol)
    for name, variable in protocol.variables.items():
        if variable.derived is None:
            continue
        path: Path = ("variables", name, "derived")
        if variable.type == "text":
            fail(protocol, path, "free text cannot be derived", "make it a choice")
        compiled(protocol, path, variable.derived, gives=variable.type)
    for path, text, cohort in rule_texts(protocol):
        rule = compiled(protocol, path, text, cohort=cohort)
        if not rule.variables and not cohort:
            always = {True: "always true", False: "never true", None: "never decided"}[
                bool(rule.judge({}).value)
            ]
            fail(
                protocol,
                path,
                f"the rule names no variable, so it is {always}",
                "name the variables it rests on",
            )


def compiled(
    protocol: Protocol, path: Path, text: str, *, cohort: bool = False, gives: Gives = "boolean"
) -> Rule:
    """The rule at `path`, also written for a database once, so that a rule that grows too large fails here."""
    try:
        rule = compile_rule(text, protocol.dictionary, cohort=cohort, gives=gives)
        if gives == "boolean":
            rule.sql("duckdb")
    except RuleError as error:
        where = ".".join(str(part) for part in path)
        raise RuleError(
            f"{where}: {error.message}", file=protocol.file, line=protocol.line(path), mend=error.mend
        ) from None
    return rule


def rule_texts(protocol: Protocol) -> Iterator[tuple[Path, str, bool]]:
    """Every rule that is a condition: its path, its text, and whether it is about the cohort."""
    for i, criterion in enumerate(protocol.eligibility):
        if criterion.rule is not None:
            yield ("eligibility", i, "rule"), criterion.rule, False
    for i, cohort_rule in enumerate(protocol.cohort_rules):
        yield ("cohort_rules", i, "rule"), cohort_rule.rule, True
    for i, guidance in enumerate(protocol.guidance):
        for j, row in enumerate(guidance.rows):
            yield ("guidance", i, "rows", j, "when"), row.when, False
    for name, table in protocol.classifications.items():
        for j, line in enumerate(table.rows):
            yield ("classifications", name, "rows", j, "when"), line.when, False
    yield from _pathway_rules(protocol.pathway, ("pathway",))
    for name, endpoint in protocol.endpoints.items():
        if isinstance(endpoint, Proportion):
            yield ("endpoints", name, "rule"), endpoint.rule, False
            if endpoint.among is not None:
                yield ("endpoints", name, "among"), endpoint.among, False


def _pathway_rules(steps: tuple[Step, ...], at: Path) -> Iterator[tuple[Path, str, bool]]:
    for i, step in enumerate(steps):
        found = settings(step)
        match found:
            case Randomise(when=str(text)):
                yield (*at, i, "randomise", "when"), text, False
            case Crossover(when=str(text)):
                yield (*at, i, "crossover", "when"), text, False
            case Repeat():
                if found.until is not None:
                    yield (*at, i, "repeat", "until"), found.until, False
                yield from _pathway_rules(found.steps, (*at, i, "repeat", "steps"))
            case _:
                pass


def _check_variable_names(protocol: Protocol) -> None:
    """A variable must be nameable in a rule, and must not take the name of one that the pathway declares."""
    for name in protocol.variables:
        path: Path = ("variables", name)
        if name in protocol.implied_variables:
            fail(protocol, path, f"'{name}' is declared by the pathway already", "take another name")
        try:
            plain = isinstance(parse(name), Reference)
        except ProtocolError:
            plain = False
        if not plain:
            fail(protocol, path, f"'{name}' is a word of SQL, which rules cannot name", "take another name")
