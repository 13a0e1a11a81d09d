from __future__ import annotations

from typing import Any

from hypothesis import given

from engine.kubernetes.live import OWNER, carry, desired, for_state
from engine.kubernetes.tokens import Kind
from tests.engine.kubernetes.test_properties import plain

NAMESPACE, DEPLOYMENT = Kind("", "v1", "Namespace"), Kind("apps", "v1", "Deployment")

LIVE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {
        "name": "serve", "uid": "u", "creationTimestamp": "t", "resourceVersion": "1", "generation": 1,
        "managedFields": [{}], "labels": {"kubernetes.io/metadata.name": "serve"}, "annotations": {OWNER: "urn"},
    },
    "spec": {"finalizers": ["kubernetes"]},
    "status": {"phase": "Active"},
}  # fmt: skip


def test_state_holds_the_object_without_what_the_server_alone_decides() -> None:
    assert for_state(NAMESPACE, LIVE) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "serve", "uid": "u", "creationTimestamp": "t"},
    }


def test_an_import_takes_over_what_a_program_would_declare() -> None:
    assert desired(NAMESPACE, LIVE) == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "serve"}}


def test_other_labels_and_annotations_stay() -> None:
    live = {"metadata": {"name": "d", "annotations": {"deployment.kubernetes.io/revision": "1", "team": "a"}}}
    assert desired(DEPLOYMENT, live)["metadata"] == {"name": "d", "annotations": {"team": "a"}}


@given(plain, plain)
def test_without_a_change_by_hand_inputs_stay_as_they_are(inputs: Any, live: Any) -> None:
    assert carry(inputs, live, live) == inputs


def test_a_value_that_the_server_writes_in_another_way_is_no_change() -> None:
    assert carry({"cpu": "1000m"}, {"cpu": "1", "pods": "2"}, {"cpu": "1", "pods": "3"}) == {"cpu": "1000m", "pods": "3"}


def test_a_removal_by_hand_is_carried_over() -> None:
    assert carry({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1}) == {"a": 1}


def test_a_default_changed_by_hand_is_carried_over_alone() -> None:
    before = {"spec": {"grace": 30, "policy": "Always"}}
    after = {"spec": {"grace": 5, "policy": "Always"}}
    assert carry({}, before, after) == {"spec": {"grace": 5}}


def test_a_default_removed_by_hand_is_no_input() -> None:
    assert carry({}, {"spec": {"grace": 30, "policy": "Always"}}, {"spec": {"policy": "Always"}}) == {}


def test_list_elements_that_stayed_keep_the_programs_wording() -> None:
    inputs = [{"name": "a"}, {"name": "b"}]
    before = [{"name": "a", "defaulted": 1}, {"name": "b", "defaulted": 1}]
    assert carry(inputs, before, [*before, {"name": "evil"}]) == [*inputs, {"name": "evil"}]
    assert carry(inputs, before, before[1:]) == inputs[1:]
