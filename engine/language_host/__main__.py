"""Start the language host; the engine's launcher runs this as `EXECUTOR [flags of the engine] ENGINE_ADDRESS`."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path


def main() -> None:
    """Serve until the engine sends SIGINT, which is its way of saying that it needs the host no more."""
    # Until the server has handlers of its own, an early SIGINT ends the process without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from engine.language_host.server import serve

    asyncio.run(serve(executor=Path(sys.argv[1]), engine_address=sys.argv[-1]))


if __name__ == "__main__":
    main()
