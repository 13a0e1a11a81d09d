"""What differs between a state and wanted inputs, property by property."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff

from hardware.provider.difference import difference, differing_target
from hardware.provider.kind import Found
from hardware.provider.properties import plain, step, struct

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BAGS = st.dictionaries(st.text(min_size=1).filter(lambda name: name != "drift"), JSON, max_size=4)


def test_what_a_device_says_reaches_the_state_without_its_control_characters() -> None:
    assert Found("id", {}, ("+ banner \x1b[2J",)).properties()["drift"] == ["+ banner \\u{1b}[2J"]


def test_a_changed_member_is_named_by_its_path() -> None:
    old = {"devices": {"north-su1-leaf1": {"digest": "a", "address": "10.0.0.1"}}}
    new = {"devices": {"north-su1-leaf1": {"digest": "b", "address": "10.0.0.1"}}}
    answer = difference(old, new, frozenset())
    assert list(answer.detailedDiff) == ['devices["north-su1-leaf1"].digest']
    assert list(answer.diffs) == ["devices"]


def test_what_a_record_may_differ_in_from_the_inputs_is_the_digest_of_a_device_that_failed() -> None:
    inputs = {"name": "su1", "devices": {"leaf1": {"digest": "b", "address": "10.0.0.1"}}, "facts": {}}
    unfinished = {**inputs, "devices": {"leaf1": {"digest": "", "address": "10.0.0.1"}}, "drift": []}
    moved = {**inputs, "devices": {"leaf1": {"digest": "b", "address": "10.0.0.9"}}}
    more = {**inputs, "devices": {**inputs["devices"], "leaf2": {"digest": "b", "address": "10.0.0.2"}}}
    assert differing_target(unfinished, inputs) == []
    assert differing_target(moved, inputs) == ["devices.leaf1.address"]
    assert differing_target(more, inputs) == ["devices.leaf2"]


def test_members_that_come_and_go_are_told_apart() -> None:
    answer = difference({"tags": ["a", "b"]}, {"tags": ["a"]}, frozenset())
    assert {path: diff.kind for path, diff in answer.detailedDiff.items()} == {"tags[1]": PropertyDiff.DELETE}
    answer = difference({}, {"tags": ["a"]}, frozenset())
    assert {path: diff.kind for path, diff in answer.detailedDiff.items()} == {"tags": PropertyDiff.ADD}


def test_drift_is_a_difference_until_it_is_mended() -> None:
    assert difference({"a": 1, "drift": ["x: - y"]}, {"a": 1}, frozenset()).changes == DiffResponse.DIFF_SOME
    assert difference({"a": 1, "drift": []}, {"a": 1}, frozenset()).changes == DiffResponse.DIFF_NONE


def test_what_only_the_thing_tells_is_no_difference() -> None:
    assert difference({"a": 1, "fingerprint": "f"}, {"a": 1}, frozenset()).changes == DiffResponse.DIFF_NONE


def test_a_replacement_deletes_first_because_names_are_taken() -> None:
    answer = difference({"lock": ""}, {"lock": "compliance"}, {"lock"})
    assert answer.deleteBeforeReplace
    assert answer.detailedDiff["lock"].kind == PropertyDiff.UPDATE_REPLACE


@given(BAGS)
def test_a_bag_does_not_differ_from_itself_after_the_wire(values: dict[str, object]) -> None:
    assert difference(plain(struct(values)), values, frozenset()).changes == DiffResponse.DIFF_NONE


@given(BAGS, BAGS)
def test_bags_that_differ_have_a_difference(old: dict[str, object], new: dict[str, object]) -> None:
    some = any(
        name not in old or json.dumps(old[name], sort_keys=True) != json.dumps(new[name], sort_keys=True) for name in new
    )
    assert (difference(old, new, frozenset()).changes == DiffResponse.DIFF_SOME) is some


def test_keys_that_are_no_words_are_quoted() -> None:
    assert step("a", '/etc/x"y') == 'a["/etc/x\\"y"]'
    assert step("", "plain_1") == "plain_1"
