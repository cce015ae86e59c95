"""Whether a participant passes the criteria of a shipped trial, one by one."""

from __future__ import annotations

from functools import cache
from typing import Any

from equipoise.protocol import Protocol
from equipoise.protocol import load as load_file
from equipoise.protocol.rules import compile_rule

Row = dict[str, Any]
load = cache(load_file)


def verdicts(protocol: Protocol, row: Row) -> dict[str, bool | None]:
    """By criterion: True passes, False fails, None is not known; rule and judgement together."""
    found: dict[str, bool | None] = {}
    for criterion in protocol.eligibility:
        parts: list[Any] = []
        if criterion.rule is not None:
            parts.append(compile_rule(criterion.rule, protocol.dictionary).judge(row).value)
        if criterion.judgement is not None:
            parts.append(row.get(criterion.judgement_variable))
        inclusion = criterion.kind == "inclusion"
        if any(part is (not inclusion) for part in parts):
            found[criterion.id] = False
        else:
            found[criterion.id] = None if None in parts else True
    return found


def not_passed(protocol: Protocol, row: Row) -> list[str]:
    """Ids of the criteria that this participant does not pass."""
    return [name for name, verdict in verdicts(protocol, row).items() if verdict is not True]
