"""The inventory is the country file itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

import playbooks
from tests.ringfence.conftest import LAB

ROOM = Path(str(playbooks.__file__)).parent


def inventory(source: Path) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "ANSIBLE_INVENTORY_PLUGINS": str(ROOM / "inventory_plugins"),
        "ANSIBLE_INVENTORY_ENABLED": "ringfence_country",
    }
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(source), "--list"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def unsafe(text: str) -> dict[str, str]:
    """How Ansible writes a text that it will never evaluate as a template."""
    return {"__ansible_unsafe": text}


def hosts() -> dict[str, Any]:
    listed: dict[str, Any] = json.loads(inventory(LAB).stdout)
    return listed


def test_every_node_is_a_host_in_its_site_and_pool() -> None:
    listed = hosts()
    assert listed["nodes"]["hosts"] == ["north-r1k1n1", "north-r1k1n2", "north-r1k2n1", "north-r1k2n2"]
    assert listed["pool_serve"]["hosts"] == ["north-r1k1n1", "north-r1k1n2"]
    assert set(listed["site_north"]["hosts"]) == set(listed["nodes"]["hosts"])


def test_a_host_is_reached_at_its_management_address_and_knows_the_countrys_services() -> None:
    variables = hosts()["_meta"]["hostvars"]["north-r1k1n1"]
    assert variables["ansible_host"] == unsafe("10.77.12.1")
    assert variables["ringfence_dns"] == [unsafe("dns.north.atlantis.example")]


def test_a_text_of_the_country_is_never_evaluated(tmp_path: Path) -> None:
    # The loader refuses braces; this shows that the inventory would not have evaluated them either.
    country = yaml.safe_load(LAB.read_text())
    country["country"]["name"] = "{{ 6 * 7 }}"
    path = tmp_path / "hostile.yaml"
    path.write_text(yaml.safe_dump(country, sort_keys=False).replace("country:\n", "country:\n", 1))
    result = inventory(path)
    assert "42" not in result.stdout
    assert "is not allowed in a text" in result.stderr


def test_a_file_that_is_wrong_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(LAB.read_text().replace("via: gw-1", "via: gw-9"))
    assert 'no gateway "gw-9" (did you mean "gw-1"?)' in inventory(path).stderr
