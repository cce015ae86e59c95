"""Screening: which records of a database satisfy a trial's criteria, and what stops the others."""

from equipoise.screening.cohort import CohortCheck
from equipoise.screening.result import Screening
from equipoise.screening.screen import screen

__all__ = ["CohortCheck", "Screening", "screen"]
