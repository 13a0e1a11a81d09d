"""Buckets as values: what is wanted, and what a store tells about one, in the same shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from typing import Any

from hardware.contract import Change
from ringfence.errors import InputError


class Unknown(Enum):
    """The value of a setting that the store has no API for: never taken as right or wrong."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


class LockMode(StrEnum):
    """Whether anyone may shorten a retention: governance, those with a permission; compliance, nobody."""

    GOVERNANCE = "GOVERNANCE"
    COMPLIANCE = "COMPLIANCE"


@dataclass(frozen=True)
class BucketSpec:
    """A bucket that is wanted; that it refuses plain HTTP and the public goes without saying."""

    name: str
    kms_key: str | None
    """Key in the store's KMS that encrypts by default; None for keys of the store itself (AES256)."""
    versioning: bool = True
    lock_mode: LockMode | None = None
    lock_days: int = 0
    """Days for which every new version is kept; with a lock mode at least 1."""
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.lock_mode is None) != (self.lock_days == 0) or self.lock_days < 0:
            raise InputError(f"bucket {self.name}: an object lock needs both a mode and at least 1 day")
        if self.lock_mode and not self.versioning:
            raise InputError(f"bucket {self.name}: an object lock needs versioning")


@dataclass(frozen=True)
class BucketSettings:
    """Every setting of a bucket that we answer for, as wanted or as the store tells it."""

    encryption: str | Unknown | None
    """`AES256`, `aws:kms` and the key, or None when objects are stored in the clear by default."""
    versioning: bool | Unknown
    object_lock: bool | Unknown
    """Whether the bucket can lock at all, which is decided when it is made."""
    retention: str | Unknown | None
    """Of every new version, such as `COMPLIANCE 30 days`."""
    policy: str | Unknown | None
    """The bucket policy in a canonical form."""
    public_access_blocked: bool | Unknown
    tags: Mapping[str, str] | Unknown


SETTINGS = tuple(setting.name for setting in fields(BucketSettings))
BucketState = BucketSettings | None
"""None: there is no such bucket."""


def settings_of(spec: BucketSpec) -> BucketSettings:
    """The settings that `spec` asks for."""
    return BucketSettings(
        encryption=f"aws:kms {spec.kms_key}" if spec.kms_key else "AES256",
        versioning=spec.versioning,
        object_lock=spec.lock_mode is not None,
        retention=f"{spec.lock_mode} {spec.lock_days} days" if spec.lock_mode else None,
        policy=canonical_policy(tls_only_policy(spec.name)),
        public_access_blocked=True,
        tags=spec.tags,
    )


def differences(subject: str, wanted: BucketSettings, there: BucketSettings) -> tuple[list[Change], list[str]]:
    """What differs, setting by setting, and the settings that the store cannot tell."""
    changes, unknown = [], []
    for setting in SETTINGS:
        old, new = getattr(there, setting), getattr(wanted, setting)
        if old is UNKNOWN:
            unknown.append(setting)
        elif setting == "tags":
            changes += [
                Change(subject, f"tag {key}", f"{_shown(old.get(key))} -> {_shown(new.get(key))}")
                for key in sorted({*old, *new})
                if old.get(key) != new.get(key)
            ]
        elif old != new:
            changes.append(Change(subject, setting, f"{_shown(old)} -> {_shown(new)}"))
    return changes, unknown


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else str(value)


def tls_only_policy(bucket: str) -> dict[str, Any]:
    """Refuses every request that does not come over TLS, and grants nothing."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RefusePlainHttp",
                "Effect": "Deny",
                "Principal": {"AWS": ["*"]},
                "Action": ["s3:*"],
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
            }
        ],
    }


def canonical_policy(policy: Mapping[str, Any]) -> str:
    """One text for all spellings of a policy: stores return `*` for `{"AWS": ["*"]}` and single values for lists."""
    statements = policy.get("Statement", [])
    canonical = [_statement(one) for one in (statements if isinstance(statements, list) else [statements])]
    return json.dumps(sorted(canonical, key=json.dumps), sort_keys=True)


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Names (Sid) say nothing, and the effect is the only value that is never a list."""
    everyone = {"AWS": ["*"]}
    return {
        key: value if key == "Effect" else _listed(everyone if (key, value) == ("Principal", "*") else value)
        for key, value in statement.items()
        if key != "Sid"
    }


def _listed(value: Any) -> Any:
    """Single values as lists of one, all sorted, at any depth; `false` and `"false"` are the same to a condition."""
    if isinstance(value, Mapping):
        return {key: _listed(item) for key, item in value.items()}
    values = value if isinstance(value, list) else [value]
    return sorted(str(item).lower() if isinstance(item, bool) else str(item) for item in values)
