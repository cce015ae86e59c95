"""What concerns the whole trial: opening, cohort rules, revealing the seeds, closing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from equipoise.allocation import commitment
from equipoise.conduct.cohort import cohort_draft, cohort_warning, judge_cohort
from equipoise.conduct.commands import CheckCohort, Close, Open, Reveal
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Accepted, Decider, Decision, accept, refuse
from equipoise.errors import AllocationError
from equipoise.ledger import Json
from equipoise.protocol.model.allocation import ClassifiedList

_HASH = re.compile("[0-9a-f]{64}")


def decide_open(context: Context, command: Open) -> Decision:
    """Open the trial: every list with chance is committed to before its first use."""
    protocol = context.protocol
    if command.protocol_digest != protocol.digest:
        return refuse("the digest is not that of the protocol's text")
    lists = {name for name, item in protocol.allocation.items() if not isinstance(item, ClassifiedList)}
    if set(command.commitments) != lists:
        named = ", ".join(sorted(lists)) or "none"
        return refuse(f"the trial opens with one commitment for each list with chance ({named})")
    if wrong := sorted(name for name, text in command.commitments.items() if not _HASH.fullmatch(text)):
        return refuse(*(f"the commitment of list '{name}' is not 64 hexadecimal digits" for name in wrong))
    if (command.administrator is None) != (command.printed_name is None):
        return refuse("an administrator is named by account and printed name, both or neither")
    commitments: dict[str, Json] = dict(command.commitments)
    return accept(
        "open",
        None,
        protocol=protocol.id,
        version=protocol.version,
        digest=command.protocol_digest,
        commitments=commitments,
        administrator=command.administrator,
        printed_name=command.printed_name,
    )


def decide_check_cohort(context: Context, command: CheckCohort) -> Decision:  # noqa: ARG001 - as every decider
    """Judge every cohort rule now, as at analysis."""
    drafts, warnings = [], []
    for rule in context.protocol.cohort_rules:
        verdict = judge_cohort(context, rule)
        drafts.append(cohort_draft(rule, verdict, context.cohort[rule.id].participants))
        warnings += [cohort_warning(rule)] if verdict == "fail" else []
    return Accepted(tuple(drafts), warnings=tuple(warnings))


def decide_reveal(context: Context, command: Reveal) -> Decision:
    """Reveal the seeds, once and all; each has to be the one committed to."""
    promised = context.trial.commitments
    if context.trial.revealed:
        return refuse("the seeds have been revealed")
    if not promised:
        return refuse("no list of this trial allocates by chance, so there is no seed to reveal")
    problems = [f"there is no list '{name}' with a seed" for name in command.seeds if name not in promised]
    seeds: dict[str, Json] = {}
    for name, text in promised.items():
        seed = _seed(command.seeds.get(name, ""))
        if seed is None or commitment(seed) != text:
            problems.append(f"the seed of list '{name}' is not the one committed to")
        else:
            seeds[name] = seed.hex()
    return refuse(*problems) if problems else accept("reveal", None, seeds=seeds)


def _seed(text: str) -> bytes | None:
    """The seed that hexadecimal digits say, if they say one."""
    try:
        seed = bytes.fromhex(text)
        commitment(seed)
    except (ValueError, AllocationError):
        return None
    return seed


def decide_close(context: Context, command: Close) -> Decision:  # noqa: ARG001 - as every decider
    """Close: the last entry holds the count of entries, its own included. Where roles are checked, all is locked."""
    if context.trial.administrators is not None and not context.trial.locked:
        return refuse("the data of the trial are not locked: the final lock comes before the close")
    closed = accept("close", None, entries=context.trial.entries + 1)
    if context.trial.commitments and not context.trial.revealed:
        return replace(closed, warnings=("the seeds were not revealed: no allocation of this ledger can be replayed",))
    return closed


DECIDERS: dict[type[Any], Decider] = {
    Open: decide_open,
    CheckCohort: decide_check_cohort,
    Reveal: decide_reveal,
    Close: decide_close,
}
