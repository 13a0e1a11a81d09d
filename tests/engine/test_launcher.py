from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.launcher import EXECUTABLE_MODE, launcher_text
from ringfence import durable


def run(launcher: Path, *arguments: str, cwd: Path) -> str:
    return subprocess.run([launcher, *arguments], cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_a_launcher_runs_the_module_with_its_own_arguments_and_then_those_given(tmp_path: Path) -> None:
    launcher = tmp_path / "run"
    durable.write(launcher, launcher_text("timeit", "-n", "1", "-r", "1").encode(), EXECUTABLE_MODE)
    assert "a b" in run(launcher, "print('a b')", cwd=tmp_path)


def test_the_folder_in_which_it_is_started_cannot_replace_the_module(tmp_path: Path) -> None:
    (tmp_path / "this.py").write_text("print('replaced')")
    launcher = tmp_path / "run"
    durable.write(launcher, launcher_text("this").encode(), EXECUTABLE_MODE)
    assert "The Zen of Python" in run(launcher, cwd=tmp_path)


def test_an_interpreter_in_a_long_path_with_spaces_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / ("long " * 45) / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    launcher = tmp_path / "run"
    durable.write(launcher, launcher_text("this").encode(), EXECUTABLE_MODE)
    assert "The Zen of Python" in run(launcher, cwd=tmp_path)
