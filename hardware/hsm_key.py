"""Keys in an HSM as values: what is wanted, and what the HSM itself states about the objects that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from ringfence.errors import InputError

P384 = encode_named_curve_parameters("secp384r1")


class KeyKind(StrEnum):
    """What a key is."""

    AES_256 = "aes-256"
    EC_P384 = "ec-p384"


class KeyPurpose(StrEnum):
    """What a key is for, and nothing else: a KEK wraps, it neither encrypts data nor signs."""

    WRAP = "wrap"
    ENCRYPT = "encrypt"
    SIGN = "sign"


CAPABILITIES = {
    KeyPurpose.WRAP: MechanismFlag.WRAP | MechanismFlag.UNWRAP,
    KeyPurpose.ENCRYPT: MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
    KeyPurpose.SIGN: MechanismFlag.SIGN | MechanismFlag.VERIFY,
}
_USES: Mapping[str, Mapping[str, MechanismFlag]] = {
    "secret": {flag.name or "": flag for flag in (
        MechanismFlag.ENCRYPT, MechanismFlag.DECRYPT, MechanismFlag.WRAP, MechanismFlag.UNWRAP,
        MechanismFlag.SIGN, MechanismFlag.VERIFY, MechanismFlag.DERIVE)},
    "private": {flag.name or "": flag for flag in (
        MechanismFlag.DECRYPT, MechanismFlag.UNWRAP, MechanismFlag.SIGN, MechanismFlag.DERIVE)},
    "public": {flag.name or "": flag for flag in (
        MechanismFlag.ENCRYPT, MechanismFlag.WRAP, MechanismFlag.VERIFY)},
}  # fmt: skip
_CLASSES = {ObjectClass.SECRET_KEY: "secret", ObjectClass.PRIVATE_KEY: "private", ObjectClass.PUBLIC_KEY: "public"}
PROTECTION: Mapping[str, bool] = {
    "TOKEN": True,
    "PRIVATE": True,
    "SENSITIVE": True,
    "ALWAYS_SENSITIVE": True,
    "EXTRACTABLE": False,
    "NEVER_EXTRACTABLE": True,
    "LOCAL": True,
}
"""What an object with secret material must be from its first moment on; PKCS#11's own names."""


@dataclass(frozen=True)
class KeySpec:
    """One key that is wanted on a token."""

    label: str
    key_id: str
    """CKA_ID as hexadecimal digits: what makes it the same key when it is asked for again."""
    kind: KeyKind
    purpose: KeyPurpose

    def __post_init__(self) -> None:
        if self.kind is KeyKind.EC_P384 and self.purpose is not KeyPurpose.SIGN:
            raise InputError(f"key {self.label}: an {self.kind} key can only sign, not {self.purpose}")
        if not self.key_id or len(self.key_id) % 2 or set(self.key_id) - set("0123456789abcdef"):
            raise InputError(f"key {self.label}: the id {self.key_id!r} is no even number of hexadecimal digits")

    @property
    def classes(self) -> frozenset[str]:
        """The objects of which the key consists."""
        return frozenset({"secret"} if self.kind is KeyKind.AES_256 else {"private", "public"})


@dataclass(frozen=True)
class KeyObject:
    """One object as the HSM states it."""

    object_class: str
    """`secret`, `private` or `public`."""
    label: str
    key_id: str
    kind: str
    """A KeyKind, or what else the HSM calls it."""
    attributes: Mapping[str, bool]
    """PKCS#11 attributes by name; one that the HSM does not tell is missing."""
    fingerprint: str | None
    """Tells this key from another with the same label and id: SHA-256 of the public point, or CKA_CHECK_VALUE."""


KeyState = tuple[KeyObject, ...]
"""Every object that bears the label or the id of a wanted key; empty where there is none."""
Found = list[tuple[KeyObject, pkcs11.Object]]
"""The same with each object's handle, which is good for one session."""


def uses(wanted: KeySpec, item: KeyObject) -> Mapping[str, bool]:
    """Each use that an object of its class can have, and whether the purpose allows it."""
    return {name: bool(flag & CAPABILITIES[wanted.purpose]) for name, flag in _USES[item.object_class].items()}


def expected(wanted: KeySpec, item: KeyObject) -> Mapping[str, bool]:
    """Every attribute that the object must have."""
    return {**({} if item.object_class == "public" else PROTECTION), **uses(wanted, item)}


def find(session: pkcs11.Session, spec: KeySpec) -> Found:
    """Every object with the key's label or id, described, and its handle in this session."""
    handles = dict[int, pkcs11.Object]()
    for search in ({Attribute.LABEL: spec.label}, {Attribute.ID: bytes.fromhex(spec.key_id)}):
        handles.update({item.handle: item for item in session.get_objects(search) if item.handle is not None})
    found = list[tuple[KeyObject, pkcs11.Object]]()
    for item in handles.values():
        object_class = _CLASSES.get(_attribute(item, Attribute.CLASS))
        if object_class:
            found.append((_describe(item, object_class), item))
    return sorted(found, key=lambda pair: (pair[0].object_class, pair[0].key_id, pair[0].label))


def _describe(item: pkcs11.Object, object_class: str) -> KeyObject:
    stated = {name: _attribute(item, Attribute[name]) for name in (*PROTECTION, *_USES[object_class])}
    return KeyObject(
        object_class=object_class,
        label=_attribute(item, Attribute.LABEL) or "",
        key_id=(_attribute(item, Attribute.ID) or b"").hex(),
        kind=_kind(item),
        attributes={name: bool(value) for name, value in stated.items() if value is not None},
        fingerprint=_fingerprint(item, object_class),
    )


def _kind(item: pkcs11.Object) -> str:
    key_type = _attribute(item, Attribute.KEY_TYPE)
    if key_type is KeyType.AES:
        return f"aes-{(_attribute(item, Attribute.VALUE_LEN) or 0) * 8}"
    if key_type is KeyType.EC:
        return KeyKind.EC_P384 if _attribute(item, Attribute.EC_PARAMS) == P384 else "ec on another curve"
    return str(getattr(key_type, "name", key_type)).lower()


def _fingerprint(item: pkcs11.Object, object_class: str) -> str | None:
    if object_class == "public":
        point = _attribute(item, Attribute.EC_POINT)
        return sha256(point).hexdigest() if point else None
    check = _attribute(item, Attribute.CHECK_VALUE) if object_class == "secret" else None
    return check.hex() if check else None


def _attribute(item: pkcs11.Object, attribute: Attribute) -> Any:
    """The attribute's value; None where the HSM does not tell it."""
    try:
        return item[attribute]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive):
        return None
