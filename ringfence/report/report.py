"""What a report holds: the subject, what judged it and by which clock, the verdicts, and what was not examined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

from ringfence import __version__
from ringfence.estate import FACTS, Coverage, Estate, digest
from ringfence.rule import Rule
from ringfence.verdict import Stage, Verdict, blocking, exit_code, summary

Decision = Literal["yes", "no", "unknown"]

_DECISIONS: dict[int, Decision] = {0: "yes", 1: "no", 3: "unknown"}


class Picture(msgspec.Struct, frozen=True):
    """A drawing for people: ``svg`` is a whole ``<svg>`` element without scripts or references to elsewhere."""

    title: str
    svg: str


class Examined(msgspec.Struct, frozen=True):
    """A rule that took part: what it demands, and on how many things (the denominator) it was asked."""

    rule: str
    title: str
    severity: str
    mandatory: tuple[Stage, ...]
    controls: tuple[str, ...]
    remedy: str
    doc: str
    judged: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the formats show. ``sites`` maps a verdict's subject to its site; a national one is not in it.

    ``today`` is the day by which laws were in force; ``pretended`` is true when a person chose it instead of the clock.
    ``not_examined`` names, in words, what no rule or reader looked at.
    """

    subject: str
    country: str
    stage: Stage
    today: date
    pretended: bool
    verdicts: tuple[Verdict, ...]
    rules: tuple[Examined, ...]
    coverage: tuple[Coverage, ...]
    not_examined: tuple[str, ...]
    notices: tuple[str, ...]
    sites: Mapping[str, str]
    declaration: str
    estate: str
    policies: str
    pictures: tuple[Picture, ...] = ()
    version: str = __version__

    @property
    def exit_code(self) -> int:
        """The exit code of every command that shows this report: 0, 1 or 3."""
        return exit_code(self.verdicts, self.stage)

    @property
    def decision(self) -> Decision:
        """Whether the deployment may go ahead."""
        return _DECISIONS[self.exit_code]

    @property
    def counts(self) -> dict[str, int]:
        """The number of verdicts of each status."""
        return summary(self.verdicts)

    def sentence(self) -> str:
        """Say in one sentence what was decided and why."""
        what = "The estate may run as it is" if self.stage == "audit" else "The deployment may go ahead"
        shut = blocking(self.verdicts, self.stage)
        fails = sum(verdict.status == "fail" for verdict in shut)
        unknowns = len(shut) - fails
        if fails:
            refused = what.replace("may", "may not", 1)
            also = f", and {_number(unknowns, 'mandatory answer')} could not be had" if unknowns else ""
            return f"{refused}: {_number(fails, 'mandatory failure')}{also}."
        if unknowns:
            return f"Whether {what[0].lower()}{what[1:]} is not known: {_number(unknowns, 'mandatory answer')} missing."
        if not self.verdicts:
            return "Nothing was judged."
        advisory = self.counts["fail"]
        rest = f"; {_number(advisory, 'advisory failure')} to look at" if advisory else ""
        return f"{what}: no mandatory rule fails or is unknown{rest}."


def report_on(
    estate: Estate,
    rules: Mapping[str, Rule],
    verdicts: Iterable[Verdict],
    *,
    subject: str,
    stage: Stage,
    today: date,
    policies: str,
    declaration: str = "",
    pretended: bool = False,
    left_out: Iterable[str] = (),
    notices: Iterable[str] = (),
    pictures: Iterable[Picture] = (),
) -> Report:
    """Put together the report on one judged estate.

    Args:
        estate: what was judged.
        rules: the rules that judged it, by id.
        verdicts: what they said.
        subject: what the user named: a file, a plan, a folder.
        stage: the stage at which the verdicts bind.
        today: the day by which they were reached; ``pretended`` when it is not the clock's.
        policies: the digest of the policies.
        declaration: the digest of the country file, empty when there was none.
        left_out: ids of rules that were not asked, because the subject has none of what they judge.
        notices: problems beside the verdicts, such as waivers that do not count.
        pictures: drawings for the formats that show them.
    """
    verdicts = tuple(verdicts)
    judged = {verdict.rule: verdict.judged for verdict in verdicts}
    unread = sorted(set(FACTS) - {item.fact for item in estate.coverage})
    left_out = sorted(left_out)
    return Report(
        subject=subject, country=estate.country.name, stage=stage, today=today, pretended=pretended, verdicts=verdicts,
        rules=tuple(_examined(rules[rule_id], judged.get(rule_id, 0)) for rule_id in sorted(rules)),
        coverage=estate.coverage,
        not_examined=(
            *(f"{fact}: this reader does not cover it" for fact in unread),
            *(f"{item.fact}: {name} could not be read" for item in estate.coverage for name in item.missing),
            *(f"{rule_id}: not asked, the subject holds nothing that it judges" for rule_id in left_out),
        ),
        notices=tuple(notices), sites=_sites(estate, verdicts), declaration=declaration, estate=digest(estate),
        policies=policies, pictures=tuple(pictures),
    )  # fmt: skip


def _examined(rule: Rule, judged: int) -> Examined:
    return Examined(rule.id, rule.title, rule.severity, rule.mandatory, rule.controls, rule.remedy, rule.doc, judged)


def _sites(estate: Estate, verdicts: tuple[Verdict, ...]) -> dict[str, str]:
    """Map the subjects that stand at one site: by the fact of that name, else by the site's name in theirs."""
    subjects = {verdict.subject for verdict in verdicts}
    names = [site.name for site in estate.sites]
    found: dict[str, str] = {}
    for fact in FACTS:
        items = getattr(estate, fact)
        for item in items if isinstance(items, tuple) else ():
            name, site = getattr(item, "name", None), getattr(item, "site", None)
            if name in subjects and site:
                found[name] = site
    for subject in subjects - found.keys():
        words = subject.replace(":", "-").replace("/", "-").replace(".", "-").split("-")
        site = next((name for name in names if name == subject or name in words), None)
        if site:
            found[subject] = site
    return found


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
