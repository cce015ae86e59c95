"""Commands about who a participant is. A name never enters the ledger; that it was erased does."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.conduct.commands.base import AboutParticipant


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(AboutParticipant):
    """Name and other identifying data, which are kept outside the ledger, are erased; a reason is asked for."""
