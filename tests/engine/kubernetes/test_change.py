from __future__ import annotations

import base64

from engine.kubernetes.change import as_sent, leftovers, manifest
from engine.kubernetes.live import OWNER
from engine.kubernetes.tokens import Kind

SECRET = Kind("", "v1", "Secret")


def test_string_data_is_sent_as_data() -> None:
    sent = as_sent(SECRET, {"data": {"a": "eA=="}, "stringData": {"b": "hush"}})
    assert sent == {"data": {"a": "eA==", "b": base64.b64encode(b"hush").decode()}}


def test_what_is_applied_names_its_resource_and_leaves_the_inputs_alone() -> None:
    inputs = {"metadata": {"annotations": {"team": "a"}}}
    assert manifest(SECRET, inputs, "urn:x")["metadata"]["annotations"] == {"team": "a", OWNER: "urn:x"}
    assert inputs == {"metadata": {"annotations": {"team": "a"}}}


def test_nothing_is_left_where_apply_removed_it() -> None:
    assert leftovers({"a": 1, "b": 2}, {"a": 1}, {"a": 1}) == []


def test_what_another_added_is_removed() -> None:
    old = {"spec": {"hostNetwork": True, "x/y": 1}}
    assert leftovers(old, {"spec": {}}, old) == [
        {"op": "remove", "path": "/spec/hostNetwork"},
        {"op": "remove", "path": "/spec/x~1y"},
    ]


def test_what_somebody_has_changed_again_since_is_left() -> None:
    assert leftovers({"a": 1}, {}, {"a": 2}) == []


def test_labels_and_annotations_go_one_by_one_because_others_are_among_them() -> None:
    old, live = {"metadata": {"labels": {"by": "hand"}}}, {"metadata": {"labels": {"by": "hand", "other": "x"}}}
    assert leftovers(old, {"metadata": {}}, live) == [{"op": "remove", "path": "/metadata/labels/by"}]


def test_a_list_with_elements_of_another_becomes_the_programs_list() -> None:
    ours, theirs = {"name": "a"}, {"name": "evil"}
    assert leftovers({"c": [ours, theirs]}, {"c": [ours]}, {"c": [ours, theirs]}) == [
        {"op": "replace", "path": "/c", "value": [ours]}
    ]


def test_inside_a_list_only_what_differs_goes() -> None:
    old = [{"name": "a", "stdin": True}]
    assert leftovers({"c": old}, {"c": [{"name": "a"}]}, {"c": old}) == [{"op": "remove", "path": "/c/0/stdin"}]
