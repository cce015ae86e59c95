"""Commands that admit a participant: screening, registration, allocation."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.conduct.commands.base import AboutParticipant


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen(AboutParticipant):
    """A new participant, who consents to the protocol version in force at the site.

    Attributes:
        pseudonym: 64 hexadecimal digits that tell the same person under another number; asked for where the protocol
            declares `identity`.
        rescreens: the earlier number of somebody whose screening failed.
    """

    pseudonym: str | None = None
    rescreens: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(AboutParticipant):
    """Ask for a registration: the criteria of the step are judged."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocate(AboutParticipant):
    """Ask for an arm: the criteria of the step are judged, then the list is drawn from, or the class read."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateByHand(AboutParticipant):
    """The coordinating centre gave an arm itself, since the site was offline; a reason is asked for.

    The criteria of the step are judged as for a draw, and the list counts the participant.
    """

    step: str
    arm: str
