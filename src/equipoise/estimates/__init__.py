"""What a result is: one number of one analysis, with everything that is needed to read it rightly."""

from equipoise.estimates.estimate import Estimate, significant
from equipoise.estimates.table import to_frame

__all__ = ["Estimate", "significant", "to_frame"]
