"""The checker: what in a protocol does not add up, what its source leaves open, what its numbers come to.

What keeps a protocol from running is refused when it is loaded; what is found here can be run, and should be answered.
"""

from equipoise.checker.finding import Finding, Severity
from equipoise.checker.run import findings

__all__ = ["Finding", "Severity", "findings"]
