"""What reaches Pulumi, by Pulumi's own mocks: the resources as they are, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockMonitor

from stacks.components import register
from stacks.resource import Resource


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}


class Monitor(MockMonitor):
    """Keeps the requests."""

    def __init__(self) -> None:
        super().__init__(Mocks())
        self.requests: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        self.requests[f"{request.type}::{request.name}"] = request
        return super().RegisterResource(request)


@pytest.fixture
def monitor() -> Monitor:
    asyncio.set_event_loop(asyncio.new_event_loop())
    monitor = Monitor()
    pulumi.runtime.set_mocks(Mocks(), project="ringfence", stack="lab.north", monitor=monitor)
    return monitor


def registered(monitor: Monitor, part: str, resources: tuple[Resource, ...]) -> dict[str, Any]:
    pulumi.runtime.test(lambda: register(part, resources, None, []) and None)()
    components = ("pulumi:", "ringfence:stacks:")
    return {key: request for key, request in monitor.requests.items() if not key.startswith(components)}


@pytest.mark.parametrize("part", ["national", "north"])
def test_each_resource_is_registered_once_with_exactly_its_inputs(
    part: str, monitor: Monitor, request: pytest.FixtureRequest
) -> None:
    resources: tuple[Resource, ...] = request.getfixturevalue(part)
    made = registered(monitor, part, resources)
    assert set(made) == {resource.key for resource in resources}
    for resource in resources:
        assert pulumi.runtime.rpc.deserialize_properties(made[resource.key].object) == resource.inputs, resource.key


def test_each_resource_depends_on_what_it_waits_for(monitor: Monitor, north: tuple[Resource, ...]) -> None:
    made = registered(monitor, "north", north)
    for resource in north:
        assert {_key(urn) for urn in made[resource.key].dependencies} == set(resource.depends_on), resource.key


def test_resources_are_grouped_by_what_they_are(monitor: Monitor, north: tuple[Resource, ...]) -> None:
    made = registered(monitor, "north", north)
    assert made["ringfence:network:Pod::north-su1"].parent.endswith("ringfence:stacks:Network::north-network")
    assert made["kubernetes:core/v1:Namespace::clinic"].parent.endswith("ringfence:stacks:Platform::north-platform")


def _key(urn: str) -> str:
    parts = urn.split("::")
    return f"{parts[2].rpartition('$')[2]}::{parts[3]}"
