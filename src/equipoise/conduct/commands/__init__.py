"""What can be asked of a running trial."""

from __future__ import annotations

from typing import TypeAlias

from equipoise.conduct.commands.admission import Allocate, AllocateByHand, Register, Screen
from equipoise.conduct.commands.course import Happen, Lose, Treat, Withdraw
from equipoise.conduct.commands.data import Assess, Classify, Correct, Judge, Record, Strike, Visit
from equipoise.conduct.commands.safety import Depart, Find, FollowUpAdverseEvent, ReportAdverseEvent, ReportSafety
from equipoise.conduct.commands.whole_trial import CheckCohort, Close, Cut, Open, Reveal

ParticipantCommand: TypeAlias = (
    Screen
    | Record
    | Judge
    | Register
    | Assess
    | Classify
    | Allocate
    | AllocateByHand
    | Treat
    | Happen
    | Visit
    | Withdraw
    | Lose
    | Correct
    | Strike
    | ReportAdverseEvent
    | FollowUpAdverseEvent
    | ReportSafety
    | Depart
    | Find
)
TrialCommand: TypeAlias = Open | CheckCohort | Cut | Reveal | Close
Command: TypeAlias = ParticipantCommand | TrialCommand

__all__ = [
    "Allocate",
    "AllocateByHand",
    "Assess",
    "CheckCohort",
    "Classify",
    "Close",
    "Command",
    "Correct",
    "Cut",
    "Depart",
    "Find",
    "FollowUpAdverseEvent",
    "Happen",
    "Judge",
    "Lose",
    "Open",
    "ParticipantCommand",
    "Record",
    "Register",
    "ReportAdverseEvent",
    "ReportSafety",
    "Reveal",
    "Screen",
    "Strike",
    "Treat",
    "TrialCommand",
    "Visit",
    "Withdraw",
]
