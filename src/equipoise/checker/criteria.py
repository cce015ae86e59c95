"""Eligibility: criteria that nobody passes, that exclude nobody, or that say less than a rule needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from equipoise.checker.finding import Finding, error, note, warning
from equipoise.checker.places import listed
from equipoise.checker.possibilities import Possibilities
from equipoise.protocol import Protocol
from equipoise.protocol.model.criteria import Criterion
from equipoise.protocol.rules import compile_rule
from equipoise.protocol.rules.language import Compare, Constant, Node, Not, Or, Reference, Shift, children, references
from equipoise.protocol.rules.parse import parse

_NUMBER_WORDS = {
    "a": 1, "an": 1, "one": 1, "multiple": 1, "several": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip  # short items of one kind share a line


def _node(protocol: Protocol, criterion: Criterion) -> Node | None:
    return None if criterion.rule is None else compile_rule(criterion.rule, protocol.dictionary).node


def never_passed(protocol: Protocol) -> Iterator[Finding]:
    """A criterion, or two at one step, that no participant can pass."""
    possible = Possibilities(protocol)
    passing: list[tuple[int, Criterion, Node]] = []
    for i, criterion in enumerate(protocol.eligibility):
        node = _node(protocol, criterion)
        if node is None:
            continue
        passes = node if criterion.kind == "inclusion" else Not(node)
        if possible.never(passes):
            what = f"no participant can pass {criterion.id}, whatever is recorded"
            yield error(protocol, ("eligibility", i, "rule"), "criterion-never-passed", what, "correct the rule")
            continue
        for _, other, before in passing:
            shared = other.at == criterion.at and set(references(before)) & set(references(passes))
            if shared and possible.never(before, passes):
                what = f"no participant can pass both {other.id} and {criterion.id}"
                yield error(protocol, ("eligibility", i, "rule"), "criteria-contradict", what, "correct one of the two")
        passing.append((i, criterion, passes))


def redundant_exclusions(protocol: Protocol) -> Iterator[Finding]:
    """Exclusions, or parts of them, that exclude nobody whom an inclusion at the same step lets in."""
    possible = Possibilities(protocol)
    required = [
        (criterion, node)
        for criterion in protocol.eligibility
        if criterion.kind == "inclusion" and (node := _node(protocol, criterion)) is not None
    ]
    for i, criterion in enumerate(protocol.eligibility):
        node = _node(protocol, criterion) if criterion.kind == "exclusion" and criterion.judgement is None else None
        if node is None:
            continue
        parts = node.operands if isinstance(node, Or) else (node,)
        covers: dict[int, str] = {}
        for number, part in enumerate(parts):
            for other, condition in required:
                related = other.at == criterion.at and _related(protocol, part, condition)
                if related and possible.never(part, condition):
                    covers.setdefault(number, other.id)
        if not covers:
            continue
        by = listed(sorted(set(covers.values())))
        path = ("eligibility", i, "rule")
        if len(covers) == len(parts):
            what = f"{criterion.id} excludes nobody whom {by} lets in: it is redundant"
            yield note(protocol, path, "exclusion-redundant", what, "ask whether something else was meant, or drop it")
        else:
            what = f"{len(covers)} of the {len(parts)} parts of {criterion.id} repeat what {by} already asks for"
            yield note(protocol, path, "exclusion-partly-redundant", what, "nothing to do if the repetition is meant")


def _related(protocol: Protocol, one: Node, other: Node) -> bool:
    """Whether two conditions share a variable, the responses of one assessment counting as one."""
    compartments = protocol.response.compartments if protocol.response else ()

    def names(node: Node) -> set[str]:
        return {
            re.sub(rf"_({'|'.join(map(re.escape, compartments))})$", "_response", name) if compartments else name
            for name in references(node)
        }

    return bool(names(one) & names(other))


def strict_age_limits(protocol: Protocol) -> Iterator[Finding]:
    """An inclusion that leaves out those who are exactly of the age named."""
    for i, criterion in enumerate(protocol.eligibility):
        if criterion.rule is None or criterion.kind != "inclusion":
            continue
        for limit in _strict_lower_limits(parse(criterion.rule), _ages(protocol)):
            what = f"{criterion.id} leaves out a patient who is {limit} years old: '{criterion.rule}'"
            mend = f"ask whether {limit} or older is meant; age is in completed years"
            yield warning(protocol, ("eligibility", i, "rule"), "age-limit-strict", what, mend)


def _ages(protocol: Protocol) -> set[str]:
    return {name for name, item in protocol.variables.items() if "AGE" in (name.upper(), item.adam)}


def _strict_lower_limits(node: Node, ages: set[str]) -> Iterator[Fraction]:
    match node:
        case Compare(">", Reference(name), Constant(Fraction() as limit)) if name in ages:
            yield limit
        case Compare("<", Constant(Fraction() as limit), Reference(name)) if name in ages:
            yield limit
        case _:
            for child in children(node):
                yield from _strict_lower_limits(child, ages)


def thresholds_of_ours(protocol: Protocol) -> Iterator[Finding]:
    """A criterion that the source gives no number for, judged by numbers all the same."""
    for i, criterion in enumerate(protocol.eligibility):
        if criterion.rule is None or not criterion.quotes:
            continue
        numbers = list(dict.fromkeys(_numbers(parse(criterion.rule))))
        printed = _printed_numbers(" ".join(criterion.quotes))
        if numbers and not any(number in printed or 100 * number in printed for number in numbers):
            shown = ", ".join(f"{float(number):g}" for number in numbers)
            what = (
                f"the text of {criterion.id} gives no number, and its rule uses {shown}: it cannot be judged as printed"
            )
            mend = "ask for the limits, and put them in place of ours"
            yield warning(protocol, ("eligibility", i, "rule"), "threshold-not-in-text", what, mend)


def _numbers(node: Node) -> Iterator[Fraction]:
    match node:
        case Constant(bool()):
            return
        case Constant(Fraction() as value):
            yield value
        case Shift(_, number, _):
            yield Fraction(abs(number))
        case _:
            pass
    for child in children(node):
        yield from _numbers(child)


def _printed_numbers(text: str) -> set[Fraction]:
    digits = {Fraction(found) for found in re.findall(r"\d+(?:\.\d+)?", text)}
    return digits | {
        Fraction(_NUMBER_WORDS[word]) for word in re.findall(r"[a-z]+", text.lower()) if word in _NUMBER_WORDS
    }


def left_to_judgement(protocol: Protocol) -> Iterator[Finding]:
    """Criteria without a rule: only a person can answer them."""
    judged = [(i, item) for i, item in enumerate(protocol.eligibility) if item.rule is None]
    if judged:
        names = ", ".join(item.id for _, item in judged)
        verb = "is" if len(judged) == 1 else "are"
        what = f"{len(judged)} of {len(protocol.eligibility)} criteria {verb} left to judgement alone ({names})"
        mend = "see that the role named signs each answer; sites may judge differently"
        yield note(protocol, ("eligibility", judged[0][0]), "judgement-only", what, mend)
