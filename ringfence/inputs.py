"""The digest of a resource's inputs: the same before they go through Pulumi and after."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from ringfence.errors import InputError
from ringfence.estate import digest

# Pulumi's marks, fixed by its wire protocol: one key that all special values share, and a word for each unknown type.
_SPECIAL = "4dabf18193072939515e22adb298388d"
_UNKNOWN = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
# Protobuf carries every number as a double, which holds whole numbers exactly up to here.
_EXACT = 2**53


class InputsError(InputError):
    """Inputs that nobody can approve: not yet known, secret, or not plain data."""


def inputs_digest(inputs: Mapping[str, Any]) -> str:
    """Return ``sha256:<hex>`` of a resource's inputs, which must be plain JSON data.

    Numbers count by value (Pulumi turns 365 into 365.0), tuples as lists, and a key whose value is null as one that is
    not there (Pulumi drops those).

    Raises:
        InputsError: something in them is unknown, secret, an output, an asset, or a number that Pulumi would not keep;
            it names the place, never the value.
    """
    return digest(plain(inputs, "inputs"))


def plain(value: object, where: str) -> object:
    """Return a part of a resource's inputs as plain JSON data, whole numbers as such; ``where`` is its place, for errors.

    Raises:
        InputsError: as for ``inputs_digest``.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value, where)
    if isinstance(value, str):
        if value in _UNKNOWN:
            raise InputsError(f"{where}: its value is not known yet, so nobody can approve it; derive it from the estate")
        return value
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        if _SPECIAL in value:
            raise InputsError(f"{where}: a secret, output or asset has no place in inputs; pass a reference to it")
        if not all(isinstance(key, str) for key in value):
            raise InputsError(f"{where}: a key is not a text")
        return {key: plain(item, f"{where}.{key}") for key, item in value.items() if item is not None}
    raise InputsError(f"{where}: a {type(value).__name__} is not plain data; only text, numbers, lists and mappings are")


def _number(value: float, where: str) -> int | float:
    if not isfinite(value) or abs(value) > _EXACT:
        raise InputsError(f"{where}: a number that Pulumi does not keep exactly; write it as a text")
    return int(value) if value == int(value) else value
