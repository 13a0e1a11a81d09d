"""From a subject to its report: the rules, the day, the waivers, the verdicts; the same for every command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from hardware.provider.settings import Settings
from policies import load_rules, policies_digest
from ringfence.cli.subjects import Subject
from ringfence.judge import judge
from ringfence.report import Picture, Report, report_on
from ringfence.rule import Rule
from ringfence.statement import utc_now
from ringfence.trust import load_trust
from ringfence.verdict import Stage
from ringfence.waiver import Waivers, apply_waivers, load_waivers


def report_of(
    subject: Subject, *, today: date | None = None, stage: Stage | None = None, waivers: Path | None = None,
    notices: Iterable[str] = (), pictures: Iterable[Picture] = (),
) -> Report:  # fmt: skip
    """Judge a subject and report on it.

    Args:
        subject: what was read.
        today: a day that a person chose instead of the clock's (UTC); it marks the report.
        stage: another stage than the subject's own.
        waivers: another folder of waivers than the one beside the country file.
        notices: problems that the report names beside the verdicts.
        pictures: drawings for formats that show them.

    Raises:
        InputError: there are waivers, and no trust root by which they could be verified.
    """
    day, at = today or utc_now().date(), stage or subject.stage
    rules = load_rules()
    asked = {name: rule for name, rule in rules.items() if not subject.only_pods or set(rule.reads) == {"pods"}}
    verdicts = judge(subject.estate, asked, today=day, stage=at, lines=subject.lines, file=subject.file)
    waived = _waivers(waivers or subject.waivers, rules, day)
    return report_on(
        subject.estate, asked, apply_waivers(verdicts, waived.in_force, rules, day),
        subject=subject.name, stage=at, today=day, pretended=today is not None, policies=policies_digest(),
        declaration=subject.declaration, left_out=set(rules) - set(asked),
        notices=(*subject.notices, *waived.notices, *notices), pictures=pictures,
    )  # fmt: skip


def _waivers(folder: Path | None, rules: Mapping[str, Rule], today: date) -> Waivers:
    if folder is None or not any(folder.glob("*.json")):
        return Waivers()
    return load_waivers(folder, load_trust(Settings.from_environment().trust_root), rules, today)
