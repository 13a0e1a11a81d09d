"""`ringfence:keys:Key`: a key in an HSM, made there and never to leave it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from hardware import contract
from hardware.hsm import HsmKeyDriver
from hardware.hsm_key import KeyKind, KeyObject, KeyPurpose, KeySpec, KeyState
from hardware.provider.kind import Found, Inputs, Reach
from hardware.provider.properties import Values, recorded
from ringfence.errors import InputError, OperationError


class KeyInputs(Inputs):
    """What a key is to be. ``wrapped_by`` and ``rotate_days`` are on record for those who rotate it."""

    name: str
    hsm: str
    key_id: str
    """CKA_ID in hexadecimal digits."""
    algorithm: Literal["aes-256", "ec-p384"]
    use: Literal["wrap", "encrypt", "sign"]
    wrapped_by: str
    extractable: Literal[False]
    rotate_days: int


class Key:
    """Keys, by the PKCS#11 driver. Their ids are `<hsm>/<name>/<key id>`."""

    resource_type = "ringfence:keys:Key"
    model = KeyInputs

    def bring_about(self, wanted: KeyInputs, before: Values | None, reach: Reach) -> Found:
        """Make the key in the HSM, or set its name and uses."""
        driver = _driver(wanted.hsm, _spec(wanted), reach)
        _refuse_another(driver, driver.read(), before)
        contract.bring_about(driver, driver.spec)
        outputs = {**wanted.model_dump(mode="json", by_alias=True), "fingerprint": _fingerprint(driver.read())}
        return Found(f"{wanted.hsm}/{wanted.name}/{wanted.key_id}", outputs)

    def read(self, thing_id: str, before: Values, reach: Reach) -> Found | None:
        """The key as the HSM states it."""
        hsm, name, key_id = _parts(thing_id)
        if not before:
            return self._imported(thing_id, hsm, KeySpec(name, key_id, KeyKind.AES_256, KeyPurpose.WRAP), reach)
        spec = KeySpec(name, key_id, KeyKind(recorded(before, "algorithm")), KeyPurpose(recorded(before, "use")))
        driver = _driver(hsm, spec, reach)
        state = driver.read()
        if _main(state) is None:
            return None
        drift = [str(change) for change in driver.plan(spec, state).changes]
        drift += _another(driver, state, before)
        return Found(thing_id, before, tuple(drift))

    def delete(self, before: Values, reach: Reach) -> None:
        """Destroy the key; the gate has seen a permit that says so."""
        key_id, algorithm, use = (recorded(before, name) for name in ("keyId", "algorithm", "use"))
        spec = KeySpec(recorded(before, "name"), key_id, KeyKind(algorithm), KeyPurpose(use))
        driver = _driver(recorded(before, "hsm"), spec, reach)
        _refuse_another(driver, driver.read(), before)
        driver.destroy(allow_destroy=True)

    def replace_on(self, old: Values, new: Values) -> frozenset[str]:
        """What makes it another thing."""
        return frozenset({"hsm", "keyId", "algorithm"})

    def explain(self, old: Values, new: Values, reach: Reach) -> Iterator[str]:
        """Nothing that the properties do not say."""
        yield from ()

    def _imported(self, thing_id: str, hsm: str, spec: KeySpec, reach: Reach) -> Found | None:
        state = _driver(hsm, spec, reach).read()
        main = _main(state)
        if main is None:
            return None
        uses = {"SIGN": "sign", "UNWRAP": "wrap", "DECRYPT": "encrypt"}
        use = [purpose for name, purpose in uses.items() if main.attributes.get(name)]
        if len(use) != 1 or main.kind not in tuple(KeyKind):
            raise OperationError(f"key {spec.label} on {hsm}: a {main.kind} key for {use or 'nothing'} is none of ours")
        outputs = {
            "name": main.label, "hsm": hsm, "keyId": main.key_id, "algorithm": main.kind, "use": use[0],
            "wrappedBy": "", "extractable": main.attributes.get("EXTRACTABLE", True), "rotateDays": 0,
            "facts": {}, "fingerprint": main.fingerprint or "",
        }  # fmt: skip
        return Found(thing_id, outputs)


def _spec(wanted: KeyInputs) -> KeySpec:
    return KeySpec(wanted.name, wanted.key_id, KeyKind(wanted.algorithm), KeyPurpose(wanted.use))


def _driver(hsm: str, spec: KeySpec, reach: Reach) -> HsmKeyDriver:
    access = reach.connections().hsms.get(hsm)
    if access is None:
        raise InputError(f"key {spec.label}: the connections file names no HSM {hsm!r}; add hsms.{hsm} to it")
    return HsmKeyDriver(access, spec)


def _parts(thing_id: str) -> list[str]:
    parts = thing_id.split("/")
    if len(parts) != 3 or not all(parts):
        raise InputError(f"{thing_id!r} is no key; write HSM/NAME/ID with the id in hexadecimal digits")
    return parts


def _main(state: KeyState) -> KeyObject | None:
    """The object with the secret material; a lone public half is no key."""
    return next((item for item in state if item.object_class != "public"), None)


def _fingerprint(state: KeyState) -> str:
    return next((item.fingerprint for item in state if item.fingerprint), "")


def _another(driver: HsmKeyDriver, state: KeyState, before: Values) -> Iterator[str]:
    """The line that says that a key of the same name and id is not the one that is on record."""
    known, now = before.get("fingerprint"), _fingerprint(state)
    if known and now and known != now:
        yield f"{driver.subject}: fingerprint: {known} -> {now}: another key lies under the same name and id"


def _refuse_another(driver: HsmKeyDriver, state: KeyState, before: Values | None) -> None:
    for line in _another(driver, state, before or {}):
        raise OperationError(f"{line}; find out who put it there, a person must decide which one stays")
