"""The judge: one code path from an Estate and rules to verdicts, for command line, plan, gate and audit.

Nothing here can turn what is not known into a pass: a fact that the reader does not cover, a subject that it could not
read, a rule that raises and a law that nobody has verified each leave an ``unknown`` beside whatever else was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

import msgspec

from ringfence.estate import Coverage, Estate, Grade
from ringfence.facts import Law
from ringfence.rule import Rule
from ringfence.verdict import Finding, Source, Stage, Status, Verdict

# How many subjects a message names before it only counts them.
NAMED = 8

# Facts whose items are known by their names.
_NAMED_ONCE = frozenset({"places", "data_classes", "sites", "devices", "pools", "hsms", "keys", "buckets", "assistants"})

_GRADES: tuple[str, ...] = get_args(Grade)
_EMPTY: dict[str, object] = {field.name: field.default for field in msgspec.structs.fields(Estate)}


def judge(
    estate: Estate,
    rules: Mapping[str, Rule],
    *,
    today: date,
    stage: Stage,
    lines: Mapping[str, int] | None = None,
    file: str = "",
) -> list[Verdict]:
    """Return the verdicts of all ``rules`` on ``estate``, by rule id: one for each finding, else one.

    A verified law binds from the day on which it is in force; until its grace ends, what only it forbids is advisory.
    The dates of an unverified law are not believed: it binds today. A rule that reads ``laws`` does not pass while an
    unverified one makes demands. A partner of the coalition counts until its recognition ends.

    Args:
        estate: facts with their coverage, from any reader.
        rules: the rules by id.
        today: the day by which laws are in force; a gate passes the real one.
        stage: which reader made the estate; named where a fact is not covered.
        lines: the 1-based line of each path (``sites.north.egress[0]``) of the declaration, to give findings a source.
        file: the declaration that ``lines`` belong to.
    """
    court = _Court.convene(estate, today, stage, lines or {}, file)
    return [verdict for rule_id in sorted(rules) for verdict in court.verdicts(rules[rule_id])]


@dataclass(frozen=True, slots=True)
class _Court:
    """What is the same for every rule: the estate under the laws that bind, and under those in their grace as well."""

    estate: Estate
    graced: Estate
    coverage: Mapping[str, Coverage]
    stage: Stage
    lines: Mapping[str, int]
    file: str

    @classmethod
    def convene(cls, estate: Estate, today: date, stage: Stage, lines: Mapping[str, int], file: str) -> _Court:
        day = today.isoformat()
        recognised = tuple(partner for partner in estate.coalition if partner.recognised_until >= day)
        estate = msgspec.structs.replace(estate, coalition=recognised)
        in_force = tuple(law for law in estate.laws if not law.verified or law.in_force_from <= day)
        enforced = tuple(law for law in in_force if not law.verified or law.grace_until < day)
        return cls(
            estate=msgspec.structs.replace(estate, laws=enforced),
            graced=msgspec.structs.replace(estate, laws=in_force),
            coverage=_merge((*estate.coverage, *_ambiguous(estate))),
            stage=stage, lines=lines, file=file,
        )  # fmt: skip

    def verdicts(self, rule: Rule) -> Iterator[Verdict]:
        """Yield the rule's failures, then what it cannot tell, else that it passes or has nothing to judge."""
        if uncovered := [fact for fact in rule.reads if fact not in self.coverage]:
            message = f"not known at this stage ({self.stage}): {', '.join(uncovered)}"
            yield _verdict(rule, "unknown", uncovered[0], message)
            return
        grade = min((self.coverage[fact].grade for fact in rule.reads), key=_GRADES.index)
        judged = _count(self.estate, rule.reads[0])
        findings, raised = _run(rule, self.estate)
        notes = tuple(finding.message for finding in findings if finding.note)
        # A stable sort: what fails comes first, and findings keep the order that _run gave them.
        found = sorted(
            [*self._found(rule, findings, raised), *self._doubts(rule)], key=lambda verdict: verdict.status != "fail"
        )
        if not found and judged:
            message = f"rests on {len(notes)} statements that nothing enforces" if notes else ""
            found = [msgspec.structs.replace(_verdict(rule, "pass", rule.reads[0], message), path=notes)]
        elif not found:
            found = [_verdict(rule, "not_applicable", rule.reads[0], f"there are no {rule.reads[0]}")]
        for verdict in found:
            yield msgspec.structs.replace(verdict, grade=grade, judged=judged)

    def _found(self, rule: Rule, findings: list[Finding], raised: str) -> Iterator[Verdict]:
        """Yield a verdict for each finding; one that only a law in its grace brings binds at no stage."""
        for finding in findings:
            if not finding.note:
                yield self._from(rule, finding)
        if "laws" in rule.reads and self.graced.laws != self.estate.laws:
            later, raised_later = _run(rule, self.graced)
            raised = raised or raised_later
            bound = set(findings)
            for finding in later:
                if finding not in bound and not finding.note:
                    yield msgspec.structs.replace(self._from(rule, finding), mandatory=())
        if raised:
            message = f"the rule could not finish: it raised {raised}"
            yield _verdict(rule, "unknown", rule.reads[0], message)

    def _doubts(self, rule: Rule) -> Iterator[Verdict]:
        """Yield what keeps the rule from passing even where it finds nothing.

        They stand beside failures too: a waived failure must not make the rest of the estate look examined.
        """
        for fact in rule.reads:
            if missing := self.coverage[fact].missing:
                yield _verdict(rule, "unknown", fact, f"could not be read: {_named(missing)}")
        doubted = [law.id for law in self.estate.laws if _demands_unverified(law)] if "laws" in rule.reads else []
        if doubted:
            message = f"nobody has verified the text of {_named(doubted)}; an officer must accept it"
            yield _verdict(rule, "unknown", "laws", message)

    def _from(self, rule: Rule, finding: Finding) -> Verdict:
        status: Status = "unknown" if finding.unknown else "fail"
        verdict = _verdict(rule, status, finding.subject, finding.message)
        return msgspec.structs.replace(verdict, path=finding.path, source=self._source(finding))

    def _source(self, finding: Finding) -> Source | None:
        """Return the line of what the finding is about, or of its nearest ancestor that the declaration has."""
        if finding.file:
            return Source(finding.file, finding.line)
        path = finding.declared
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return Source(self.file, self.lines[path]) if path else None


