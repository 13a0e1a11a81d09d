"""What is really there: on the token, in the object store, in the cluster and on the devices, asked of each itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from kubernetes import client, config
from pkcs11 import Attribute

from hardware.connections import read_secret
from hardware.hsm_token import logged_in
from hardware.object_store import BucketDriver, BucketSpec
from hardware.ssh import Device, connected, execute
from hardware.switch import SwitchDriver
from ringfence.facts import Device as DeviceFact
from stacks.network import management
from tests.end_to_end.country import Country


@dataclass(frozen=True)
class Reality:
    """All real things of a country, without what differs from one making to the next (keys' values, times, uids)."""

    keys: Mapping[str, int]
    """By `<class> <label>`: how many objects the token has."""
    buckets: Mapping[str, Any]
    objects: Mapping[str, Any]
    """By `<kind> <namespace>/<name>`: the specification of what the cluster holds of ours."""
    files: Mapping[str, Mapping[str, str]]
    """By device and path."""


def reality(country: Country) -> Reality:
    """Ask everything."""
    devices = {device.name: driver(country, device).read() for device in country.estate.devices}
    return Reality(
        keys=keys(country),
        buckets={name: bucket(country, name).read() for name in bucket_names(country)},
        objects=_objects(country),
        files={name: {path: file.text for path, file in state.files.items() if file.text} for name, state in devices.items()},
    )


def keys(country: Country) -> Mapping[str, int]:
    """Every object of the token."""
    (access,) = country.connections.hsms.values()
    with logged_in(access) as session:
        found = [f"{item[Attribute.CLASS].name} {item[Attribute.LABEL]}" for item in session.get_objects()]
    return Counter(found)


def s3(country: Country) -> Any:
    """A client of the object store, as the operator has it."""
    access = country.connections.object_stores["north"]
    return boto3.client(
        "s3", endpoint_url=access.endpoint, verify=str(access.ca_file), region_name=access.region,
        aws_access_key_id=read_secret(access.access_key_file), aws_secret_access_key=read_secret(access.secret_key_file),
    )  # fmt: skip


def bucket_names(country: Country) -> list[str]:
    return [item["Name"] for item in s3(country).list_buckets()["Buckets"]]


def bucket(country: Country, name: str) -> BucketDriver:
    return BucketDriver(country.connections.object_stores["north"], "north", BucketSpec(name, None))


def cluster(country: Country) -> Any:
    """A client of the Kubernetes API, to be closed."""
    connect: Any = config.new_client_from_config
    return connect(str(country.connections.kubernetes["north"].kubeconfig))


def _objects(country: Country) -> Mapping[str, Any]:
    with cluster(country) as api:
        core, network = client.CoreV1Api(api), client.NetworkingV1Api(api)
        listed = [
            *core.list_namespace().items, *core.list_resource_quota_for_all_namespaces().items,
            *core.list_limit_range_for_all_namespaces().items, *network.list_network_policy_for_all_namespaces().items,
            *client.SchedulingV1Api(api).list_priority_class().items,
            *client.AdmissionregistrationV1Api(api).list_validating_admission_policy().items,
            *client.AdmissionregistrationV1Api(api).list_validating_admission_policy_binding().items,
        ]  # fmt: skip
        plain = {_name(item): api.sanitize_for_serialization(item) for item in listed}
    return {name: {"labels": item["metadata"].get("labels"), "spec": item.get("spec")} for name, item in plain.items()}


def _name(item: Any) -> str:
    return f"{type(item).__name__} {item.metadata.namespace or ''}/{item.metadata.name}"


def switches(country: Country) -> list[DeviceFact]:
    return [device for device in country.estate.devices if device.role in ("leaf", "spine")]


def hosts(country: Country) -> list[DeviceFact]:
    return [device for device in country.estate.devices if device.role == "node"]


def driver(country: Country, device: DeviceFact) -> SwitchDriver:
    ssh = country.connections.ssh
    assert ssh is not None
    return SwitchDriver(Device(device.name, management(device)), ssh)


def shell(country: Country, device: DeviceFact, command: str) -> str:
    """Run a command on a device as the operator does; fail where it fails."""
    reached = driver(country, device)
    with connected(reached.device, reached.ssh) as session:
        return execute(session, reached.device, command, b"", seconds=60).decode()
