"""A stack's settings beside the project follow the salt of its state, whatever stood there."""

from __future__ import annotations

from pathlib import Path

import pytest

from stacks.up import settle_salt


@pytest.mark.parametrize(
    ("before", "salt", "after"),
    [
        ("", "v1:new", "encryptionsalt: v1:new\n"),
        ("encryptionsalt: v1:old\n", "v1:new", "encryptionsalt: v1:new\n"),
        ("config:\n  a: b\nencryptionsalt: v1:old\n", "v1:new", "config:\n  a: b\nencryptionsalt: v1:new\n"),
        ("encryptionsalt: v1:old\nconfig:\n  a: b\n", "", "config:\n  a: b\n"),
    ],
)
def test_the_salt_is_that_of_the_state_and_nothing_else_changes(tmp_path: Path, before: str, salt: str, after: str) -> None:
    settings = tmp_path / "Pulumi.lab.north.yaml"
    settings.write_text(before)
    settle_salt(settings, salt)
    assert settings.read_text() == after


def test_settings_that_fit_are_not_touched(tmp_path: Path) -> None:
    settings = tmp_path / "Pulumi.lab.north.yaml"
    settings.write_text("encryptionsalt: v1:new\nconfig: {}\n")
    before = settings.stat().st_mtime_ns
    settle_salt(settings, "v1:new")
    assert settings.stat().st_mtime_ns == before


def test_settings_that_a_kill_has_lost_are_written_again(tmp_path: Path) -> None:
    settle_salt(tmp_path / "Pulumi.lab.north.yaml", "v1:new")
    assert (tmp_path / "Pulumi.lab.north.yaml").read_text() == "encryptionsalt: v1:new\n"
