"""What cohort rules count, kept with the trial's head, so that nobody's rows are read but the participant's own.

The counts follow from the participants, like every projection, and are of the rules of every version of the protocol.
They say by which newest version they were made: under another, which may have other rules, they are counted anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from equipoise.conduct import Criteria, Tally, VersionTallies, tallies_by_version
from equipoise.store.driver import Rows
from equipoise.store.projections import values_of

EVERYBODY = "SELECT steps_json, values_json FROM store_participant WHERE trial_id = %s"
_PROTOCOL, _RULES = "protocol", "rules"


def to_json(tallies: VersionTallies, digest: str) -> dict[str, Any] | None:
    """Tallies as they are kept, by version and rule; nothing if there are no cohort rules."""
    rules = {version: {name: tally.to_json() for name, tally in of.items()} for version, of in tallies.items()}
    return {_PROTOCOL: digest, _RULES: rules} if any(rules.values()) else None


def tallies(
    criteria: Criteria, digest: str, kept: Mapping[str, Any] | None, everybody: Callable[[], Rows]
) -> VersionTallies:
    """The tallies that are kept, or counted anew if they were made before an amendment.

    Args:
        criteria: those of every version.
        digest: of the text of the newest.
        kept: what `to_json` wrote.
        everybody: reads the steps and the values of all participants.
    """
    if not any(item.protocol.cohort_rules for item in criteria.versions.values()):
        return tallies_by_version(criteria)
    if kept is not None and kept[_PROTOCOL] == digest:
        return {
            version: {name: Tally.from_json(value) for name, value in of.items()}
            for version, of in kept[_RULES].items()
        }
    dictionary = criteria.dictionary
    rows = ((json.loads(steps), values_of(text, dictionary)) for steps, text in everybody())
    return tallies_by_version(criteria, rows)
