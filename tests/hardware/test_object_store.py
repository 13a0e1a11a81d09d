"""Buckets on the lab's real object store."""

from __future__ import annotations

import dataclasses
import json
import traceback
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from hardware.bucket import UNKNOWN, BucketSpec, LockMode
from hardware.connections import Connections, ObjectStoreEndpoint
from hardware.contract import bring_about
from hardware.object_store import BucketDriver
from ringfence.errors import OperationError

pytestmark = pytest.mark.lab
TAGS = {"data-class": "health", "site": "north", "owner-country": "XA"}


@pytest.fixture
def access(connections: Connections) -> ObjectStoreEndpoint:
    return connections.object_stores["north"]


@pytest.fixture
def driver(access: ObjectStoreEndpoint) -> Iterator[BucketDriver]:
    """Of a bucket that is wanted, is not there yet, and is gone again after the test."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    driver = BucketDriver(access, "north", BucketSpec(name, None, True, LockMode.GOVERNANCE, 1, TAGS))
    yield driver
    versions = driver._s3.list_object_versions(Bucket=name) if driver.read() else {}
    for version in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        driver._s3.delete_object(
            Bucket=name, Key=version["Key"], VersionId=version["VersionId"], BypassGovernanceRetention=True
        )
    driver.destroy(allow_destroy=True)


def test_a_bucket_is_made_as_wanted_and_once(driver: BucketDriver) -> None:
    assert bring_about(driver, driver.spec).changes[0].detail == "create"
    state = driver.read()
    assert state is not None
    assert (state.encryption, state.versioning, state.object_lock) == ("AES256", True, True)
    assert (state.retention, state.tags) == ("GOVERNANCE 1 days", TAGS)
    assert bring_about(driver, driver.spec).empty


def test_what_this_store_has_no_api_for_is_unknown(driver: BucketDriver) -> None:
    bring_about(driver, driver.spec)
    state = driver.read()
    assert state is not None
    assert state.public_access_blocked is UNKNOWN
    assert driver.plan(driver.spec, state).unknown == ("public_access_blocked",)


def test_objects_are_encrypted_and_locked_without_being_asked_to(driver: BucketDriver) -> None:
    bring_about(driver, driver.spec)
    version = driver._s3.put_object(Bucket=driver.spec.name, Key="a", Body=b"x")["VersionId"]
    stored = driver._s3.head_object(Bucket=driver.spec.name, Key="a")
    assert (stored["ServerSideEncryption"], stored["ObjectLockMode"]) == ("AES256", "GOVERNANCE")
    with pytest.raises(ClientError, match=r"WORM|AccessDenied"):
        driver._s3.delete_object(Bucket=driver.spec.name, Key="a", VersionId=version)


def test_changes_by_hand_are_named_and_repaired(driver: BucketDriver) -> None:
    bring_about(driver, driver.spec)
    name, s3 = driver.spec.name, driver._s3
    opened = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [opened]}))
    s3.delete_bucket_encryption(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "site", "Value": "south"}]})
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    fields = {change.field for change in driver.plan(driver.spec, driver.read()).changes}
    assert fields == {"encryption", "policy", "retention", "tag data-class", "tag owner-country", "tag site"}
    bring_about(driver, driver.spec)
    assert driver.plan(driver.spec, driver.read()).empty


def test_a_change_is_rolled_back_to_what_was_there(driver: BucketDriver) -> None:
    bring_about(driver, driver.spec)
    before = driver.read()
    longer = dataclasses.replace(driver.spec, lock_days=9, tags={})
    applied = driver.apply(driver.plan(longer, before))
    assert driver.read() != before
    driver.rollback(applied)
    assert driver.read() == before


def test_a_run_killed_after_the_bucket_was_made_is_finished_by_the_next(driver: BucketDriver) -> None:
    driver._s3.create_bucket(Bucket=driver.spec.name, ObjectLockEnabledForBucket=True)
    early = driver.plan(driver.spec, None)
    driver.confirm(driver.apply(early))
    assert driver.plan(driver.spec, driver.read()).empty


def test_a_bucket_with_only_old_versions_is_not_removed(driver: BucketDriver) -> None:
    bring_about(driver, driver.spec)
    driver._s3.put_object(Bucket=driver.spec.name, Key="a", Body=b"x")
    driver._s3.delete_object(Bucket=driver.spec.name, Key="a")
    with pytest.raises(OperationError, match="holds objects or old versions"):
        driver.destroy(allow_destroy=True)
    assert driver.read() is not None


def test_a_bucket_can_be_encrypted_by_a_key_of_the_stores_kms(driver: BucketDriver) -> None:
    spec = dataclasses.replace(driver.spec, kms_key="lab-store")
    bring_about(driver, spec)
    state = driver.read()
    assert state is not None
    assert state.encryption == "aws:kms lab-store"


def test_a_refused_login_is_one_line_without_the_secret(access: ObjectStoreEndpoint, tmp_path: Path) -> None:
    wrong = tmp_path / "secret"
    wrong.write_text("canary-secret-0000")
    wrong.chmod(0o600)
    driver = BucketDriver(access.model_copy(update={"secret_key_file": wrong}), "north", BucketSpec("x-records", None))
    with pytest.raises(OperationError, match="bucket x-records at north") as refusal:
        driver.read()
    assert "\n" not in str(refusal.value)
    assert "canary" not in "".join(traceback.format_exception(refusal.value))


def test_a_store_with_an_unknown_certificate_is_refused(access: ObjectStoreEndpoint) -> None:
    driver = BucketDriver(access.model_copy(update={"ca_file": None}), "north", BucketSpec("x-records", None))
    with pytest.raises(OperationError, match="certificate verify failed"):
        driver.read()
