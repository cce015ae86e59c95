"""Where the files are, arrays that may be shared, and what is said of a name that no data set has."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from equipoise.errors import InputError

DATA = Path(__file__).parent / "data"

A = TypeVar("A", bound=NDArray[Any])
_LONGEST_SHOWN = 60


def locked(array: A) -> A:
    """The same array, no longer writable."""
    array.setflags(write=False)
    return array


def unknown(name: object, known: Iterable[str], listed_by: str) -> InputError:
    """The error for a name that is not known, with the nearest one that is, whatever its case."""
    text = str(name)[:_LONGEST_SHOWN]
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(text.lower(), by_lower_case, n=1)
    guess = f"did you mean '{by_lower_case[close[0]]}'? " if close else ""
    return InputError(f"no data set is called '{text}'", mend=f"{guess}{listed_by} lists them")
