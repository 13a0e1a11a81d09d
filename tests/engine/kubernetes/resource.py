"""A resource as the Pulumi engine handles it: its state between calls, and the calls in the engine's order."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from engine.kubernetes import naming, tokens
from engine.kubernetes.api import Api
from engine.kubernetes.properties import Properties, read, write
from engine.kubernetes.readiness import wait_gone
from engine.kubernetes.waiting import Deadline

Manifest = dict[str, Any]


def struct(values: Manifest) -> struct_pb2.Struct:
    return write(Properties(values))


@dataclass
class Plugin:
    """A running plugin and the cluster behind it."""

    stub: provider_pb2_grpc.ResourceProviderStub
    kubeconfig: Path
    api: Api

    def __post_init__(self) -> None:
        self.configure(kubeconfig=str(self.kubeconfig))

    def configure(self, **options: str) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=struct(dict(options)), acceptSecrets=True))

    def resource(self, token: str, name: str = "thing") -> Resource:
        return Resource(self, f"urn:pulumi:test::demo::{token}::{name}")

    def namespace(self) -> str:
        """Make a namespace of the test's own, in which pods can be made; the cluster goes away with the session."""
        path = f"/api/v1/namespaces/{(name := f'test-{secrets.token_hex(4)}')}"
        self.api.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        deadline = Deadline(30, threading.Event())
        while not self.api.get(f"{path}/serviceaccounts/default"):
            assert deadline.pause(), "no default service account"
        return name

    def by_hand(self, path: str, change: Manifest) -> None:
        """Change an object as a person with kubectl does: from its state now, under another manager's name."""
        query = {"fieldManager": "kubectl-edit"}
        self.api._request("PATCH", path, query, change, "application/merge-patch+json")

    def delete_by_hand(self, path: str) -> None:
        self.api.delete(path, "")
        wait_gone(self.api, path, "", Deadline(30, threading.Event()))


@dataclass
class Resource:
    """One resource: `identity`, `inputs` and `outputs` are what the engine keeps in state."""

    plugin: Plugin
    urn: str
    identity: str = ""
    inputs: struct_pb2.Struct = field(default_factory=struct_pb2.Struct)
    outputs: struct_pb2.Struct = field(default_factory=struct_pb2.Struct)

    def check(self, program: Manifest) -> provider_pb2.CheckResponse:
        return self.plugin.stub.Check(provider_pb2.CheckRequest(urn=self.urn, olds=self.inputs, news=struct(program)))

    def create(self, program: Manifest, timeout: float = 30) -> Resource:
        inputs = self.check(program).inputs
        made = self.plugin.stub.Create(provider_pb2.CreateRequest(urn=self.urn, properties=inputs, timeout=timeout))
        self.identity, self.inputs, self.outputs = made.id, inputs, made.properties
        return self

    def preview_create(self, program: Manifest) -> provider_pb2.CreateResponse:
        inputs = self.check(program).inputs
        return self.plugin.stub.Create(provider_pb2.CreateRequest(urn=self.urn, properties=inputs, preview=True))

    def diff(self, program: Manifest) -> provider_pb2.DiffResponse:
        return self.plugin.stub.Diff(
            provider_pb2.DiffRequest(
                id=self.identity, urn=self.urn, olds=self.outputs, old_inputs=self.inputs, news=self.check(program).inputs
            )
        )

    def update(self, program: Manifest) -> None:
        inputs = self.check(program).inputs
        changed = self.plugin.stub.Update(
            provider_pb2.UpdateRequest(
                id=self.identity, urn=self.urn, olds=self.outputs, old_inputs=self.inputs, news=inputs, timeout=30
            )
        )
        self.inputs, self.outputs = inputs, changed.properties

    def refresh(self) -> list[str]:
        """Read the object into the state; return the fields that differ from the inputs before, as Pulumi shows them."""
        before = self.inputs
        found = self.plugin.stub.Read(
            provider_pb2.ReadRequest(id=self.identity, urn=self.urn, inputs=self.inputs, properties=self.outputs)
        )
        self.identity = found.id
        if not found.id:
            return []
        self.inputs, self.outputs = found.inputs, found.properties
        shown = self.plugin.stub.Diff(
            provider_pb2.DiffRequest(id=self.identity, urn=self.urn, olds=self.outputs, old_inputs=self.inputs, news=before)
        )
        return sorted(shown.detailedDiff)

    def delete(self, timeout: float = 30) -> None:
        self.plugin.stub.Delete(
            provider_pb2.DeleteRequest(id=self.identity, urn=self.urn, properties=self.outputs, timeout=timeout)
        )

    @property
    def live(self) -> Manifest | None:
        token = self.urn.split("::")[2]
        resource = self.plugin.api.resource(tokens.parse(token))
        return self.plugin.api.get(resource.path(*naming.split_id(self.identity)))

    @property
    def values(self) -> Manifest:
        """The outputs without their secrecy."""
        return read(self.outputs).values
