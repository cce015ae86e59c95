"""Room on the stack for sqlglot, which takes some twenty calls a bracket where Python admits a thousand in all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

FRAMES = 10_000
"""More than a rule of the greatest depth needs, read or written, wherever it is called from."""

_lock = RLock()


@contextmanager
def room() -> Iterator[None]:
    """Raise the limit of nested calls meanwhile, so that what is admitted does not depend on the caller's depth."""
    with _lock:  # the limit belongs to the process: without the lock, one thread could lower it under another
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, FRAMES))
        try:
            yield
        finally:
            sys.setrecursionlimit(before)
