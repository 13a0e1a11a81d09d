"""Starts the provider as Pulumi's engine does: prints its port, serves until it is told to end or the engine is gone."""

from __future__ import annotations

import signal
import sys
import threading

from engine.orphan import end_with_parent
from hardware.provider.authority import Authority
from hardware.provider.journal import Journal
from hardware.provider.kinds import KINDS
from hardware.provider.provider import Provider
from hardware.provider.server import start
from hardware.provider.settings import Settings


def main(arguments: list[str]) -> None:
    """Serve; the engine gives its own address as the last argument."""
    end_with_parent()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    journal = Journal(arguments[-1] if arguments else None)
    server, port = start(Provider(KINDS, Authority(Settings.from_environment()), journal))
    print(port, flush=True)
    ended.wait()
    server.stop(grace=None)


if __name__ == "__main__":
    main(sys.argv[1:])
