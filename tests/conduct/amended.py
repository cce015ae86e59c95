"""The small trial in a second and a third version, and a clerk who amends."""

from __future__ import annotations

from typing import Any

from small_trial import DAY, SEEDS, TEXT, Clerk, after

from equipoise.allocation import commitment
from equipoise.conduct import Decision, Refused, commands
from equipoise.protocol import Protocol, loads

EFFECT = after(30)
"""The day from which the second version is in force."""

_STOPS = "effect: {treatment: stops, follow_up: stops, data: kept}"
SECOND = (
    TEXT.replace(
        'versions: [{number: "1", summary: The first.}]',
        'versions: [{number: "1", summary: The first.}, {number: "2", summary: Older women may enter.}]',
    )
    .replace("age BETWEEN 18 AND 70", "age BETWEEN 18 AND 75 AND ecog <= 1")
    .replace("rule: age > 69", "rule: age > 75")
    .replace("  pain: {", "  ecog: {label: Performance status, type: integer, range: [0, 4]}\n  pain: {")
    .replace("  visit: {label", "  status: {label: Status, variables: [ecog]}\n  visit: {label")
    .replace(_STOPS, _STOPS.replace("follow_up: stops", "follow_up: continues"))
)
"""Women to 75 may enter whose performance status is 0 or 1; who withdraws consent (W1) is followed up."""

THIRD = SECOND.replace(
    "Older women may enter.}]", 'Older women may enter.}, {number: "3", summary: A third.}]'
).replace("Woman of 18 to 70", "Woman of 18 to 75")

V1, V2, V3 = (loads(text, file=f"small{i}.yaml") for i, text in enumerate((TEXT, SECOND, THIRD), start=1))


def amend(clerk: Clerk, protocol: Protocol, **settings: Any) -> Decision:
    """Amend to a new version."""
    said = {"protocol_digest": protocol.digest, "on": EFFECT, "day": DAY, **settings}
    return clerk.desk.amend(protocol, clerk.command(commands.Amend, None, **said))


def refused(clerk: Clerk, text: str, **settings: Any) -> str:
    """Amend to a text, which has to be refused and to leave no entry; its reasons in one text."""
    entries, protocol = len(clerk.desk.journal), clerk.desk.protocol
    decision = amend(clerk, loads(text, file="new.yaml"), **settings)
    assert isinstance(decision, Refused), decision
    assert len(clerk.desk.journal) == entries
    assert clerk.desk.protocol is protocol
    return "; ".join(decision.reasons)


def with_list(text: str, settings: str) -> str:
    """A text with another allocation list `main`."""
    return text[: text.index("allocation:\n") + 12] + f"  {settings}" + text[text.index("\nevents:") :]


def promised(*names: str) -> dict[str, str]:
    """Commitments to the seeds of lists."""
    return {name: commitment(SEEDS["main"]) for name in names}
