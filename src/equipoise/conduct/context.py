"""What a decision is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.permissions import Accounts
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.conduct.tally import Tallies
from equipoise.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Context:
    """The states that a command meets, and the arguments that a pure core needs.

    Attributes:
        criteria: the protocol with its rules compiled.
        trial: the state of the trial.
        participant: the state of the participant that the command is about, if there is one of that number.
        seeds: the secret seed of every list.
        cohort: what every cohort rule counts, by the rule's id.
        accounts: the accounts that the command is of and about, where roles are checked.
    """

    criteria: Criteria
    trial: TrialState
    participant: ParticipantState | None
    seeds: Mapping[str, bytes]
    cohort: Tallies
    accounts: Accounts = field(default_factory=dict)

    @property
    def protocol(self) -> Protocol:
        """The protocol."""
        return self.criteria.protocol

    @property
    def known(self) -> ParticipantState:
        """The participant, where the general checks have made sure that there is one."""
        assert self.participant is not None
        return self.participant
