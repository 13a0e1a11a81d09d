"""A provider for the tests of the engine: a book (`shelf:index:Book`) is a text file, so that real things change."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.plugin_pb2 import PluginInfo
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer, add_ResourceProviderServicer_to_server

FIELDS = {"path": {"type": "string"}, "text": {"type": "string"}}


def struct(values: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(values)
    return message


class Shelf(ResourceProviderServicer):
    """Inputs: `path` of the file (also its id) and its `text`."""

    def GetPluginInfo(self, request: Any, context: Any) -> PluginInfo:  # noqa: N802
        return PluginInfo(version="1.0.0")

    def GetSchema(self, request: Any, context: Any) -> rpc.GetSchemaResponse:  # noqa: N802
        book = {"properties": FIELDS, "inputProperties": FIELDS, "requiredInputs": list(FIELDS)}
        schema = {"name": "shelf", "version": "1.0.0", "resources": {"shelf:index:Book": book}}
        return rpc.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: rpc.CheckRequest, context: Any) -> rpc.CheckResponse:  # noqa: N802
        return rpc.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: rpc.DiffRequest, context: Any) -> rpc.DiffResponse:  # noqa: N802
        return rpc.DiffResponse(changes=rpc.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> rpc.ConfigureResponse:  # noqa: N802
        return rpc.ConfigureResponse(acceptSecrets=False)

    def Check(self, request: rpc.CheckRequest, context: Any) -> rpc.CheckResponse:  # noqa: N802
        return rpc.CheckResponse(inputs=request.news)

    def Diff(self, request: rpc.DiffRequest, context: Any) -> rpc.DiffResponse:  # noqa: N802
        old, new = MessageToDict(request.olds), MessageToDict(request.news)
        changed = [key for key in new if old.get(key) != new[key]]
        kind = rpc.DiffResponse.DIFF_SOME if changed else rpc.DiffResponse.DIFF_NONE
        return rpc.DiffResponse(changes=kind, diffs=changed, replaces=["path"] if "path" in changed else [])

    def Create(self, request: rpc.CreateRequest, context: Any) -> rpc.CreateResponse:  # noqa: N802
        book = MessageToDict(request.properties)
        if not request.preview:
            Path(book["path"]).write_text(book["text"])
            self._stop_here_when_asked(book)
        return rpc.CreateResponse(id=book["path"], properties=request.properties)

    def Read(self, request: rpc.ReadRequest, context: Any) -> rpc.ReadResponse:  # noqa: N802
        file = Path(request.id)
        if not file.exists():
            return rpc.ReadResponse()
        found = struct({"path": request.id, "text": file.read_text()})
        return rpc.ReadResponse(id=request.id, inputs=found, properties=found)

    def Update(self, request: rpc.UpdateRequest, context: Any) -> rpc.UpdateResponse:  # noqa: N802
        if not request.preview:
            Path(request.id).write_text(str(request.news["text"]))
        return rpc.UpdateResponse(properties=request.news)

    def Delete(self, request: rpc.DeleteRequest, context: Any) -> Empty:  # noqa: N802
        Path(request.id).unlink(missing_ok=True)
        return Empty()

    def Cancel(self, request: Any, context: Any) -> Empty:  # noqa: N802
        return Empty()

    def _stop_here_when_asked(self, book: dict[str, str]) -> None:
        """Say one's pid and wait for ever: the tests then kill the engine in the middle of an operation."""
        if book["text"] == "wait":
            Path(book["path"] + ".pid").write_text(str(os.getpid()))
            os.read(os.pipe()[0], 1)


def main() -> None:
    server = grpc.server(ThreadPoolExecutor())
    add_ResourceProviderServicer_to_server(Shelf(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    print("the shelf speaks", file=sys.stderr, flush=True)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
