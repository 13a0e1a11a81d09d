"""The provider as the engine meets it: over gRPC, on a real token, behind a real trust root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from hardware.connections import HsmAccess, load_connections
from hardware.provider.authority import Authority
from hardware.provider.journal import Journal
from hardware.provider.kinds import KINDS
from hardware.provider.provider import Provider
from hardware.provider.server import start
from hardware.provider.settings import Settings
from ringfence.inputs import inputs_digest
from ringfence.permit import Operation, issue, issue_destroy, resource_key
from ringfence.permit_store import PermitStore
from ringfence.statement import utc_now
from ringfence.trust import create_lab_trust
from ringfence.verdict import Verdict
from tests.hardware.softhsm import token

STACK = "lab.national"
ESTATE, POLICIES = f"sha256:{'e' * 64}", f"sha256:{'0' * 64}"
PASSED = Verdict("RF-X-001", "T", "low", ("file",), "pass", "declared", "keys", "")
Inputs = Mapping[str, Any]


def bag(values: Inputs) -> Struct:
    made = Struct()
    made.update(values)
    return made


class Engine:
    """Calls the provider as Pulumi's engine does, for resources of one stack."""

    def __init__(self, client: ResourceProviderStub, settings: Settings) -> None:
        self._client = client
        self.settings = settings
        self.trust = create_lab_trust(settings.trust_root.parent)

    def permit(
        self, operation: Operation, token: str, name: str, inputs: Inputs, *,
        stack: str = STACK, data_loss: bool = False, now: datetime | None = None, life: timedelta = timedelta(minutes=5),
    ) -> None:  # fmt: skip
        """Have the lab's gate issue a permit for one resource."""
        now = now or utc_now()
        resources = {resource_key(token, name): inputs_digest(inputs)}
        about = {"stack": stack, "estate": ESTATE, "policies": POLICIES, "verdicts": [PASSED], "stage": "file",
                 "resources": resources, "now": now, "life": life}  # fmt: skip
        store, folder = PermitStore(self.settings.permits), self.settings.trust_root.parent
        if operation == "delete":
            signer = self.trust.signer(folder / "destroy-approver.pem")
            envelope = issue_destroy(**about, signers=[signer], data_loss=data_loss)
            store.add(envelope, "destroy", self.trust, now)
        else:
            envelope = issue(**about, signer=self.trust.signer(folder / "gate.pem"))
            store.add(envelope, "permit", self.trust, now)

    def check(self, token: str, inputs: Inputs) -> dict[str, str]:
        answer = self._client.Check(rpc.CheckRequest(urn=urn(token, "x"), news=bag(inputs)))
        return {failure.property: failure.reason for failure in answer.failures}

    def diff(self, token: str, old: Inputs, new: Inputs) -> rpc.DiffResponse:
        return self._client.Diff(rpc.DiffRequest(urn=urn(token, "x"), olds=bag(old), news=bag(new), old_inputs=bag(old)))

    def create(self, token: str, name: str, inputs: Inputs, *, preview: bool = False) -> rpc.CreateResponse:
        request = rpc.CreateRequest(urn=urn(token, name), properties=bag(inputs), preview=preview)
        return self._client.Create(request)

    def permitted_create(self, token: str, name: str, inputs: Inputs) -> tuple[str, dict[str, Any]]:
        """Id and outputs of a thing that is made with a permit."""
        self.permit("create", token, name, inputs)
        answer = self.create(token, name, inputs)
        return answer.id, MessageToDict(answer.properties)

    def update(self, token: str, name: str, thing_id: str, old: Inputs, new: Inputs) -> dict[str, Any]:
        request = rpc.UpdateRequest(id=thing_id, urn=urn(token, name), olds=bag(old), news=bag(new), old_inputs=bag(old))
        return MessageToDict(self._client.Update(request).properties)

    def read(self, token: str, thing_id: str, outputs: Inputs, inputs: Inputs) -> rpc.ReadResponse:
        request = rpc.ReadRequest(id=thing_id, urn=urn(token, "x"), properties=bag(outputs), inputs=bag(inputs))
        return self._client.Read(request)

    def delete(self, token: str, name: str, thing_id: str, outputs: Inputs, inputs: Inputs) -> None:
        request = rpc.DeleteRequest(id=thing_id, urn=urn(token, name), properties=bag(outputs), old_inputs=bag(inputs))
        self._client.Delete(request)

    def cancel(self) -> None:
        self._client.Cancel(Empty())

    @property
    def schema(self) -> str:
        return self._client.GetSchema(rpc.GetSchemaRequest()).schema


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:{STACK}::ringfence::ringfence:stacks:Keys${token}::{name}"


def refused(call: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    """The line that the engine shows for a call that failed."""
    return str(call.value.details())  # type: ignore[attr-defined]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "trust" / "trust.yaml", tmp_path / "connections.yaml", tmp_path / "state")


@pytest.fixture
def hsm(tmp_path: Path, settings: Settings) -> HsmAccess:
    """A SoftHSM token of the test's own, which the connections file names `national-hsm`."""
    access = token(tmp_path).model_dump(mode="json")
    settings.connections.write_text(yaml.safe_dump({"ringfence_connections": 1, "hsms": {"national-hsm": access}}))
    return load_connections(settings.connections, lab=True).hsms["national-hsm"]


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    server, port = start(Provider(KINDS, Authority(settings), Journal(None)))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Engine(ResourceProviderStub(channel), settings)
    server.stop(None).wait()
