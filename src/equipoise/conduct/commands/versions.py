"""Commands about versions of the protocol: an amendment, its activation at a site, a participant's consent to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from equipoise.conduct.commands.base import AboutParticipant, CommandBase


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend(CommandBase):
    """A new version of the protocol.

    Attributes:
        protocol_digest: SHA-256 of its text.
        on: the date of effect.
        by_site: whether it comes into force at each site by an `Activate`, such as by the approval of the site's ethics
            committee, and not before `on`.
        commitments: of the secret seed of every list with chance that the new version adds.
    """

    protocol_digest: str
    on: date
    by_site: bool = False
    commitments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activate(CommandBase):
    """A version that comes into force site by site does so at one, from a day on."""

    version: str
    at_site: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconsent(AboutParticipant):
    """A participant consents to a newer version of the protocol, which is in force at the site."""

    version: str
