"""`python -m engine.kubernetes [ENGINE_ADDRESS]`: serve the plugin until the engine is done with it."""

from __future__ import annotations

import signal
import sys
import threading
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from engine.kubernetes.boundary import EngineLog
from engine.kubernetes.provider import KubernetesProvider
from engine.orphan import end_with_parent

# Most requests wait for the API server; the engine itself sends no more than its --parallel.
_THREADS = 32
_LARGEST_MESSAGE = 400 * 1024 * 1024  # bytes, as in Pulumi's own SDKs
_GRACE = 2.0  # seconds for requests under way


def main(arguments: list[str]) -> int:
    """Serve on a free port of the loopback address, which is printed first, as the engine expects."""
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    end_with_parent()
    log = EngineLog(arguments[0] if arguments else "")
    server = grpc.server(
        futures.ThreadPoolExecutor(_THREADS),
        options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.max_send_message_length", -1)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(KubernetesProvider(log), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    done.wait()
    server.stop(_GRACE).wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
