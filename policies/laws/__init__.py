"""The laws: one YAML file each: citation, source, dates, what it demands; ``verified`` ones carry their text."""

from __future__ import annotations

import re
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Literal

import msgspec

from ringfence import yamltext
from ringfence.errors import InputError
from ringfence.facts import Law, Obligation
from ringfence.yamltext import dotted

LawId = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}(-[a-z0-9]+)+$", max_length=48)]
Demand = Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$", max_length=24)]


class ObligationText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One demand as written; it must bind something, and a sector or a class narrows it."""

    data_class: Demand = ""
    sector: Demand = ""
    stay_in: Literal["", "territory", "coalition", "anywhere"] = ""
    foreign_ownership: Annotated[int, msgspec.Meta(ge=0, le=100)] = 100
    people: Literal["any", "vetted", "cleared"] = "any"


class LawText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A law's file. A ``power`` binds only once it is used (then it is a duty); dates are ISO 8601 or empty."""

    ringfence_law: Literal[1]
    id: LawId
    citation: str
    source: str
    kind: Literal["duty", "power"]
    status: Literal["verified", "unverified"]
    summary: str
    in_force_from: str = ""
    grace_until: str = ""
    text: str = ""
    obligations: tuple[ObligationText, ...] = ()

    def facts(self) -> Law:
        """Return what a judge needs of it."""
        return Law(
            id=self.id,
            citation=self.citation,
            kind=self.kind,
            in_force_from=self.in_force_from,
            grace_until=self.grace_until,
            verified=self.status == "verified",
            obligations=tuple(msgspec.convert(o, Obligation, from_attributes=True) for o in self.obligations),
        )


def load_laws() -> tuple[Law, ...]:
    """Return the facts of all laws that ship with Ringfence, by id.

    Raises:
        InputError: a law's file is wrong; one line for each problem, with file and line.
    """
    return tuple(text.facts() for text in load_texts())


def load_texts() -> tuple[LawText, ...]:
    """Return the laws as their files state them, by id: with source, summary and text, for explanations and reports."""
    folder = files("policies.laws")
    return tuple(_load(entry) for entry in sorted(folder.iterdir(), key=lambda e: e.name) if entry.name.endswith(".yaml"))


def _load(entry: Traversable) -> LawText:
    law = read_law(entry.read_bytes(), f"policies/laws/{entry.name}")
    if entry.name != f"{law.id}.yaml":
        raise InputError(f"policies/laws/{entry.name}: id: {law.id!r} is not the file's name; rename one")
    return law


def read_law(text: bytes, file: str) -> LawText:
    """Return the law that ``text`` states; ``file`` is the name that errors show.

    Raises:
        InputError: one line for each problem: ``file:line: path: what is wrong``.
    """
    document = yamltext.parse(text)
    problems = list(document.problems)
    if not problems:
        try:
            law = msgspec.convert(document.value, LawText)
        except msgspec.ValidationError as error:
            problems = [_problem(str(error), document)]
        else:
            problems = _inconsistencies(law)
    if problems:
        shown = [(problem.line or document.line(problem.path), problem) for problem in problems]
        raise InputError("\n".join(f"{file}:{line}: {dotted(p.path) or 'law'}: {p.message}" for line, p in shown))
    return law


def _problem(message: str, document: yamltext.Document) -> yamltext.Problem:
    """Turn msgspec's ``what - at `$.a[0].b` `` into a path with what is wrong there."""
    what, _, where = message.partition(" - at ")
    path = tuple(int(index) if index else name for name, index in re.findall(r"([A-Za-z_]\w*)|\[(\d+)\]", where.strip("`$")))
    return yamltext.Problem(path, what, document.line(path))


def _inconsistencies(law: LawText) -> list[yamltext.Problem]:
    problems = []
    for field in ("in_force_from", "grace_until"):
        value = getattr(law, field)
        if value and not _is_date(value):
            problems.append(yamltext.Problem((field,), f"{value!r} is not a date; write YYYY-MM-DD"))
    if law.status == "verified" and not (law.text and law.in_force_from):
        problems.append(yamltext.Problem(("status",), "a verified law carries its text and the date of its force"))
    for index, obligation in enumerate(law.obligations):
        if not (obligation.stay_in or obligation.foreign_ownership < 100 or obligation.people != "any"):
            problems.append(yamltext.Problem(("obligations", index), "it demands nothing; remove it or say what"))
    return problems


def _is_date(value: str) -> bool:
    """Return whether a text is a date in the one form whose order as text is that of time."""
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
