"""Several reports as one: `ringfence check` of several paths gives one answer and one exit code."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ringfence.estate import digest
from ringfence.report.report import Examined, Report


def joined(reports: Sequence[Report]) -> Report:
    """Return one report over all; the stage, the day and the policies are the same in each. Needs at least one."""
    first = reports[0]
    if len(reports) == 1:
        return first
    rules: dict[str, Examined] = {}
    for examined in (item for report in reports for item in report.rules):
        known = rules.get(examined.rule)
        judged = examined.judged + (known.judged if known else 0)
        rules[examined.rule] = msgspec.structs.replace(examined, judged=judged)
    return msgspec.structs.replace(
        first,
        subject=", ".join(report.subject for report in reports),
        country=", ".join(dict.fromkeys(report.country for report in reports if report.country)),
        verdicts=tuple(verdict for report in reports for verdict in report.verdicts),
        rules=tuple(rules[rule_id] for rule_id in sorted(rules)),
        coverage=tuple(item for report in reports for item in report.coverage),
        not_examined=tuple(f"{report.subject}: {what}" for report in reports for what in report.not_examined),
        notices=tuple(notice for report in reports for notice in report.notices),
        sites={subject: site for report in reports for subject, site in report.sites.items()},
        declaration=digest([report.declaration for report in reports]),
        estate=digest([report.estate for report in reports]),
        pictures=tuple(picture for report in reports for picture in report.pictures),
    )
