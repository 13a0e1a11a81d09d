"""The gRPC server of the provider: its methods by name, and one line for whatever goes wrong in them."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.status_pb2 import Status

from hardware.provider.kind import UnfinishedError
from hardware.provider.properties import struct
from hardware.provider.provider import Context, Provider
from ringfence.errors import InputError, RingfenceError
from ringfence.escape import terminal_lines

SERVICE = "pulumirpc.ResourceProvider"
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
WORKERS = 16


def start(provider: Provider) -> tuple[grpc.Server, int]:
    """Serve on a free port of the loopback interface; returns the server and its port."""
    server = grpc.server(ThreadPoolExecutor(WORKERS, thread_name_prefix="call"), options=UNLIMITED)
    server.add_generic_rpc_handlers((_service(provider),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _service(provider: Provider) -> grpc.GenericRpcHandler[Any, Any]:
    """What is not among these gRPC answers with UNIMPLEMENTED, which the engine is prepared for.

    (The generated servicer does that too, but with a traceback on stderr, which the engine shows to the user.)
    """
    methods: dict[str, tuple[Callable[[Any, Context], Message], type[Message]]] = {
        "GetPluginInfo": (provider.get_plugin_info, Empty),
        "GetSchema": (provider.get_schema, rpc.GetSchemaRequest),
        "CheckConfig": (provider.check_config, rpc.CheckRequest),
        "DiffConfig": (provider.diff_config, rpc.DiffRequest),
        "Configure": (provider.configure, rpc.ConfigureRequest),
        "Check": (provider.check, rpc.CheckRequest),
        "Diff": (provider.diff, rpc.DiffRequest),
        "Create": (provider.create, rpc.CreateRequest),
        "Read": (provider.read, rpc.ReadRequest),
        "Update": (provider.update, rpc.UpdateRequest),
        "Delete": (provider.delete, rpc.DeleteRequest),
        "Cancel": (provider.cancel, Empty),
    }
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            name: grpc.unary_unary_rpc_method_handler(
                _in_one_line(answer),
                request_deserializer=request.FromString,
                response_serializer=lambda reply: reply.SerializeToString(),
            )
            for name, (answer, request) in methods.items()
        },
    )


def _in_one_line(answer: Callable[[Any, Context], Message]) -> Callable[[Any, Context], Message]:
    def call(request: Any, context: Context) -> Message:
        try:
            return answer(request, context)
        except UnfinishedError as error:
            context.set_trailing_metadata((("grpc-status-details-bin", _details(error)),))
            code, message = grpc.StatusCode.UNKNOWN, str(error)
        except InputError as error:
            code, message = grpc.StatusCode.INVALID_ARGUMENT, str(error)
        except RingfenceError as error:
            code, message = grpc.StatusCode.FAILED_PRECONDITION, str(error)
        except Exception as error:  # noqa: BLE001 - the engine must learn of it, and the user must not see a traceback
            # The text of an unexpected error may quote a secret; its type and place do not.
            place = traceback.extract_tb(error.__traceback__)[-1]
            code = grpc.StatusCode.INTERNAL
            message = f"a mistake in the provider: {type(error).__name__} in {place.name}, {place.filename}:{place.lineno}"
        return context.abort(code, terminal_lines(message))

    return call


def _details(error: UnfinishedError) -> bytes:
    """What is there and what is not: the state keeps it, and the next `up` goes on from there."""
    found = error.found
    detail = rpc.ErrorResourceInitFailed(id=found.id, properties=struct(found.properties()), reasons=found.unfinished)
    status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    return status.SerializeToString()
