"""What a bucket plan says, without a store."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from hardware.bucket import UNKNOWN, BucketSpec, LockMode, canonical_policy, settings_of, tls_only_policy
from hardware.connections import ObjectStoreEndpoint
from hardware.object_store import BucketDriver
from ringfence.errors import InputError, OperationError

SPEC = BucketSpec("records", "records-kek", lock_mode=LockMode.COMPLIANCE, lock_days=30, tags={"data-class": "health"})
ACCESS = ObjectStoreEndpoint(endpoint="https://s.example", access_key_file=Path("/a"), secret_key_file=Path("/s"))
DRIVER = BucketDriver(ACCESS, "north", SPEC)
WANTED = settings_of(SPEC)


def test_a_bucket_that_is_not_there_is_made() -> None:
    assert [str(change) for change in DRIVER.plan(SPEC, None).changes] == ["bucket records at north: bucket: create"]


def test_a_bucket_as_wanted_needs_nothing() -> None:
    assert DRIVER.plan(SPEC, WANTED).empty


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        ({"encryption": None}, "encryption: none -> aws:kms records-kek"),
        ({"encryption": "AES256"}, "encryption: AES256 -> aws:kms records-kek"),
        ({"versioning": False}, "versioning: off -> on"),
        ({"retention": "GOVERNANCE 30 days"}, "retention: GOVERNANCE 30 days -> COMPLIANCE 30 days"),
        ({"retention": None}, "retention: none -> COMPLIANCE 30 days"),
        ({"public_access_blocked": False}, "public_access_blocked: off -> on"),
        ({"tags": {"data-class": "public"}}, "tag data-class: public -> health"),
        ({"tags": {"data-class": "health", "x": "y"}}, "tag x: y -> none"),
    ],
)
def test_each_setting_that_differs_is_named_with_both_values(drift: dict[str, Any], said: str) -> None:
    plan = DRIVER.plan(SPEC, dataclasses.replace(WANTED, **drift))
    assert [str(change) for change in plan.changes] == [f"bucket records at north: {said}"]
    assert not plan.replace


def test_a_bucket_that_was_made_without_a_lock_is_to_be_replaced() -> None:
    plan = DRIVER.plan(SPEC, dataclasses.replace(WANTED, object_lock=False, retention=None))
    assert [change.field for change in plan.replace] == ["object_lock"]
    with pytest.raises(OperationError, match="object_lock: off -> on: cannot be changed in place"):
        DRIVER.apply(plan)


def test_what_the_store_cannot_tell_is_unknown_and_never_right() -> None:
    plan = DRIVER.plan(SPEC, dataclasses.replace(WANTED, public_access_blocked=UNKNOWN, encryption=UNKNOWN))
    assert plan.empty
    assert plan.unknown == ("encryption", "public_access_blocked")


def test_one_policy_in_another_spelling_is_the_same() -> None:
    ours = tls_only_policy("records")
    (statement,) = ours["Statement"]
    spelled = {
        **statement,
        "Sid": "x",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list(reversed(statement["Resource"])),
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    assert canonical_policy({"Statement": spelled}) == canonical_policy(ours)


@pytest.mark.parametrize("change", [{"Effect": "Allow"}, {"Action": "s3:GetObject"}, {"Condition": {}}])
def test_another_policy_is_not_the_same(change: dict[str, Any]) -> None:
    ours = tls_only_policy("records")
    other = {"Statement": [{**ours["Statement"][0], **change}]}
    assert canonical_policy(other) != canonical_policy(ours)


def test_a_statement_added_by_hand_is_another_policy() -> None:
    ours = tls_only_policy("records")
    opened = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::records/*"}
    assert canonical_policy({"Statement": [*ours["Statement"], opened]}) != canonical_policy(ours)


@pytest.mark.parametrize(
    "wrong",
    [{"lock_days": 0}, {"lock_mode": None}, {"versioning": False}, {"lock_days": -1}],
)
def test_half_a_lock_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="object lock needs"):
        dataclasses.replace(SPEC, **wrong)


def test_removing_a_store_needs_an_explicit_permission() -> None:
    with pytest.raises(OperationError, match="explicit permission"):
        DRIVER.destroy()
