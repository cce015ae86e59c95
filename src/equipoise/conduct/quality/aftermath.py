"""What follows from a command beside what it asked for: queries that a rule opens or closes, deviations that are seen.

They stand beside the entry that brought them about, as further entries of the same command.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from equipoise.conduct.context import Context
from equipoise.conduct.decision import Accepted, Decision, unsealed
from equipoise.conduct.evolve import evolve_participant
from equipoise.conduct.quality.found import deviations_found
from equipoise.conduct.quality.rules import queries_found
from equipoise.ledger import Entry

_OF_THEIR_OWN = frozenset({"query", "answer_query", "close_query", "deviation", "reclassify", "alive", "lose"})
"""Kinds after which nothing follows: they change no value and no visit."""


def with_aftermath(context: Context, command: Any, decision: Decision) -> Decision:
    """A decision with the entries that follow from it."""
    protocol, before = context.protocol, context.participant
    if before is None or not isinstance(decision, Accepted) or not (protocol.queries or protocol.deviations):
        return decision
    after, caused = before, []
    for place, draft in enumerate(decision.drafts, start=context.trial.entries + 1):
        if draft.participant == before.number and draft.kind not in _OF_THEIR_OWN:
            # its hash plays no part in the state after it
            entry = Entry(seq=place, prev="", **unsealed(command, draft, protocol.version))
            after = evolve_participant(context.criteria, after, entry)
            caused.append(entry)
    if not caused:
        return decision
    more = (*deviations_found(context, after, caused), *queries_found(context, after, command.on))
    return replace(decision, drafts=(*decision.drafts, *more)) if more else decision
