from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.backend_lock import release_dead_lock
from ringfence.errors import OperationError

NOW = datetime.now(UTC)
Write = Callable[..., Path]


@pytest.fixture
def write_lock(tmp_path: Path) -> Write:
    """Writes a lock as Pulumi does."""

    def write(pid: int, *, host: str = socket.gethostname(), since: datetime = NOW, stack: str = "lab.north") -> Path:
        path = tmp_path / ".pulumi/locks/organization/ringfence" / stack / f"{pid}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"pid": pid, "username": "root", "hostname": host, "timestamp": since.isoformat()}
        path.write_text(json.dumps(content))
        return path

    return write


@pytest.fixture
def dead_pid() -> int:
    """The pid of a process that has ended and been waited for."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def release(backend: Path) -> list[str]:
    said: list[str] = []
    release_dead_lock(backend, said.append)
    return said


def test_a_backend_that_was_never_used_has_nothing_to_release(tmp_path: Path) -> None:
    assert release(tmp_path) == []


def test_the_lock_of_a_process_that_is_gone_is_released_and_named(tmp_path: Path, write_lock: Write, dead_pid: int) -> None:
    lock = write_lock(dead_pid)
    (line,) = release(tmp_path)
    assert not lock.exists()
    assert f"released the lock of ringfence/lab.north that dead process {dead_pid} had held since 20" in line


def test_the_lock_of_a_running_process_stays(tmp_path: Path, write_lock: Write) -> None:
    lock = write_lock(os.getpid())
    with pytest.raises(OperationError, match=f"ringfence/lab.north by pid {os.getpid()} on .* since 20"):
        release(tmp_path)
    assert lock.exists()


def test_a_process_that_began_after_the_lock_was_made_is_not_its_holder(tmp_path: Path, write_lock: Write) -> None:
    lock = write_lock(os.getpid(), since=NOW - timedelta(days=400))
    release(tmp_path)
    assert not lock.exists()


def test_a_zombie_holds_no_lock(tmp_path: Path, write_lock: Write) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    lock = write_lock(process.pid)
    release(tmp_path)
    process.communicate()
    assert not lock.exists()


def test_a_lock_of_another_machine_stays_for_nobody_here_can_tell(tmp_path: Path, write_lock: Write, dead_pid: int) -> None:
    lock = write_lock(dead_pid, host="elsewhere")
    with pytest.raises(OperationError, match="on elsewhere"):
        release(tmp_path)
    assert lock.exists()


def test_dead_locks_are_released_also_where_another_stack_is_locked_by_the_living(
    tmp_path: Path, write_lock: Write, dead_pid: int
) -> None:
    dead, living = write_lock(dead_pid), write_lock(os.getpid(), stack="lab.national")
    with pytest.raises(OperationError, match=r"ringfence/lab\.national"):
        release(tmp_path)
    assert (dead.exists(), living.exists()) == (False, True)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "hostname": "h", "timestamp": "soon"}'])
def test_a_file_that_is_no_lock_is_left_alone_and_named(tmp_path: Path, write_lock: Write, content: str) -> None:
    lock = write_lock(1)
    lock.write_text(content)
    with pytest.raises(OperationError, match=lock.name):
        release(tmp_path)
    assert lock.exists()
