"""The gate in the provider: without a permit for this very resource with these very inputs, nothing happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import pytest

from ringfence.statement import utc_now
from tests.hardware.provider.conftest import Engine, refused

PERMIT = "ringfence:gate:Permit"
SEAL = "ringfence:gate:Seal"
INPUTS: dict[str, Any] = {"country": "XA", "part": "national", "estate": "sha256:1", "facts": {}}


def test_without_a_permit_nothing_is_created(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError) as call:
        engine.create(PERMIT, "permit", INPUTS)
    assert refused(call) == (
        "no permit to create ringfence:gate:Permit::permit in lab.national: none was issued; "
        "run `ringfence permit lab.national`"
    )


def test_with_its_permit_a_resource_is_created(engine: Engine) -> None:
    thing_id, outputs = engine.permitted_create(PERMIT, "permit", INPUTS)
    assert (thing_id, outputs["estate"], outputs["drift"]) == ("national", "sha256:1", [])


def test_a_permit_for_other_inputs_does_not_count(engine: Engine) -> None:
    engine.permit("create", PERMIT, "permit", {**INPUTS, "estate": "sha256:2"})
    with pytest.raises(grpc.RpcError) as call:
        engine.create(PERMIT, "permit", INPUTS)
    assert "other inputs" in refused(call)


def test_a_permit_for_another_stack_does_not_count(engine: Engine) -> None:
    engine.permit("create", PERMIT, "permit", INPUTS, stack="lab.north")
    with pytest.raises(grpc.RpcError):
        engine.create(PERMIT, "permit", INPUTS)


def test_an_expired_permit_does_not_count(engine: Engine) -> None:
    engine.permit(
        "create", PERMIT, "permit", INPUTS, now=utc_now() - timedelta(minutes=2), life=timedelta(minutes=1, seconds=59)
    )
    with pytest.raises(grpc.RpcError) as call:
        engine.create(PERMIT, "permit", INPUTS)
    assert "no permit" in refused(call)


def test_an_update_needs_a_permit_for_the_new_inputs(engine: Engine) -> None:
    thing_id, outputs = engine.permitted_create(PERMIT, "permit", INPUTS)
    changed = {**INPUTS, "estate": "sha256:2"}
    with pytest.raises(grpc.RpcError):
        engine.update(PERMIT, "permit", thing_id, outputs, changed)
    engine.permit("update", PERMIT, "permit", changed)
    assert engine.update(PERMIT, "permit", thing_id, outputs, changed)["estate"] == "sha256:2"


def test_a_permit_to_create_does_not_allow_a_delete(engine: Engine) -> None:
    thing_id, outputs = engine.permitted_create(PERMIT, "permit", INPUTS)
    with pytest.raises(grpc.RpcError) as call:
        engine.delete(PERMIT, "permit", thing_id, outputs, INPUTS)
    assert "ringfence permit --destroy lab.national" in refused(call)
    engine.permit("delete", PERMIT, "permit", INPUTS)
    engine.delete(PERMIT, "permit", thing_id, outputs, INPUTS)


def test_a_permit_to_delete_one_thing_deletes_no_other_that_an_edited_state_names(engine: Engine) -> None:
    engine.permit("delete", PERMIT, "permit", INPUTS)
    edited = {**INPUTS, "part": "north", "drift": []}
    with pytest.raises(grpc.RpcError) as call:
        engine.delete(PERMIT, "permit", "national", edited, INPUTS)
    assert "the state's record leads to another thing than the permit: part" in refused(call)


def test_a_preview_needs_no_permit_and_no_trust_root(engine: Engine) -> None:
    engine.settings.trust_root.unlink()
    assert engine.create(PERMIT, "permit", INPUTS, preview=True).id == ""


def test_without_a_trust_root_nothing_is_created(engine: Engine) -> None:
    engine.permit("create", PERMIT, "permit", INPUTS)
    engine.settings.trust_root.unlink()
    with pytest.raises(grpc.RpcError) as call:
        engine.create(PERMIT, "permit", INPUTS)
    assert "the trust root cannot be read" in refused(call)


def test_a_trust_root_that_knows_other_keys_opens_nothing(engine: Engine) -> None:
    engine.permit("create", PERMIT, "permit", INPUTS)
    for file in engine.settings.trust_root.parent.iterdir():
        file.unlink()
    type(engine)(engine._client, engine.settings)  # makes new keys and a new root
    with pytest.raises(grpc.RpcError):
        engine.create(PERMIT, "permit", INPUTS)
