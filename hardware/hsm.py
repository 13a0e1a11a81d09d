"""The driver of keys in an HSM: made inside it, never to leave it, with no use but their purpose.

Whether a key is sensitive, extractable or local is never taken from the plan but from the HSM itself; a key that was
ever open on one of these is not repaired but to be replaced, because it may have left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pkcs11
from pkcs11 import Attribute, KeyType

from hardware.connections import HsmAccess
from hardware.contract import Applied, Change, Plan
from hardware.hsm_key import (
    CAPABILITIES,
    P384,
    PROTECTION,
    Found,
    KeyKind,
    KeyObject,
    KeyPurpose,
    KeySpec,
    KeyState,
    expected,
    find,
    uses,
)
from hardware.hsm_token import logged_in
from ringfence.errors import OperationError

__all__ = ["HsmKeyDriver", "KeyApplied", "KeyKind", "KeyObject", "KeyPlan", "KeyPurpose", "KeySpec", "KeyState"]

KeyPlan = Plan[KeySpec, KeyState]


@dataclass(frozen=True)
class KeyWayBack:
    """Undoes an apply."""

    created: bool


KeyApplied = Applied[KeySpec, KeyState, KeyWayBack]


@dataclass(frozen=True)
class HsmKeyDriver:
    """Drives one key, found by its label and id, on one token."""

    access: HsmAccess
    spec: KeySpec

    @property
    def subject(self) -> str:
        """Such as `key records-kek on national-hsm`."""
        return f"key {self.spec.label} on {self.access.token}"

    def read(self) -> KeyState:
        """Every object with the key's label or id, as the HSM states it."""
        with logged_in(self.access) as session:
            return _state(find(session, self.spec))

    def plan(self, wanted: KeySpec, observed: KeyState) -> KeyPlan:
        """What would be made, renamed or restricted; OperationError where two keys bear the same label or id."""
        changes, replace, unknown = list[Change](), list[Change](), list[str]()
        self._refuse_duplicates(observed)
        there = {item.object_class: item for item in observed}
        if not set(there) - {"public"}:
            if there:
                # The two halves of a pair are written one after the other; this is what a power cut leaves between.
                changes.append(Change(self.subject, "public half", "without a private half: make the pair anew"))
            else:
                changes.append(Change(self.subject, "key", f"create {wanted.kind} for {wanted.purpose}"))
            return Plan(self.subject, wanted, observed, tuple(changes))
        for item in observed:
            replace += self._irreparable(wanted, item)
            changes += self._reparable(wanted, item)
            unknown += [f"{item.object_class} {name}" for name in expected(wanted, item) if name not in item.attributes]
        for missing in sorted(wanted.classes - set(there)):
            replace.append(Change(self.subject, f"{missing} half", "missing"))
        return Plan(self.subject, wanted, observed, (*replace, *changes), tuple(replace), tuple(unknown))

    def apply(self, plan: KeyPlan) -> KeyApplied:
        """Make the key, or set its label and uses; a key that would have to be replaced is refused."""
        plan.refuse_replacement()
        created = False
        with logged_in(self.access) as session:
            # What was planned may have happened meanwhile, or half of it: look again while nobody else can write.
            found = find(session, plan.wanted)
            self.plan(plan.wanted, _state(found)).refuse_replacement()
            if not {item.object_class for item, _ in found} - {"public"}:
                for _, leftover in found:
                    leftover.destroy()
                _generate(session, plan.wanted)
                created = True
            else:
                for item, handle in found:
                    _set(item, handle, plan.wanted.label, uses(plan.wanted, item))
        return Applied(plan, KeyWayBack(created))

    def confirm(self, applied: KeyApplied) -> None:
        """See in the HSM itself that the key is as wanted."""
        left = self.plan(applied.plan.wanted, self.read())
        if not left.empty:
            raise OperationError(f"{left.changes[0]}: still so after the change")

    def rollback(self, applied: KeyApplied) -> None:
        """Put label and uses back, or remove the key that this very apply has made and nobody has used yet."""
        with logged_in(self.access) as session:
            found = find(session, applied.plan.wanted)
            if applied.way_back.created:
                for _, handle in found:
                    handle.destroy()
                return
            before = {item.object_class: item for item in applied.plan.observed}
            for item, handle in found:
                old = before[item.object_class]
                _set(item, handle, old.label, {name: old.attributes[name] for name in uses(applied.plan.wanted, item)})

    def destroy(self, *, allow_destroy: bool = False) -> None:
        """Destroy the key, and with it all that only it can open; OperationError unless `allow_destroy` is given."""
        if not allow_destroy:
            raise OperationError(f"{self.subject}: not destroyed: that needs the explicit permission to destroy keys")
        with logged_in(self.access) as session:
            found = find(session, self.spec)
            self._refuse_duplicates(_state(found))
            for _, handle in found:
                handle.destroy()

    def _refuse_duplicates(self, observed: KeyState) -> None:
        for name in ("label", "key_id"):
            seen = set[tuple[str, str]]()
            for item in observed:
                mark = (item.object_class, getattr(item, name))
                if mark in seen and mark[1] in (self.spec.label, self.spec.key_id):
                    raise OperationError(
                        f"{self.subject}: more than one {item.object_class} key has the {name.removeprefix('key_')} "
                        f"{mark[1]}; a person must decide which one stays"
                    )
                seen.add(mark)
        if len({item.key_id for item in observed}) > 1:
            raise OperationError(f"{self.subject}: its label and its id belong to two different keys")

    def _irreparable(self, wanted: KeySpec, item: KeyObject) -> Iterator[Change]:
        if item.key_id != wanted.key_id:
            yield Change(self.subject, "id", f"{item.key_id} -> {wanted.key_id}: another key bears this label")
        if item.kind != wanted.kind or item.object_class not in wanted.classes:
            yield Change(self.subject, "kind", f"{item.object_class} {item.kind} -> {wanted.kind}")
        if item.object_class != "public":
            yield from self._differing(item, PROTECTION)

    def _reparable(self, wanted: KeySpec, item: KeyObject) -> Iterator[Change]:
        if item.label != wanted.label:
            yield Change(self.subject, f"{item.object_class} label", f"{item.label} -> {wanted.label}")
        yield from self._differing(item, uses(wanted, item))

    def _differing(self, item: KeyObject, expected: Mapping[str, bool]) -> Iterator[Change]:
        for name, value in expected.items():
            if item.attributes.get(name, value) != value:
                yield Change(self.subject, f"{item.object_class} {name}", f"{not value} -> {value}")


def _state(found: Found) -> KeyState:
    return tuple(item for item, _ in found)


def _generate(session: pkcs11.Session, spec: KeySpec) -> None:
    key_id, capabilities = bytes.fromhex(spec.key_id), CAPABILITIES[spec.purpose]
    protection = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
    if spec.kind is KeyKind.AES_256:
        session.generate_key(
            KeyType.AES, 256, id=key_id, label=spec.label, store=True, capabilities=capabilities, template=protection
        )
        return
    curve = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: P384}, local=True)
    curve.generate_keypair(id=key_id, label=spec.label, store=True, capabilities=capabilities, private_template=protection)


def _set(item: KeyObject, handle: pkcs11.Object, label: str, wanted_uses: Mapping[str, bool]) -> None:
    if item.label != label:
        handle[Attribute.LABEL] = label
    for name, value in wanted_uses.items():
        if item.attributes.get(name, value) != value:
            handle[Attribute[name]] = value
