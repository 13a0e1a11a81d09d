"""Verdicts: what a rule says about an estate, and how a set of them decides an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

Status = Literal["pass", "fail", "unknown", "waived", "not_applicable"]
Stage = Literal["file", "plan", "audit"]
Severity = Literal["low", "medium", "high", "critical"]

STATUSES: tuple[Status, ...] = ("pass", "fail", "unknown", "waived", "not_applicable")


class Finding(msgspec.Struct, frozen=True):
    """What a rule's check found wrong, or could not tell (``unknown``). ``path`` holds the hops of a failing proof.

    A ``note`` is no fault: it says what a pass rests on (a flow taken on trust), and a passing verdict lists it.
    """

    subject: str
    message: str
    declared: str = ""
    path: tuple[str, ...] = ()
    unknown: bool = False
    note: bool = False
    file: str = ""
    line: int = 0


class Source(msgspec.Struct, frozen=True):
    """Where the subject was declared."""

    file: str
    line: int


class Waived(msgspec.Struct, frozen=True):
    """The waiver that hides a failure."""

    id: str
    owner: str
    reason: str
    ticket: str
    expires: str


class Verdict(msgspec.Struct, frozen=True):
    """One rule's verdict on one subject (on all that it judged, where it passes). ``judged`` is the denominator.

    ``path`` holds the hops to a failure, or what a pass rests on.
    """

    rule: str
    title: str
    severity: Severity
    mandatory: tuple[Stage, ...]
    status: Status
    grade: str
    subject: str
    message: str
    path: tuple[str, ...] = ()
    source: Source | None = None
    waiver: Waived | None = None
    judged: int = 0
    remedy: str = ""

    def binds(self, stage: Stage) -> bool:
        """Return whether the rule is mandatory at ``stage``."""
        return stage in self.mandatory


def summary(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Count verdicts by status; every status is there."""
    counts = Counter(verdict.status for verdict in verdicts)
    return {status: counts[status] for status in STATUSES}


def blocking(verdicts: Iterable[Verdict], stage: Stage) -> list[Verdict]:
    """Return the verdicts that keep a gate shut at ``stage``: mandatory failures, then mandatory unknowns."""
    shut = [verdict for verdict in verdicts if verdict.binds(stage) and verdict.status in ("fail", "unknown")]
    return sorted(shut, key=lambda verdict: verdict.status != "fail")


def exit_code(verdicts: Iterable[Verdict], stage: Stage) -> int:
    """Return 0 when nothing mandatory fails or is unknown, 1 when a mandatory rule fails, else 3 for an unknown one."""
    shut = blocking(verdicts, stage)
    if not shut:
        return 0
    return 1 if shut[0].status == "fail" else 3
