"""`ringfence:keys:Key` on a real token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from pkcs11 import Attribute
from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff

from hardware.connections import HsmAccess
from hardware.contract import bring_about
from hardware.hsm import HsmKeyDriver
from hardware.hsm_key import KeyKind, KeyPurpose, KeySpec
from hardware.hsm_token import logged_in
from tests.hardware.provider.conftest import Engine, refused
from tests.hardware.softhsm import PIN

KEY = "ringfence:keys:Key"
INPUTS: dict[str, Any] = {
    "name": "records-kek", "hsm": "national-hsm", "keyId": "a1b2c3d4", "algorithm": "aes-256", "use": "wrap",
    "wrappedBy": "root", "extractable": False, "rotateDays": 365, "facts": {"keys": []},
}  # fmt: skip
SPEC = KeySpec("records-kek", "a1b2c3d4", KeyKind.AES_256, KeyPurpose.WRAP)


def set_by_hand(hsm: HsmAccess, attribute: Attribute, value: Any) -> None:
    with logged_in(hsm) as session:
        for item in session.get_objects({Attribute.ID: bytes.fromhex("a1b2c3d4")}):
            item[attribute] = value


def test_a_key_is_made_in_the_hsm_and_cannot_leave_it(engine: Engine, hsm: HsmAccess) -> None:
    thing_id, outputs = engine.permitted_create(KEY, "records-kek", INPUTS)
    [found] = HsmKeyDriver(hsm, SPEC).read()
    assert thing_id == "national-hsm/records-kek/a1b2c3d4"
    assert outputs["fingerprint"] == found.fingerprint
    assert found.attributes["EXTRACTABLE"] is False
    assert found.attributes["SENSITIVE"] is True


def test_a_preview_makes_no_key_and_asks_no_hsm(engine: Engine, hsm: HsmAccess) -> None:
    hsm.pin_file.unlink()
    answer = engine.create(KEY, "records-kek", INPUTS, preview=True)
    assert MessageToDict(answer.properties)["name"] == "records-kek"
    assert "fingerprint" not in answer.properties


def test_a_run_that_was_killed_after_the_hsm_had_made_the_key_adopts_it(engine: Engine, hsm: HsmAccess) -> None:
    bring_about(HsmKeyDriver(hsm, SPEC), SPEC)
    [before] = HsmKeyDriver(hsm, SPEC).read()
    _, outputs = engine.permitted_create(KEY, "records-kek", INPUTS)
    assert outputs["fingerprint"] == before.fingerprint
    assert len(HsmKeyDriver(hsm, SPEC).read()) == 1


def test_a_change_by_hand_is_named_by_read_and_mended_by_update(engine: Engine, hsm: HsmAccess) -> None:
    thing_id, outputs = engine.permitted_create(KEY, "records-kek", INPUTS)
    set_by_hand(hsm, Attribute.ENCRYPT, True)
    drifted = MessageToDict(engine.read(KEY, thing_id, outputs, INPUTS).properties)
    assert drifted["drift"] == ["key records-kek on t1: secret ENCRYPT: True -> False"]
    assert engine.diff(KEY, drifted, INPUTS).changes == DiffResponse.DIFF_SOME
    assert engine.update(KEY, "records-kek", thing_id, drifted, INPUTS)["drift"] == []
    assert MessageToDict(engine.read(KEY, thing_id, outputs, INPUTS).properties)["drift"] == []


def test_a_key_that_is_as_declared_has_no_difference(engine: Engine, hsm: HsmAccess) -> None:
    thing_id, outputs = engine.permitted_create(KEY, "records-kek", INPUTS)
    found = MessageToDict(engine.read(KEY, thing_id, outputs, INPUTS).properties)
    assert engine.diff(KEY, found, INPUTS).changes == DiffResponse.DIFF_NONE


def test_a_key_destroyed_by_hand_is_gone(engine: Engine, hsm: HsmAccess) -> None:
    thing_id, outputs = engine.permitted_create(KEY, "records-kek", INPUTS)
    HsmKeyDriver(hsm, SPEC).destroy(allow_destroy=True)
    assert engine.read(KEY, thing_id, outputs, INPUTS).id == ""


def test_a_key_swapped_for_another_of_the_same_name_is_named_and_never_taken_for_it(engine: Engine, hsm: HsmAccess) -> None:
    thing_id, outputs = engine.permitted_create(KEY, "records-kek", INPUTS)
    HsmKeyDriver(hsm, SPEC).destroy(allow_destroy=True)
    bring_about(HsmKeyDriver(hsm, SPEC), SPEC)
    drifted = MessageToDict(engine.read(KEY, thing_id, outputs, INPUTS).properties)
    assert "another key lies under the same name and id" in drifted["drift"][0]
    with pytest.raises(grpc.RpcError) as call:
        engine.update(KEY, "records-kek", thing_id, drifted, INPUTS)
    assert "a person must decide" in refused(call)


def test_a_key_is_destroyed_only_by_a_permit_that_allows_the_loss(engine: Engine, hsm: HsmAccess) -> None:
    thing_id, outputs = engine.permitted_create(KEY, "records-kek", INPUTS)
    with pytest.raises(grpc.RpcError) as call:
        engine.delete(KEY, "records-kek", thing_id, outputs, INPUTS)
    assert "--data-loss" in refused(call)
    assert len(HsmKeyDriver(hsm, SPEC).read()) == 1
    engine.permit("delete", KEY, "records-kek", INPUTS, data_loss=True)
    engine.delete(KEY, "records-kek", thing_id, outputs, INPUTS)
    assert HsmKeyDriver(hsm, SPEC).read() == ()


def test_an_import_reads_what_the_hsm_states(engine: Engine, hsm: HsmAccess) -> None:
    spec = KeySpec("log-signing", "0badcafe", KeyKind.EC_P384, KeyPurpose.SIGN)
    bring_about(HsmKeyDriver(hsm, spec), spec)
    found = MessageToDict(engine.read(KEY, "national-hsm/log-signing/0badcafe", {}, {}).inputs)
    assert (found["algorithm"], found["use"], found["extractable"]) == ("ec-p384", "sign", False)


def test_another_algorithm_or_hsm_replaces_the_key_and_another_use_does_not(engine: Engine) -> None:
    outputs = {**INPUTS, "fingerprint": "00", "drift": []}
    assert engine.diff(KEY, outputs, {**INPUTS, "hsm": "other"}).replaces == ["hsm"]
    answer = engine.diff(KEY, outputs, {**INPUTS, "use": "encrypt"})
    assert not answer.replaces
    assert answer.detailedDiff["use"].kind == PropertyDiff.UPDATE


def test_check_names_each_wrong_property(engine: Engine) -> None:
    wrong = engine.check(KEY, {**INPUTS, "algorithm": "des", "extractable": True, "rotateDays": 1.5, "colour": "red"})
    assert set(wrong) == {"algorithm", "extractable", "rotateDays", "colour"}
    assert engine.check(KEY, INPUTS) == {}


def test_check_refuses_a_secret_without_repeating_it(engine: Engine) -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": PIN}
    wrong = engine.check(KEY, {**INPUTS, "name": secret})
    assert list(wrong) == ["name"]
    assert PIN not in wrong["name"]


def test_check_refuses_what_is_not_known_beforehand(engine: Engine) -> None:
    assert "not known yet" in engine.check(KEY, {**INPUTS, "name": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"})["name"]


def test_the_pin_is_in_no_output_and_no_error(engine: Engine, hsm: HsmAccess, tmp_path: Path) -> None:
    _, outputs = engine.permitted_create(KEY, "records-kek", INPUTS)
    hsm.pin_file.write_text(f"{PIN}-wrong\n")
    with pytest.raises(grpc.RpcError) as call:
        engine.permitted_create(KEY, "records-kek", INPUTS)
    assert "the PIN is not right" in refused(call)
    assert PIN not in f"{outputs} {refused(call)}"


def test_a_real_country_may_not_use_softhsm(engine: Engine, hsm: HsmAccess) -> None:
    engine.permit("create", KEY, "records-kek", INPUTS)
    root = engine.settings.trust_root
    root.write_text(root.read_text().replace("lab: true", "lab: false"))
    with pytest.raises(grpc.RpcError) as call:
        engine.create(KEY, "records-kek", INPUTS)
    assert "SoftHSM keeps keys in files" in refused(call)


def test_a_key_for_an_hsm_that_cannot_be_reached_says_what_to_add(engine: Engine, hsm: HsmAccess) -> None:
    inputs = {**INPUTS, "hsm": "far-hsm"}
    with pytest.raises(grpc.RpcError) as call:
        engine.permitted_create(KEY, "records-kek", inputs)
    assert refused(call) == "key records-kek: the connections file names no HSM 'far-hsm'; add hsms.far-hsm to it"
