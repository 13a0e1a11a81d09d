"""Lines for the user, through the engine, which shows them beside their resource."""

from __future__ import annotations

import grpc
from pulumi.runtime.proto.engine_pb2 import INFO, LogRequest
from pulumi.runtime.proto.engine_pb2_grpc import EngineStub

from ringfence.escape import terminal_lines


class Journal:
    """Sends lines to the engine at `address`; without one (a test, a person at a terminal) they go nowhere."""

    def __init__(self, address: str | None) -> None:
        self._engine = EngineStub(grpc.insecure_channel(address)) if address else None

    def tell(self, urn: str, line: str) -> None:
        """Show a line that stays on the screen."""
        self._log(urn, line, passing=False)

    def progress(self, urn: str, line: str) -> None:
        """Show a line until the next one comes."""
        self._log(urn, line, passing=True)

    def _log(self, urn: str, line: str, *, passing: bool) -> None:
        if self._engine is not None:
            self._engine.Log(LogRequest(severity=INFO, urn=urn, message=terminal_lines(line), ephemeral=passing))
