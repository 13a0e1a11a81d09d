from __future__ import annotations

import os
from pathlib import Path

from engine import durable


def test_a_file_has_the_text_and_the_mode_asked_for_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    durable.write(tmp_path / "file", "text", 0o640)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert ((tmp_path / "file").read_text(), (tmp_path / "file").stat().st_mode & 0o777) == ("text", 0o640)


def test_writing_again_replaces_the_text(tmp_path: Path) -> None:
    durable.write(tmp_path / "file", "old and longer", 0o600)
    durable.write(tmp_path / "file", "new", 0o600)
    assert (tmp_path / "file").read_text() == "new"


def test_a_file_written_once_keeps_its_first_text(tmp_path: Path) -> None:
    durable.write_once(tmp_path / "file", "first", 0o600)
    durable.write_once(tmp_path / "file", "second", 0o600)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "first")]


def test_what_a_killed_process_with_the_same_pid_left_behind_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / f".file.{os.getpid()}").write_text("half")
    durable.write(tmp_path / "file", "whole", 0o600)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "whole")]
