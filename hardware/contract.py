"""The contract of every driver: read, plan, apply, confirm, rollback.

`plan` is pure, so what would change can be shown without touching anything. `apply` always leaves a way back, and a
change counts as made only once `confirm` has seen it hold. Each operation can be repeated after a crash at any point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ringfence.errors import OperationError, RingfenceError

Wanted = TypeVar("Wanted")
Observed = TypeVar("Observed")
WayBack = TypeVar("WayBack")
Say = Callable[[str], object]


@dataclass(frozen=True, order=True)
class Change:
    """One field or line of a thing that is not as wanted, for people to read: never holds a secret."""

    subject: str
    """The thing, such as `device north-spine-1`."""
    field: str
    """The file, attribute or setting, such as `/etc/frr/frr.conf`."""
    detail: str
    """What would happen to it, such as `+ router bgp 4200000001` or `versioning: off -> on`."""

    def __str__(self) -> str:
        return f"{self.subject}: {self.field}: {self.detail}"


@dataclass(frozen=True)
class Plan(Generic[Wanted, Observed]):
    """What separates a thing from what is wanted of it."""

    subject: str
    wanted: Wanted
    observed: Observed
    changes: tuple[Change, ...] = ()
    replace: tuple[Change, ...] = ()
    """The subset of `changes` that no update in place can make: `apply` refuses these, a person replaces the thing."""
    unknown: tuple[str, ...] = ()
    """Fields that the thing could not tell; nothing is planned for them, and they are never taken as right."""

    @property
    def empty(self) -> bool:
        """Whether the thing is as wanted, as far as it could tell."""
        return not self.changes

    def refuse_replacement(self) -> None:
        """Raise OperationError where an update in place cannot do what is wanted."""
        if self.replace:
            raise OperationError(f"{self.replace[0]}: cannot be changed in place; replace the thing")


@dataclass(frozen=True)
class Applied(Generic[Wanted, Observed, WayBack]):
    """A plan that was carried out and can still be taken back."""

    plan: Plan[Wanted, Observed]
    way_back: WayBack
    """What the driver needs to undo it; None when nothing was changed."""


class Driver(Protocol[Wanted, Observed, WayBack]):
    """Drives one real thing. Every method raises RingfenceError, with one line fit for a user, and nothing else."""

    @property
    def subject(self) -> str:
        """The thing's name in messages, such as `device north-spine-1`."""

    def read(self) -> Observed:
        """State of the real thing now; changes nothing."""

    def plan(self, wanted: Wanted, observed: Observed) -> Plan[Wanted, Observed]:
        """What would change; pure."""

    def apply(self, plan: Plan[Wanted, Observed]) -> Applied[Wanted, Observed, WayBack]:
        """Carry the plan out, leaving a way back; a failure half-way has already been undone or names what is left."""

    def confirm(self, applied: Applied[Wanted, Observed, WayBack]) -> None:
        """See that the thing is as wanted and still reachable, and make the change last."""

    def rollback(self, applied: Applied[Wanted, Observed, WayBack]) -> None:
        """Put the thing back as it was before `apply`."""


def bring_about(driver: Driver[Wanted, Observed, WayBack], wanted: Wanted) -> Plan[Wanted, Observed]:
    """Read, plan, apply and confirm one thing, rolling back what cannot be confirmed; returns the plan carried out.

    Raises what the driver raises; when the rollback fails as well, the message says both.
    """
    plan = driver.plan(wanted, driver.read())
    if plan.empty:
        return plan
    applied = driver.apply(plan)
    try:
        driver.confirm(applied)
    except RingfenceError as unconfirmed:
        try:
            driver.rollback(applied)
        except RingfenceError as stuck:
            raise OperationError(f"{unconfirmed}; and it was not rolled back: {stuck}") from unconfirmed
        raise OperationError(f"{unconfirmed}; rolled back") from unconfirmed
    return plan
