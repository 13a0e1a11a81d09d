"""`ringfence:stores:Bucket`: one copy of a store, in the object store of one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from hardware import contract
from hardware.bucket import LockMode
from hardware.object_store import BucketDriver, BucketSpec
from hardware.provider.kind import Found, Inputs, Reach, parse
from hardware.provider.properties import Values
from ringfence.errors import InputError

_MODES = {"": None, "governance": LockMode.GOVERNANCE, "compliance": LockMode.COMPLIANCE}


class BucketInputs(Inputs):
    """What a bucket is to be. That it is encrypted, for TLS only and not public goes without saying."""

    name: str
    place: str
    store: str
    data_class: str
    owner_country: str
    key: str
    """The key in the country's HSM that the store's own key management answers to."""
    lock: Literal["", "governance", "compliance"]
    retention_days: int
    versioning: bool
    encrypted: Literal[True]
    tls_only: Literal[True]
    public: Literal[False]


class Bucket:
    """Buckets, by the S3 driver. Their ids are `<place>/<name>`."""

    resource_type = "ringfence:stores:Bucket"
    model = BucketInputs

    def bring_about(self, wanted: BucketInputs, before: Values | None, reach: Reach) -> Found:
        """Make the bucket, or set what differs."""
        contract.bring_about(driver := _driver(wanted, reach), driver.spec)
        return Found(f"{wanted.place}/{wanted.name}", wanted.model_dump(mode="json", by_alias=True))

    def read(self, thing_id: str, before: Values, reach: Reach) -> Found | None:
        """The bucket as the store tells it."""
        if not before:
            raise InputError(f"{thing_id}: buckets are not imported; `pulumi up` adopts one that is as declared")
        driver = _driver(_recorded(before), reach)
        state = driver.read()
        if state is None:
            return None
        return Found(thing_id, before, tuple(str(change) for change in driver.plan(driver.spec, state).changes))

    def delete(self, before: Values, reach: Reach) -> None:
        """Remove the bucket, which must be empty; the gate has seen a permit that says so."""
        _driver(_recorded(before), reach).destroy(allow_destroy=True)

    def replace_on(self, old: Values, new: Values) -> frozenset[str]:
        """What makes it another bucket; and the lock, which a bucket has from its making or never."""
        lock = {"lock"} if bool(old.get("lock")) != bool(new.get("lock")) else set()
        return frozenset({"name", "place", *lock})

    def explain(self, old: Values, new: Values, reach: Reach) -> Iterator[str]:
        """Nothing that the properties do not say."""
        yield from ()


def _recorded(before: Values) -> BucketInputs:
    names = [field.alias or name for name, field in BucketInputs.model_fields.items()]
    return parse(BucketInputs, {name: before[name] for name in names})


def _driver(wanted: BucketInputs, reach: Reach) -> BucketDriver:
    access = reach.connections().object_stores.get(wanted.place)
    if access is None:
        raise InputError(
            f"bucket {wanted.name}: the connections file names no object store at {wanted.place}; "
            f"add object_stores.{wanted.place} to it"
        )
    mode = _MODES[wanted.lock]
    tags = {"class": wanted.data_class, "store": wanted.store, "owner": wanted.owner_country, "key": wanted.key or "none"}
    spec = BucketSpec(
        name=wanted.name,
        # A store's KMS holds keys of its own; how it is bound to the country's HSM is the store's set-up, not ours.
        kms_key=None,
        versioning=wanted.versioning,
        lock_mode=mode,
        lock_days=wanted.retention_days if mode else 0,
        tags=tags,
    )
    return BucketDriver(access, wanted.place, spec)
