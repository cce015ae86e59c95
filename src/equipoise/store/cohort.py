"""What cohort rules count, kept with the trial's head, so that nobody's rows are read but the participant's own.

The counts follow from the participants, like every projection. They say by which protocol they were made: under
another, which may have other rules, they are counted anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from equipoise.conduct import Criteria, Tallies, Tally, tallies_of
from equipoise.store.driver import Rows
from equipoise.store.projections import values_of

EVERYBODY = "SELECT steps_json, values_json FROM store_participant WHERE trial_id = %s"
_PROTOCOL, _RULES = "protocol", "rules"


def to_json(tallies: Tallies, digest: str) -> dict[str, Any] | None:
    """Tallies as they are kept; nothing if there are no cohort rules."""
    rules = {name: tally.to_json() for name, tally in tallies.items()}
    return {_PROTOCOL: digest, _RULES: rules} if rules else None


def tallies(criteria: Criteria, digest: str, kept: Mapping[str, Any] | None, everybody: Callable[[], Rows]) -> Tallies:
    """The tallies that are kept, or counted anew if they are another protocol's.

    Args:
        criteria: the protocol's.
        digest: the protocol's.
        kept: what `to_json` wrote.
        everybody: reads the steps and the values of all participants.
    """
    if not criteria.protocol.cohort_rules:
        return {}
    if kept is not None and kept[_PROTOCOL] == digest:
        return {name: Tally.from_json(value) for name, value in kept[_RULES].items()}
    dictionary = criteria.protocol.dictionary
    return tallies_of(criteria, ((json.loads(steps), values_of(text, dictionary)) for steps, text in everybody()))
