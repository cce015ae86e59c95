"""The data dictionary: what is recorded and serves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.checker.finding import Finding, note
from equipoise.protocol import Protocol
from equipoise.protocol.checks.rules import rule_texts
from equipoise.protocol.model.allocation import ChanceList
from equipoise.protocol.model.endpoints import Count, Score, TimeToEvent
from equipoise.protocol.rules.language import references
from equipoise.protocol.rules.parse import parse


def recorded_and_never_used(protocol: Protocol) -> Iterator[Finding]:
    """Variables that no rule, endpoint, analysis, list or data set takes up."""
    used = set(_used(protocol))
    idle = [name for name, variable in protocol.variables.items() if name not in used and variable.adam is None]
    if idle:
        what = f"recorded and never used: {', '.join(idle)}"
        mend = "name what each is for, give it an adam name if it describes participants, or leave it off the form"
        yield note(protocol, ("variables", idle[0]), "variable-unused", what, mend)


def _used(protocol: Protocol) -> Iterator[str]:
    for _, text, _ in rule_texts(protocol):
        yield from references(parse(text))
    for variable in protocol.variables.values():
        if variable.derived is not None:
            yield from references(parse(variable.derived))
    for endpoint in protocol.endpoints.values():
        match endpoint:
            case Score():
                yield endpoint.variable
            case TimeToEvent() | Count():
                yield protocol.origin_variable(endpoint.origin)
            case _:
                pass
    for analysis in protocol.analyses:
        yield from (*analysis.covariates, *analysis.subgroups)
        yield from () if isinstance(analysis.strata, str) else analysis.strata
    for allocation in protocol.allocation.values():
        if isinstance(allocation, ChanceList):
            yield from allocation.variables
