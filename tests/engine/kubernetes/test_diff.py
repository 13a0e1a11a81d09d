from __future__ import annotations

from typing import Any

from hypothesis import given

from engine.kubernetes.diff import Change, changes, input_changes
from engine.kubernetes.properties import UNKNOWN
from engine.kubernetes.tokens import Kind
from tests.engine.kubernetes.test_properties import objects, plain

CONFIG_MAP, POD, SECRET = (Kind("", "v1", name) for name in ("ConfigMap", "Pod", "Secret"))
ROLE_BINDING = Kind("rbac.authorization.k8s.io", "v1", "RoleBinding")
METADATA = {"metadata": {"name": "a", "namespace": "n"}}


def replaced(kind: Kind, old: dict[str, Any], new: dict[str, Any]) -> dict[str, bool]:
    identity = {"apiVersion": kind.api_version, "kind": kind.name}
    found = input_changes(kind, "n/a", identity | METADATA | old, identity | METADATA | new)
    return {str(change): change.replaces for change in found}


@given(plain)
def test_equal_values_have_no_changes(value: Any) -> None:
    assert changes(value, value) == []


@given(objects, objects)
def test_there_are_changes_exactly_where_values_differ_by_type_or_value(old: Any, new: Any) -> None:
    assert (changes(old, new) == []) == (repr_without_order(old) == repr_without_order(new))


def test_the_deepest_field_is_named() -> None:
    old = {"spec": {"hard": {"pods": "1", "cpu": "1"}}, "rules": [{"verbs": ["get"]}]}
    new = {"spec": {"hard": {"pods": "2", "gpu": "8"}}, "rules": [{"verbs": ["get", "list"]}]}
    assert changes(old, new) == [
        Change(("rules", 0, "verbs", 1), "add"),
        Change(("spec", "hard", "cpu"), "delete"),
        Change(("spec", "hard", "gpu"), "add"),
        Change(("spec", "hard", "pods"), "update"),
    ]


def test_true_is_not_one() -> None:
    assert changes({"a": True}, {"a": 1}) == [Change(("a",), "update")]


def test_a_new_name_or_namespace_is_a_new_object() -> None:
    assert replaced(CONFIG_MAP, {}, {"metadata": {"name": "b", "namespace": "m"}}) == {
        "metadata.name": True,
        "metadata.namespace": True,
    }


def test_a_namespace_that_only_the_id_knew_is_no_change() -> None:
    assert replaced(CONFIG_MAP, {"metadata": {"name": "a"}}, {}) == {}


def test_unknown_metadata_is_a_change_and_no_replacement() -> None:
    assert replaced(CONFIG_MAP, {}, {"metadata": UNKNOWN}) == {"metadata": False}


def test_a_field_that_the_server_never_changes_is_a_new_object() -> None:
    assert replaced(ROLE_BINDING, {"roleRef": {"name": "r"}}, {"roleRef": {"name": "s"}}) == {"roleRef.name": True}


def test_a_branch_that_comes_with_an_immutable_field_inside_is_a_new_object() -> None:
    job = Kind("batch", "v1", "Job")
    assert replaced(job, {}, {"spec": {"template": {}}}) == {"spec": True}
    assert replaced(job, {}, {"spec": {"suspend": True}}) == {"spec": False}


def test_of_a_pod_only_the_images_may_change() -> None:
    def spec(image: str, policy: str) -> dict[str, Any]:
        return {"spec": {"containers": [{"image": image}], "restartPolicy": policy}}

    assert replaced(POD, spec("a:1", "Always"), spec("a:2", "Never")) == {
        "spec.containers[0].image": False,
        "spec.restartPolicy": True,
    }


def test_data_is_replaced_only_once_it_is_sealed() -> None:
    assert replaced(CONFIG_MAP, {"data": {"a": "1"}}, {"data": {"a": "2"}}) == {"data.a": False}
    sealed = {"immutable": True}
    assert replaced(SECRET, sealed | {"data": {"a": "1"}}, sealed | {"data": {"a": "2"}}) == {"data.a": True}
    assert replaced(SECRET, sealed, {}) == {"immutable": True}
    assert replaced(SECRET, {}, sealed) == {"immutable": False}


def repr_without_order(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{key!r}:{repr_without_order(item)}" for key, item in value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(repr_without_order, value)) + "]"
    # 1 and 1.0 are one number in JSON, and so are 0 and -0.
    return repr(float(value) + 0.0) if isinstance(value, int | float) and not isinstance(value, bool) else repr(value)
