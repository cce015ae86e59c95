"""What can be asked of a running trial."""

from __future__ import annotations

from typing import TypeAlias

from equipoise.conduct.commands.admission import Allocate, AllocateByHand, Register, Screen
from equipoise.conduct.commands.control import (
    Access,
    Freeze,
    Grant,
    Lock,
    LockTrial,
    Revoke,
    Sign,
    SignTrial,
    Unblind,
    Unlock,
    UnlockTrial,
)
from equipoise.conduct.commands.course import Happen, Lose, Treat, Withdraw
from equipoise.conduct.commands.data import Assess, Classify, Correct, Judge, Record, Strike, Visit
from equipoise.conduct.commands.safety import Depart, Find, FollowUpAdverseEvent, ReportAdverseEvent, ReportSafety
from equipoise.conduct.commands.whole_trial import CheckCohort, Close, Open, Reveal

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
    | Lock
    | Unlock
    | Unblind
    | Sign
)
TrialCommand: TypeAlias = (
    Open | CheckCohort | Reveal | Close | Grant | Revoke | LockTrial | UnlockTrial | Freeze | Access | SignTrial
)
Command: TypeAlias = ParticipantCommand | TrialCommand

__all__ = [
    "Access",
    "Allocate",
    "AllocateByHand",
    "Assess",
    "CheckCohort",
    "Classify",
    "Close",
    "Command",
    "Correct",
    "Depart",
    "Find",
    "FollowUpAdverseEvent",
    "Freeze",
    "Grant",
    "Happen",
    "Judge",
    "Lock",
    "LockTrial",
    "Lose",
    "Open",
    "ParticipantCommand",
    "Record",
    "Register",
    "ReportAdverseEvent",
    "ReportSafety",
    "Reveal",
    "Revoke",
    "Screen",
    "Sign",
    "SignTrial",
    "Strike",
    "Treat",
    "TrialCommand",
    "Unblind",
    "Unlock",
    "UnlockTrial",
    "Visit",
    "Withdraw",
]
