"""What every result of an estimator does."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest


def assert_shows_itself(result: Any) -> None:
    """It is a table, a frame and a notebook cell, can be sent to another process, and cannot be changed."""
    frame = result.to_frame()
    assert frame.height >= 1
    lines = str(result).splitlines()
    assert len(lines) >= 2 + frame.height
    assert lines[1].split()[0] == frame.columns[0]
    assert result._repr_html_().count("<tr>") == 1 + frame.height
    assert str(pickle.loads(pickle.dumps(result))) == str(result)
    with pytest.raises(AttributeError):
        setattr(result, dataclasses.fields(result)[0].name, None)
