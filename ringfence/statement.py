"""Signed statements: one format for permits, waivers, approvals, attestations and log entries.

A statement says what it is about (names and digests), who issued it, from when until when it holds, and a body that its
type gives meaning to. It travels in a DSSE envelope (Dead Simple Signing Envelope, v1.0): the signatures cover the
payload's exact bytes and its type, so that nothing is parsed before it is verified and nothing is taken for something else.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Meta, Struct

from ringfence.errors import InputError
from ringfence.estate import encode
from ringfence.signing_key import Signer

PAYLOAD_TYPE = "application/vnd.ringfence.statement+json"
MAX_BYTES = 8 * 1024 * 1024
# Two machines' clocks differ; a statement may come from this far in the future.
CLOCK_SKEW = timedelta(seconds=60)

KEY_ID_PATTERN = r"^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$"
DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}$"

KeyId = Annotated[str, Meta(pattern=KEY_ID_PATTERN)]
Digest = Annotated[str, Meta(pattern=DIGEST_PATTERN)]
Instant = Annotated[datetime, Meta(tz=True)]


class StatementError(InputError):
    """A signed statement cannot be relied on."""


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed. ``subjects`` maps names to digests; times are UTC, whole seconds; it holds until ``expires``."""

    type: str
    subjects: dict[str, Digest]
    issuer: KeyId
    issued: Instant
    expires: Instant
    body: dict[str, Any]


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """One signature of an envelope; ``keyid`` only says which key to try."""

    keyid: KeyId
    sig: str


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, rename={"payload_type": "payloadType"}):
    """A DSSE envelope; ``payload`` and each ``sig`` are base64."""

    payload: str
    payload_type: str
    signatures: Annotated[tuple[Signature, ...], Meta(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key (32 bytes), who holds it, and the roles in which its signatures count."""

    id: str
    public: bytes
    roles: frozenset[str]
    holder: str


def utc_now() -> datetime:
    """Return the real time: UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def sign(statement: Statement, signer: Signer) -> bytes:
    """Return the envelope of ``statement`` with its issuer's signature."""
    if statement.issuer != signer.id:
        raise StatementError(f"a statement issued by {statement.issuer} cannot be signed first by {signer.id}")
    payload = encode(statement)
    return encode(Envelope(_text(payload), PAYLOAD_TYPE, (_signature(payload, signer),)))


def cosign(envelope: bytes, signer: Signer) -> bytes:
    """Return ``envelope`` with one more signature, for statements that need several people; the same key adds nothing."""
    opened = _open(envelope)
    others = tuple(signature for signature in opened.signatures if signature.keyid != signer.id)
    signatures = (*others, _signature(_bytes(opened.payload), signer))
    return encode(msgspec.structs.replace(opened, signatures=signatures))


def verify(
    envelope: bytes, *, type: str, role: str, keys: Mapping[str, VerifyKey], now: datetime, threshold: int = 1
) -> Statement:
    """Return the statement in ``envelope`` if it can be relied on.

    Every signature must be good and be made in ``role``; ``threshold`` counts people, so that two keys of one holder
    count once.

    Args:
        envelope: the bytes of a DSSE envelope.
        type: the type that the statement must have, so that one kind cannot be replayed as another.
        role: the role that each signing key must have.
        keys: the keys that are trusted, by id.
        now: the time at which it must hold.
        threshold: how many different holders must have signed.

    Raises:
        StatementError: in one line, why not.
    """
    opened = _open(envelope)
    payload = _bytes(opened.payload)
    signers = [_signer(signature, payload, keys) for signature in opened.signatures]
    statement = _decode(payload, Statement)
    if encode(statement) != payload:
        raise StatementError("its payload is not in canonical form")
    if statement.type != type:
        raise StatementError(f"it is a {_short(statement.type)}, not a {type}")
    if statement.issuer not in {key.id for key in signers}:
        raise StatementError(f"its issuer {statement.issuer} has not signed it")
    for key in signers:
        if role not in key.roles:
            raise StatementError(f"key {key.id} does not have the role {role}")
    holders = {key.holder.casefold() for key in signers}
    if len(holders) < threshold:
        raise StatementError(f"it needs signatures of {threshold} different holders and has {len(holders)}")
    _demand_current(statement, now)
    return statement


def instant(moment: datetime) -> str:
    """Write a time as RFC 3339 in UTC: ``2026-05-01T12:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _demand_current(statement: Statement, now: datetime) -> None:
    if statement.issued.utcoffset() or statement.expires.utcoffset():
        raise StatementError("its times are not in UTC")
    if statement.expires <= statement.issued:
        raise StatementError("it ends before it begins")
    if statement.issued > now + CLOCK_SKEW:
        raise StatementError(f"it is not valid before {instant(statement.issued)}")
    if statement.expires <= now:
        raise StatementError(f"it expired at {instant(statement.expires)}")


def _signer(signature: Signature, payload: bytes, keys: Mapping[str, VerifyKey]) -> VerifyKey:
    """Return the key that made a signature over ``payload``."""
    key = keys.get(signature.keyid)
    if key is None:
        raise StatementError(f"key {signature.keyid} is not in the trust root")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(_bytes(signature.sig), _pre_authentication(payload))
    except InvalidSignature:
        raise StatementError(f"the signature of {key.id} does not fit: it was altered, or signed by another") from None
    return key


def _signature(payload: bytes, signer: Signer) -> Signature:
    return Signature(signer.id, _text(signer.key.sign(_pre_authentication(payload))))


def _pre_authentication(payload: bytes) -> bytes:
    """Return what is signed (DSSE's PAE): type and payload with their lengths, so that no two inputs look alike."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def _open(envelope: bytes) -> Envelope:
    if len(envelope) > MAX_BYTES:
        raise StatementError(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    opened = _decode(envelope, Envelope)
    if opened.payload_type != PAYLOAD_TYPE:
        raise StatementError(f"its payload is of type {_short(opened.payload_type)}, not {PAYLOAD_TYPE}")
    if len({signature.keyid for signature in opened.signatures}) < len(opened.signatures):
        raise StatementError("one key has signed it twice")
    return opened


_T = TypeVar("_T", Envelope, Statement)


def _decode(content: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise StatementError(f"it is not a signed statement: its {kind.__name__.lower()} cannot be read") from None


def _text(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        content = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        content = None
    # Base64 has spare bits at its end; with them, two texts would have the same meaning.
    if content is None or _text(content) != text:
        raise StatementError("it is not a signed statement: its base64 cannot be read")
    return content


def _short(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:57] + "...")
