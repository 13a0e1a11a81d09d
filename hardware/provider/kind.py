"""What each of our resource types offers; one file per type implements it over a driver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from hardware.connections import Connections
from hardware.provider.difference import DRIFT
from hardware.provider.properties import Values, step
from hardware.provider.texts import Texts
from ringfence.errors import OperationError
from ringfence.escape import terminal

DRIFT_LINES = 200


class Inputs(BaseModel):
    """Base of the inputs of our types. In Pulumi's bags the names are written in camelCase."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, hide_input_in_errors=True)

    facts: Mapping[str, JsonValue]
    """The resource's slice of the Estate, by field: what a reader of a plan judges."""


Wanted = TypeVar("Wanted", bound=Inputs)


@dataclass(frozen=True)
class Reach:
    """What an operation on a real thing works with."""

    connections: Callable[[], Connections]
    """Read only when a thing is really to be reached: a preview needs none."""
    texts: Texts
    stopping: threading.Event
    say: Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """A real thing as it is on record after an operation."""

    id: str
    outputs: Mapping[str, Any]
    """The inputs that hold, and what only the thing itself could tell; never a secret."""
    drift: tuple[str, ...] = ()
    """What is otherwise than declared, one line each, naming the field or the line."""
    unfinished: tuple[str, ...] = ()
    """Why the operation did not get to its end, one line for each part; the next `pulumi up` finishes it."""

    def properties(self) -> dict[str, Any]:
        """What goes into the state."""
        # Devices are hostile, and Pulumi shows outputs as they are.
        drift = [terminal(line) for line in self.drift[:DRIFT_LINES]]
        if len(self.drift) > DRIFT_LINES:
            drift.append(f"and {len(self.drift) - DRIFT_LINES} more")
        return {**self.outputs, DRIFT: drift}


class UnfinishedError(OperationError):
    """An operation stopped half-way; `found` says what is done, so that the state can say so."""

    def __init__(self, found: Found) -> None:
        super().__init__("; ".join(found.unfinished))
        self.found = found


class Kind(Protocol, Generic[Wanted]):
    """A resource type. Methods raise RingfenceError, one line, and nothing else; each can be repeated after a crash."""

    @property
    def resource_type(self) -> str:
        """Such as `ringfence:keys:Key`."""

    @property
    def model(self) -> type[Wanted]:
        """The type of its inputs."""

    def bring_about(self, wanted: Wanted, before: Values | None, reach: Reach) -> Found:
        """Make the thing as wanted, adopting what is there already; `before` is what the state holds of it."""

    def read(self, thing_id: str, before: Values, reach: Reach) -> Found | None:
        """The real thing now; None where it is gone. `before` is empty when it is to be imported."""

    def delete(self, before: Values, reach: Reach) -> None:
        """Remove the thing; it is no error when it is gone already."""

    def replace_on(self, old: Values, new: Values) -> frozenset[str]:
        """Inputs whose change from `old` to `new` no update in place can make."""

    def explain(self, old: Values, new: Values, reach: Reach) -> Iterator[str]:
        """Lines that say more about a difference than the properties do."""


def problems(model: type[Inputs], values: Values) -> Iterator[tuple[str, str]]:
    """Path and reason of everything in `values` that `model` does not allow."""
    try:
        parse(model, values)
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False, include_context=False):
            path = ""
            for key in each["loc"]:
                path = step(path, key)
            yield path, each["msg"].removeprefix("Value error, ")


def parse(model: type[Wanted], values: Values) -> Wanted:
    """The typed inputs; in strict JSON mode, so that nothing is guessed but a list may be a tuple."""
    return model.model_validate_json(msgspec.json.encode(values))
