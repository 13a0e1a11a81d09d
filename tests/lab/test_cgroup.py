"""The kernel keeps track of what belongs to the lab."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lab import cgroup
from lab.cgroup import ProcessGroup

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="control groups are root's")

FAMILY = ("sh", "-c", "setsid sleep 600 & exec sleep 600")


@pytest.fixture
def lab() -> Iterator[str]:
    name = uuid4().hex[:6]
    yield name
    cgroup.remove_all(name)


@pytest.fixture
def processes(lab: str, tmp_path: Path) -> ProcessGroup:
    started = cgroup.group(lab, "one")
    started.start(FAMILY, {"PATH": "/usr/bin:/bin"}, tmp_path / "log")
    return started


def test_a_started_process_is_in_its_group_from_the_beginning(processes: ProcessGroup) -> None:
    assert processes.running()


def test_killing_a_group_also_kills_children_that_left_their_parents_session(processes: ProcessGroup) -> None:
    os.kill(processes.processes()[0], 0)
    processes.kill()
    assert not processes.running()
    assert not processes.path.exists()


def test_a_group_outlives_its_first_process_with_the_children(processes: ProcessGroup) -> None:
    while len(pids := processes.processes()) < 2:
        pass
    os.kill(pids[0], signal.SIGKILL)
    while pids[0] in processes.processes():
        pass
    assert processes.running()


def test_killing_a_group_that_is_not_there_is_no_error(lab: str) -> None:
    cgroup.group(lab, "nobody").kill()


def test_a_process_has_only_the_environment_that_it_was_given(lab: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    started = cgroup.group(lab, "env")
    started.start(("env",), {"PATH": "/usr/bin:/bin", "WORD": "given"}, log)
    while started.running():
        pass
    assert {line.partition("=")[0] for line in log.read_text().splitlines()} <= {"PATH", "WORD", "PWD"}


def test_removing_a_lab_leaves_no_group_in_any_hierarchy(lab: str, processes: ProcessGroup) -> None:
    cgroup.remove_all(lab)
    assert cgroup.groups(lab) == {}
    assert list(Path("/sys/fs/cgroup").glob(f"*/ringfence-{lab}")) == []
