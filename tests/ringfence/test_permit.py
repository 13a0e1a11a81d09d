from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from ringfence.permit import MAX_LIFE, PermitError, issue, issue_destroy, open_permit
from ringfence.statement import Statement, StatementError, sign
from ringfence.verdict import Source, Status, Verdict
from tests.ringfence.signing import MINUTE, NOW, SHA_A, SHA_B, public_key, signer, trust_root

TRUST = trust_root()
BUCKET = "ringfence:stores:Bucket::records"
POD = "ringfence:network:Pod::su1"


def verdict(status: Status, rule: str = "RF-RES-001", **changes: Any) -> Verdict:
    made = Verdict(rule, "Title", "high", ("file",), status, "declared", "bucket:records", "leaves the territory")
    return msgspec.structs.replace(made, **changes)


def permit(*verdicts: Verdict, **changes: Any) -> bytes:
    options: dict[str, Any] = {
        "stack": "lab.north", "estate": SHA_A, "policies": SHA_B, "verdicts": verdicts or (verdict("pass"),),
        "stage": "file", "resources": {POD: SHA_A}, "signer": signer("gate"), "now": NOW,
    }  # fmt: skip
    return issue(**{**options, **changes})


def destruction(**changes: Any) -> bytes:
    options: dict[str, Any] = {
        "stack": "lab.national", "estate": SHA_A, "policies": SHA_B, "verdicts": (verdict("pass"),), "stage": "file",
        "resources": {BUCKET: SHA_A}, "data_loss": True, "signers": [signer("approver")], "now": NOW,
    }  # fmt: skip
    return issue_destroy(**{**options, **changes})


def objection(
    envelope: bytes, operation: Any = "create", resource: str = POD, inputs: str = SHA_A, now: datetime = NOW, **where: str
) -> str | None:
    opened = open_permit(envelope, "destroy" if operation == "delete" else "permit", TRUST, NOW)
    return opened.objection(where.get("stack", opened.grant.stack), operation, resource, inputs, now)


def test_a_permit_covers_its_operations_on_its_resources_with_their_inputs() -> None:
    assert objection(permit(), "create") is None
    assert objection(permit(), "update") is None
    opened = open_permit(permit(), "permit", TRUST, NOW)
    assert (opened.estate, opened.policies, opened.expires) == (SHA_A, SHA_B, NOW + 30 * MINUTE)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"resource": "ringfence:network:Pod::su2"}, "it does not name this resource"),
        ({"inputs": SHA_B}, "it was issued for other inputs"),
        ({"stack": "lab.south"}, "it was issued for lab.north"),
        ({"now": NOW + 30 * MINUTE}, "it expired at 2026-05-01T12:30:00Z"),
    ],
)
def test_a_permit_covers_nothing_else(asked: dict[str, Any], why: str) -> None:
    assert (objection(permit(), **asked) or "").startswith(why)


def test_a_permit_to_create_never_covers_a_deletion_and_the_other_way_round() -> None:
    opened = open_permit(permit(), "permit", TRUST, NOW)
    assert opened.objection("lab.north", "delete", POD, SHA_A, NOW) == "it does not cover delete"
    opened = open_permit(destruction(), "destroy", TRUST, NOW)
    assert opened.objection("lab.national", "create", BUCKET, SHA_A, NOW) == "it does not cover create"


def test_a_blocking_verdict_keeps_the_gate_shut_and_each_is_a_line() -> None:
    fails = verdict("fail", source=Source("x.yaml", 7))
    unknown = verdict("unknown", "RF-NET-003")
    with pytest.raises(PermitError) as refused:
        permit(verdict("pass"), unknown, fails)
    assert str(refused.value).splitlines() == [
        "lab.north: the gate stays shut: 2 mandatory verdicts fail or are unknown",
        "x.yaml:7: RF-RES-001 fail: bucket:records: leaves the territory",
        "RF-NET-003 unknown: bucket:records: leaves the territory",
    ]
    assert refused.value.blocking == (fails, unknown)


@pytest.mark.parametrize(("status", "code"), [("fail", 1), ("unknown", 3)])
def test_a_refusal_ends_with_the_exit_code_of_its_verdicts(status: Status, code: int) -> None:
    with pytest.raises(PermitError) as refused:
        permit(verdict(status))
    assert refused.value.exit_code == code


@pytest.mark.parametrize(
    "harmless", [verdict("pass"), verdict("waived"), verdict("not_applicable"), verdict("fail", mandatory=("audit",))]
)
def test_what_does_not_bind_at_the_stage_does_not_shut_the_gate(harmless: Verdict) -> None:
    permit(harmless)


