"""A report as CSV (RFC 4180): one row per verdict, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io

from ringfence.escape import cell
from ringfence.report.report import Report

COLUMNS = (
    "rule", "title", "severity", "mandatory", "status", "grade", "subject", "site", "message", "path", "file", "line",
    "waiver", "remedy",
)  # fmt: skip


def render(report: Report) -> str:
    """Return the verdicts as rows below a header; a path's hops are joined by ``→``."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for verdict in report.verdicts:
        row = (
            verdict.rule, verdict.title, verdict.severity, " ".join(verdict.mandatory), verdict.status, verdict.grade,
            verdict.subject, report.sites.get(verdict.subject, ""), verdict.message, " → ".join(verdict.path),
            verdict.source.file if verdict.source else "", str(verdict.source.line) if verdict.source else "",
            verdict.waiver.id if verdict.waiver else "", verdict.remedy,
        )  # fmt: skip
        table.writerow([cell(value) for value in row])
    return stream.getvalue()
