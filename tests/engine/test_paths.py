from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.paths import cache_dir, lab_dir
from ringfence.errors import InputError

CASES = [(cache_dir, "RINGFENCE_CACHE", "XDG_CACHE_HOME"), (lab_dir, "RINGFENCE_LAB", "XDG_STATE_HOME")]
folders = pytest.mark.parametrize(("folder", "variable", "xdg"), CASES)


@folders
def test_our_own_variable_wins_over_the_xdg_base_directory(
    folder: Callable[[], Path], variable: str, xdg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(xdg, str(tmp_path / "xdg"))
    monkeypatch.setenv(variable, str(tmp_path / "ours"))
    assert folder() == tmp_path / "ours"


@folders
def test_the_xdg_base_directory_wins_over_the_home_folder(
    folder: Callable[[], Path], variable: str, xdg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(xdg, str(tmp_path))
    assert folder().is_relative_to(tmp_path)


@folders
def test_a_relative_xdg_base_directory_is_ignored(
    folder: Callable[[], Path], variable: str, xdg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(xdg, "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder().is_relative_to(tmp_path)


@folders
def test_only_the_owner_may_look_into_the_folder(
    folder: Callable[[], Path], variable: str, xdg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "private"))
    assert folder().stat().st_mode & 0o777 == 0o700


@folders
def test_a_folder_that_cannot_be_made_names_the_variable_to_set(
    folder: Callable[[], Path], variable: str, xdg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / "file" / "below"))
    with pytest.raises(InputError, match=variable):
        folder()
