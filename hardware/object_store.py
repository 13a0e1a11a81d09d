"""The driver of buckets in an S3 store (MinIO, AWS and others): encrypted, versioned, locked, for TLS and insiders only.

What a store has no API for is told as unknown, and neither planned nor taken as right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hardware.bucket import (
    SETTINGS,
    UNKNOWN,
    BucketSettings,
    BucketSpec,
    BucketState,
    Unknown,
    canonical_policy,
    differences,
    settings_of,
)
from hardware.connections import ObjectStoreEndpoint, read_secret
from hardware.contract import Applied, Change, Plan
from ringfence.errors import OperationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef

__all__ = ["BucketApplied", "BucketDriver", "BucketPlan", "BucketSettings", "BucketSpec", "BucketState"]

BucketPlan = Plan[BucketSpec, BucketState]
BucketApplied = Applied[BucketSpec, BucketState, bool]
"""Its way back is whether the bucket was made anew."""

_UNSUPPORTED = frozenset({"NotImplemented", "XNotImplemented", "MethodNotAllowed", "UnsupportedOperation"})
_BLOCKED: PublicAccessBlockConfigurationTypeDef = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_TIMEOUTS = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 4},
    s3={"addressing_style": "path"},
)
Told = TypeVar("Told")


@dataclass(frozen=True)
class BucketDriver:
    """Drives one bucket of the store at one site."""

    access: ObjectStoreEndpoint
    site: str
    spec: BucketSpec

    @property
    def subject(self) -> str:
        """Such as `bucket records at north`."""
        return f"bucket {self.spec.name} at {self.site}"

    def read(self) -> BucketState:
        """Every setting that the store tells; None where the bucket is not there."""
        with self._errors():
            try:
                self._s3.head_bucket(Bucket=self.spec.name)
            except ClientError as error:
                if _code(error) in ("404", "NoSuchBucket"):
                    return None
                raise
            lock = self._lock()
            return BucketSettings(
                encryption=self._ask(self._encryption, "ServerSideEncryptionConfigurationNotFoundError", None),
                versioning=self._ask(
                    lambda: self._s3.get_bucket_versioning(Bucket=self.spec.name).get("Status") == "Enabled", "", False
                ),
                object_lock=lock if isinstance(lock, Unknown) else lock is not None,
                retention=lock if isinstance(lock, Unknown) else lock or None,
                policy=self._ask(self._policy, "NoSuchBucketPolicy", None),
                public_access_blocked=self._ask(self._blocked, "NoSuchPublicAccessBlockConfiguration", False),
                tags=self._ask(self._tags, "NoSuchTagSet", {}),
            )

    def plan(self, wanted: BucketSpec, observed: BucketState) -> BucketPlan:
        """What would be made or set; a lock that the bucket was not made for asks for its replacement."""
        if observed is None:
            return Plan(self.subject, wanted, observed, (Change(self.subject, "bucket", "create"),))
        changes, unknown = differences(self.subject, settings_of(wanted), observed)
        replace = [change for change in changes if change.field == "object_lock"]
        return Plan(self.subject, wanted, observed, tuple(changes), tuple(replace), tuple(unknown))

    def apply(self, plan: BucketPlan) -> BucketApplied:
        """Make the bucket, or set what differs; what was there before stays known to `rollback`."""
        plan.refuse_replacement()
        wanted = settings_of(plan.wanted)
        with self._errors():
            created = plan.observed is None and self._create(plan.wanted)
            # A bucket that was just made, by us or by a run that was killed, has some settings already.
            there = plan.observed or self.read()
            for setting in _differing(wanted, there):
                self._set(setting, getattr(wanted, setting))
        return Applied(plan, created)

    def confirm(self, applied: BucketApplied) -> None:
        """See in the store itself that the bucket is as wanted."""
        left = self.plan(applied.plan.wanted, self.read())
        if not left.empty:
            raise OperationError(f"{left.changes[0]}: still so after the change")

    def rollback(self, applied: BucketApplied) -> None:
        """Put the settings back, or remove the bucket that this very apply has made, as long as it is empty."""
        before = applied.plan.observed
        if before is None:
            if applied.way_back:
                self.destroy(allow_destroy=True)
            return
        with self._errors():
            for setting in _differing(before, self.read()):
                self._set(setting, getattr(before, setting))

    def destroy(self, *, allow_destroy: bool = False) -> None:
        """Remove the bucket; OperationError unless it is empty (of old versions too) and `allow_destroy` is given."""
        if not allow_destroy:
            raise OperationError(f"{self.subject}: not removed: that needs the explicit permission to remove stores")
        with self._errors():
            if self.read() is None:
                return
            listed = self._s3.list_object_versions(Bucket=self.spec.name, MaxKeys=1)
            if listed.get("Versions") or listed.get("DeleteMarkers"):
                raise OperationError(f"{self.subject}: not removed: it holds objects or old versions of objects")
            self._s3.delete_bucket(Bucket=self.spec.name)

    # --- the store's API -------------------------------------------------------------------------------------------

    @cached_property
    def _s3(self) -> S3Client:
        session = boto3.session.Session(
            aws_access_key_id=read_secret(self.access.access_key_file),
            aws_secret_access_key=read_secret(self.access.secret_key_file),
            region_name=self.access.region,
        )
        verify: Any = str(self.access.ca_file) if self.access.ca_file else True
        return session.client("s3", endpoint_url=self.access.endpoint, verify=verify, config=_TIMEOUTS)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            about = error.response.get("Error", {})
            raise OperationError(
                f"{self.subject}: {error.operation_name}: {about.get('Code', 'error')}: {about.get('Message', '')}"
            ) from None
        except (BotoCoreError, OSError) as error:
            raise OperationError(f"{self.subject}: {error}") from None

    def _ask(self, question: Callable[[], Told], absent_code: str, absent: Told) -> Told | Unknown:
        try:
            return question()
        except ClientError as error:
            if _code(error) == absent_code:
                return absent
            if _code(error) in _UNSUPPORTED:
                return UNKNOWN
            raise

    def _encryption(self) -> str | None:
        answer = self._s3.get_bucket_encryption(Bucket=self.spec.name)
        rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
        key = rule.get("KMSMasterKeyID", "").removeprefix("arn:aws:kms:")
        return f"{rule['SSEAlgorithm']} {key}".strip()

    def _lock(self) -> str | Unknown | None:
        """None where the bucket cannot lock, an empty text where it can and keeps nothing by default."""
        absent = "ObjectLockConfigurationNotFoundError"
        answer = self._ask(lambda: self._s3.get_object_lock_configuration(Bucket=self.spec.name), absent, None)
        if answer is None or isinstance(answer, Unknown):
            return answer
        default = answer["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
        days = default.get("Days") or default.get("Years", 0) * 365
        return f"{default['Mode']} {days} days" if default.get("Mode") else ""

    def _policy(self) -> str | None:
        text = self._s3.get_bucket_policy(Bucket=self.spec.name)["Policy"]
        return canonical_policy(json.loads(text)) if text else None

    def _blocked(self) -> bool:
        answer = self._s3.get_public_access_block(Bucket=self.spec.name)["PublicAccessBlockConfiguration"]
        return all(answer.get(name) is True for name in _BLOCKED)

    def _tags(self) -> Mapping[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self._s3.get_bucket_tagging(Bucket=self.spec.name)["TagSet"]}

    def _create(self, wanted: BucketSpec) -> bool:
        """Whether it was really made now: a run that was killed may have made it already."""
        region = self.access.region
        place: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            self._s3.create_bucket(Bucket=wanted.name, ObjectLockEnabledForBucket=bool(wanted.lock_mode), **place)
        except ClientError as error:
            if _code(error) == "BucketAlreadyOwnedByYou":
                return False
            raise
        return True

    def _set(self, setting: str, value: Any) -> None:
        """Give one setting of BucketSettings a value as the same dataclass has it; None takes the setting away."""
        setters: Mapping[str, Callable[[Any], object]] = {
            "encryption": self._set_encryption,
            "versioning": self._set_versioning,
            "retention": self._set_retention,
            "policy": self._set_policy,
            "public_access_blocked": self._set_blocked,
            "tags": self._set_tags,
        }
        setters[setting](value)

    def _set_encryption(self, value: str | None) -> None:
        if value is None:
            self._s3.delete_bucket_encryption(Bucket=self.spec.name)
            return
        algorithm, _, key = value.partition(" ")
        default: Any = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
        self._s3.put_bucket_encryption(
            Bucket=self.spec.name,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
        )

    def _set_versioning(self, value: bool) -> None:
        status: Any = "Enabled" if value else "Suspended"
        self._s3.put_bucket_versioning(Bucket=self.spec.name, VersioningConfiguration={"Status": status})

    def _set_retention(self, value: str | None) -> None:
        lock: Any = {"ObjectLockEnabled": "Enabled"}
        if value is not None:
            mode, days, _ = value.split(" ")
            lock["Rule"] = {"DefaultRetention": {"Mode": mode, "Days": int(days)}}
        self._s3.put_object_lock_configuration(Bucket=self.spec.name, ObjectLockConfiguration=lock)

    def _set_policy(self, value: str | None) -> None:
        if value is None:
            self._s3.delete_bucket_policy(Bucket=self.spec.name)
        else:
            policy = {"Version": "2012-10-17", "Statement": json.loads(value)}
            self._s3.put_bucket_policy(Bucket=self.spec.name, Policy=json.dumps(policy))

    def _set_blocked(self, value: bool) -> None:
        if value:
            self._s3.put_public_access_block(Bucket=self.spec.name, PublicAccessBlockConfiguration=_BLOCKED)
        else:
            self._s3.delete_public_access_block(Bucket=self.spec.name)

    def _set_tags(self, value: Mapping[str, str]) -> None:
        if value:
            tags: Any = [{"Key": key, "Value": text} for key, text in sorted(value.items())]
            self._s3.put_bucket_tagging(Bucket=self.spec.name, Tagging={"TagSet": tags})
        else:
            self._s3.delete_bucket_tagging(Bucket=self.spec.name)


def _differing(wanted: BucketSettings, there: BucketState) -> Iterator[str]:
    """Settings that differ and that the store can tell, in the order in which they are set."""
    for setting in SETTINGS:
        old = getattr(there, setting, None)
        if old is not UNKNOWN and setting != "object_lock" and old != getattr(wanted, setting):
            yield setting


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
