"""What can be asked of a running trial."""

from __future__ import annotations

from typing import TypeAlias

from equipoise.conduct.commands.admission import Allocate, AllocateByHand, Register, Screen
from equipoise.conduct.commands.course import Happen, Lose, Treat, Withdraw
from equipoise.conduct.commands.data import Assess, Classify, Correct, Judge, Record, Strike, Visit
from equipoise.conduct.commands.identity import Erase
from equipoise.conduct.commands.versions import Activate, Amend, Reconsent
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
    | Reconsent
    | Erase
)
TrialCommand: TypeAlias = Open | CheckCohort | Cut | Reveal | Close | Amend | Activate
Command: TypeAlias = ParticipantCommand | TrialCommand

__all__ = [
    "Activate",
    "Allocate",
    "AllocateByHand",
    "Amend",
    "Assess",
    "CheckCohort",
    "Classify",
    "Close",
    "Command",
    "Correct",
    "Cut",
    "Erase",
    "Happen",
    "Judge",
    "Lose",
    "Open",
    "ParticipantCommand",
    "Reconsent",
    "Record",
    "Register",
    "Reveal",
    "Screen",
    "Strike",
    "Treat",
    "TrialCommand",
    "Visit",
    "Withdraw",
]
