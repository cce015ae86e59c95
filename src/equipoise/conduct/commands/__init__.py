"""What can be asked of a running trial."""

from __future__ import annotations

from typing import TypeAlias

from equipoise.conduct.commands.admission import Allocate, AllocateByHand, Register, Screen
from equipoise.conduct.commands.course import Happen, Lose, Treat, Withdraw
from equipoise.conduct.commands.data import Assess, Classify, Correct, Judge, Record, Strike, Visit
from equipoise.conduct.commands.quality import (
    Alive,
    AnswerQuery,
    CloseQuery,
    Deviate,
    OpenQuery,
    Reclassify,
    Sweep,
)
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
    | OpenQuery
    | AnswerQuery
    | CloseQuery
    | Deviate
    | Reclassify
    | Alive
)
TrialCommand: TypeAlias = Open | CheckCohort | Cut | Reveal | Close | Sweep
Command: TypeAlias = ParticipantCommand | TrialCommand

__all__ = [
    "Alive",
    "Allocate",
    "AllocateByHand",
    "AnswerQuery",
    "Assess",
    "CheckCohort",
    "Classify",
    "Close",
    "CloseQuery",
    "Command",
    "Correct",
    "Cut",
    "Deviate",
    "Happen",
    "Judge",
    "Lose",
    "Open",
    "OpenQuery",
    "ParticipantCommand",
    "Reclassify",
    "Record",
    "Register",
    "Reveal",
    "Screen",
    "Strike",
    "Sweep",
    "Treat",
    "TrialCommand",
    "Visit",
    "Withdraw",
]
