from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ringfence.errors import InputError
from ringfence.estate import Estate, digest
from ringfence.facts import Country
from ringfence.gate import Gate
from ringfence.permit import PermitError
from ringfence.permit_store import PermitStore
from ringfence.statement import StatementError, utc_now
from ringfence.trust import create_lab_trust
from tests.ringfence.signing import NOW, SHA_A, SHA_B, trust_root
from tests.ringfence.test_permit import BUCKET, POD, verdict

ESTATE = Estate(country=Country("XA", "Atlantis", ("qaa",)))


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    create_lab_trust(tmp_path)
    return tmp_path


def gate(lab: Path, key: str | None = "gate.pem") -> Gate:
    return Gate(create_lab_trust(lab), lab / key if key else None, PermitStore(lab / "permits"), lambda: NOW)


def decide(of: Gate, **changes: Any) -> Any:
    options: dict[str, Any] = {
        "estate": ESTATE, "policies_digest": SHA_B, "verdicts": [verdict("pass")], "stack": "lab.north",
        "resources": {POD: SHA_A},
    }  # fmt: skip
    return of.decide(**{**options, **changes})


def destroy(of: Gate, lab: Path, key: str = "destroy-approver.pem", **changes: Any) -> Any:
    return of.decide_destroy(
        ESTATE, SHA_B, [verdict("pass")], "lab.north", {BUCKET: SHA_A}, data_loss=changes.get("data_loss", True),
        approver_keys=[lab / key],
    )  # fmt: skip


def test_an_open_gate_gives_a_permit_that_the_provider_finds(lab: Path) -> None:
    permit = decide(gate(lab))
    assert (permit.estate, permit.policies, permit.issuer) == (digest(ESTATE), SHA_B, "lab-gate")
    kind, _, name = POD.partition("::")
    found = PermitStore(lab / "permits").authorise("lab.north", "create", kind, name, SHA_A, NOW, create_lab_trust(lab))
    assert found == permit


def test_a_shut_gate_leaves_no_permit(lab: Path) -> None:
    with pytest.raises(PermitError, match="the gate stays shut"):
        decide(gate(lab), verdicts=[verdict("fail")])
    assert not (lab / "permits").exists()


def test_the_stage_decides_which_rules_bind(lab: Path) -> None:
    audit_only = [verdict("unknown", mandatory=("audit",))]
    decide(gate(lab), verdicts=audit_only)
    with pytest.raises(PermitError, match="the gate stays shut"):
        decide(gate(lab), verdicts=audit_only, stage="audit")


def test_the_estate_of_another_country_is_refused(lab: Path) -> None:
    other = Estate(country=Country("XB", "Lemuria", ("qab",)))
    with pytest.raises(PermitError, match="the estate of XB"):
        decide(gate(lab), estate=other)


def test_policies_that_the_trust_root_does_not_name_are_refused(lab: Path) -> None:
    pinned = Gate(trust_root(policies=SHA_A), lab / "gate.pem", PermitStore(lab / "permits"), lambda: NOW)
    with pytest.raises(PermitError, match=f"the policies are {SHA_B}, and trust.yaml names {SHA_A}"):
        decide(pinned)


def test_a_machine_without_the_key_finds_the_permit_that_another_issued(lab: Path) -> None:
    with pytest.raises(PermitError, match="does not hold the gate's key"):
        decide(gate(lab, None))
    issued = decide(gate(lab))
    assert decide(gate(lab, None)) == issued


def test_a_machine_without_the_key_still_judges_for_itself(lab: Path) -> None:
    decide(gate(lab))
    with pytest.raises(PermitError, match="the gate stays shut"):
        decide(gate(lab, None), verdicts=[verdict("fail")])


def test_a_key_with_another_role_opens_no_gate(lab: Path) -> None:
    with pytest.raises(StatementError, match="does not have the role gate"):
        decide(gate(lab, "waiver-officer.pem"))


def test_a_missing_key_file_is_an_input_error(lab: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        decide(gate(lab, "none.pem"))


def test_destruction_takes_the_approvers_key_and_not_the_gates(lab: Path) -> None:
    assert destroy(gate(lab), lab).grant.operations == ("delete",)
    with pytest.raises(StatementError, match="does not have the role destroy-approver"):
        destroy(gate(lab), lab, "gate.pem")


def test_destruction_of_data_needs_its_loss_to_be_named(lab: Path) -> None:
    with pytest.raises(PermitError, match="--data-loss"):
        destroy(gate(lab), lab, data_loss=False)


def test_a_gate_goes_by_the_real_clock(lab: Path) -> None:
    real = Gate(create_lab_trust(lab), lab / "gate.pem", PermitStore(lab / "permits"))
    assert abs(decide(real).issued - utc_now()) < timedelta(minutes=1)
    assert gate(lab).today() == date(2026, 5, 1)
