"""One resource through the plugin's own gRPC calls, on a real API server."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from engine.kubernetes.properties import UNKNOWN, read
from tests.engine.kubernetes.resource import Plugin, Resource

pytestmark = pytest.mark.lab

QUOTA = "kubernetes:core/v1:ResourceQuota"
SECRET = "kubernetes:core/v1:Secret"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
POD = "kubernetes:core/v1:Pod"
CANARY = "canary-7f3a91"


def quota(namespace: str, pods: str = "2") -> dict[str, Any]:
    return {"metadata": {"name": "quota", "namespace": namespace}, "spec": {"hard": {"pods": pods, "requests.cpu": "1000m"}}}


def pod(namespace: str, image: str = "registry.example/app:1") -> dict[str, Any]:
    return {"metadata": {"name": "app", "namespace": namespace}, "spec": {"containers": [{"name": "app", "image": image}]}}


def quota_path(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/resourcequotas/quota"


@pytest.fixture
def made_quota(plugin: Plugin) -> Resource:
    return plugin.resource(QUOTA).create(quota(plugin.namespace()))


def refusal(error: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    line = error.value.details()
    assert "\n" not in line
    return line


def test_an_object_is_made_read_and_deleted(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    resource = plugin.resource(QUOTA).create(quota(namespace))
    assert resource.identity == f"{namespace}/quota"
    assert resource.live["spec"]["hard"]["pods"] == "2"
    assert resource.refresh() == []
    resource.delete()
    assert resource.live is None
    resource.delete()


def test_an_object_deleted_by_hand_is_reported_gone(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    resource = plugin.resource(QUOTA).create(quota(namespace))
    plugin.delete_by_hand(quota_path(namespace))
    resource.refresh()
    assert resource.identity == ""


def test_an_object_is_made_again_when_the_old_one_is_on_its_way_out(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    old = plugin.resource(QUOTA).create(quota(namespace))
    plugin.api.delete(quota_path(namespace), "")
    new = plugin.resource(QUOTA).create(quota(namespace))
    assert new.values["metadata"]["uid"] != old.values["metadata"]["uid"]


def test_state_keeps_no_server_bookkeeping(made_quota: Resource) -> None:
    metadata = made_quota.values["metadata"]
    assert not {"managedFields", "resourceVersion", "generation"} & metadata.keys()
    assert "status" not in made_quota.values


def test_refresh_names_exactly_the_field_changed_by_hand_and_update_repairs_it(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    resource = plugin.resource(QUOTA).create(quota(namespace))
    plugin.by_hand(quota_path(namespace), {"spec": {"hard": {"pods": "99"}}, "metadata": {"labels": {"by": "hand"}}})
    assert resource.refresh() == ["metadata.labels", "spec.hard.pods"]
    resource.update(quota(namespace))
    assert resource.live["spec"]["hard"]["pods"] == "2"
    assert "labels" not in resource.live["metadata"]
    assert resource.refresh() == []


def test_a_change_that_nobody_has_seen_is_not_overwritten(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    resource = plugin.resource(QUOTA).create(quota(namespace))
    plugin.by_hand(quota_path(namespace), {"spec": {"hard": {"pods": "99"}}})
    with pytest.raises(grpc.RpcError) as error:
        resource.update(quota(namespace, pods="3"))
    line = refusal(error)
    assert line.startswith(f'ResourceQuota "{namespace}/quota": ')
    assert ".spec.hard.pods" in line
    assert "kubectl-edit" in line
    assert "pulumi refresh" in line
    assert resource.live["spec"]["hard"]["pods"] == "99"


def test_a_field_taken_out_of_the_program_is_removed(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    resource = plugin.resource(QUOTA).create(quota(namespace))
    program = quota(namespace)
    del program["spec"]["hard"]["pods"]
    assert [*resource.diff(program).detailedDiff] == ["spec.hard.pods"]
    resource.update(program)
    assert resource.live["spec"]["hard"] == {"requests.cpu": "1"}


def test_an_object_that_is_there_already_is_not_taken_over(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    plugin.resource(QUOTA).create(quota(namespace))
    with pytest.raises(grpc.RpcError) as error:
        plugin.resource(QUOTA, "another").create(quota(namespace))
    assert "pulumi import" in refusal(error)


def test_a_create_that_was_cut_off_before_its_state_was_written_can_be_repeated(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    first = plugin.resource(QUOTA).create(quota(namespace))
    again = plugin.resource(QUOTA).create(quota(namespace, pods="5"))
    assert again.values["metadata"]["uid"] == first.values["metadata"]["uid"]
    assert again.live["spec"]["hard"]["pods"] == "5"


def test_an_object_that_is_its_own_replacement_is_not_deleted(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    old = plugin.resource(QUOTA).create(quota(namespace))
    plugin.resource(QUOTA).create(quota(namespace, pods="5"))
    with pytest.raises(grpc.RpcError) as error:
        old.delete()
    assert "delete_before_replace" in refusal(error)


@pytest.mark.parametrize("metadata", [{}, {"name": "fixed"}], ids=["made-up name", "fixed name"])
def test_an_object_that_would_get_its_own_name_again_has_to_go_first(plugin: Plugin, metadata: dict[str, str]) -> None:
    program: dict[str, Any] = {"metadata": metadata | {"namespace": plugin.namespace()}, "data": {"a": "1"}}
    resource = plugin.resource(CONFIG_MAP).create(program)
    assert resource.diff(program).deleteBeforeReplace
    assert resource.diff(program | {"data": {"a": "2"}}).deleteBeforeReplace == bool(metadata)


def test_deleting_spares_another_object_that_took_the_name(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    resource = plugin.resource(QUOTA).create(quota(namespace))
    plugin.delete_by_hand(quota_path(namespace))
    plugin.resource(QUOTA, "another").create(quota(namespace))
    resource.delete()
    spared = plugin.api.get(quota_path(namespace))
    assert spared is not None
    assert "deletionTimestamp" not in spared["metadata"]


def test_a_pod_over_quota_is_refused_with_the_servers_reason(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    plugin.resource(QUOTA).create({"metadata": {"name": "quota", "namespace": namespace}, "spec": {"hard": {"pods": "0"}}})
    with pytest.raises(grpc.RpcError) as error:
        plugin.resource(POD).create(pod(namespace))
    line = refusal(error)
    assert line.startswith(f'Pod "{namespace}/app": ')
    assert "exceeded quota: quota, requested: pods=1, used: pods=0, limited: pods=0" in line


def test_a_pod_that_breaks_pod_security_is_refused_with_the_servers_reason(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    plugin.by_hand(
        f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    )
    with pytest.raises(grpc.RpcError) as error:
        plugin.resource(POD).create(pod(namespace))
    assert 'violates PodSecurity "restricted:latest"' in refusal(error)


def test_an_unknown_field_is_refused(plugin: Plugin) -> None:
    program = quota(plugin.namespace())
    program["spec"]["hrad"] = {}
    with pytest.raises(grpc.RpcError) as error:
        plugin.resource(QUOTA).create(program)
    assert ".spec.hrad: field not declared in schema" in refusal(error)


def test_a_preview_makes_nothing(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    response = plugin.resource(QUOTA).preview_create(quota(namespace))
    assert response.id == f"{namespace}/quota"
    assert plugin.api.get(quota_path(namespace)) is None


def test_a_preview_shows_what_the_server_will_not_accept(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError) as error:
        plugin.resource(QUOTA).preview_create(quota(plugin.namespace(), pods="many"))
    assert "quantities must match" in refusal(error)


@pytest.mark.parametrize(
    "program",
    [
        quota("not-made-yet"),
        {"metadata": {"name": "quota", "namespace": UNKNOWN}, "spec": {"hard": {"pods": "1"}}},
        {"metadata": UNKNOWN, "spec": {"hard": {"pods": UNKNOWN}}},
    ],
    ids=["namespace of the same run", "unknown namespace", "unknown metadata"],
)
def test_a_preview_plans_what_the_server_cannot_judge_yet(plugin: Plugin, program: dict[str, Any]) -> None:
    response = plugin.resource(QUOTA).preview_create(program)
    assert response.id == ""
    assert read(response.properties).values["spec"] == program["spec"]


def test_keys_that_stand_in_the_kubeconfig_work_and_are_not_written_to_the_disk(plugin: Plugin, kubeconfig: Path) -> None:
    configuration = yaml.safe_load(kubeconfig.read_text())
    cluster, user = configuration["clusters"][0]["cluster"], configuration["users"][0]["user"]
    for values in (cluster, user):
        for field in [field for field in values if field.startswith(("certificate", "client"))]:
            values[f"{field}-data"] = base64.b64encode(kubeconfig.parent.joinpath(values.pop(field)).read_bytes()).decode()
    before = set(Path(tempfile.gettempdir()).iterdir())
    plugin.configure(kubeconfig=yaml.safe_dump(configuration))
    assert plugin.resource(QUOTA).create(quota(plugin.namespace())).live
    made = {path for path in set(Path(tempfile.gettempdir()).iterdir()) - before if path.is_file()}
    assert not [path for path in made if b"PRIVATE KEY" in path.read_bytes()]


def test_a_preview_without_a_cluster_plans_locally(plugin: Plugin, kubeconfig: Any) -> None:
    nowhere = kubeconfig.read_text().replace("https://127.0.0.1:", "https://127.0.0.1:1#")
    plugin.configure(kubeconfig=nowhere)
    response = plugin.resource(QUOTA).preview_create(quota("default"))
    assert read(response.properties).values["spec"]["hard"]["pods"] == "2"


def test_secret_data_is_secret_in_inputs_and_outputs(plugin: Plugin) -> None:
    program = {"metadata": {"name": "key", "namespace": plugin.namespace()}, "stringData": {"token": CANARY}}
    resource = plugin.resource(SECRET).create(program)
    assert resource.live["data"] == {"token": base64.b64encode(CANARY.encode()).decode()}
    assert ("data",) in read(resource.outputs).secrets
    plugin.by_hand(f"/api/v1/namespaces/{resource.identity.replace('/', '/secrets/')}", {"data": {"b": "eHh4"}})
    assert resource.refresh() == ["data"]
    assert read(resource.inputs).secrets >= {("data",)}


def test_a_key_taken_out_of_string_data_is_removed(plugin: Plugin) -> None:
    program = {"metadata": {"name": "key", "namespace": plugin.namespace()}, "stringData": {"a": "1", "b": "2"}}
    resource = plugin.resource(SECRET).create(program)
    resource.update(program | {"stringData": {"a": "1"}})
    assert [*resource.live["data"]] == ["a"]


def test_a_refusal_does_not_tell_a_secret(plugin: Plugin) -> None:
    program = {"metadata": {"name": "x", "namespace": plugin.namespace()}, "data": {"a": "1"}}
    resource = plugin.resource(CONFIG_MAP)
    inputs = resource.check(program).inputs
    # The server quotes a wrong value of this field in its answer.
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": f"Bad {CANARY}"}
    inputs.fields["metadata"].struct_value.fields["labels"].struct_value.fields["l"].struct_value.update(secret)
    with pytest.raises(grpc.RpcError) as error:
        plugin.stub.Create(provider_pb2.CreateRequest(urn=resource.urn, properties=inputs))
    line = refusal(error)
    assert "[secret]" in line
    assert CANARY not in line


def test_a_namespace_is_gone_with_its_contents_when_delete_returns(plugin: Plugin) -> None:
    namespace = plugin.resource("kubernetes:core/v1:Namespace", "space").create({})
    assert namespace.identity.startswith("space-")
    inside = plugin.resource(QUOTA).create(quota(namespace.identity))
    namespace.delete()
    assert namespace.live is None
    assert inside.live is None


def test_a_deletion_that_is_held_up_says_by_what(plugin: Plugin) -> None:
    resource = plugin.resource(CONFIG_MAP).create(
        {"metadata": {"name": "held", "namespace": plugin.namespace(), "finalizers": ["example.com/hold"]}}
    )
    with pytest.raises(grpc.RpcError) as error:
        resource.delete(timeout=0.3)
    assert "finalizers example.com/hold" in refusal(error)


def test_a_custom_resource_follows_its_definition(plugin: Plugin) -> None:
    definition = plugin.resource("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition").create(
        {"metadata": {"name": "widgets.example.com"}, "spec": json.loads(WIDGETS)}
    )
    widget = plugin.resource("kubernetes:example.com/v1:Widget").create({"metadata": {"name": "w"}, "spec": {"size": 3}})
    assert widget.identity == "default/w"
    widget.update({"metadata": {"name": "w"}, "spec": {"size": 4}})
    assert widget.live["spec"] == {"size": 4}
    definition.delete()
    widget.refresh()
    assert widget.identity == ""


def test_a_deployment_that_does_not_get_ready_is_kept_and_says_why(plugin: Plugin) -> None:
    namespace = plugin.namespace()
    plugin.resource(QUOTA).create({"metadata": {"name": "quota", "namespace": namespace}, "spec": {"hard": {"pods": "0"}}})
    template = {"metadata": {"labels": {"app": "a"}}, "spec": pod(namespace)["spec"]}
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": template}
    with pytest.raises(grpc.RpcError) as error:
        plugin.resource("kubernetes:apps/v1:Deployment").create(
            {"metadata": {"name": "app", "namespace": namespace}, "spec": spec}, timeout=5
        )
    line = refusal(error)
    assert "not ready after 5 s: 0 of 1 replicas available" in line
    assert "exceeded quota" in line
    assert initialisation_failure(error).id == f"{namespace}/app"


def test_a_state_of_the_official_plugin_is_not_touched(made_quota: Resource) -> None:
    del made_quota.outputs.fields["__ringfence_provider"]
    with pytest.raises(grpc.RpcError) as error:
        made_quota.delete()
    assert "written by the official Kubernetes plugin" in refusal(error)
    assert made_quota.live is not None


def initialisation_failure(error: pytest.ExceptionInfo[grpc.RpcError]) -> provider_pb2.ErrorResourceInitFailed:
    from pulumi.runtime.proto import status_pb2

    packed = dict(error.value.trailing_metadata())["grpc-status-details-bin"]
    failure = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(packed).details[0].Unpack(failure)
    return failure


WIDGETS = """{
  "group": "example.com", "scope": "Namespaced",
  "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
  "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
    "type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}}}]
}"""
