"""Stores: what every copy of a store must be, wherever it rests."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.demands import demands
from ringfence.estate import Estate
from ringfence.rule import rule
from ringfence.verdict import Finding


@rule(
    "RF-STO-001", "Copies are encrypted, with a key of their own where the class has keys", severity="critical",
    mandatory="file plan audit", reads=["buckets", "data_classes"], controls=["nist-800-53:SC-28"],
    remedy="Turn encryption on, and name the store's key.",
    bad=[{"stores.records.key": None}, {"estate:buckets[0].encrypted": False}],
)  # fmt: skip
def copies_are_encrypted(estate: Estate) -> Iterator[Finding]:
    """Every copy is encrypted at rest; one of a class that has an HSM, with a key that the country holds."""
    keyed = {data_class.name for data_class in estate.data_classes if data_class.keys}
    for bucket in estate.buckets:
        if not bucket.encrypted:
            yield Finding(f"bucket:{bucket.name}", "is not encrypted at rest", bucket.declared)
        elif bucket.data_class in keyed and not bucket.key:
            message = f"has no key of its own; {bucket.data_class} is sealed with the country's keys"
            yield Finding(f"bucket:{bucket.name}", message, bucket.declared)


@rule(
    "RF-STO-002", "Nobody can rewrite what must be kept", severity="high", mandatory="file plan audit",
    reads=["buckets", "data_classes"], controls=["nist-800-53:CP-9"],
    remedy="Turn versioning on and lock the store (governance or compliance). A lock needs a store made with it.",
    bad=[{"stores.models.lock": "none"}, {"stores.records.versioning": False}],
)  # fmt: skip
def kept_data_cannot_be_rewritten(estate: Estate) -> Iterator[Finding]:
    """Copies of a class that has keys of the country are versioned and locked: ransom finds nothing to overwrite."""
    keyed = {data_class.name for data_class in estate.data_classes if data_class.keys}
    for bucket in estate.buckets:
        if bucket.data_class not in keyed:
            continue
        if not bucket.versioning:
            yield Finding(f"bucket:{bucket.name}", "keeps no versions", bucket.declared)
        if not bucket.lock:
            yield Finding(f"bucket:{bucket.name}", "has no object lock", bucket.declared)


@rule(
    "RF-STO-003", "What the law keeps at home is locked for good", severity="high", mandatory="file plan audit",
    reads=["buckets", "data_classes", "laws"], controls=["nist-800-53:AU-9"],
    remedy="Use lock: compliance, which no administrator lifts before its time.",
    bad=[{"stores.records.lock": "governance"}],
)  # fmt: skip
def home_data_has_a_compliance_lock(estate: Estate) -> Iterator[Finding]:
    """Copies of a class for cleared people only, bound to the territory, have a lock that no administrator can lift."""
    bounds = demands(estate)
    for bucket in estate.buckets:
        demand = bounds.get(bucket.data_class)
        strict = demand is not None and demand.stay_in == "territory" and demand.people == "cleared"
        if strict and bucket.lock == "governance":
            yield Finding(f"bucket:{bucket.name}", "an administrator can lift its governance lock", bucket.declared)


@rule(
    "RF-STO-004", "Stores are private and answer over TLS only", severity="critical", mandatory="file plan audit",
    reads=["buckets"], controls=["nist-800-53:SC-8", "nist-800-53:AC-3"],
    remedy="Remove the public grant or policy, and deny requests that do not use TLS.",
    bad=[{"estate:buckets[0].public": True}, {"estate:buckets[0].tls_only": False}],
)  # fmt: skip
def stores_are_private(estate: Estate) -> Iterator[Finding]:
    """No copy can be read without credentials, or over a connection that others can read."""
    for bucket in estate.buckets:
        if bucket.public:
            yield Finding(f"bucket:{bucket.name}", "can be read by anybody", bucket.declared)
        if not bucket.tls_only:
            yield Finding(f"bucket:{bucket.name}", "answers over connections without TLS", bucket.declared)
