"""Waivers: signed statements by which an officer lets a failure stand for a while, with owner, reason and ticket.

A waiver hides nothing: its verdict is ``waived``, keeps its message and carries the waiver. It ends by itself on the day
after ``expires``, and at the latest after the time that its rule's severity allows. What is not known cannot be waived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import msgspec
from pydantic import StringConstraints, ValidationError

from ringfence.declaration.base import Model, Text
from ringfence.estate import encode
from ringfence.rule import Rule
from ringfence.signing_key import Signer
from ringfence.statement import MAX_BYTES, Statement, StatementError, sign
from ringfence.trust import TrustRoot
from ringfence.verdict import Severity, Verdict, Waived

# The longest that a waiver may hold, in days from the one on which it was issued.
MAX_DAYS: Mapping[Severity, int] = MappingProxyType({"critical": 14, "high": 30, "medium": 90, "low": 180})
ANY_SUBJECT = "*"


class WaiverError(StatementError):
    """A waiver cannot be issued, or does not count."""


class Terms(Model):
    """The body of a waiver: ``subject`` is one verdict's subject or ``*``; ``owner`` answers for the failure meanwhile."""

    rule: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=24)]
    subject: Text
    owner: Text
    reason: Text
    ticket: Text
    expires: date


@dataclass(frozen=True, slots=True)
class Waiver:
    """A waiver whose signature was verified; ``id`` is the name of its file."""

    id: str
    terms: Terms
    issued: date

    def objection(self, rules: Mapping[str, Rule], today: date) -> str | None:
        """Return why it does not count on a day, or None when it does."""
        rule = rules.get(self.terms.rule)
        if rule is None:
            return f"there is no rule {self.terms.rule}"
        if not rule.waivable:
            return f"{rule.id} cannot be waived"
        if self.issued > today:
            return f"it begins on {self.issued}"
        if self.terms.expires < today:
            return f"it ended on {self.terms.expires}; mend what it waived, or ask for a new one"
        days, most = (self.terms.expires - self.issued).days, MAX_DAYS[rule.severity]
        if days > most:
            return f"it holds for {days} days; {rule.id} is {rule.severity}, for which {most} are the most"
        return None

    def covers(self, verdict: Verdict) -> bool:
        """Return whether this is a failure that it waives."""
        here = verdict.rule == self.terms.rule and self.terms.subject in (verdict.subject, ANY_SUBJECT)
        return here and verdict.status == "fail"


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers of a folder that count, and one line for each that does not, saying why."""

    in_force: tuple[Waiver, ...] = ()
    notices: tuple[str, ...] = ()


def issue_waiver(terms: Terms, rules: Mapping[str, Rule], signer: Signer, now: datetime) -> bytes:
    """Return a signed waiver, for a file in ``countries/waivers/<country>/``.

    Raises:
        WaiverError: its rule is unknown or cannot be waived, or it would hold for too long.
    """
    if objection := Waiver("", terms, now.date()).objection(rules, now.date()):
        raise WaiverError(f"this waiver would not count: {objection}")
    body = terms.model_dump(mode="json")
    end = datetime.combine(terms.expires + timedelta(days=1), time(), UTC)
    return sign(Statement("waiver", {}, signer.id, now, end, body), signer)


def load_waivers(folder: Path, trust: TrustRoot, rules: Mapping[str, Rule], today: date) -> Waivers:
    """Read the waivers (``*.json``) in ``folder``; where there is no folder there are none.

    One that cannot be read, is badly signed, expired or over-long, or names no waivable rule does not count and is
    named in ``notices``.
    """
    in_force: list[Waiver] = []
    notices: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            waiver = _read(path, trust, today)
            objection = waiver.objection(rules, today)
        except StatementError as error:
            objection = str(error)
        if objection:
            notices.append(f"{ascii(str(path))[1:-1]}: this waiver does not count: {objection}")
        else:
            in_force.append(waiver)
    return Waivers(tuple(in_force), tuple(notices))


def apply_waivers(
    verdicts: Iterable[Verdict], waivers: Iterable[Waiver], rules: Mapping[str, Rule], today: date
) -> list[Verdict]:
    """Return the verdicts with each failure that a waiver covers ``waived``, its message kept."""
    counting = [waiver for waiver in waivers if waiver.objection(rules, today) is None]
    return [_waive(verdict, counting) for verdict in verdicts]


def _waive(verdict: Verdict, waivers: list[Waiver]) -> Verdict:
    for waiver in waivers:
        if waiver.covers(verdict):
            terms = waiver.terms
            shown = Waived(waiver.id, terms.owner, terms.reason, terms.ticket, terms.expires.isoformat())
            return msgspec.structs.replace(verdict, status="waived", waiver=shown)
    return verdict


def _read(path: Path, trust: TrustRoot, today: date) -> Waiver:
    try:
        with path.open("rb") as stream:
            envelope = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise WaiverError(f"it cannot be read: {error.strerror}") from None
    # A waiver counts by days: it holds until the end of its last one, and from any hour of its first.
    statement = trust.verify(envelope, "waiver", datetime.combine(today, time.max, UTC))
    try:
        terms = Terms.model_validate_json(encode(statement.body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise WaiverError(f"{'.'.join(map(str, first['loc'])) or 'its body'}: {first['msg']}") from None
    if trust.keys[statement.issuer].holder.casefold() == terms.owner.casefold():
        raise WaiverError(f"its owner {terms.owner} signed it; another officer must")
    return Waiver(path.stem, terms, statement.issued.date())