def test_nothing_is_permitted_when_nothing_was_judged() -> None:
    with pytest.raises(PermitError, match="no rule has judged"):
        issue(
            stack="lab.north", estate=SHA_A, policies=SHA_B, verdicts=(), stage="file", resources={},
            signer=signer("gate"), now=NOW,
        )  # fmt: skip


def test_only_a_key_with_the_role_gate_makes_a_permit_that_counts() -> None:
    with pytest.raises(StatementError, match="officer does not have the role gate"):
        open_permit(permit(signer=signer("officer")), "permit", TRUST, NOW)


def test_a_permit_for_longer_than_a_day_does_not_count() -> None:
    open_permit(permit(life=MAX_LIFE), "permit", TRUST, NOW)
    with pytest.raises(StatementError, match="longer than 24 hours"):
        open_permit(permit(life=MAX_LIFE + timedelta(seconds=1)), "permit", TRUST, NOW)


def test_a_permit_of_other_policies_than_the_pinned_ones_does_not_count() -> None:
    open_permit(permit(), "permit", trust_root(policies=SHA_B), NOW)
    with pytest.raises(StatementError, match="policies are not those"):
        open_permit(permit(), "permit", trust_root(policies=SHA_A), NOW)


@pytest.mark.parametrize("body", [{}, {"stack": "lab.north", "operations": ["rule"], "resources": {}}, {"x": 1}])
def test_a_signed_statement_with_another_body_is_no_permit(body: dict[str, Any]) -> None:
    subjects = {"estate": SHA_A, "policies": SHA_B}
    envelope = sign(Statement("permit", subjects, "gate", NOW, NOW + MINUTE, body), signer("gate"))
    with pytest.raises(StatementError, match="not that of a permit"):
        open_permit(envelope, "permit", TRUST, NOW)


def test_the_gates_key_cannot_slip_a_deletion_into_a_permit() -> None:
    body = {"stack": "lab.north", "operations": ["create", "delete"], "resources": {BUCKET: SHA_A}, "data_loss": True}
    subjects = {"estate": SHA_A, "policies": SHA_B}
    envelope = sign(Statement("permit", subjects, "gate", NOW, NOW + MINUTE, body), signer("gate"))
    with pytest.raises(StatementError, match="cannot cover create and delete"):
        open_permit(envelope, "permit", TRUST, NOW)


def test_a_permit_to_destroy_covers_the_deletion_of_what_is_there_now() -> None:
    assert objection(destruction(), "delete", BUCKET) is None
    assert objection(destruction(), "delete", BUCKET, SHA_B) is not None


@pytest.mark.parametrize("resource", [BUCKET, "ringfence:keys:Key::root"])
def test_data_and_keys_are_only_destroyed_when_their_loss_is_named(resource: str) -> None:
    with pytest.raises(PermitError, match=r"add --data-loss .* ringfence permit --destroy lab\.national --data-loss"):
        destruction(resources={resource: SHA_A}, data_loss=False)


def test_what_holds_no_data_is_destroyed_without_naming_a_loss() -> None:
    assert objection(destruction(resources={POD: SHA_A}, data_loss=False), "delete") is None


def test_a_permit_without_data_loss_does_not_cover_a_bucket_whoever_wrote_it() -> None:
    body = {"stack": "lab.national", "operations": ["delete"], "resources": {BUCKET: SHA_A}, "data_loss": False}
    subjects = {"estate": SHA_A, "policies": SHA_B}
    envelope = sign(Statement("destroy", subjects, "approver", NOW, NOW + MINUTE, body), signer("approver"))
    assert objection(envelope, "delete", BUCKET) == "it does not allow the loss of data or keys"


def test_destruction_waits_for_as_many_holders_as_the_trust_root_demands() -> None:
    two = trust_root(public_key("approver", "destroy-approver"), public_key("dpa", "destroy-approver"), destroy=2)
    with pytest.raises(StatementError, match="2 different holders"):
        open_permit(destruction(), "destroy", two, NOW)
    open_permit(destruction(signers=[signer("approver"), signer("dpa")]), "destroy", two, NOW)


def test_destruction_is_judged_too() -> None:
    with pytest.raises(PermitError, match="the gate stays shut"):
        destruction(verdicts=(verdict("fail"),))


def test_destruction_without_an_approver_is_refused() -> None:
    with pytest.raises(PermitError, match="needs the key of a destroy approver"):
        destruction(signers=[])
