"""`ringfence:gate:Permit` and `ringfence:gate:Seal`: the first and the last resource of a stack; the gate stands in both.

They stand for no device. Everything in a stack depends on its Permit, so that nothing is made, not even through another
provider, before the gate has let the Permit pass. The Seal depends on everything, so that a destroy meets it first and
deletes nothing without a permit.
"""

from __future__ import annotations

from collections.abc import Iterator

from hardware.provider.kind import Found, Inputs, Reach
from hardware.provider.properties import Values
from ringfence.errors import InputError


class PermitInputs(Inputs):
    """For which part of which country, by the digest of its whole Estate."""

    country: str
    part: str
    estate: str


class SealInputs(Inputs):
    """The digest of each object of the part that another provider makes, by `<type>::<name>`."""

    part: str
    objects: dict[str, str]


class _Record:
    """A thing that exists only on record; its id is its part."""

    def bring_about(self, wanted: PermitInputs | SealInputs, before: Values | None, reach: Reach) -> Found:
        """Nothing: that the gate let it pass is all that it says."""
        return Found(wanted.part, wanted.model_dump(mode="json", by_alias=True))

    def read(self, thing_id: str, before: Values, reach: Reach) -> Found | None:
        """What is on record."""
        if not before:
            raise InputError(f"{thing_id}: this exists only in the state; `pulumi up` makes it, it cannot be imported")
        return Found(thing_id, before)

    def delete(self, before: Values, reach: Reach) -> None:
        """Nothing."""

    def replace_on(self, old: Values, new: Values) -> frozenset[str]:
        """What makes it another thing."""
        return frozenset({"part"})

    def explain(self, old: Values, new: Values, reach: Reach) -> Iterator[str]:
        """Nothing that the properties do not say."""
        yield from ()


class Permit(_Record):
    """The first resource of a stack."""

    resource_type = "ringfence:gate:Permit"
    model = PermitInputs


class Seal(_Record):
    """The last resource of a stack."""

    resource_type = "ringfence:gate:Seal"
    model = SealInputs
