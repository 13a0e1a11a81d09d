"""Programs of the SDK `pulumi_kubernetes` through the real Pulumi engine, our plugin and a real API server."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.kubernetes.api import Api
from engine.kubernetes.origin import written_by
from engine.kubernetes.waiting import Deadline
from tests.engine.kubernetes.resource import Plugin
from tests.engine.project import Project

pytestmark = [pytest.mark.lab, pytest.mark.engine]

CANARY = "canary-c0ffee-4711"
PULUMI_YAML = "name: demo\nruntime: {name: python, options: {}}\n"
HEAD = "import pulumi, pulumi_kubernetes as k8s\n"

SITE = """
space = k8s.core.v1.Namespace("space", metadata={"name": NAME, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}})
here = space.metadata.name
k8s.core.v1.ResourceQuota("quota", metadata={"name": "quota", "namespace": here}, spec={"hard": {"pods": PODS, "requests.nvidia.com/gpu": "8"}})
k8s.core.v1.LimitRange("limits", metadata={"namespace": here}, spec={"limits": [{"type": "Container", "default": {"cpu": "500m"}}]})
k8s.core.v1.Secret("key", metadata={"name": "key", "namespace": here}, string_data={"token": CANARY})
k8s.core.v1.ServiceAccount("agent", metadata={"name": "agent", "namespace": here}, automount_service_account_token=False)
k8s.networking.v1.NetworkPolicy("deny", metadata={"name": "deny", "namespace": here}, spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
k8s.rbac.v1.Role("reader", metadata={"name": "reader", "namespace": here}, rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])
k8s.rbac.v1.RoleBinding("reader", metadata={"name": "reader", "namespace": here}, role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ROLE}, subjects=[{"kind": "ServiceAccount", "name": "agent", "namespace": NAME}])
k8s.scheduling.v1.PriorityClass("train", metadata={"name": NAME}, value=1000)
k8s.admissionregistration.v1.ValidatingAdmissionPolicy("pinned", metadata={"name": NAME}, spec={"matchConstraints": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAME}}, "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]}, "validations": [{"expression": "!('latest' in object.data)", "message": "no latest"}]})
k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding("pinned", metadata={"name": NAME}, spec={"policyName": NAME, "validationActions": ["Deny"]})
definition = k8s.apiextensions.v1.CustomResourceDefinition("gadgets", metadata={"name": f"gadgets.{NAME}.example"}, spec={"group": f"{NAME}.example", "scope": "Namespaced", "names": {"plural": "gadgets", "kind": "Gadget"}, "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]})
k8s.apiextensions.CustomResource("gadget", api_version=f"{NAME}.example/v1", kind="Gadget", metadata={"name": "g", "namespace": here}, spec={"size": 3}, opts=pulumi.ResourceOptions(depends_on=[definition]))
"""  # noqa: E501
RESOURCES = 14  # with the stack itself


class Site:
    """A project whose program declares the objects of a small site."""

    def __init__(self, project: Project, kubeconfig: Path, api: Api, name: str) -> None:
        self.project, self.api, self.name = project, api, name
        project.env["KUBECONFIG"] = str(kubeconfig)
        project.pulumi_yaml(PULUMI_YAML)
        self.declare()

    def declare(self, pods: str = "2", role: str = "reader", more: str = "") -> None:
        names = f"NAME, PODS, ROLE, CANARY = {(self.name, pods, role, CANARY)!r}\n"
        self.project.program(HEAD + names + SITE + more)

    def live(self, path: str) -> Any:
        return self.api.get(path.replace("NS", f"namespaces/{self.name}"))

    def resources(self) -> list[dict[str, Any]]:
        listed = json.loads(self.project.pulumi("stack", "export"))["deployment"]["resources"]
        return [entry for entry in listed if entry["type"].startswith("kubernetes:")]


@pytest.fixture
def site(project: Project, kubeconfig: Path, api: Api, request: pytest.FixtureRequest) -> Site:
    return Site(project, kubeconfig, api, f"site-{abs(hash(request.node.name)) % 10**8}")


def test_a_site_is_made_kept_drifts_is_repaired_and_is_destroyed(site: Site, plugin: Plugin) -> None:
    up = site.project.up
    assert f"+ {RESOURCES} created" in up()
    assert f"{RESOURCES} unchanged" in up()
    assert f"{RESOURCES} unchanged" in site.project.pulumi("refresh", "--yes", "--skip-preview")

    plugin.by_hand(f"/api/v1/namespaces/{site.name}", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": None}}})
    plugin.by_hand(f"/api/v1/namespaces/{site.name}/resourcequotas/quota", {"spec": {"hard": {"pods": "99"}}})
    seen = site.project.pulumi("refresh", "--yes", "--skip-preview", "--diff")
    assert '- pod-security.kubernetes.io/enforce: "restricted"' in seen
    assert '~ pods: "2" => "99"' in seen
    assert "~ 2 updated" in seen

    assert "~ 2 updated" in up()
    assert site.live("/api/v1/NS")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert site.live("/api/v1/NS/resourcequotas/quota")["spec"]["hard"]["pods"] == "2"
    assert f"{RESOURCES} unchanged" in up()

    site.project.pulumi("destroy", "--yes", "--skip-preview")
    assert site.live("/api/v1/NS") is None


def test_a_preview_names_the_changed_field(site: Site) -> None:
    assert f"+ {RESOURCES} to create" in site.project.pulumi("preview")
    site.project.up()
    site.declare(pods="3")
    shown = site.project.pulumi("preview", "--diff")
    assert '~ pods: "2" => "3"' in shown
    assert "~ 1 to update" in shown


def test_an_immutable_field_replaces_an_object_of_fixed_name(site: Site) -> None:
    site.project.up()
    site.declare(role="another")
    assert "+-1 replaced" in site.project.up()
    assert site.live("/apis/rbac.authorization.k8s.io/v1/NS/rolebindings/reader")["roleRef"]["name"] == "another"


def test_an_admission_policy_refuses_with_its_own_message(site: Site) -> None:
    site.project.up()
    site.declare(more='k8s.core.v1.ConfigMap("bad", metadata={"name": "bad", "namespace": here}, data={"latest": "1"})')
    refused = site.project.try_pulumi("up", "--yes", "--skip-preview")
    assert refused.returncode != 0
    said = refused.stdout + refused.stderr
    assert f'ConfigMap "{site.name}/bad": ' in said
    assert "denied request: no latest" in said
    assert "Traceback" not in said


def test_no_secret_is_in_state_its_history_or_the_output(site: Site, tmp_path: Path) -> None:
    kubeconfig = Path(site.project.env.pop("KUBECONFIG")).read_text()
    hidden = f"{CANARY}-kubeconfig"
    text = f"{kubeconfig}\n# {hidden}\n"
    site.project.program(
        f"{HEAD}cluster = k8s.Provider('cluster', kubeconfig={text!r})\n"
        f"k8s.core.v1.Secret('key', metadata={{'name': {site.name!r}}}, string_data={{'token': {CANARY!r}}},"
        " opts=pulumi.ResourceOptions(provider=cluster))\n"
    )
    said = site.project.up("--diff")
    kept = [path.read_bytes() for path in tmp_path.joinpath("backend").rglob("*") if path.is_file()]
    assert kept
    for form in (CANARY.encode(), base64.b64encode(CANARY.encode()), base64.b64encode(hidden.encode())):
        assert form.decode() not in said
        assert not [content for content in kept if form in content]
    assert site.project.pulumi("stack", "export", "--show-secrets").count(hidden) > 0


def test_an_object_made_by_hand_is_imported(site: Site) -> None:
    site.api.apply(
        f"/api/v1/namespaces/{site.name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": site.name}}
    )
    site.project.program("")
    site.project.pulumi(
        "import", "kubernetes:core/v1:Namespace", "space", site.name, "--yes", "--generate-code=false", "--protect=false"
    )  # fmt: skip
    site.project.program(f"{HEAD}k8s.core.v1.Namespace('space', metadata={{'name': {site.name!r}}})\n")
    assert "2 unchanged" in site.project.up()
    assert [written_by(entry) for entry in site.resources()] == ["ringfence"]


def test_what_is_not_carried_is_refused_in_a_plain_line(site: Site) -> None:
    site.project.program(f"{HEAD}k8s.helm.v3.Release('chart', chart='nginx')\n")
    refused = site.project.try_pulumi("up", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "does not carry Helm charts and releases" in refused.stdout + refused.stderr


def test_after_a_kill_the_next_run_takes_up_what_was_made(site: Site) -> None:
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"]
    with subprocess.Popen(
        command, cwd=site.project.folder, env=site.project.env, stdout=subprocess.DEVNULL, start_new_session=True
    ) as run:
        patience = Deadline(60, threading.Event())
        # In the middle: something is there, and the state of the rest is not written.
        while not site.live("/api/v1/NS/resourcequotas/quota"):
            assert patience.pause()
        made = site.live("/api/v1/NS")["metadata"]["uid"]
        os.killpg(run.pid, signal.SIGKILL)
    site.project.pulumi("cancel", "--yes")
    site.project.up()
    assert site.live("/api/v1/NS")["metadata"]["uid"] == made
    assert len(site.live("/api/v1/NS/limitranges")["items"]) == 1
    assert f"{RESOURCES} unchanged" in site.project.pulumi("refresh", "--yes", "--skip-preview")
