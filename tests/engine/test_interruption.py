"""What is left when Pulumi ends before it is done: nothing that still runs, and a lock that only the dead lose."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.backend_lock import release_dead_lock
from ringfence.errors import OperationError
from tests.engine.project import Project

pytestmark = pytest.mark.engine
SECONDS = 60


class Interrupted:
    """A `pulumi up` whose provider hangs in the middle of creating a book."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.file = project.book("wait")
        pid_file = self.file.with_name("book.txt.pid")
        os.mkfifo(pid_file)
        self.process = subprocess.Popen(
            ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
            cwd=project.folder,
            env=project.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.provider = int(pid_file.read_text())  # Waits until the provider writes it.
        self.language_host = os.getpgid(self.provider)
        pid_file.unlink()

    def kill(self) -> list[int]:
        """Kill Pulumi, and return what is still there a minute later of the processes that it had started."""
        watched = [os.pidfd_open(pid) for pid in (self.provider, self.language_host)]
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        return [descriptor for descriptor in watched if not select.select([descriptor], [], [], SECONDS)[0]]


@pytest.fixture
def interrupted(project: Project) -> Interrupted:
    return Interrupted(project)


def test_nothing_goes_on_when_the_engine_is_killed(interrupted: Interrupted) -> None:
    assert interrupted.kill() == []


def test_a_killed_up_leaves_a_lock_that_is_released_so_that_the_next_up_ends_the_work(interrupted: Interrupted) -> None:
    project = interrupted.project
    interrupted.kill()
    assert "locked" in project.try_pulumi("up", "--yes", "--skip-preview").stderr

    said: list[str] = []
    release_dead_lock(interrupted.project.backend, said.append)
    assert f"dead process {interrupted.process.pid}" in said[0]
    file = project.book("chapter one")
    project.up()
    assert file.read_text() == "chapter one"


def test_the_lock_of_a_running_up_stays_and_its_process_is_named(interrupted: Interrupted) -> None:
    with pytest.raises(OperationError, match=rf"demo/test by pid {interrupted.process.pid} on .* since 20"):
        release_dead_lock(interrupted.project.backend, print)
    interrupted.kill()


def test_an_interrupt_ends_the_program_and_leaves_neither_lock_nor_traceback(project: Project) -> None:
    started = project.folder / "started"
    os.mkfifo(started)
    project.program(f"open({str(started)!r}, 'w').close()\nimport signal\nsignal.pause()\n")
    process = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
        cwd=project.folder,
        env=project.env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    started.read_text()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode != 0
    assert "Traceback" not in output
    assert list((project.backend / ".pulumi/locks").rglob("*.json")) == []


def test_a_kill_cannot_leave_half_a_file_beside_the_state(tmp_path: Path, engine_env: dict[str, str]) -> None:
    # A file backend replaces the state in one step, but overwrites the sidecar file with its attributes in place.
    project = Project(tmp_path, engine_env)
    project.book("chapter one")
    project.up()
    backend = Path(urlsplit(engine_env["PULUMI_BACKEND_URL"]).path)
    written = [path.name for path in backend.rglob("*") if path.is_file()]
    assert "test.json" in written
    assert [name for name in written if name.endswith(".attrs")] == []
