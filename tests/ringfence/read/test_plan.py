from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ringfence.errors import InputError
from ringfence.estate import FACTS, Estate
from ringfence.read.plan import read_plan
from stacks.resources import resources
from tests.policies.minimal import country

KEY = {
    "name": "root", "hsm": "national-hsm", "algorithm": "aes-256", "use": "wrap", "wrapped_by": "", "extractable": False,
    "rotate_days": 365.0, "declared": "keys.purposes.root",
}  # fmt: skip
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "app", "namespace": "team"},
    "spec": {"containers": [{"name": "main", "image": "registry.example/app"}]},
}


def step(
    inputs: dict[str, Any], *, op: str = "create", type_: str = "ringfence:keys:Key", name: str = "root"
) -> dict[str, Any]:
    urn = f"urn:pulumi:lab.national::ringfence::{type_}::{name}"
    return {"op": op, "urn": urn, "newState": {"urn": urn, "custom": True, "type": type_, "inputs": inputs}}


def plan(*steps: dict[str, Any], **more: Any) -> Estate:
    return read_plan(msgspec.json.encode({"steps": steps, "duration": 1, **more}), "plan.json")


def missing(estate: Estate) -> dict[str, tuple[str, ...]]:
    return {item.fact: item.missing for item in estate.coverage}


def test_a_countrys_plan_means_what_its_file_means() -> None:
    declared = country()
    steps = [step(dict(r.inputs), type_=r.type, name=r.name) for r in resources(declared, "national", {})]
    planned = plan(*steps)
    for fact in set(FACTS) - {"devices", "cables", "pods"}:
        one, other = getattr(declared, fact), getattr(planned, fact)
        assert (set(one) == set(other)) if isinstance(one, tuple) else one == other, fact
    assert {item.grade for item in planned.coverage} == {"planned"}


def test_numbers_that_pulumi_made_floats_are_whole_again() -> None:
    assert plan(step({"facts": {"keys": [KEY]}})).keys[0].rotate_days == 365


def test_an_empty_slice_covers_its_fact() -> None:
    assert missing(plan(step({"facts": {"keys": []}}, type_="ringfence:gate:Permit"))) == {"keys": (), "pods": ()}


def test_facts_that_no_slice_has_are_not_covered() -> None:
    assert "buckets" not in missing(plan(step({"facts": {"keys": [KEY]}})))


@pytest.mark.parametrize("hidden", [UNKNOWN, "[secret]", {"4dabf18193072939515e22adb298388d": "x"}])
def test_an_item_that_is_not_known_yet_is_missing(hidden: object) -> None:
    estate = plan(step({"facts": {"keys": [KEY, {**KEY, "name": "kek", "hsm": hidden}]}}, type_="ringfence:gate:Permit"))
    assert [key.name for key in estate.keys] == ["root"]
    assert missing(estate)["keys"] == ("kek",)


def test_a_slice_that_is_not_known_yet_is_missing() -> None:
    assert missing(plan(step({"facts": {"keys": UNKNOWN}})))["keys"] == ("ringfence:keys:Key::root",)


def test_a_resource_of_ours_without_facts_leaves_every_fact_in_doubt() -> None:
    estate = plan(step({"facts": {"keys": [KEY]}}), step({"name": "x"}, type_="ringfence:stores:Bucket", name="x"))
    assert missing(estate)["keys"] == ("ringfence:stores:Bucket::x",)


@pytest.mark.parametrize(
    "inputs",
    [
        {"facts": {}},
        {"facts": {"keys": []}},
        {"facts": {"keys": [KEY, {**KEY, "name": "other"}]}},
        {"facts": {"keys": [KEY]}, "extractable": True},
        {"facts": {"keys": [KEY]}, "wrappedBy": "elsewhere"},
    ],
)
def test_a_key_whose_facts_are_not_its_own_leaves_the_keys_in_doubt(inputs: dict[str, Any]) -> None:
    sound = {"facts": {"keys": [{**KEY, "name": "sound"}]}, "name": "sound", "rotateDays": 365}
    assert missing(plan(step(sound, name="sound"), step(inputs)))["keys"] == ("ringfence:keys:Key::root",)


def test_what_another_provider_makes_leaves_every_fact_in_doubt() -> None:
    estate = plan(step({"facts": {"keys": [KEY]}}), step({}, type_="aws:s3/bucket:Bucket", name="copy"))
    assert missing(estate) == {"keys": ("aws:s3/bucket:Bucket::copy",), "pods": ("aws:s3/bucket:Bucket::copy",)}


def test_what_pulumi_itself_keeps_leaves_no_doubt() -> None:
    assert missing(plan(step({"version": "1"}, type_="pulumi:providers:ringfence"))) == {"pods": ()}


