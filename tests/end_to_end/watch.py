"""Looks again and again, while something runs, at all processes' arguments and at what lies in a folder for a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

INTERVAL_SECONDS = 0.05


class Watch:
    """Collects while its block runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_until_the_end, name="watch")
        self.arguments: set[bytes] = set()
        self.files: dict[tuple[str, int, int], bytes] = {}
        """By path, length and time of change."""

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def seen(self) -> Iterator[tuple[str, bytes]]:
        """What it has seen so far, each with a name."""
        for command in self.arguments.copy():
            yield f"arguments of {command[:80]!r}", command
        for (path, _, _), content in self.files.copy().items():
            yield path, content

    def _look_until_the_end(self) -> None:
        while not self._ended.wait(INTERVAL_SECONDS):
            self._look()

    def _look(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                self.arguments.add((process / "cmdline").read_bytes())
            except OSError:
                continue  # It has ended.
        for path in self._folder.rglob("*"):
            try:
                about = path.lstat()
                known = (str(path), about.st_size, about.st_mtime_ns)
                if known not in self.files and path.is_file() and not path.is_symlink():
                    self.files[known] = path.read_bytes()
            except OSError:
                continue  # It is gone already.
