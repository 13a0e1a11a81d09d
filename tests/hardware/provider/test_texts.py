"""The content-addressed store of configurations."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.provider.texts import Texts, files_digest
from ringfence.errors import InputError

OLD = {"/etc/frr/frr.conf": "router bgp 1\n maximum-paths 8\n"}
NEW = {"/etc/frr/frr.conf": "router bgp 1\n maximum-paths 16\n"}


def test_files_are_found_by_their_digest(tmp_path: Path) -> None:
    texts = Texts(tmp_path / "texts")
    assert texts.put(OLD) == files_digest(OLD)
    assert texts.get(files_digest(OLD)) == OLD


def test_putting_the_same_files_again_changes_nothing(tmp_path: Path) -> None:
    texts = Texts(tmp_path)
    texts.put(OLD)
    texts.put(OLD)
    assert [path.name for path in tmp_path.iterdir()] == [files_digest(OLD)]


def test_a_text_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    texts = Texts(tmp_path)
    path = tmp_path / texts.put(OLD)
    path.write_text(path.read_text().replace("8", "9"))
    with pytest.raises(InputError, match="does not have the digest"):
        texts.get(path.name)


def test_a_missing_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no configuration with this digest"):
        Texts(tmp_path).get("0" * 64)


def test_a_difference_names_device_file_and_line(tmp_path: Path) -> None:
    texts = Texts(tmp_path)
    assert list(texts.difference("leaf1", texts.put(OLD), texts.put(NEW))) == [
        "device leaf1: /etc/frr/frr.conf: -  maximum-paths 8",
        "device leaf1: /etc/frr/frr.conf: +  maximum-paths 16",
    ]


def test_a_device_that_had_nothing_gets_every_line(tmp_path: Path) -> None:
    texts = Texts(tmp_path)
    assert len(list(texts.difference("leaf1", "", texts.put(OLD)))) == 2
