from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ringfence.statement import PAYLOAD_TYPE, Statement, StatementError, VerifyKey, cosign, sign, verify
from tests.ringfence.signing import MINUTE, NOW, SHA_A, public_key, signer

GATE = {"gate": public_key("gate", "gate")}
STATEMENT = Statement("permit", {"estate": SHA_A}, "gate", NOW, NOW + 30 * MINUTE, {"stack": "lab.north", "n": 1})
ENVELOPE = sign(STATEMENT, signer("gate"))


def check(envelope: bytes = ENVELOPE, *, now: datetime = NOW, threshold: int = 1, **options: Any) -> Statement:
    given_ = {"type": "permit", "role": "gate", "keys": GATE, **options}
    return verify(envelope, now=now, threshold=threshold, **given_)


def signed(**changes: Any) -> bytes:
    return sign(msgspec.structs.replace(STATEMENT, **changes), signer("gate"))


def altered(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The envelope with its payload changed and its signature kept."""
    envelope = json.loads(ENVELOPE)
    payload = json.loads(b64decode(envelope["payload"]))
    change(payload)
    text = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    return json.dumps({**envelope, "payload": b64encode(text).decode()}).encode()


def test_a_signed_statement_comes_back_as_it_was() -> None:
    assert check() == STATEMENT


def test_the_signature_covers_dsses_pre_authentication_encoding() -> None:
    envelope = json.loads(ENVELOPE)
    payload = b64decode(envelope["payload"])
    covered = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload
    key = Ed25519PublicKey.from_public_bytes(GATE["gate"].public)
    key.verify(b64decode(envelope["signatures"][0]["sig"]), covered)


@given(position=st.integers(0, len(ENVELOPE) - 1), value=st.integers(0, 255))
def test_an_envelope_with_any_byte_changed_is_refused_or_means_the_same(position: int, value: int) -> None:
    changed = ENVELOPE[:position] + bytes([value]) + ENVELOPE[position + 1 :]
    try:
        assert check(changed) == STATEMENT
    except StatementError:
        assert changed != ENVELOPE


@given(st.binary(max_size=200))
def test_whatever_is_no_envelope_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(StatementError) as refused:
        check(content)
    assert "\n" not in str(refused.value)


def test_a_tampered_body_is_refused() -> None:
    with pytest.raises(StatementError, match="the signature of gate does not fit"):
        check(altered(lambda payload: payload["body"].update(stack="lab.south")))


def test_a_statement_cannot_be_replayed_as_another_type() -> None:
    with pytest.raises(StatementError, match="it is a 'permit', not a waiver"):
        check(type="waiver")


def test_an_envelope_of_another_payload_type_is_refused() -> None:
    other = ENVELOPE.replace(PAYLOAD_TYPE.encode(), b"application/vnd.in-toto+json")
    with pytest.raises(StatementError, match=r"of type 'application/vnd\.in-toto\+json'"):
        check(other)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOW + 30 * MINUTE, "it expired at 2026-05-01T12:30:00Z"),
        (NOW - 2 * MINUTE, "it is not valid before 2026-05-01T12:00:00Z"),
    ],
)
def test_a_statement_holds_only_in_its_time(now: datetime, reason: str) -> None:
    with pytest.raises(StatementError, match=reason):
        check(now=now)


def test_a_statement_holds_until_the_last_moment_and_forgives_a_clock_that_is_a_little_slow() -> None:
    check(now=NOW + 30 * MINUTE - timedelta(seconds=1))
    check(now=NOW - timedelta(seconds=60))


def test_a_statement_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(StatementError, match="ends before it begins"):
        check(signed(expires=NOW - MINUTE))


def test_times_outside_utc_are_refused() -> None:
    with pytest.raises(StatementError, match="not in UTC"):
        check(signed(issued=NOW.astimezone(timezone(timedelta(hours=2)))))


def test_an_unknown_key_is_refused_by_its_name() -> None:
    with pytest.raises(StatementError, match="key gate is not in the trust root"):
        check(keys={})


def test_a_known_id_with_another_key_is_refused() -> None:
    impostor = public_key("mallory", "gate")
    with pytest.raises(StatementError, match="does not fit"):
        check(keys={"gate": VerifyKey("gate", impostor.public, impostor.roles, "Mallory")})


def test_a_key_without_the_role_is_refused() -> None:
    with pytest.raises(StatementError, match="key gate does not have the role waiver-officer"):
        check(role="waiver-officer")


def test_a_threshold_is_met_by_different_holders() -> None:
    keys = {**GATE, "second": public_key("second", "gate")}
    with pytest.raises(StatementError, match="signatures of 2 different holders and has 1"):
        check(keys=keys, threshold=2)
    check(cosign(ENVELOPE, signer("second")), keys=keys, threshold=2)


def test_two_keys_of_one_holder_count_once() -> None:
    keys = {"gate": public_key("gate", "gate", "Ada"), "second": public_key("second", "gate", "ADA")}
    with pytest.raises(StatementError, match="2 different holders"):
        check(cosign(ENVELOPE, signer("second")), keys=keys, threshold=2)


def test_signing_again_with_the_same_key_adds_nothing() -> None:
    assert cosign(ENVELOPE, signer("gate")) == ENVELOPE


def test_one_signature_repeated_is_refused() -> None:
    envelope = json.loads(ENVELOPE)
    envelope["signatures"] *= 2
    with pytest.raises(StatementError, match="signed it twice"):
        check(json.dumps(envelope).encode())


def test_a_good_signature_beside_a_bad_one_is_refused() -> None:
    both = json.loads(cosign(ENVELOPE, signer("second")))
    both["signatures"][1]["sig"] = both["signatures"][0]["sig"]
    with pytest.raises(StatementError, match="second does not fit"):
        check(json.dumps(both).encode(), keys={**GATE, "second": public_key("second", "gate")})


def test_the_issuer_must_be_among_those_who_signed() -> None:
    with pytest.raises(StatementError, match="cannot be signed first by gate"):
        signed(issuer="approver")
    body = json.loads(cosign(ENVELOPE, signer("second")))
    body["signatures"] = body["signatures"][1:]
    with pytest.raises(StatementError, match="its issuer gate has not signed it"):
        check(json.dumps(body).encode(), keys={"second": public_key("second", "gate")})


def test_a_subject_must_be_a_digest() -> None:
    with pytest.raises(StatementError, match="its statement cannot be read"):
        check(signed(subjects={"estate": "latest"}))


def signed_bytes(payload: bytes) -> bytes:
    """An envelope whose signature is good, over a payload that need not be a statement's canonical bytes."""
    covered = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload
    signature = {"keyid": "gate", "sig": b64encode(signer("gate").key.sign(covered)).decode()}
    envelope = {"payload": b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}
    return json.dumps(envelope).encode()


@pytest.mark.parametrize("sloppy", [b" {payload}", b'{{"type":"waiver",{rest}'])
def test_a_payload_that_is_not_canonical_is_refused_although_its_signature_is_good(sloppy: bytes) -> None:
    payload = b64decode(json.loads(ENVELOPE)["payload"])
    assert check(signed_bytes(payload)) == STATEMENT
    text = sloppy.replace(b"{{", b"{").replace(b"{payload}", payload).replace(b"{rest}", payload[1:])
    with pytest.raises(StatementError, match="not in canonical form"):
        check(signed_bytes(text))


def test_base64_with_spare_bits_set_is_refused() -> None:
    signature = json.loads(ENVELOPE)["signatures"][0]["sig"]
    assert signature.endswith("==")
    sloppy = signature[:-3] + chr(ord(signature[-3]) + 1) + "=="
    assert b64decode(sloppy) == b64decode(signature)
    with pytest.raises(StatementError, match="its base64 cannot be read"):
        check(ENVELOPE.replace(signature.encode(), sloppy.encode()))
