"""`kill -9` of everything in the middle of `pulumi up`, and then the same command again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import Lab
from tests.stacks.drill import Drill
from tests.stacks.test_national import begin

pytestmark = [pytest.mark.lab, pytest.mark.engine, pytest.mark.slow]
BRING_UP = "import sys; from pathlib import Path; from stacks.up import bring_up; bring_up(Path(sys.argv[1]), print)"
SECONDS = 120

POINTS: dict[str, Callable[[Drill], object]] = {
    "before anything is made": lambda drill: list((drill.folder / "pulumi").rglob("locks/**/*.json")),
    "as the first key is in the HSM": lambda drill: drill.key("root").read(),
    "as a wrapped key is in the HSM": lambda drill: drill.key("kek").read(),
    "as the bucket is in the store": lambda drill: drill.bucket().read(),
}


@pytest.fixture
def drill(tmp_path: Path, lab: Lab) -> Iterator[Drill]:
    yield from begin(tmp_path, lab)


def kill_at(point: Callable[[Drill], object], drill: Drill) -> None:
    """Start `bring_up` in a process group of its own, and kill the whole group as soon as `point` is reached."""
    running = subprocess.Popen(
        [sys.executable, "-c", BRING_UP, str(drill.file)],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline, pause = time.monotonic() + SECONDS, threading.Event()
    while not point(drill):
        assert running.poll() is None, "it ended before the point was reached"
        assert time.monotonic() < deadline
        pause.wait(0.005)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_after_a_kill_the_same_command_ends_with_the_same_estate(point: Callable[[Drill], object], drill: Drill) -> None:
    kill_at(point, drill)
    survivors = {purpose: objects for purpose, objects in drill.keys.items() if objects}
    drill.up()
    after = drill.keys
    for purpose, objects in survivors.items():
        assert after[purpose] == objects, "a key that was there is made anew"
    assert {purpose: len(objects) for purpose, objects in after.items()} == {"root": 1, "kek": 1, "log": 2}
    assert drill.bucket().read() is not None
    assert drill.up().changed == 0
