"""Progress for a person who waits: what is being done, and for how long already."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

HEARTBEAT_SECONDS = 10.0


class Say(Protocol):
    """Prints one line of progress; it is called from more than one thread."""

    def __call__(self, line: str, /) -> None:
        """Print `line`, which has no newline of its own."""


def to_stderr(line: str, /) -> None:
    """Print one line of progress where a command's output is not disturbed."""
    # One write of the whole line: lines of different threads do not mix.
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


@contextmanager
def step(title: str, say: Say, *, heartbeat: float = HEARTBEAT_SECONDS) -> Iterator[None]:
    """Print the start of a piece of work, a line every `heartbeat` seconds while it runs, and its end with duration."""
    started = time.monotonic()
    done = threading.Event()

    def beat() -> None:
        while not done.wait(heartbeat):
            say(f"{title} … {time.monotonic() - started:.0f} s")

    say(title)
    pulse = threading.Thread(target=beat, name=f"heartbeat: {title}", daemon=True)
    pulse.start()
    outcome = "failed after"
    try:
        yield
        outcome = "done in"
    finally:
        done.set()
        pulse.join()
        say(f"{title}: {outcome} {time.monotonic() - started:.1f} s")
