"""Conduct: commands in, entries out, state folded from entries. Pure: no storage, no clock, no chance of its own."""

from equipoise.conduct import commands
from equipoise.conduct.decide import decide
from equipoise.conduct.decision import Accepted, Decision, Draft, Refused
from equipoise.conduct.desk import Desk, fold
from equipoise.conduct.eligibility import Criteria, CriterionResult
from equipoise.conduct.evolve import evolve_participant, evolve_trial
from equipoise.conduct.guidance import Advice, advice_for, unexplained
from equipoise.conduct.replay import Replay, replay_allocations
from equipoise.conduct.safety import OpenReport, open_reports, unmatched_death
from equipoise.conduct.state import LOST, ParticipantState, TrialState
from equipoise.conduct.tally import Tallies, Tally, tallies_after, tallies_of
from equipoise.conduct.values import utc_text

__all__ = [
    "LOST",
    "Accepted",
    "Advice",
    "Criteria",
    "CriterionResult",
    "Decision",
    "Desk",
    "Draft",
    "OpenReport",
    "ParticipantState",
    "Refused",
    "Replay",
    "Tallies",
    "Tally",
    "TrialState",
    "advice_for",
    "commands",
    "decide",
    "evolve_participant",
    "evolve_trial",
    "fold",
    "open_reports",
    "replay_allocations",
    "tallies_after",
    "tallies_of",
    "unexplained",
    "unmatched_death",
    "utc_text",
]
