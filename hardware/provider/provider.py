"""The calls of the engine that this provider answers (gRPC service pulumirpc.ResourceProvider), the same for all types."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.plugin_pb2 import PluginInfo

from hardware.provider.authority import Authority, Urn
from hardware.provider.difference import difference, differing_target
from hardware.provider.journal import Journal
from hardware.provider.kind import Found, Kind, Reach, UnfinishedError, parse, problems
from hardware.provider.properties import Values, plain, refused_values, struct
from hardware.provider.schema import schema
from hardware.provider.texts import Texts
from ringfence import __version__
from ringfence.errors import InputError
from ringfence.permit import Operation

LINES_EXPLAINED = 60

Context = grpc.ServicerContext


class Provider:
    """Finds the type, asks the gate, calls the type. `kinds` is by token; calls come from many threads at once."""

    def __init__(self, kinds: Mapping[str, Kind[Any]], authority: Authority, journal: Journal) -> None:
        self._kinds = kinds
        self._authority = authority
        self._journal = journal
        self._texts = Texts(authority.settings.texts)
        self._stopping = threading.Event()

    def get_plugin_info(self, request: Empty, context: Context) -> PluginInfo:
        """Our version."""
        return PluginInfo(version=__version__)

    def get_schema(self, request: rpc.GetSchemaRequest, context: Context) -> rpc.GetSchemaResponse:
        """The schema of our types."""
        return rpc.GetSchemaResponse(schema=schema(self._kinds))

    def check_config(self, request: rpc.CheckRequest, context: Context) -> rpc.CheckResponse:
        """There is nothing to configure: how things are reached is no business of the program or its state."""
        allowed = {"version"}
        failures = [
            rpc.CheckFailure(property=name, reason="the provider takes no configuration; see RINGFENCE_CONNECTIONS")
            for name in plain(request.news)
            if name not in allowed
        ]
        return rpc.CheckResponse(inputs=request.news, failures=failures)

    def diff_config(self, request: rpc.DiffRequest, context: Context) -> rpc.DiffResponse:
        """Never anything: see `check_config`."""
        return rpc.DiffResponse(changes=rpc.DiffResponse.DIFF_NONE)

    def configure(self, request: rpc.ConfigureRequest, context: Context) -> rpc.ConfigureResponse:
        """Secrets are accepted on the wire so that `check` can see and refuse them."""
        return rpc.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False)

    def check(self, request: rpc.CheckRequest, context: Context) -> rpc.CheckResponse:
        """Everything that is wrong with the inputs, by property."""
        news = plain(request.news)
        wrong = list(refused_values(news)) or list(problems(self._kind(request.urn).model, news))
        failures = [rpc.CheckFailure(property=path, reason=reason) for path, reason in wrong]
        return rpc.CheckResponse(inputs=request.news, failures=failures)

    def diff(self, request: rpc.DiffRequest, context: Context) -> rpc.DiffResponse:
        """What differs between the state and the inputs; touches nothing."""
        kind, old, new = self._kind(request.urn), plain(request.olds), plain(request.news)
        answer = difference(old, new, kind.replace_on(old, new))
        if answer.changes == rpc.DiffResponse.DIFF_SOME:
            self._explain(request.urn, list(kind.explain(old, new, self._reach(request.urn))))
        return answer

    def create(self, request: rpc.CreateRequest, context: Context) -> rpc.CreateResponse:
        """Make a thing, or adopt it where it is there as wanted."""
        if request.preview:
            return rpc.CreateResponse(properties=request.properties)
        found = self._bring_about("create", request.urn, plain(request.properties), None)
        return rpc.CreateResponse(id=found.id, properties=struct(found.properties()))

    def update(self, request: rpc.UpdateRequest, context: Context) -> rpc.UpdateResponse:
        """Change a thing in place."""
        if request.preview:
            return rpc.UpdateResponse(properties=request.news)
        found = self._bring_about("update", request.urn, plain(request.news), plain(request.olds))
        return rpc.UpdateResponse(properties=struct(found.properties()))

    def read(self, request: rpc.ReadRequest, context: Context) -> rpc.ReadResponse:
        """The thing as it really is; without recorded properties it is to be imported."""
        kind, before = self._kind(request.urn), plain(request.properties)
        found = kind.read(request.id, before, self._reach(request.urn))
        if found is None:
            return rpc.ReadResponse()
        properties = found.properties()
        inputs = request.inputs if before else struct({name: properties[name] for name in _input_names(kind, properties)})
        return rpc.ReadResponse(id=found.id, properties=struct(properties), inputs=inputs)

    def delete(self, request: rpc.DeleteRequest, context: Context) -> Empty:
        """Remove a thing; the permit names the inputs that it was made with."""
        kind, inputs, recorded = self._kind(request.urn), plain(request.old_inputs), plain(request.properties)
        self._authority.demand("delete", Urn.parse(request.urn), inputs)
        if otherwise := differing_target(recorded, inputs):
            raise InputError(
                f"{Urn.parse(request.urn).name}: the state's record leads to another thing than the permit: {otherwise[0]} is "
                "not as in its inputs; `pulumi up` mends the record"
            )
        kind.delete(recorded, self._reach(request.urn))
        return Empty()

    def cancel(self, request: Empty, context: Context) -> Empty:
        """End what has been begun on a device, and begin with no other."""
        self._stopping.set()
        return Empty()

    def _bring_about(self, operation: Operation, urn: str, inputs: Values, before: Values | None) -> Found:
        kind = self._kind(urn)
        wanted = parse(kind.model, inputs)
        self._authority.demand(operation, Urn.parse(urn), inputs)
        found = kind.bring_about(wanted, before, self._reach(urn))
        if found.unfinished:
            raise UnfinishedError(found)
        return found

    def _kind(self, urn: str) -> Kind[Any]:
        token = Urn.parse(urn).type
        if token not in self._kinds:
            raise InputError(f"there is no resource type {token}; there is {', '.join(sorted(self._kinds))}")
        return self._kinds[token]

    def _reach(self, urn: str) -> Reach:
        def say(line: str) -> None:
            self._journal.progress(urn, line)

        return Reach(self._authority.connections, self._texts, self._stopping, say)

    def _explain(self, urn: str, lines: list[str]) -> None:
        if len(lines) > LINES_EXPLAINED:
            lines[LINES_EXPLAINED:] = [f"and {len(lines) - LINES_EXPLAINED} more lines"]
        if lines:
            self._journal.tell(urn, "\n".join(lines))


def _input_names(kind: Kind[Any], properties: Values) -> list[str]:
    return [field.alias or name for name, field in kind.model.model_fields.items() if (field.alias or name) in properties]
