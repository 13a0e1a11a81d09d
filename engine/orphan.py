"""Leaves no orphans: a plugin ends when the engine that started it is gone, however the engine went."""

from __future__ import annotations

import os
import signal
import stat
import threading

STDIN = 0


def end_with_parent() -> None:
    """End this process, and all that it started, as soon as the Pulumi engine that started it is dead.

    The engine gives each plugin a process group of its own and a pipe as stdin, on which it never writes. A killed
    engine signals nobody, but the kernel closes the pipe. What is still at work then would go on changing real things
    while the next `pulumi up` starts, so the whole group is killed, and not asked. Started in any other way, as by
    hand in a terminal, this does nothing.
    """
    if os.getpgrp() == os.getpid() and stat.S_ISFIFO(os.fstat(STDIN).st_mode):
        threading.Thread(target=_kill_group_at_end_of_input, name="engine watch", daemon=True).start()


def _kill_group_at_end_of_input() -> None:
    while os.read(STDIN, 4096):
        pass
    os.killpg(0, signal.SIGKILL)