def _run(rule: Rule, estate: Estate) -> tuple[list[Finding], str]:
    """Run a check; return its findings in an order of their own, and the type of what it raised (or nothing)."""
    found: list[Finding] = []
    raised = ""
    try:
        for finding in rule.check(estate):
            # Structs do not check their fields when made; a path given as a list becomes a tuple here.
            found.append(msgspec.convert(msgspec.to_builtins(finding), Finding))
    # Whatever a rule raises (sys.exit(0) too) must end as "unknown". Its text may quote secrets: only the type is kept.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        raised = type(error).__name__
    # A check may walk a set, whose order differs from run to run.
    return sorted(found, key=lambda finding: (finding.subject, finding.message, finding.path, finding.declared)), raised


def _verdict(rule: Rule, status: Status, subject: str, message: str) -> Verdict:
    return Verdict(
        rule=rule.id, title=rule.title, severity=rule.severity, mandatory=rule.mandatory, status=status, grade="",
        subject=subject, message=message, remedy=rule.remedy,
    )  # fmt: skip


def _merge(coverage: tuple[Coverage, ...]) -> dict[str, Coverage]:
    """Return one coverage per fact: of several, the weakest grade and all that is missing."""
    merged: dict[str, Coverage] = {}
    for item in coverage:
        known = merged.setdefault(item.fact, item)
        merged[item.fact] = msgspec.structs.replace(
            known,
            grade=min(known.grade, item.grade, key=_GRADES.index),
            missing=tuple(sorted({*known.missing, *item.missing})),
        )
    return merged


def _ambiguous(estate: Estate) -> Iterator[Coverage]:
    """Yield as missing what a covered fact names twice: rules find things by their names, and would see only one of them."""
    for item in estate.coverage:
        if item.fact in _NAMED_ONCE:
            names = Counter(each.name for each in getattr(estate, item.fact))
            if twice := sorted(name for name, times in names.items() if times > 1):
                told = tuple(f"{name} (named {names[name]} times)" for name in twice)
                yield msgspec.structs.replace(item, missing=told)


def _count(estate: Estate, fact: str) -> int:
    """Return how many items a fact has: the denominator of a rule that judges it."""
    value: Any = getattr(estate, fact)
    return len(value) if isinstance(value, tuple) else int(value != _EMPTY[fact])


def _demands_unverified(law: Law) -> bool:
    return not law.verified and bool(law.obligations)


def _named(names: tuple[str, ...] | list[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
