"""Equipoise takes a clinical trial from protocol to answer.

    import equipoise as eq

    trial = eq.load("jcog1017")                 # a shipped trial, or the path of a protocol file
    rehearsal = eq.rehearse(trial, seed=1)      # synthetic participants through the real conduct core
    datasets, results = eq.analyse_rehearsal(rehearsal)  # every analysis of the protocol
    print(results.estimates[0])

The parts are packages of their own: `equipoise.survival`, `equipoise.allocation`, `equipoise.disease`, ... They are
imported when first used, so that `import equipoise` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.analysis import Results, make_datasets
    from equipoise.analysis.analyse import analyse
    from equipoise.checker import findings
    from equipoise.estimates import Estimate
    from equipoise.ledger import verify_file
    from equipoise.protocol import Protocol, loads
    from equipoise.protocol.load import load
    from equipoise.rehearsal import Rehearsal, analyse_rehearsal, rehearse
    from equipoise.screening import Screening
    from equipoise.screening.screen import screen
    from equipoise.trials import shipped

__version__ = "0.1.0"

__all__ = [
    "Estimate",
    "Protocol",
    "Rehearsal",
    "Results",
    "Screening",
    "__version__",
    "analyse",
    "analyse_rehearsal",
    "findings",
    "load",
    "loads",
    "make_datasets",
    "rehearse",
    "screen",
    "shipped",
    "verify_file",
]

_HOME = {
    "Estimate": "estimates",
    "Protocol": "protocol",
    "Rehearsal": "rehearsal",
    "Results": "analysis",
    "Screening": "screening",
    "analyse": "analysis",
    "analyse_rehearsal": "rehearsal",
    "findings": "checker",
    "load": "protocol",
    "loads": "protocol",
    "make_datasets": "analysis",
    "rehearse": "rehearsal",
    "screen": "screening",
    "shipped": "trials",
    "verify_file": "ledger",
}
_PARTS = frozenset(
    {
        "allocation",
        "analysis",
        "assessment",
        "checker",
        "conduct",
        "design",
        "disease",
        "errors",
        "estimates",
        "figures",
        "ledger",
        "protocol",
        "rehearsal",
        "report",
        "screening",
        "survival",
        "trials",
        "units",
    }
)


def __getattr__(name: str) -> Any:
    """Import a part, or what a part offers, when it is first asked for."""
    if name in _PARTS:
        return import_module(f"equipoise.{name}")
    if name in _HOME:
        return getattr(import_module(f"equipoise.{_HOME[name]}"), name)
    raise AttributeError(f"module 'equipoise' has no attribute '{name}'")


def __dir__() -> list[str]:
    """What can be asked for."""
    return sorted({*__all__, *_PARTS})
