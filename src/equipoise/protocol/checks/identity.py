"""What tells a person: variables that identify, and can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.protocol.checks.report import fail, require

if TYPE_CHECKING:
    from equipoise.protocol.model.trial import Path, Protocol

_COMPARED = ("text", "date", "integer")


def check_identity(protocol: Protocol) -> None:
    """Check that `identity` names variables that never enter the ledger, each once."""
    for i, name in enumerate(protocol.identity):
        path: Path = ("identity", i)
        require(protocol, path, name, protocol.variables, "variable", "variables")
        variable = protocol.variables[name]
        if not variable.identifying:
            fail(
                protocol, path, f"'{name}' is not identifying, so it is no name", f"write identifying: true at '{name}'"
            )
        if variable.type not in _COMPARED:
            what = f"'{name}' is of type {variable.type}, which tells nobody apart"
            fail(protocol, path, what, f"name variables of type {', '.join(_COMPARED)}")
        if name in protocol.identity[:i]:
            fail(protocol, path, f"'{name}' stands twice", "keep it once")
