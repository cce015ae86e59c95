"""Commands about the whole trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from equipoise.conduct.commands.base import CommandBase


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(CommandBase):
    """Open the trial: the protocol's digest, and the commitment of every list's secret seed.

    Attributes:
        administrator: the account that gives the first roles. With it, roles are checked from here on: what an account
            has no role for is refused. Without it, they are not.
        printed_name: of the administrator.
    """

    protocol_digest: str
    commitments: Mapping[str, str]
    administrator: str | None = None
    printed_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCohort(CommandBase):
    """Judge the cohort rules now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal(CommandBase):
    """Reveal the secret seeds after the last allocation, so that anyone can replay them."""

    seeds: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(CommandBase):
    """Close the trial: nothing comes after."""