def test_a_plan_that_leaves_out_what_stays_as_it_is_leaves_every_fact_in_doubt() -> None:
    estate = plan(step({"facts": {"keys": [KEY]}}, op="update"), changeSummary={"same": 3, "update": 1})
    assert all("3 unchanged resources" in what[0] for what in missing(estate).values())
    whole = plan(step({"facts": {"keys": [KEY]}}, op="same"), changeSummary={"same": 1})
    assert missing(whole) == {"keys": (), "pods": ()}


def test_a_component_without_inputs_leaves_no_doubt() -> None:
    assert missing(plan(step({"facts": {"keys": [KEY]}}), step({}, type_="ringfence:index:Keys")))["keys"] == ()


@pytest.mark.parametrize(
    ("op", "stands"),
    [("create", 1), ("same", 1), ("update", 1), ("replace", 1), ("import", 1), ("read", 1), ("delete", 0), ("discard", 0)],
)
def test_only_what_stands_after_the_plan_counts(op: str, stands: int) -> None:
    assert len(plan(step({"facts": {"keys": [KEY]}}, op=op)).keys) == stands


def test_the_old_copy_of_what_is_replaced_does_not_count() -> None:
    old = {**KEY, "algorithm": "aes-128"}
    steps = [
        step({"facts": {"keys": [KEY]}}, op="create-replacement"),
        step({"facts": {"keys": [old]}}, op="delete-replaced"),
    ]
    assert [key.algorithm for key in plan(*steps).keys] == ["aes-256"]


def test_pods_come_from_kubernetes_objects() -> None:
    (pod,) = plan(step(POD, type_="kubernetes:core/v1:Pod", name="app")).pods
    assert (pod.name, pod.namespace, pod.images) == ("app", "team", ("registry.example/app",))
    assert pod.source.endswith("kubernetes:core/v1:Pod::app")


@pytest.mark.parametrize(
    "inputs",
    [
        {**POD, "spec": UNKNOWN},
        {**POD, "spec": {"containers": [{"name": "main", "image": UNKNOWN}]}},
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "shop"}},
        {"chart": "shop"},
    ],
)
def test_pods_that_nobody_can_see_yet_are_missing(inputs: dict[str, Any]) -> None:
    estate = plan(step(inputs, type_="kubernetes:core/v1:Pod", name="app"))
    assert (estate.pods, missing(estate)["pods"]) == ((), ("kubernetes:core/v1:Pod::app",))


@pytest.mark.parametrize("kind", ["List", "Secret"])
def test_a_list_hides_no_pod_and_what_is_no_object_in_it_is_missing(kind: str) -> None:
    listed = {"apiVersion": "v1", "kind": kind, "items": [POD]}
    assert [pod.name for pod in plan(step(listed, type_=f"kubernetes:core/v1:{kind}")).pods] == ["app"]
    broken = plan(step({**listed, "items": [POD, 3, None]}, type_=f"kubernetes:core/v1:{kind}", name="x"))
    assert missing(broken)["pods"] == (f"kubernetes:core/v1:{kind}::x",)


def test_a_secret_object_holds_no_pods_and_hides_none() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "[secret]"}}
    assert missing(plan(step(secret, type_="kubernetes:core/v1:Secret")))["pods"] == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no plan that this Ringfence reads"),
        (b"[]", "no plan that this Ringfence reads"),
        (b'{"version": 3, "deployment": {}}', "no plan that this Ringfence reads"),
        (b'{"steps": [], "newField": 1}', "no plan that this Ringfence reads"),
        (b'{"steps": [], "maybeCorrupt": true}', "no plan that this Ringfence reads"),
        (b'{"steps": [{"op": "teleport", "urn": "a::b"}]}', "a step 'teleport'"),
        (b'{"steps": [], "diagnostics": [{"severity": "error", "message": "boo\\nbaa"}]}', "the preview failed"),
        (b"[" * 100_000, "no plan that this Ringfence reads"),
    ],
)
def test_what_is_no_whole_plan_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_plan(text, "plan.json")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"wishes": []}, "unknown fact 'wishes'"),
        ({"keys": [{"name": "root"}]}, "missing required field `hsm`"),
        ({"keys": [3]}, "Expected `object`"),
        ({"quorum": "two"}, "Expected `int`"),
    ],
)
def test_a_slice_that_is_none_is_refused(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        plan(step({"facts": facts}))
    assert said in str(caught.value)
    assert str(caught.value).startswith("ringfence:keys:Key::root: ")


def test_resources_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="contradicts another resource about quorum"):
        plan(step({"facts": {"quorum": 2}}), step({"facts": {"quorum": 3}}, name="other"))
