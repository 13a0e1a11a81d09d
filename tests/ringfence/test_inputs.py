from __future__ import annotations

from hashlib import sha256
from typing import Any

import pulumi
import pytest
from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from ringfence.inputs import InputsError, inputs_digest

PLAIN = st.recursive(
    st.booleans()
    | st.text(max_size=8)
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False, width=32).filter(lambda number: abs(number) <= 2**53),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
INPUTS = st.dictionaries(st.text(min_size=1, max_size=6), PLAIN, max_size=5)


@given(INPUTS)
def test_inputs_have_the_same_digest_before_and_after_pulumis_protobuf(inputs: dict[str, Any]) -> None:
    wire = struct_pb2.Struct.FromString(ParseDict(inputs, struct_pb2.Struct()).SerializeToString())
    assert inputs_digest(MessageToDict(wire)) == inputs_digest(inputs)


@given(INPUTS, INPUTS)
def test_other_inputs_have_another_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (inputs_digest(one) == inputs_digest(other)) == (_typed(one) == _typed(other))


def _typed(value: Any) -> Any:
    """The value with booleans apart from numbers, which Python compares as equal."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return (isinstance(value, bool), value)


def test_the_order_of_keys_the_kind_of_a_sequence_and_nulls_do_not_count() -> None:
    assert inputs_digest({"a": (1, 2), "b": None, "c": {"x": 1, "d": None}}) == inputs_digest({"c": {"x": 1.0}, "a": [1, 2]})


def test_a_null_in_a_list_counts() -> None:
    assert inputs_digest({"a": [None]}) != inputs_digest({"a": []})


def test_the_digest_is_that_of_canonical_json() -> None:
    assert inputs_digest({"lock": None, "days": 365.0}) == "sha256:" + sha256(b'{"days":365}').hexdigest()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (rpc.UNKNOWN, r"inputs\.at\[0\]: its value is not known yet"),
        ({rpc._special_sig_key: rpc._special_secret_sig, "value": "canary"}, r"inputs\.at\[0\]: a secret, output or asset"),
        (float("nan"), "does not keep exactly"),
        (float("inf"), "does not keep exactly"),
        (2**53 + 1, "does not keep exactly"),
        (b"canary", "a bytes is not plain data"),
        (pulumi.FileAsset("x"), "a FileAsset is not plain data"),
        ({1: "canary"}, "a key is not a text"),
    ],
)
def test_what_nobody_can_approve_is_refused_by_place_and_never_quoted(value: object, reason: str) -> None:
    with pytest.raises(InputsError, match=reason) as refused:
        inputs_digest({"at": [value]})
    assert "canary" not in str(refused.value)


def test_an_output_is_refused() -> None:
    with pytest.raises(InputsError, match="a Output is not plain data"):
        inputs_digest({"at": pulumi.Output.__new__(pulumi.Output)})
