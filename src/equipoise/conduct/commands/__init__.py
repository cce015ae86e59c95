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
from equipoise.conduct.commands.identity import Erase
from equipoise.conduct.commands.lesions import Adjudicate, AssessLesions, Described, DescribeLesions
from equipoise.conduct.commands.proposals import Decide, Stage
from equipoise.conduct.commands.quality import (
    Alive,
    AnswerQuery,
    CloseQuery,
    Deviate,
    OpenQuery,
    Reclassify,
    Sweep,
)
from equipoise.conduct.commands.safety import Depart, Find, FollowUpAdverseEvent, ReportAdverseEvent, ReportSafety
from equipoise.conduct.commands.versions import Activate, Amend, Reconsent
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
    | OpenQuery
    | AnswerQuery
    | CloseQuery
    | Deviate
    | Reclassify
    | Alive
    | DescribeLesions
    | AssessLesions
    | Adjudicate
    | Decide
    | Stage
    | Reconsent
    | Erase
)
TrialCommand: TypeAlias = (
    Open
    | CheckCohort
    | Reveal
    | Close
    | Grant
    | Revoke
    | LockTrial
    | UnlockTrial
    | Freeze
    | Access
    | SignTrial
    | Sweep
    | Amend
    | Activate
)
Command: TypeAlias = ParticipantCommand | TrialCommand

__all__ = [
    "Access",
    "Activate",
    "Adjudicate",
    "Alive",
    "Allocate",
    "AllocateByHand",
    "Amend",
    "AnswerQuery",
    "Assess",
    "AssessLesions",
    "CheckCohort",
    "Classify",
    "Close",
    "CloseQuery",
    "Command",
    "Correct",
    "Decide",
    "Depart",
    "DescribeLesions",
    "Described",
    "Deviate",
    "Erase",
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
    "OpenQuery",
    "ParticipantCommand",
    "Reclassify",
    "Reconsent",
    "Record",
    "Register",
    "ReportAdverseEvent",
    "ReportSafety",
    "Reveal",
    "Revoke",
    "Screen",
    "Sign",
    "SignTrial",
    "Stage",
    "Strike",
    "Sweep",
    "Treat",
    "TrialCommand",
    "Unblind",
    "Unlock",
    "UnlockTrial",
    "Visit",
    "Withdraw",
]
