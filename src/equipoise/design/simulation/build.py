"""Which Equipoise this is: two that are the same simulate the same trials, byte for byte."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from equipoise._kernel import cache_folder


@cache
def build() -> str:
    """Its version, and a digest of the sources of its kernels and of the version of what compiles them."""
    return f"{version('equipoise')}-{cache_folder().name}"
