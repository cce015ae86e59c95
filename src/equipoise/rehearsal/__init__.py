"""Rehearsal: synthetic participants walk through the same conduct code that real ones do."""

from equipoise.rehearsal.run import Rehearsal, rehearse

__all__ = ["Rehearsal", "rehearse"]
