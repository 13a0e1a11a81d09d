from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.statement import Statement, StatementError, sign
from ringfence.trust import TrustError, create_lab_trust, demand_lab, load_trust
from tests.ringfence.signing import MINUTE, NOW, signer

PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
THIRD = "/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU="
VALID = f"""\
ringfence_trust: 1
country: XA
lab: false
policies_digest: sha256:{"a" * 64}
keys:
  gate-1: {{ public: {PUBLIC}, roles: [gate], holder: Pipeline }}
  dpa-1: {{ public: {OTHER}, roles: [destroy-approver], holder: DPA }}
thresholds: {{ destroy: 1 }}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "trust.yaml"
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_a_trust_root_is_read_with_its_keys_roles_and_thresholds(tmp_path: Path) -> None:
    root = load_trust(write(tmp_path, VALID))
    assert (root.country, root.lab, root.policies_digest) == ("XA", False, "sha256:" + "a" * 64)
    assert root.keys["gate-1"].roles == {"gate"}
    assert len(root.keys["gate-1"].public) == 32
    assert root.thresholds == {"permit": 1, "destroy": 1, "waiver": 1}


@pytest.mark.parametrize(
    ("before", "after", "line", "what"),
    [
        ("ringfence_trust: 1", "ringfence_trust: 2", 1, "ringfence_trust: must be 1"),
        ("country: XA", "country: Atlantis", 2, "country: String should match"),
        ("lab: false", "lab: yes", 3, "lab: must be a valid boolean"),
        ("roles: [gate]", "roles: [king]", 6, "keys.gate-1.roles.0: must be"),
        (PUBLIC, "c2hvcnQ=", 6, "keys.gate-1.public: must be the base64 of the 32 bytes"),
        (OTHER, PUBLIC, 7, "keys.dpa-1: the same public key as gate-1"),
        ("holder: DPA", "holder: <b>", 7, "keys.dpa-1.holder: character U+003C"),
        ("destroy: 1", "destroy: 2", 8, "thresholds.destroy: needs 2 holders of the role destroy-approver, and there are 1"),
        ("destroy: 1", "destroy: 0", 8, "thresholds.destroy: must be greater than or equal to 1"),
        ("thresholds:", "treshold: 1\nthresholds:", 8, "treshold: Extra inputs"),
        ("country: XA", "country: XA\ncountry: XB", 3, "country: duplicate key"),
        ("country: XA", "country: ]", 2, "not YAML"),
        (VALID, "", 1, "a trust root is a mapping"),
        ("thresholds:", "---\nthresholds:", 1, "one YAML document"),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, before: str, after: str, line: int, what: str) -> None:
    path = write(tmp_path, VALID.replace(before, after, 1))
    with pytest.raises(TrustError) as refused:
        load_trust(path)
    assert any(text.startswith(f"{path}:{line}: ") and what in text for text in str(refused.value).splitlines())


def test_two_keys_of_one_holder_do_not_meet_a_threshold_of_two(tmp_path: Path) -> None:
    second = f"  dpa-2: {{ public: {THIRD}, roles: [destroy-approver], holder: HOLDER }}\nthresholds: {{ destroy: 2 }}\n"
    text = VALID.partition("thresholds")[0] + second
    load_trust(write(tmp_path, text.replace("HOLDER", "Parliament")))
    with pytest.raises(TrustError, match="needs 2 holders of the role destroy-approver, and there are 1"):
        load_trust(write(tmp_path, text.replace("HOLDER", "dpa")))


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(TrustError) as refused:
        load_trust(write(tmp_path, VALID.replace("XA", "x").replace("false", "0")))
    assert len(str(refused.value).splitlines()) == 2


def test_a_trust_root_that_others_may_change_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, VALID)
    path.chmod(0o664)
    with pytest.raises(TrustError, match="chmod go-w"):
        load_trust(path)


def test_a_missing_trust_root_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="cannot be read"):
        load_trust(tmp_path / "none.yaml")


def test_the_lab_makes_its_keys_and_its_root_once(tmp_path: Path) -> None:
    first = create_lab_trust(tmp_path)
    assert first.lab
    assert create_lab_trust(tmp_path) == first
    keys = ["destroy-approver.pem", "gate.pem", "waiver-officer.pem"]
    assert {entry.name for entry in tmp_path.iterdir()} == {*keys, "trust.yaml"}
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in keys} == {0o600}


def test_keys_that_a_killed_run_left_without_a_root_are_kept(tmp_path: Path) -> None:
    first = create_lab_trust(tmp_path)
    (tmp_path / "trust.yaml").unlink()
    (tmp_path / "waiver-officer.pem").unlink()
    second = create_lab_trust(tmp_path)
    assert second.keys["lab-gate"] == first.keys["lab-gate"]
    assert second.keys["lab-waiver-officer"] != first.keys["lab-waiver-officer"]


def test_the_lab_does_not_replace_a_root_that_is_there(tmp_path: Path) -> None:
    write(tmp_path, VALID)
    assert not create_lab_trust(tmp_path).lab
    assert not (tmp_path / "gate.pem").exists()


def test_each_role_of_the_lab_can_sign_its_own_kind_of_statement_only(tmp_path: Path) -> None:
    root = create_lab_trust(tmp_path)
    gate = root.signer(tmp_path / "gate.pem")
    assert gate.id == "lab-gate"
    permit = sign(Statement("permit", {}, gate.id, NOW, NOW + MINUTE, {}), gate)
    assert root.verify(permit, "permit", NOW).issuer == "lab-gate"
    waiver = sign(Statement("waiver", {}, gate.id, NOW, NOW + MINUTE, {}), gate)
    with pytest.raises(StatementError, match="does not have the role waiver-officer"):
        root.verify(waiver, "waiver", NOW)


def test_a_key_that_the_root_does_not_know_cannot_sign_for_it(tmp_path: Path) -> None:
    create_lab_trust(tmp_path / "other")
    root = create_lab_trust(tmp_path / "ours")
    with pytest.raises(TrustError, match="not in the trust root"):
        root.signer(tmp_path / "other" / "gate.pem")
    foreign = sign(Statement("permit", {}, "lab-gate", NOW, NOW + MINUTE, {}), signer("lab-gate"))
    with pytest.raises(StatementError, match="does not fit"):
        root.verify(foreign, "permit", NOW)


def test_only_a_lab_may_use_what_is_for_labs(tmp_path: Path) -> None:
    demand_lab(create_lab_trust(tmp_path / "lab"), "SoftHSM")
    with pytest.raises(TrustError, match="SoftHSM: only a lab may use this"):
        demand_lab(load_trust(write(tmp_path, VALID)), "SoftHSM")
