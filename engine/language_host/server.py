"""The gRPC server of the language host: its life from the port that it prints to the engine's SIGINT."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from pulumi.runtime.proto import language_pb2 as rpc

from engine.language_host.runtime import LanguageRuntime
from engine.orphan import end_with_parent

SERVICE = "pulumirpc.LanguageRuntime"
SECONDS_TO_END = 5.0
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]

Answer = Callable[[Any, Any], Awaitable[Any]]


async def serve(executor: Path, engine_address: str) -> None:
    """Serve LanguageRuntime on a free port of the loopback interface and print that port, as the engine expects."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    end_with_parent()
    server = grpc.aio.server(options=UNLIMITED)
    server.add_generic_rpc_handlers((_service(LanguageRuntime(executor, engine_address)),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await stopped.wait()
    await server.stop(grace=None)
    # Calls that this cut off end by themselves. Where the closing loop ends them instead, gRPC prints a traceback for each.
    if cut_off := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(cut_off, timeout=SECONDS_TO_END)


def _service(host: LanguageRuntime) -> grpc.GenericRpcHandler[Any, Any]:
    """The methods by name. What is not among them gRPC answers with UNIMPLEMENTED, which the engine is prepared for.

    The generated servicer does that too, but with a traceback on stderr, which the engine shows to the user. `Cancel`
    is among what is missing: a program that waits is ended by the SIGINT that follows.
    """
    unary: dict[str, tuple[Answer, type[Message]]] = {
        "GetPluginInfo": (host.get_plugin_info, Empty),
        "GetRequiredPackages": (host.get_required_packages, rpc.GetRequiredPackagesRequest),
        "GetProgramDependencies": (host.get_program_dependencies, rpc.GetProgramDependenciesRequest),
        "About": (host.about, rpc.AboutRequest),
        "Run": (host.run, rpc.RunRequest),
        "GenerateProgram": (host.generate_program, rpc.GenerateProgramRequest),
    }
    streaming: dict[str, tuple[Answer, type[Message]]] = {
        "RunPlugin": (host.run_plugin, rpc.RunPluginRequest),
        "InstallDependencies": (host.install_dependencies, rpc.InstallDependenciesRequest),
    }
    methods = {name: _method(grpc.unary_unary_rpc_method_handler, *each) for name, each in unary.items()}
    methods |= {name: _method(grpc.unary_stream_rpc_method_handler, *each) for name, each in streaming.items()}
    return grpc.method_handlers_generic_handler(SERVICE, methods)


def _method(handler: Callable[..., Any], answer: Answer, request: type[Message]) -> Any:
    return handler(answer, request_deserializer=request.FromString, response_serializer=lambda reply: reply.SerializeToString())
