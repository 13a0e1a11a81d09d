"""A report as JSON: the stable schema for other programs, the same bytes for the same report."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ringfence.report.report import Report
from ringfence.verdict import Verdict

SCHEMA = 1

# Digest, count and remedy of a verdict belong to other formats; what is listed here is what programs may build on.
_FIELDS = (
    "rule",
    "title",
    "severity",
    "mandatory",
    "status",
    "grade",
    "subject",
    "message",
    "path",
    "source",
    "waiver",
)


def render(report: Report) -> str:
    """Return one JSON object. ``today`` is there only when a person chose the day: such a report is no evidence."""
    document: dict[str, Any] = {
        "ringfence": report.version,
        "schema": SCHEMA,
        "subject": report.subject,
        "digests": {"declaration": report.declaration, "policies": report.policies},
        "summary": report.counts,
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
    }
    if report.pretended:
        document["today"] = report.today.isoformat()
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _verdict(verdict: Verdict) -> dict[str, Any]:
    plain = msgspec.to_builtins(verdict)
    return {field: plain[field] for field in _FIELDS}
