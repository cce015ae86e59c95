"""Where every compiled loop is made.

Numba caches a compiled function beside a stamp of its own file only: a change in a function that it *calls*, in
another file, goes unnoticed. So all kernels share one cache folder whose name is a hash of every kernel source and of
the numba version, and a change anywhere gives a new folder.

Rules for a kernel: it is pure, it takes scalars and C-contiguous float64, int64 or uint64 arrays only (so it has one
signature; `as_float` and `as_int` below are the border), it releases the lock of the interpreter, and it is never
`parallel=True` or `fastmath`: ranges of work are spread over threads by the caller, so results do not depend on how.
A kernel makes no array either: what room it needs to work in the caller hands to it. Then nothing in it counts
references, and numba's own functions that make arrays, long because of the errors they can raise, are not compiled.
"""

from __future__ import annotations

import gc
import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeGuard, TypeVar

import numba
import numba.core.event
import numpy as np
from numpy.typing import ArrayLike, NDArray

P = ParamSpec("P")
R = TypeVar("R")
N = TypeVar("N", bound=np.generic)


class _NoCollection(numba.core.event.Listener):
    """Keeps Python from looking for garbage while numba compiles, which takes a tenth of the time and finds little.

    Numba tells of a compilation, with others inside it, while it holds its lock: one thread at a time.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.enabled = False

    def on_start(self, event: object) -> None:  # noqa: ARG002 - numba passes it
        if self.depth == 0:
            self.enabled = gc.isenabled()
            gc.disable()
        self.depth += 1

    def on_end(self, event: object) -> None:  # noqa: ARG002 - numba passes it
        self.depth -= 1
        if self.depth == 0 and self.enabled:
            gc.enable()


_register: Any = numba.core.event.register  # it has no types
_register("numba:compile", _NoCollection())

KERNELS: list[Any] = []
"""Every kernel made so far, as numba dispatchers; a test asserts that each was compiled for one signature."""


def _user_cache() -> Path:
    """The folder of the user where caches belong on this system."""
    if named := os.environ.get("EQUIPOISE_CACHE"):
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "equipoise"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "equipoise" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "equipoise"


@cache
def cache_folder() -> Path:
    """The cache folder of exactly these kernel sources under exactly this numba."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version_info[:2]}".encode())
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        source = path.read_bytes()
        if b"kernel\ndef " in source:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + source)
    return _user_cache() / "kernels" / digest.hexdigest()[:16]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` on its first call: no Python objects, no arrays made, no lock held, cached on disk."""
    return _compiled(function, _nrt=False)


def allocating_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """The same for one that makes arrays, which takes longer to compile."""
    return _compiled(function)


def inner_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """The same for one that only other kernels call: without what Python would need to call it, which is much work."""
    return _compiled(function, _nrt=False, no_cpython_wrapper=True)


def _compiled(function: Callable[P, R], **options: bool) -> Callable[P, R]:
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())  # read by numba while it decorates, for this function alone
    try:
        njit: Any = numba.njit  # its types know only some of its options
        always = {"nogil": True, "cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}
        compiled: Callable[P, R] = njit(**always, **options)(function)
    finally:
        config.CACHE_DIR = before
    KERNELS.append(compiled)
    return compiled


def _is_plain(values: ArrayLike, kind: type[N]) -> TypeGuard[NDArray[N]]:
    """Whether nothing is to be done: asking this is many times faster than `np.require`."""
    if type(values) is not np.ndarray or values.dtype != kind:
        return False
    flags = values.flags
    return flags.c_contiguous and flags.writeable and flags.aligned


def as_float(values: ArrayLike) -> NDArray[np.float64]:
    """`values` as a C-contiguous, writable float64 array; a read-only one would give a kernel a second signature."""
    if _is_plain(values, np.float64):
        return values
    return np.require(values, dtype=np.float64, requirements=["C", "W"])


def as_int(values: ArrayLike) -> NDArray[np.int64]:
    """`values` as a C-contiguous, writable int64 array."""
    if _is_plain(values, np.int64):
        return values
    return np.require(values, dtype=np.int64, requirements=["C", "W"])
