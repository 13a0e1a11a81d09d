"""`ringfence:network:Pod`: devices over SSH, some of which may fail."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.provider_pb2 import ErrorResourceInitFailed
from pulumi.runtime.proto.status_pb2 import Status

from hardware.catalogue import load_catalogue
from hardware.provider.texts import Texts
from lab import Lab
from ringfence.cli.country import open_country
from ringfence.configs import render
from stacks.network import device_inputs
from tests.conftest import COUNTRY
from tests.hardware.provider.conftest import Engine, refused

POD = "ringfence:network:Pod"
NOWHERE = "127.0.0.2"
"""A loopback address at which no SSH server listens."""
TEXT = {"/etc/frr/frr.conf": "hostname ghost\n"}


def half_done(call: pytest.ExceptionInfo[grpc.RpcError]) -> ErrorResourceInitFailed:
    """What the provider says is there and is not, after an operation that got half-way."""
    [details] = [value for name, value in call.value.trailing_metadata() if name == "grpc-status-details-bin"]  # type: ignore[attr-defined]
    failed = ErrorResourceInitFailed()
    assert Status.FromString(details).details[0].Unpack(failed)
    return failed


@pytest.fixture
def ssh(tmp_path: Path, engine: Engine) -> None:
    """A connections file with an SSH key, and no host pinned."""
    key, hosts = tmp_path / "id", tmp_path / "known_hosts"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(key)], check=True)
    hosts.touch()
    section = {"user": "ringfence", "private_key_file": str(key), "known_hosts_file": str(hosts)}
    engine.settings.connections.write_text(yaml.safe_dump({"ringfence_connections": 1, "ssh": section}))


def pod(devices: dict[str, Any]) -> dict[str, Any]:
    return {"site": "north", "name": "su1", "devices": devices, "facts": {}}


@pytest.mark.usefixtures("ssh")
def test_a_device_that_cannot_be_reached_leaves_a_record_that_says_so(engine: Engine) -> None:
    digest = Texts(engine.settings.texts).put(TEXT)
    inputs = pod({"ghost": {"address": NOWHERE, "digest": digest}})
    engine.permit("create", POD, "north-su1", inputs)
    with pytest.raises(grpc.RpcError) as call:
        engine.create(POD, "north-su1", inputs)
    failed = half_done(call)
    assert failed.id == "north/su1"
    assert [reason.partition(":")[0] for reason in failed.reasons] == ["device ghost"]
    assert MessageToDict(failed.properties)["devices"]["ghost"] == {"address": NOWHERE, "digest": ""}
    # What was not reached differs, so that the next `pulumi up` goes on there.
    assert list(engine.diff(POD, MessageToDict(failed.properties), inputs).detailedDiff) == ["devices.ghost.digest"]


def test_a_text_that_is_not_in_the_store_is_an_error_before_any_device_is_touched(engine: Engine) -> None:
    inputs = pod({"ghost": {"address": NOWHERE, "digest": "0" * 64}})
    engine.permit("create", POD, "north-su1", inputs)
    with pytest.raises(grpc.RpcError) as call:
        engine.create(POD, "north-su1", inputs)
    assert "no configuration with this digest" in refused(call)


@pytest.mark.usefixtures("ssh")
def test_a_cancelled_update_begins_with_no_other_device(engine: Engine) -> None:
    digest = Texts(engine.settings.texts).put(TEXT)
    inputs = pod({"ghost": {"address": NOWHERE, "digest": digest}})
    engine.permit("create", POD, "north-su1", inputs)
    engine.cancel()
    with pytest.raises(grpc.RpcError) as call:
        engine.create(POD, "north-su1", inputs)
    assert list(half_done(call).reasons) == ["device ghost: not touched: cancelled"]


def test_devices_cannot_be_imported_and_the_error_says_what_to_do(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError) as call:
        engine.read(POD, "north/su1", {}, {})
    assert "`pulumi up` adopts" in refused(call)


@pytest.mark.lab
def test_one_device_that_fails_does_not_hold_up_the_others(engine: Engine, lab: Lab) -> None:
    estate = open_country(COUNTRY).estate
    configs = render(estate, "north", load_catalogue())
    leaf = next(device for device in estate.devices if device.role == "leaf")
    texts = Texts(engine.settings.texts)
    real, ghost = device_inputs([leaf], configs), {"address": NOWHERE, "digest": texts.put(TEXT)}
    assert texts.put(configs[leaf.name]) == real[leaf.name]["digest"]
    engine.settings.connections.write_bytes(lab.connections.read_bytes())
    inputs = pod({**real, "ghost": ghost})
    engine.permit("create", POD, "north-su1", inputs)
    with pytest.raises(grpc.RpcError) as call:
        engine.create(POD, "north-su1", inputs)
    done = MessageToDict(half_done(call).properties)["devices"]
    assert done == {**real, "ghost": {"address": NOWHERE, "digest": ""}}


def test_the_schema_describes_every_input(engine: Engine) -> None:
    schema = json.loads(engine.schema)
    shown = schema["resources"][POD]
    assert set(shown["requiredInputs"]) == {"site", "name", "devices", "facts"}
    assert schema["types"]["ringfence:network:DeviceInputs"]["required"] == ["address", "digest"]
    assert all(resource["description"] for resource in schema["resources"].values())
