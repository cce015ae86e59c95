"""Protocols as files: names that are none, folders, paths and lines of errors, line ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from equipoise.errors import ProtocolError, UnknownTrialError
from equipoise.protocol import load, loads

# a protocol of the tests' own, so that the shipped ones can change
TEXT = (Path(__file__).parents[1] / "data" / "protocol" / "exemplar.yaml").read_text(encoding="utf-8")


def test_a_trial_that_is_not_there_is_answered_with_the_one_that_is_meant() -> None:
    with pytest.raises(UnknownTrialError, match=r"of the name 'jcog1071'; did you mean 'jcog1017'\?"):
        load("jcog1071")


def test_a_trial_of_no_known_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownTrialError, match=r"name a protocol file, or one of .*jcog1017"):
        load("something/else.yaml")


@pytest.mark.parametrize("name", ["a\x00b", "x" * 5000, "\x1b[31m", "\ud800"])
def test_a_name_that_no_file_can_have_is_refused_like_any_other(name: str) -> None:
    with pytest.raises(UnknownTrialError) as refused:
        load(name)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 340


def test_a_folder_is_no_protocol(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="this is a folder; name the protocol file in it"):
        load(tmp_path)


def test_an_error_of_a_file_carries_its_path_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace("enrolled: 570", "enrolled: many"), encoding="utf-8")
    with pytest.raises(ProtocolError) as refused:
        load(path)
    assert refused.value.file == str(path)
    assert refused.value.line == TEXT[: TEXT.index("enrolled: 570")].count("\n") + 1


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert load(path).model_dump() == loads(TEXT).model_dump()
