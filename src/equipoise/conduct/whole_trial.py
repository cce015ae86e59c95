"""What concerns the whole trial: opening, cohort rules, the data cut-off, revealing the seeds, closing."""

from __future__ import annotations

from equipoise.allocation import commitment
from equipoise.conduct.admission import cohort_drafts
from equipoise.conduct.commands import CheckCohort, Close, Cut, Open, Reveal
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Accepted, Decision, accept, refuse
from equipoise.ledger import Json
from equipoise.protocol.model.allocation import ClassifiedList


def decide_open(context: Context, command: Open) -> Decision:
    """Open the trial: every list with chance is committed to before its first use."""
    protocol = context.protocol
    lists = {name for name, item in protocol.allocation.items() if not isinstance(item, ClassifiedList)}
    if set(command.commitments) != lists:
        named = ", ".join(sorted(lists)) or "none"
        return refuse(f"the trial opens with one commitment for each list with chance ({named})")
    commitments: dict[str, Json] = dict(command.commitments)
    return accept(
        "open",
        None,
        protocol=protocol.id,
        version=protocol.version,
        digest=command.protocol_digest,
        commitments=commitments,
    )


def decide_check_cohort(context: Context, command: CheckCohort) -> Decision:  # noqa: ARG001 - as every decider
    """Judge every cohort rule now, as at analysis."""
    return Accepted(cohort_drafts(context, step=None, passed=len(context.cohort)))


def decide_cut(context: Context, command: Cut) -> Decision:
    """The data cut-off date; set once."""
    if context.trial.data_cut is not None:
        return refuse(f"the data cut-off is {context.trial.data_cut}")
    return accept("cut", None, on=command.on.isoformat())


def decide_reveal(context: Context, command: Reveal) -> Decision:
    """Reveal the seeds; each has to be the one committed to."""
    problems = []
    for name, text in context.trial.commitments.items():
        try:
            seed = bytes.fromhex(command.seeds.get(name, ""))
            fits = commitment(seed) == text
        except ValueError:
            fits = False
        if not fits:
            problems.append(f"the seed of list '{name}' is not the one committed to")
    if problems:
        return refuse(*problems)
    seeds: dict[str, Json] = dict(command.seeds)
    return accept("reveal", None, seeds=seeds)


def decide_close(context: Context, command: Close) -> Decision:  # noqa: ARG001 - as every decider
    """Close: the last entry holds the count of entries, its own included."""
    return accept("close", None, entries=context.trial.entries + 1)
