"""Keys on a real PKCS#11 token (SoftHSM in a folder of the test's own)."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import traceback
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, ObjectClass

from hardware.connections import HsmAccess
from hardware.contract import bring_about
from hardware.hsm import HsmKeyDriver, KeyKind, KeyPurpose, KeySpec
from hardware.hsm_token import logged_in
from ringfence.errors import InputError, OperationError
from tests.hardware.softhsm import token

KEK = KeySpec("records-kek", "a1b2c3d4", KeyKind.AES_256, KeyPurpose.WRAP)
SIGNER = KeySpec("log-signer", "0badcafe", KeyKind.EC_P384, KeyPurpose.SIGN)


@pytest.fixture
def access(tmp_path: Path) -> HsmAccess:
    return token(tmp_path)


def objects(access: HsmAccess) -> int:
    with logged_in(access) as session:
        return len(list(session.get_objects()))


@pytest.mark.parametrize("spec", [KEK, SIGNER, dataclasses.replace(KEK, purpose=KeyPurpose.ENCRYPT)])
def test_a_key_is_made_as_wanted_and_once(spec: KeySpec, access: HsmAccess) -> None:
    driver = HsmKeyDriver(access, spec)
    assert "create" in bring_about(driver, spec).changes[0].detail
    made = objects(access)
    assert bring_about(driver, spec).empty
    assert objects(access) == made == len(spec.classes)


@pytest.mark.parametrize("spec", [KEK, SIGNER])
def test_the_hsm_itself_states_that_the_key_never_leaves(spec: KeySpec, access: HsmAccess) -> None:
    driver = HsmKeyDriver(access, spec)
    bring_about(driver, spec)
    (secret,) = (item for item in driver.read() if item.object_class != "public")
    stated = {name: secret.attributes[name] for name in ("TOKEN", "PRIVATE", "SENSITIVE", "EXTRACTABLE", "LOCAL")}
    assert stated == {"TOKEN": True, "PRIVATE": True, "SENSITIVE": True, "EXTRACTABLE": False, "LOCAL": True}
    with logged_in(access) as session:
        key = next(iter(session.get_objects({Attribute.LABEL: spec.label, Attribute.CLASS: _class(spec)})))
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]


def _class(spec: KeySpec) -> ObjectClass:
    return ObjectClass.SECRET_KEY if spec.kind is KeyKind.AES_256 else ObjectClass.PRIVATE_KEY


def test_a_kek_wraps_and_does_nothing_else(access: HsmAccess) -> None:
    bring_about(HsmKeyDriver(access, KEK), KEK)
    with logged_in(access) as session:
        kek = session.get_key(label=KEK.label, object_class=ObjectClass.SECRET_KEY)
        data_key = session.generate_key(KeyType.AES, 256, template={Attribute.EXTRACTABLE: True})
        assert len(kek.wrap_key(data_key, mechanism=pkcs11.Mechanism.AES_KEY_WRAP_PAD)) >= 32
        assert not hasattr(kek, "encrypt")


def test_a_signing_pair_signs_and_verifies(access: HsmAccess) -> None:
    bring_about(HsmKeyDriver(access, SIGNER), SIGNER)
    with logged_in(access) as session:
        private = session.get_key(label=SIGNER.label, object_class=ObjectClass.PRIVATE_KEY)
        public = session.get_key(label=SIGNER.label, object_class=ObjectClass.PUBLIC_KEY)
        digest = hashlib.sha384(b"entry").digest()
        signature = private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        assert public.verify(digest, signature, mechanism=pkcs11.Mechanism.ECDSA)


def test_uses_and_labels_changed_by_hand_are_named_and_repaired(access: HsmAccess) -> None:
    driver = HsmKeyDriver(access, KEK)
    bring_about(driver, KEK)
    fingerprint = driver.read()[0].fingerprint
    with logged_in(access) as session:
        key = session.get_key(label=KEK.label)
        key[Attribute.DECRYPT] = True
        key[Attribute.LABEL] = "renamed"
    plan = driver.plan(KEK, driver.read())
    assert {(change.field, change.detail) for change in plan.changes} == {
        ("secret DECRYPT", "True -> False"),
        ("secret label", "renamed -> records-kek"),
    }
    bring_about(driver, KEK)
    assert driver.plan(KEK, driver.read()).empty
    assert driver.read()[0].fingerprint == fingerprint


def test_rolling_a_repair_back_restores_what_was_there(access: HsmAccess) -> None:
    driver = HsmKeyDriver(access, KEK)
    bring_about(driver, KEK)
    with logged_in(access) as session:
        session.get_key(label=KEK.label)[Attribute.LABEL] = "renamed"
    before = driver.read()
    driver.rollback(driver.apply(driver.plan(KEK, before)))
    assert driver.read() == before


def test_rolling_a_creation_back_leaves_nothing(access: HsmAccess) -> None:
    driver = HsmKeyDriver(access, SIGNER)
    driver.rollback(driver.apply(driver.plan(SIGNER, driver.read())))
    assert objects(access) == 0


def test_a_key_that_was_ever_extractable_is_not_repaired_but_to_be_replaced(access: HsmAccess) -> None:
    with logged_in(access) as session:
        session.generate_key(
            KeyType.AES, 256, id=bytes.fromhex(KEK.key_id), label=KEK.label, store=True,
            template={Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: True},
        )  # fmt: skip
    driver = HsmKeyDriver(access, KEK)
    plan = driver.plan(KEK, driver.read())
    assert {change.field for change in plan.replace} == {"secret EXTRACTABLE", "secret NEVER_EXTRACTABLE"}
    with pytest.raises(OperationError, match="cannot be changed in place"):
        driver.apply(plan)


def test_an_imported_key_is_to_be_replaced_because_it_was_outside(access: HsmAccess) -> None:
    with logged_in(access) as session:
        session.create_object(
            {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES, Attribute.VALUE: b"k" * 32,
             Attribute.LABEL: KEK.label, Attribute.ID: bytes.fromhex(KEK.key_id), Attribute.TOKEN: True,
             Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        )  # fmt: skip
    driver = HsmKeyDriver(access, KEK)
    assert "secret LOCAL" in {change.field for change in driver.plan(KEK, driver.read()).replace}


def test_two_keys_with_one_label_are_an_error(access: HsmAccess) -> None:
    bring_about(HsmKeyDriver(access, KEK), KEK)
    with logged_in(access) as session:
        session.generate_key(KeyType.AES, 256, id=b"\x99", label=KEK.label, store=True)
    with pytest.raises(OperationError, match="more than one secret key has the label records-kek"):
        bring_about(HsmKeyDriver(access, KEK), KEK)


def test_another_key_under_the_label_is_to_be_replaced(access: HsmAccess) -> None:
    other = dataclasses.replace(KEK, key_id="ffff")
    bring_about(HsmKeyDriver(access, other), other)
    driver = HsmKeyDriver(access, KEK)
    assert driver.plan(KEK, driver.read()).replace[0].detail == "ffff -> a1b2c3d4: another key bears this label"


def test_a_public_half_left_by_a_killed_run_is_made_anew(access: HsmAccess) -> None:
    driver = HsmKeyDriver(access, SIGNER)
    bring_about(driver, SIGNER)
    with logged_in(access) as session:
        session.get_key(label=SIGNER.label, object_class=ObjectClass.PRIVATE_KEY).destroy()
    assert "make the pair anew" in bring_about(driver, SIGNER).changes[0].detail
    assert driver.plan(SIGNER, driver.read()).empty


def test_a_key_made_between_plan_and_apply_is_taken_as_it_is(access: HsmAccess) -> None:
    driver = HsmKeyDriver(access, KEK)
    early = driver.plan(KEK, driver.read())
    bring_about(driver, KEK)
    driver.confirm(driver.apply(early))
    assert objects(access) == 1


def test_destroying_needs_an_explicit_permission(access: HsmAccess) -> None:
    driver = HsmKeyDriver(access, SIGNER)
    bring_about(driver, SIGNER)
    with pytest.raises(OperationError, match="explicit permission"):
        driver.destroy()
    assert objects(access) == 2
    driver.destroy(allow_destroy=True)
    assert objects(access) == 0
    driver.destroy(allow_destroy=True)


def test_a_wrong_pin_is_one_line_that_never_holds_it(access: HsmAccess) -> None:
    access.pin_file.write_text("canary-wrong-pin")
    with pytest.raises(OperationError, match="hsm token t1: the PIN is not right") as refusal:
        HsmKeyDriver(access, KEK).read()
    assert "canary" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"token": "t9"}, "no token with this label"), ({"module": Path("/nowhere/lib.so")}, "no PKCS#11 module there")],
)
def test_what_is_not_there_is_named(changed: dict[str, object], reason: str, access: HsmAccess) -> None:
    with pytest.raises((OperationError, InputError), match=reason):
        HsmKeyDriver(access.model_copy(update=changed), KEK).read()


def test_the_environment_of_the_process_is_as_before(access: HsmAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTHSM2_CONF", "/somewhere/else")
    HsmKeyDriver(access, KEK).read()
    assert os.environ["SOFTHSM2_CONF"] == "/somewhere/else"


@pytest.mark.parametrize("purpose", [KeyPurpose.WRAP, KeyPurpose.ENCRYPT])
def test_a_pair_on_a_curve_can_only_sign(purpose: KeyPurpose) -> None:
    with pytest.raises(InputError, match="can only sign"):
        dataclasses.replace(SIGNER, purpose=purpose)


@pytest.mark.parametrize("key_id", ["", "abc", "XY", "0x12"])
def test_an_id_is_hexadecimal(key_id: str) -> None:
    with pytest.raises(InputError, match="hexadecimal"):
        dataclasses.replace(KEK, key_id=key_id)
