"""The country's stores: one bucket for each copy, in the object store of the place where the copy lies."""

from __future__ import annotations

from ringfence.estate import Estate
from ringfence.facts import Bucket
from ringfence.permit import resource_key
from stacks import keys
from stacks.resource import Resource, plain

TYPE = "ringfence:stores:Bucket"


def resources(estate: Estate) -> tuple[Resource, ...]:
    """Every bucket; it waits for the key that protects it."""
    return tuple(_bucket(estate.country.code, bucket) for bucket in estate.buckets)


def _bucket(country: str, bucket: Bucket) -> Resource:
    inputs = {
        "name": bucket.name,
        "place": bucket.place,
        "store": bucket.store,
        "dataClass": bucket.data_class,
        "ownerCountry": country,
        "key": bucket.key,
        "lock": bucket.lock,
        "retentionDays": bucket.retention_days,
        "versioning": bucket.versioning,
        "encrypted": bucket.encrypted,
        "tlsOnly": bucket.tls_only,
        "public": bucket.public,
        "facts": {"buckets": [plain(bucket)]},
    }
    return Resource(TYPE, bucket.name, inputs, (resource_key(keys.TYPE, bucket.key),) if bucket.key else ())
