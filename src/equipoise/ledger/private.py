"""What only its owner may see: bytes that no repr shows, and files that nobody else can read."""

from __future__ import annotations

import os
from pathlib import Path

from equipoise.errors import InputError

_LONGEST = 65_536


class Secret(bytes):
    """Secret bytes. Neither a repr nor a format shows them, so neither do logs, nor tracebacks with local values."""

    __slots__ = ()

    def __repr__(self) -> str:
        """How many there are."""
        return f"<{len(self)} secret bytes>"

    __str__ = __repr__


def read_private(path: Path) -> Secret:
    """The bytes of a file that its owner alone can read.

    Raises:
        InputError: it cannot be read, others can read it, or it is too long to be a key.
    """
    try:
        with path.open("rb") as file:
            others = os.fstat(file.fileno()).st_mode & 0o077 if os.name == "posix" else 0
            data = Secret(b"" if others else file.read(_LONGEST + 1))
    except (OSError, ValueError) as error:  # ValueError: a name that holds a NUL
        what = (getattr(error, "strerror", None) or "cannot be read").lower()
        raise InputError(what, file=path, mend="check the name and the permissions") from None
    if others:
        raise InputError("others than its owner can use this file", file=path, mend=f"run: chmod 600 {path}")
    if len(data) > _LONGEST:
        raise InputError("too long to be a key", file=path, mend="check the name")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that its owner alone can read; a file that is there already stays as it is.

    Raises:
        InputError: there is a file of that name, or it cannot be written.
    """
    try:
        # the permissions are there before the first byte is
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise InputError(
            "there is a file already, and a key is not overwritten", file=path, mend="name another"
        ) from None
    except (OSError, ValueError) as error:
        what = (getattr(error, "strerror", None) or "cannot be written").lower()
        raise InputError(what, file=path, mend="check the name and the permissions") from None
