"""Rehearsal: synthetic participants walk through the same conduct code that real ones do."""

from equipoise.rehearsal.analysed import analyse_rehearsal
from equipoise.rehearsal.run import Rehearsal, rehearse

__all__ = ["Rehearsal", "analyse_rehearsal", "rehearse"]
