from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ringfence.durable import write, write_once


def test_a_file_is_written_private_with_the_folder_that_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    assert write_once(path, b"one")
    assert path.read_bytes() == b"one"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_once(path, b"one")
    assert not write_once(path, b"two")
    assert path.read_bytes() == b"one"


def test_of_several_writers_at_once_one_wins_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: write_once(path, bytes([number]) * 4096), range(16)))
    assert won.count(True) == 1
    assert path.read_bytes() == bytes([won.index(True)]) * 4096
    assert os.listdir(tmp_path) == ["file"]


def test_a_writer_that_stops_before_its_end_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(OSError, match="No space left"):
        write_once(tmp_path / "file", b"one")
    assert os.listdir(tmp_path) == []


def test_a_file_has_the_content_and_the_mode_asked_for_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "file", b"text", 0o640)
    assert os.listdir(tmp_path) == ["file"]
    assert ((tmp_path / "file").read_bytes(), (tmp_path / "file").stat().st_mode & 0o777) == (b"text", 0o640)


def test_writing_again_replaces_the_content(tmp_path: Path) -> None:
    write(tmp_path / "file", b"old and longer")
    write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
