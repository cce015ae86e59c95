"""What a decision is made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.permissions import Accounts
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.conduct.tally import Tallies
from equipoise.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Amendment:
    """A new version of the protocol as it is proposed, and everybody whom it has to carry.

    Attributes:
        protocol: the new text, read.
        participants: all of the trial so far.
    """

    protocol: Protocol
    participants: Iterable[ParticipantState] = ()


@dataclass(frozen=True, slots=True)
class Others:
    """Who else a screening is about.

    Attributes:
        earlier: the participant that it names as the same person's earlier number, if there is one of that number.
        same: everybody with the pseudonym that it gives.
    """

    earlier: ParticipantState | None = None
    same: tuple[ParticipantState, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """The states that a command meets, and the arguments that a pure core needs.

    Attributes:
        criteria: the version of the protocol that judges the command, with its rules compiled.
        trial: the state of the trial.
        participant: the state of the participant that the command is about, if there is one of that number.
        seeds: the secret seed of every list.
        cohort: what every cohort rule counts, by the rule's id.
        accounts: the accounts that the command is of and about, where roles are checked.
        amendment: the version that the command proposes.
        others: who else a screening is about.
    """

    criteria: Criteria
    trial: TrialState
    participant: ParticipantState | None
    seeds: Mapping[str, bytes]
    cohort: Tallies
    accounts: Accounts = field(default_factory=dict)
    amendment: Amendment | None = None
    others: Others = Others()

    @property
    def protocol(self) -> Protocol:
        """The protocol."""
        return self.criteria.protocol

    @property
    def known(self) -> ParticipantState:
        """The participant, where the general checks have made sure that there is one."""
        assert self.participant is not None
        return self.participant
