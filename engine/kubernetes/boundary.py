"""The boundary to the engine: our errors as one line each, never with a secret in it; and the engine's log."""

from __future__ import annotations

import contextlib
import functools
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, status_pb2

from engine.kubernetes import properties, refusal
from ringfence.errors import InputError, RingfenceError

# The fields of requests that hold properties, whose secrets must not come back in a message.
_PROPERTY_FIELDS = ("news", "olds", "old_inputs", "properties", "inputs", "args")

Method = Callable[[Any, Any, grpc.ServicerContext], Any]


class PartialFailureError(RingfenceError):
    """An object was made or changed, and is not as it should be: the engine keeps it and reports the reason."""

    def __init__(self, message: str, identity: str, outputs: struct_pb2.Struct, inputs: struct_pb2.Struct) -> None:
        super().__init__(message)
        self.detail = provider_pb2.ErrorResourceInitFailed(id=identity, properties=outputs, inputs=inputs, reasons=[message])


@dataclass(frozen=True)
class Subject:
    """The resource that a request is about, by its URN."""

    urn: str

    @property
    def token(self) -> str:
        """The resource's type, without its parents' types."""
        return self.urn.split("::")[2].rpartition("$")[2] if self.urn.count("::") >= 3 else ""

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::", 3)[3] if self.urn.count("::") >= 3 else ""

    def text(self, identity: str = "") -> str:
        """Name the object for a person: kind, and id or (before it has one) the resource's name."""
        return f'{self.token.rpartition(":")[2]} "{identity or self.name}"'


class EngineLog:
    """Messages to the person who runs Pulumi; without an engine's address they go nowhere."""

    def __init__(self, address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address)) if address else None

    def warn(self, urn: str, message: str) -> None:
        """Show a warning beside a resource."""
        if self._engine:
            self._engine.Log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, urn=urn, message=message), timeout=5.0)


def reports_errors(method: Method) -> Method:
    """Make a method of the service answer every failure with one line."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except PartialFailureError as error:
            _abort_partially(context, _line(request, error), error)
        except RingfenceError as error:
            context.abort(grpc.StatusCode.UNKNOWN, _line(request, error))
        except Exception as error:  # noqa: BLE001 - the last boundary: a bug is named by type and place, its text may hold a secret
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{FilePath(frame.filename).name}:{frame.lineno}"
            context.abort(
                grpc.StatusCode.INTERNAL, f"a bug in Ringfence's Kubernetes plugin: {type(error).__name__} at {place}"
            )

    return answer


def _line(request: Any, error: RingfenceError) -> str:
    message = refusal.redact(str(error), _secrets(request))
    urn = getattr(request, "urn", "")
    if not urn or "pulumi:providers:" in urn:
        return message
    what = Subject(urn).text(getattr(request, "id", "") or _declared(request))
    return message if message.startswith((what, Subject(urn).token)) else f"{what}: {message}"


def _secrets(request: Any) -> Iterable[str]:
    for name in _PROPERTY_FIELDS:
        if isinstance(struct := getattr(request, name, None), struct_pb2.Struct):
            # What cannot be read is what the error is about, and that error quotes no value.
            with contextlib.suppress(InputError):
                yield from properties.read(struct).secret_texts()


def _declared(request: Any) -> str:
    """Return the id that a create's inputs ask for."""
    if not isinstance(request, provider_pb2.CreateRequest):
        return ""
    metadata = properties.read(request.properties).values.get("metadata")
    if not isinstance(metadata, dict) or "name" not in metadata:
        return ""
    return "/".join(metadata[field] for field in ("namespace", "name") if field in metadata)


def _abort_partially(context: grpc.ServicerContext, line: str, error: PartialFailureError) -> NoReturn:
    detail = any_pb2.Any()
    detail.Pack(error.detail)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=line, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, line)
    raise AssertionError("abort returns never")
