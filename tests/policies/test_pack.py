from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import to_builtins
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.pack import advisory, binding, unwrap
from ringfence.estate import FACTS, Estate
from tests.policies.minimal import country


def stack(estate: Estate, **replaced: Any) -> Any:
    """What CrossGuard gives a policy: one resource of ours that carries the estate's facts."""
    facts = {fact: to_builtins(getattr(estate, fact)) for fact in FACTS if fact not in ("devices", "cables", "pods")}
    props = unknown_checking_proxy({"facts": {**facts, **replaced}})
    resource = SimpleNamespace(resource_type="ringfence:gate:Permit", urn="urn:a::b::c::permit", props=props, provider=None)
    return SimpleNamespace(resources=[resource])


def reported(policy: Any, args: Any) -> list[str]:
    lines: list[str] = []
    policy(args, lambda message, urn: lines.append(message))
    return lines


def test_a_sound_stack_gives_no_report() -> None:
    assert reported(binding, stack(country())) == []
    assert reported(advisory, stack(country())) == []


def test_a_failing_mandatory_rule_is_reported_with_path_and_remedy() -> None:
    lines = reported(binding, stack(country({"stores.records.copies": ["north", "overseas"]})))
    (line,) = (line for line in lines if line.startswith("RF-RES-001 health"))
    assert " > replication (store) to bucket:xa-records-overseas in XD]" in line
    assert line.endswith("or withdraw the access.")


@pytest.mark.parametrize("hidden", [UNKNOWN_STRING_VALUE, [UNKNOWN_STRING_VALUE]])
def test_what_is_unknown_in_a_mandatory_rule_blocks_and_is_no_mere_advice(hidden: Any) -> None:
    lines = reported(binding, stack(country(), flows=hidden))
    assert any(line.startswith("RF-RES-001 flows: cannot be told: could not be read") for line in lines)


def test_a_fact_that_no_resource_carries_blocks() -> None:
    args = stack(country())
    args.resources[0].props = unknown_checking_proxy({"facts": {"keys": []}})
    assert any(
        line.startswith("RF-RES-002 buckets: cannot be told: not known at this stage") for line in reported(binding, args)
    )


def test_slices_that_contradict_each_other_block() -> None:
    args = stack(country())
    args.resources += stack(country(), quorum=1).resources
    (line,) = reported(binding, args)
    assert "contradicts another resource about quorum" in line
    assert reported(advisory, args) == []


def test_properties_come_out_of_crossguards_wrapping_as_they_were() -> None:
    plain = {"a": [1.0, {"b": None, "c": True}], "d": UNKNOWN_STRING_VALUE, "e": {"f": [UNKNOWN_STRING_VALUE]}}
    assert unwrap(unknown_checking_proxy(plain)) == plain
