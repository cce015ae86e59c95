"""Where every compiled loop is made.

Numba caches a compiled function beside a stamp of its own file only: a change in a function that it *calls*, in
another file, goes unnoticed. So all kernels share one cache folder whose name is a hash of every kernel source and of
the numba version, and a change anywhere gives a new folder.

Rules for a kernel: it is pure, it takes scalars and C-contiguous float64, int64 or uint64 arrays only (so it has one
signature; `as_float` and `as_int` below are the border), it releases the lock of the interpreter, and it is never
`parallel=True` or `fastmath`: ranges of work are spread over threads by the caller, so results do not depend on how.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

P = ParamSpec("P")
R = TypeVar("R")

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
        if b"@kernel" in source or b"@inner_kernel" in source:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + source)
    return _user_cache() / "kernels" / digest.hexdigest()[:16]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` on its first call: no Python objects, no lock held, cached on disk."""
    return _compiled(function)


def inner_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """The same for one that only other kernels call: without what Python would need to call it, which is much work."""
    return _compiled(function, no_cpython_wrapper=True)


def _compiled(function: Callable[P, R], **options: bool) -> Callable[P, R]:
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())  # read by numba while it decorates, for this function alone
    try:
        njit: Any = numba.njit  # its types know only some of its options
        compiled: Callable[P, R] = njit(nogil=True, cache=True, error_model="numpy", **options)(function)
    finally:
        config.CACHE_DIR = before
    KERNELS.append(compiled)
    return compiled


def as_float(values: ArrayLike) -> NDArray[np.float64]:
    """`values` as a C-contiguous, writable float64 array; a read-only one would give a kernel a second signature."""
    return np.require(values, dtype=np.float64, requirements=["C", "W"])


def as_int(values: ArrayLike) -> NDArray[np.int64]:
    """`values` as a C-contiguous, writable int64 array."""
    return np.require(values, dtype=np.int64, requirements=["C", "W"])
