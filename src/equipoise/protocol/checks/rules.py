"""Every rule of the file: inside the language, and typed against the variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from equipoise.errors import RuleError
from equipoise.protocol.checks.report import fail, located
from equipoise.protocol.model.endpoints import Proportion
from equipoise.protocol.model.pathway import Crossover, Randomise, Repeat, Treat, settings
from equipoise.protocol.rules import Rule, compile_rule
from equipoise.protocol.rules.language import size
from equipoise.protocol.rules.parse import can_be_named
from equipoise.protocol.rules.types import Checker, Number, Words

if TYPE_CHECKING:
    from equipoise.protocol.model.pathway import Step
    from equipoise.protocol.model.trial import Path, Protocol
    from equipoise.protocol.model.variables import Variable

Gives = Literal["boolean", "integer", "decimal", "date", "choice"]
Rules: TypeAlias = "Mapping[Path, Rule]"

MAX_WORK = 150_000
"""All rules of a file together, in characters of SQL, a part of a rule counted as 30; real files need 10,000."""


def check_rules(protocol: Protocol) -> Rules:
    """Compile every rule; a rule's error carries its line. Gives them by path."""
    _check_variable_names(protocol)
    made: dict[Path, Rule] = {}
    work = 0
    for path, text, cohort, gives in _all_texts(protocol):
        rule, cost = _compiled(protocol, path, text, cohort, gives)
        work += cost
        if work > MAX_WORK:
            fail(protocol, path, "the rules up to here are too large together", "derive less, or simplify them")
        made[path] = rule
        if path[0] == "variables":
            _check_derived(protocol, path, rule)
        elif not rule.variables and not rule.counts:
            value = rule.judge({}).value
            always = "never decided" if value is None else "always true" if value else "never true"
            fail(protocol, path, f"the rule names no variable, so it is {always}", "name what it rests on")
    return made


def _compiled(protocol: Protocol, path: Path, text: str, cohort: bool, gives: Gives) -> tuple[Rule, int]:
    """The rule at `path` and its cost; written for a database once, so that one that grows too large fails here."""
    try:
        rule = compile_rule(text, protocol.dictionary, cohort=cohort, gives=gives)
        written = len(rule.sql("duckdb")) if gives == "boolean" else 0
    except RuleError as error:
        raise located(RuleError, protocol, path, error.message, error.mend) from None
    return rule, 30 * size(rule.node) + written


def rule_texts(protocol: Protocol) -> Iterator[tuple[Path, str, bool]]:
    """Every rule that is a condition: its path, its text, and whether it is about the cohort."""
    for i, criterion in enumerate(protocol.eligibility):
        if criterion.rule is not None:
            yield ("eligibility", i, "rule"), criterion.rule, False
    for i, cohort_rule in enumerate(protocol.cohort_rules):
        yield ("cohort_rules", i, "rule"), cohort_rule.rule, True
    for i, query in enumerate(protocol.queries):
        yield ("queries", i, "when"), query.when, False
    for i, guidance in enumerate(protocol.guidance):
        for j, row in enumerate(guidance.rows):
            yield ("guidance", i, "rows", j, "when"), row.when, False
            if row.departs is not None:
                yield ("guidance", i, "rows", j, "departs"), row.departs, False
    for name, table in protocol.classifications.items():
        for j, line in enumerate(table.rows):
            yield ("classifications", name, "rows", j, "when"), line.when, False
    yield from _pathway_rules(protocol.pathway, ("pathway",))
    for name, endpoint in protocol.endpoints.items():
        if isinstance(endpoint, Proportion):
            yield ("endpoints", name, "rule"), endpoint.rule, False
            if endpoint.among is not None:
                yield ("endpoints", name, "among"), endpoint.among, False


def _all_texts(protocol: Protocol) -> Iterator[tuple[Path, str, bool, Gives]]:
    """Every rule: derived variables first, then conditions."""
    for name, variable in protocol.variables.items():
        if variable.derived is None:
            continue
        path: Path = ("variables", name, "derived")
        if variable.type == "text":
            fail(protocol, path, "free text cannot be derived", "make it a choice")
        yield path, variable.derived, False, variable.type
    for path, text, cohort in rule_texts(protocol):
        yield path, text, cohort, "boolean"


def _pathway_rules(steps: tuple[Step, ...], at: Path) -> Iterator[tuple[Path, str, bool]]:
    for i, step in enumerate(steps):
        found = settings(step)
        match found:
            case Randomise(when=str(text)):
                yield (*at, i, "randomise", "when"), text, False
            case Treat(when=str(text)):
                yield (*at, i, "treat", "when"), text, False
            case Crossover(when=str(text)):
                yield (*at, i, "crossover", "when"), text, False
            case Repeat():
                if found.until is not None:
                    yield (*at, i, "repeat", "until"), found.until, False
                yield from _pathway_rules(found.steps, (*at, i, "repeat", "steps"))
            case _:
                pass


def _check_derived(protocol: Protocol, path: Path, rule: Rule) -> None:
    """A derived variable gives nothing but values that it declares."""
    variable: Variable = protocol.variables[str(path[1])]
    found = Checker(protocol.dictionary, cohort=False).check(rule.node)
    if isinstance(found, Words) and (other := sorted(found.values - set(variable.values or ()))):
        fail(protocol, path, f"it can give '{other[0]}', which is not among its values", "add it to values")
    if variable.type == "integer" and isinstance(found, Number) and (found.scale or found.is_quotient):
        fail(protocol, path, "it can give a fraction, and its type is integer", "make it decimal")


def _check_variable_names(protocol: Protocol) -> None:
    """A variable must be nameable in a rule, and must not take the name of one that the pathway declares."""
    for name in protocol.variables:
        if name in protocol.implied_variables:
            fail(protocol, ("variables", name), f"'{name}' is declared by the pathway already", "take another name")
    places: list[Path] = [("variables", name) for name in protocol.variables]
    for path in (*places, *(("classifications", name) for name in protocol.classifications)):
        if not can_be_named(str(path[-1])):
            fail(protocol, path, f"'{path[-1]}' is a word of SQL, which rules cannot name", "take another name")
