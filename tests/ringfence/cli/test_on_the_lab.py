"""The commands that touch real things, on the running lab."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import lab

LAB = Path(__file__).resolve().parents[3] / "countries" / "lab.yaml"
PROGRAM = Path(sys.executable).with_name("ringfence")
pytestmark = pytest.mark.lab


def ringfence(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)


def test_an_audit_grades_what_it_read_as_measured(lab: lab.Lab) -> None:
    done = ringfence("audit", LAB, "-f", "json")
    verdicts = json.loads(done.stdout)["verdicts"]
    grades = {item["rule"]: item["grade"] for item in verdicts}
    assert grades["RF-STO-004"] == "measured", done.stderr


def test_a_device_that_does_not_answer_is_unknown_and_exits_4(lab: lab.Lab, tmp_path: Path) -> None:
    """The country has a rack that the lab has not: what should be there does not answer."""
    country = tmp_path / "lab.yaml"
    text = LAB.read_text()
    more = text.replace("racks: 2, capacity: 4", "racks: 3, capacity: 4").replace(
        "first_rack: 2, nodes: 2", "first_rack: 2, nodes: 4"
    )
    country.write_text(more.replace("su: 2", "su: 3"))
    assert ringfence("check", country).returncode == 0
    done = ringfence("audit", country, "-f", "json")
    assert done.returncode == 4, done.stderr
    assert any(
        item["status"] == "unknown" and "could not be read" in item["message"] for item in json.loads(done.stdout)["verdicts"]
    )


def test_status_shows_each_server_and_machine(lab: lab.Lab) -> None:
    done = ringfence("lab", "status")
    assert done.returncode == 0
    assert "kube-apiserver" in done.stdout
    assert "north-spine1" in done.stdout


def test_the_environment_is_lines_for_a_shell(lab: lab.Lab) -> None:
    lines = ringfence("lab", "env").stdout.splitlines()
    assert any(line.startswith("export KUBECONFIG=") for line in lines)
    assert all(line.startswith("export ") for line in lines)


def test_the_gate_of_the_lab_permits_a_stack_that_keeps_the_rules(lab: lab.Lab) -> None:
    done = ringfence("permit", "lab.north")
    assert done.returncode == 0, done.stderr
    assert "lab.north create update until" in done.stdout


def test_the_gate_stays_shut_for_a_residency_breach(lab: lab.Lab, tmp_path: Path) -> None:
    country = tmp_path / "abroad.yaml"
    country.write_text(
        LAB.read_text().replace("copies: [north], key: records", "copies: [north, model-exchange], key: records")
    )
    done = ringfence("permit", "lab.north", "--country", country)
    assert done.returncode == 1
    assert any("RF-RES-001 fail" in line for line in done.stderr.splitlines())
    assert done.stdout == ""
