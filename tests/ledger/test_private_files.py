"""Secret bytes show themselves nowhere; a private file is its owner's alone from its first byte on."""

from __future__ import annotations

import os
import pprint
import reprlib
from pathlib import Path

import pytest

from equipoise.errors import InputError
from equipoise.ledger.private import Secret, read_private, write_private

SECRET = Secret(b"geheim geheim geheim geheim 1234")


def test_no_way_to_print_secret_bytes_shows_them() -> None:
    ways = (repr, str, ascii, format, pprint.pformat, reprlib.repr, lambda it: f"{it!s} {it!r} {[it]} %s %r" % (it, it))
    for way in ways:
        assert "secret bytes" in way(SECRET)
        assert "geheim" not in way(SECRET)
    assert SECRET == b"geheim geheim geheim geheim 1234"  # and they are bytes


def test_a_private_file_is_read_back_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    before = os.umask(0)
    try:
        write_private(path, SECRET)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_private(path) == SECRET
    with pytest.raises(InputError, match="a key is not overwritten"):
        write_private(path, b"other")
    assert read_private(path) == SECRET


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o610, 0o640])
def test_a_file_that_others_can_use_is_refused_and_the_error_says_how_to_mend_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    write_private(path, SECRET)
    path.chmod(mode)
    with pytest.raises(InputError, match=f"run: chmod 600 {path}"):
        read_private(path)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(InputError, match="run: chmod 600"):
        read_private(link)


def test_a_name_that_is_no_files_and_a_file_that_is_no_key_are_told(tmp_path: Path) -> None:
    write_private(tmp_path / "long", bytes(100_000))
    for name, said in (
        ("nowhere", "no such file"),
        (".", "is a directory"),
        ("long", "too long"),
        ("a\0b", "cannot be"),
    ):
        with pytest.raises(InputError, match=said):
            read_private(tmp_path / name)
    for name, said in (("nowhere/key", "no such file"), ("a\0b", "cannot be")):
        with pytest.raises(InputError, match=said):
            write_private(tmp_path / name, SECRET)
