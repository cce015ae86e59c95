"""Checks of a protocol as a whole: every name declared, every rule typed, a pathway that can be walked.

What is wrong here cannot run, so loading fails. What can run but does not add up is found by `equipoise.checker`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.protocol.checks.assumptions import check_assumptions
from equipoise.protocol.checks.conduct import check_conduct
from equipoise.protocol.checks.identity import check_identity
from equipoise.protocol.checks.quality import check_quality
from equipoise.protocol.checks.rules import check_rules
from equipoise.protocol.checks.safety import check_safety
from equipoise.protocol.checks.statistics import check_statistics

if TYPE_CHECKING:
    from equipoise.protocol.model.trial import Protocol

__all__ = ["check_references"]


def check_references(protocol: Protocol) -> None:
    """Raise a `ProtocolError` for the first thing that keeps the protocol from running."""
    rules = check_rules(protocol)
    check_conduct(protocol, rules)
    check_identity(protocol)
    check_statistics(protocol)
    check_safety(protocol)
    check_quality(protocol, rules)
    if protocol.assumptions is not None:
        check_assumptions(protocol, protocol.assumptions)
