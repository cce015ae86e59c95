"""What can be asked of a running trial."""

from __future__ import annotations

from typing import TypeAlias

from equipoise.conduct.commands.admission import Allocate, AllocateByHand, Register, Screen
from equipoise.conduct.commands.course import Happen, Lose, Treat, Withdraw
from equipoise.conduct.commands.data import Assess, Classify, Correct, Judge, Record, Strike, Visit
from equipoise.conduct.commands.lesions import Adjudicate, AssessLesions, Described, DescribeLesions
from equipoise.conduct.commands.proposals import Decide, Stage
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
    | DescribeLesions
    | AssessLesions
    | Adjudicate
    | Decide
    | Stage
)
TrialCommand: TypeAlias = Open | CheckCohort | Cut | Reveal | Close
Command: TypeAlias = ParticipantCommand | TrialCommand

__all__ = [
    "Adjudicate",
    "Allocate",
    "AllocateByHand",
    "Assess",
    "AssessLesions",
    "CheckCohort",
    "Classify",
    "Close",
    "Command",
    "Correct",
    "Cut",
    "Decide",
    "DescribeLesions",
    "Described",
    "Happen",
    "Judge",
    "Lose",
    "Open",
    "ParticipantCommand",
    "Record",
    "Register",
    "Reveal",
    "Screen",
    "Stage",
    "Strike",
    "Treat",
    "TrialCommand",
    "Visit",
    "Withdraw",
]
