"""The files of switches and hosts: the same as the golden ones, made from the Estate alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hardware.catalogue import load_catalogue
from ringfence.configs import render
from ringfence.errors import InputError
from tests.ringfence.conftest import compile_country

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "configs"


@pytest.mark.parametrize("device", ["north-su1-leaf1", "north-spine2", "north-r1k2n1"])
def test_a_device_has_its_golden_files(lab_country: dict[str, Any], device: str) -> None:
    """Run with ``GOLDEN=write`` to accept new ones, and read the diff."""
    files = render(compile_country(lab_country), "north", load_catalogue())[device]
    text = "".join(f"==> {path}\n{content}" for path, content in sorted(files.items()))
    golden = GOLDEN / f"{device}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


def test_every_device_of_a_site_has_files_and_no_other(lab_country: dict[str, Any]) -> None:
    estate = compile_country(lab_country)
    assert set(render(estate, "north", load_catalogue())) == {device.name for device in estate.devices}


def test_an_mtu_that_a_switch_would_not_get_is_refused(lab_country: dict[str, Any]) -> None:
    lab_country["sites"]["north"]["fabric"]["compute"]["mtu"] = 9216
    with pytest.raises(InputError, match=r"sites\.north\.fabric\.compute\.mtu: frr switches are rendered for an MTU of 1500"):
        render(compile_country(lab_country), "north", load_catalogue())


def test_a_switch_that_nothing_renders_is_refused(lab_country: dict[str, Any]) -> None:
    lab_country["sites"]["north"]["fabric"]["compute"] |= {"leaf": "qm9700", "spine": "qm9700"}
    with pytest.raises(InputError, match="no renderer for mlnx-os"):
        render(compile_country(lab_country), "north", load_catalogue())


def test_a_site_that_is_not_there_is_named(lab_country: dict[str, Any]) -> None:
    with pytest.raises(InputError, match='no site "south" in this estate; there is north'):
        render(compile_country(lab_country), "south", load_catalogue())
