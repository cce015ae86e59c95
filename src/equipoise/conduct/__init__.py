"""Conduct: commands in, entries out, state folded from entries. Pure: no storage, no clock, no chance of its own."""

from equipoise.conduct import commands
from equipoise.conduct.audit import AuditRow, audit_trail
from equipoise.conduct.decide import decide
from equipoise.conduct.decision import Accepted, Decision, Draft, Refused
from equipoise.conduct.desk import Desk, fold
from equipoise.conduct.eligibility import Criteria, CriterionResult
from equipoise.conduct.evolve import evolve_participant, evolve_trial
from equipoise.conduct.guidance import Advice, advice_for, unexplained
from equipoise.conduct.permissions import PERMISSIONS, Account
from equipoise.conduct.replay import Replay, replay_allocations
from equipoise.conduct.safety import OpenReport, open_reports, unmatched_death
from equipoise.conduct.signing import Signature, digest_of, shown, signatures, whole_state
from equipoise.conduct.state import LOST, ParticipantState, TrialState
from equipoise.conduct.tally import (
    Tallies,
    Tally,
    VersionTallies,
    tallies_after,
    tallies_by_version,
    tallies_by_version_after,
    tallies_of,
)
from equipoise.conduct.values import utc_text

__all__ = [
    "LOST",
    "PERMISSIONS",
    "Accepted",
    "Account",
    "Advice",
    "AuditRow",
    "Criteria",
    "CriterionResult",
    "Decision",
    "Desk",
    "Draft",
    "OpenReport",
    "ParticipantState",
    "Refused",
    "Replay",
    "Signature",
    "Tallies",
    "Tally",
    "TrialState",
    "VersionTallies",
    "advice_for",
    "audit_trail",
    "commands",
    "decide",
    "digest_of",
    "evolve_participant",
    "evolve_trial",
    "fold",
    "open_reports",
    "replay_allocations",
    "shown",
    "signatures",
    "tallies_after",
    "tallies_by_version",
    "tallies_by_version_after",
    "tallies_of",
    "unexplained",
    "unmatched_death",
    "utc_text",
    "whole_state",
]
