from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from engine.kubernetes import properties
from engine.kubernetes.properties import UNKNOWN, Properties, has_unknown, read, text, value_at, write
from ringfence.errors import InputError

names = st.text(max_size=3)
plain = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(names, plain, max_size=3)


@given(objects)
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    assert read(write(Properties(values))).values == values


def test_secrets_are_sealed_on_the_wire_and_known_by_their_path() -> None:
    sealed = write(Properties({"data": {"a": "hush"}, "kind": "Secret"}, frozenset({("data",)})))
    assert sealed["data"][rpc._special_sig_key] == rpc._special_secret_sig
    assert read(sealed) == Properties({"data": {"a": "hush"}, "kind": "Secret"}, frozenset({("data",)}))
    assert read(sealed).secret_texts() == {"hush"}


def test_a_secret_in_a_list_makes_the_whole_list_secret_because_the_server_may_reorder_it() -> None:
    sealed = write(Properties({"args": ["open", "hush"]}, frozenset({("args", 1)})))
    assert read(sealed).secrets == {("args",)}


def test_null_members_count_as_absent() -> None:
    wire = struct_pb2.Struct()
    wire.update({"a": None, "b": {"c": None}})
    assert read(wire).values == {"b": {}}


def test_whole_numbers_come_back_as_integers() -> None:
    wire = struct_pb2.Struct()
    wire.update({"replicas": 3.0, "share": 0.5})
    assert repr(read(wire).values) == "{'replicas': 3, 'share': 0.5}"


def test_an_asset_is_refused_with_its_place() -> None:
    wire = struct_pb2.Struct()
    wire.update({"data": {"file": {rpc._special_sig_key: rpc._special_asset_sig, "text": "x"}}})
    with pytest.raises(InputError, match=r"^data\.file: "):
        read(wire)


def test_unknown_values_are_found_at_any_depth() -> None:
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert not has_unknown({"a": [{"b": "known"}]})


def test_what_lies_below_an_unknown_value_is_unknown() -> None:
    assert value_at({"metadata": UNKNOWN}, ("metadata", "name")) == UNKNOWN
    assert value_at({"metadata": {}}, ("metadata", "name")) is None


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("spec", "replicas"), "spec.replicas"),
        (("spec", "hard", "requests.nvidia.com/gpu"), 'spec.hard["requests.nvidia.com/gpu"]'),
        (("rules", 0, "verbs", 1), "rules[0].verbs[1]"),
        (("data", 'a"b\\'), 'data["a\\"b\\\\"]'),
    ],
)
def test_paths_are_written_in_pulumis_syntax(path: properties.Path, written: str) -> None:
    assert text(path) == written
