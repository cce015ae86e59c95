"""The trial as data: one file, one value, every name in it checked."""

from equipoise.protocol.load import json_schema, load, loads
from equipoise.protocol.model.trial import Protocol

__all__ = ["Protocol", "json_schema", "load", "loads"]
