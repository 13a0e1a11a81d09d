"""Whose folder it is, and what `down` may delete."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import down, environment, machine, status
from lab.folder import LabFolder
from ringfence.errors import InputError


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINGFENCE_LAB", str(tmp_path / "lab"))
    return tmp_path / "lab"


def test_two_folders_have_two_ids(tmp_path: Path) -> None:
    assert LabFolder(tmp_path / "a").id != LabFolder(tmp_path / "b").id


def test_a_folder_with_other_peoples_files_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").touch()
    with pytest.raises(InputError, match=r"holds thesis\.odt, which is no lab's; set RINGFENCE_LAB to an empty folder"):
        LabFolder(tmp_path).claim()


def test_a_folder_that_only_holds_pulumis_state_is_taken(tmp_path: Path) -> None:
    (tmp_path / "pulumi").mkdir()
    LabFolder(tmp_path).claim()
    assert LabFolder(tmp_path).mark.exists()


def test_a_folder_that_no_overlay_can_be_mounted_from_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()
    with pytest.raises(InputError, match="overlay mounts cannot have ':' in a path"):
        LabFolder(tmp_path / "a:b").claim()


def test_disks_of_machines_that_are_no_longer_declared_are_removed_even_half_deleted_ones(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    folder.claim()
    for name in ("kept", "gone", ".gone.deleted", ".new.unfinished"):
        (folder.machines / name / "changes").mkdir(parents=True)
    machine.remove_surplus(folder, {"kept"})
    assert [home.name for home in folder.machines.iterdir()] == ["kept"]


def test_down_deletes_no_folder_that_is_not_a_labs(elsewhere: Path) -> None:
    elsewhere.mkdir()
    (elsewhere / "thesis.odt").touch()
    down(lambda line: None)
    assert (elsewhere / "thesis.odt").exists()


def test_without_a_lab_there_is_no_status_and_nothing_is_made_by_asking(elsewhere: Path) -> None:
    assert status() == []
    assert set(environment()) == {
        "RINGFENCE_LAB", "RINGFENCE_CONNECTIONS", "RINGFENCE_STATE", "RINGFENCE_TRUST_ROOT", "KUBECONFIG",
    }  # fmt: skip
    assert list(elsewhere.iterdir()) == []
