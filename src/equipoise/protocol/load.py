"""Load a protocol: from a file or a shipped trial's id to a checked `Protocol`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from equipoise import trials
from equipoise.errors import UnknownTrialError
from equipoise.protocol.checks import check_references
from equipoise.protocol.complaints import first_complaint
from equipoise.protocol.model.trial import Protocol
from equipoise.protocol.wording import clipped, did_you_mean, printable
from equipoise.protocol.yaml_tree import read_file, read_tree


def load(trial: str | Path) -> Protocol:
    """The protocol of a shipped trial (`"jcog1017"`) or of a file (`"my/trial.yaml"`).

    Raises:
        UnknownTrialError: neither a shipped trial nor a file.
        ProtocolError: the file cannot be a trial; the message names file and line.
    """
    if isinstance(trial, str) and trial in trials.shipped():
        path = trials.protocol_path(trial)
        return loads(read_file(path), file=path.name)
    path = Path(trial)
    if not _exists(path):
        known = trials.shipped()
        mend = did_you_mean(trial, known, f"name a protocol file, or one of {', '.join(known)}")
        raise UnknownTrialError(f"no trial and no file of the name '{clipped(trial, 100)}'", mend=mend)
    return loads(read_file(path), file=str(trial))


def loads(text: str, *, file: str = "protocol.yaml") -> Protocol:
    """The protocol in a YAML text; `file` is the name that errors carry.

    Raises:
        ProtocolError: the text cannot be a trial; the message names the line.
    """
    file = printable(file)
    tree, lines = read_tree(text, file)
    try:
        # strict, so that `true` is no number, a number no date and `yes` no truth value; by way of JSON, since strict
        # values of Python would have to be tuples and dates already
        protocol = Protocol.model_validate_json(json.dumps(tree), strict=True)
    except ValidationError as error:
        raise first_complaint(error, tree, lines, file) from None
    protocol._file = file
    protocol._digest = hashlib.sha256(text.encode()).hexdigest()
    protocol._lines = MappingProxyType(lines)
    check_references(protocol)
    return protocol


def json_schema() -> dict[str, Any]:
    """The JSON Schema of protocol files, for editors."""
    schema = Protocol.model_json_schema(by_alias=True, mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Equipoise protocol"
    return schema


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or holds a NUL, is no file's
        return False
