"""The Kubernetes objects of a site."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ringfence.estate import Estate
from stacks import platform_objects
from stacks.resource import Resource


@pytest.fixture(scope="module")
def manifests(north: tuple[Resource, ...]) -> dict[str, Any]:
    return {resource.key.partition(":")[2]: resource.inputs for resource in north if not resource.ours}


def test_a_tenants_namespace_is_restricted_and_says_whose_it_is(manifests: dict[str, Any]) -> None:
    labels = manifests["core/v1:Namespace::clinic"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert (labels["ringfence.dev/tenant"], labels["ringfence.dev/class"]) == ("clinic", "health")


def test_a_tenant_gets_the_gpus_that_were_granted_and_no_more(manifests: dict[str, Any]) -> None:
    hard = manifests["core/v1:ResourceQuota::startup-coral-quota"]["spec"]["hard"]
    assert hard["requests.nvidia.com/gpu"] == "1"
    assert hard["limits.memory"] == "128Gi"


def test_a_tenants_network_is_closed_in_both_directions(manifests: dict[str, Any]) -> None:
    spec = manifests["networking.k8s.io/v1:NetworkPolicy::clinic-closed"]["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_only_images_of_the_sites_registry_are_admitted(manifests: dict[str, Any]) -> None:
    spec = manifests["admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy::ringfence-images"]["spec"]
    assert spec["failurePolicy"] == "Fail"
    assert {"registry.north.atlantis.example/" in each["expression"] for each in spec["validations"]} == {True}
    assert len(spec["validations"]) == 3


def test_a_site_without_a_registry_admits_no_image(estate: Estate) -> None:
    bare = msgspec.structs.replace(estate, services=())
    [policy] = [each for each in platform_objects.resources(bare, "north") if each.type.endswith("ValidatingAdmissionPolicy")]
    assert {each["expression"].rpartition(", ")[2] for each in policy.inputs["spec"]["validations"]} == {"false)"}


def test_a_site_without_pools_has_no_platform(estate: Estate) -> None:
    assert platform_objects.resources(msgspec.structs.replace(estate, pools=()), "north") == ()
