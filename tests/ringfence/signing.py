"""Keys and clocks for the tests of signed statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringfence.signing_key import Signer
from ringfence.statement import VerifyKey
from ringfence.trust import TrustRoot

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHA_A = "sha256:" + "a" * 64
SHA_B = "sha256:" + "b" * 64


def signer(key_id: str) -> Signer:
    """A key that is always the same for an id."""
    return Signer(key_id, Ed25519PrivateKey.from_private_bytes(key_id.encode().ljust(32, b".")[:32]))


def public_key(key_id: str, role: str, holder: str = "") -> VerifyKey:
    raw = signer(key_id).key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return VerifyKey(key_id, raw, frozenset({role}), holder or f"Holder of {key_id}")


def trust_root(*keys: VerifyKey, destroy: int = 1, policies: str | None = None) -> TrustRoot:
    known = keys or (
        public_key("gate", "gate"),
        public_key("approver", "destroy-approver"),
        public_key("officer", "waiver-officer"),
    )
    return TrustRoot(
        country="XA", lab=True, policies_digest=policies, keys=MappingProxyType({key.id: key for key in known}),
        thresholds=MappingProxyType({"permit": 1, "destroy": destroy, "waiver": 1}), file="trust.yaml",
    )  # fmt: skip
