"""The country's keys: one resource each, in the HSM that the declaration names."""

from __future__ import annotations

from graphlib import TopologicalSorter
from hashlib import sha256

from ringfence.estate import Estate
from ringfence.facts import Key
from ringfence.permit import resource_key
from stacks.resource import Resource, plain

TYPE = "ringfence:keys:Key"


def resources(estate: Estate) -> tuple[Resource, ...]:
    """Every key, after the key that wraps it."""
    by_name = {key.name: key for key in estate.keys}
    wrapped = {key.name: [key.wrapped_by] if key.wrapped_by else [] for key in estate.keys}
    return tuple(_key(estate.country.code, by_name[name]) for name in TopologicalSorter(wrapped).static_order())


def key_id(country: str, key: Key) -> str:
    """CKA_ID of a key, 16 bytes in hexadecimal: made of names, so that a key that is asked for again is the same one."""
    return sha256(f"{country}/{key.hsm}/{key.name}".encode()).hexdigest()[:32]


def _key(country: str, key: Key) -> Resource:
    inputs = {
        "name": key.name,
        "hsm": key.hsm,
        "keyId": key_id(country, key),
        "algorithm": key.algorithm,
        "use": key.use,
        "wrappedBy": key.wrapped_by,
        "extractable": key.extractable,
        "rotateDays": key.rotate_days,
        "facts": {"keys": [plain(key)]},
    }
    return Resource(TYPE, key.name, inputs, (resource_key(TYPE, key.wrapped_by),) if key.wrapped_by else ())
