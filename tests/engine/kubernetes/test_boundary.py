from __future__ import annotations

from typing import Any, NoReturn

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2

from engine.kubernetes.boundary import Subject, reports_errors
from engine.kubernetes.properties import Properties, read, write
from ringfence.errors import OperationError

URN = "urn:pulumi:lab.north::ringfence::ringfence:platform:Site$kubernetes:core/v1:Secret::key::2"
CANARY = "canary-9e1d"


class AbortedError(Exception):
    pass


class Call:
    """A gRPC call that keeps how it ended."""

    code: grpc.StatusCode
    line: str

    def abort(self, code: grpc.StatusCode, line: str) -> NoReturn:
        self.code, self.line = code, line
        raise AbortedError


def failing_with(error: Exception, request: Any) -> Call:
    def method(self: object, request: Any, context: Any) -> None:
        raise error

    call: Any = Call()
    with pytest.raises(AbortedError):
        reports_errors(method)(None, request, call)
    return call


def request(secret: str = "") -> provider_pb2.CreateRequest:
    values = {"metadata": {"namespace": "serve", "name": "key"}, "data": {"token": secret}}
    return provider_pb2.CreateRequest(urn=URN, properties=write(Properties(values, frozenset({("data",)}))))


def test_a_urn_tells_type_and_name() -> None:
    assert (Subject(URN).token, Subject(URN).name) == ("kubernetes:core/v1:Secret", "key::2")


def test_a_failure_is_one_line_that_begins_with_kind_and_name() -> None:
    assert failing_with(OperationError("too big"), request()).line == 'Secret "serve/key": too big'


def test_a_secret_of_the_request_does_not_come_back_in_the_line() -> None:
    assert failing_with(OperationError(f"bad {CANARY}"), request(CANARY)).line == 'Secret "serve/key": bad [secret]'


def test_a_bug_is_named_by_type_and_place_and_not_by_its_text() -> None:
    call = failing_with(KeyError(CANARY), request())
    assert call.code is grpc.StatusCode.INTERNAL
    assert call.line.startswith("a bug in Ringfence's Kubernetes plugin: KeyError at test_boundary.py:")
    assert CANARY not in call.line


def test_inputs_that_cannot_be_read_still_make_one_line() -> None:
    asset = struct_pb2.Struct()
    asset.update({"data": {rpc._special_sig_key: rpc._special_asset_sig}})

    def method(self: object, request: provider_pb2.CheckRequest, context: Any) -> Any:
        return read(request.news)

    call: Any = Call()
    with pytest.raises(AbortedError):
        reports_errors(method)(None, provider_pb2.CheckRequest(urn=URN, news=asset), call)
    assert call.line.startswith('Secret "key::2": data: assets')
