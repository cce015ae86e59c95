"""What can go wrong, as one tree.

    EquipoiseError            anything that a user can mend; the command line prints it in one line, exit status 2
    ├── InputError            a file or an option: carries file and line
    │   ├── ProtocolError     a protocol file that cannot be a trial
    │   │   └── RuleError     a rule outside the language, or that does not fit the variables
    │   ├── LedgerError       a ledger file that cannot be read as one
    │   └── UnknownTrialError a name that is neither a shipped trial nor a file
    ├── DataError             arrays or tables that an estimator cannot take: says which rows
    │   └── NoEventsError     a test or a model without a single event
    ├── AllocationError       a list that cannot allocate what is asked
    ├── StoreError            a store that cannot be opened, read or written as it is
    └── DesignError           a design that contradicts itself

Every message says where, what is wrong and how to mend it, in that order. A refused command of a running trial is no
exception: `equipoise.conduct` returns it as a `Refused`, since to refuse is part of its work.
"""

from __future__ import annotations

from pathlib import Path


class EquipoiseError(Exception):
    """Base of every error that a user can mend."""


class InputError(EquipoiseError):
    """Something in a file is wrong.

    Args:
        message: what is wrong.
        file: the file it stands in, if there is one.
        line: the line, counted from 1.
        mend: how to put it right.
    """

    def __init__(
        self, message: str, *, file: str | Path | None = None, line: int | None = None, mend: str = ""
    ) -> None:
        self.message = message
        self.file = str(file) if file is not None else None
        self.line = line
        self.mend = mend
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line: `file:line: what is wrong; how to mend it`."""
        where = "" if self.file is None else self.file + ("" if self.line is None else f":{self.line}") + ": "
        text = where + self.message + (f"; {self.mend}" if self.mend else "")
        return " ".join(text.split())


class ProtocolError(InputError):
    """A protocol file that cannot be a trial."""


class RuleError(ProtocolError):
    """A rule that is outside the language, or does not fit the variables it speaks of."""


class LedgerError(InputError):
    """A ledger file that cannot be read as one."""


class UnknownTrialError(InputError):
    """A name that is neither a shipped trial nor a protocol file."""


class DataError(EquipoiseError):
    """Arrays or tables that an estimator cannot take; the message names the rows (counted from 0)."""


class NoEventsError(DataError):
    """A test or a model was asked of data without a single event."""


class AllocationError(EquipoiseError):
    """An allocation list that cannot allocate what is asked of it."""


class DesignError(EquipoiseError):
    """A design that is impossible or contradicts itself."""


class StoreError(EquipoiseError):
    """A store cannot be opened, read or written as it is; says why, and how to mend it. Nothing was half written."""
