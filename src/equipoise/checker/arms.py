"""Arms: what they say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from equipoise.checker.finding import Finding, warning
from equipoise.protocol import Protocol

_FIRST = re.compile(r"upfront|up-front|immediate (?:surgery|resection|operation)", re.IGNORECASE)
_LATER = re.compile(r"followed by (?:surgery|resection|operation)", re.IGNORECASE)


def order_of_treatments(protocol: Protocol) -> Iterator[Finding]:
    """An arm whose surgery comes first in one passage and later in another."""
    for name, arm in protocol.arms.items():
        first, later = ([q for q in arm.quotes if pattern.search(q)] for pattern in (_FIRST, _LATER))
        if not first or not later:
            continue
        one, two = _FIRST.search(first[0]), _LATER.search(later[0])
        assert one is not None
        assert two is not None
        what = (
            f"arm {name} is quoted with surgery '{one.group()}' and with treatment '{two.group()}': it cannot be both"
        )
        mend = "ask the investigators which comes first, and whether the disease is assessed in between"
        yield warning(protocol, ("arms", name), "arm-order", what, mend)
