"""Waiting with an end: by time, or by the engine's cancellation."""

from __future__ import annotations

import threading
import time

from ringfence.errors import OperationError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


class Deadline:
    """Until when an operation may take, and pauses on the way there that grow from a tenth to two seconds."""

    def __init__(self, seconds: float, cancelled: threading.Event) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._cancelled = cancelled
        self._pause = _FIRST_PAUSE

    def pause(self) -> bool:
        """Wait a little; False when the time is over.

        Raises:
            OperationError: the engine cancelled the operation.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            return False
        if self._cancelled.wait(min(self._pause, left)):
            raise OperationError("cancelled while waiting")
        self._pause = min(self._pause * 1.5, _LONGEST_PAUSE)
        return True
