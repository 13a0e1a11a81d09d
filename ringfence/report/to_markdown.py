"""A report as Markdown, for a merge request or a CI job's summary."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.escape import markdown
from ringfence.report.report import Report
from ringfence.verdict import Verdict

_ANSWERS = {"yes": "✅ yes", "no": "❌ no", "unknown": "❓ unknown"}


def render(report: Report) -> str:
    """Return the decision, the counts, what does not pass, and what was not examined."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## Ringfence: {markdown(report.subject)}"
    yield ""
    yield f"**May the deployment go ahead? {_ANSWERS[report.decision]}.** {report.sentence()}"
    if report.pretended:
        yield f"\n> Judged as if today were {report.today.isoformat()}: not evidence."
    yield ""
    yield " · ".join(f"{count} {status.replace('_', ' ')}" for status, count in report.counts.items())
    shown = [verdict for verdict in report.verdicts if verdict.status in ("fail", "unknown", "waived")]
    if shown:
        yield "\n| status | rule | severity | subject | what was found | where |"
        yield "|---|---|---|---|---|---|"
        for verdict in sorted(shown, key=lambda verdict: (not verdict.binds(report.stage), verdict.status != "fail")):
            yield _row(verdict, report)
    for title, items in (("Notices", report.notices), ("Not examined", report.not_examined)):
        if items:
            yield f"\n<details><summary>{title} ({len(items)})</summary>\n"
            yield from (f"- {markdown(item)}" for item in items)
            yield "\n</details>"
    yield ""
    yield f"<sub>ringfence {report.version}, stage {report.stage}, policies {report.policies}</sub>"


def _row(verdict: Verdict, report: Report) -> str:
    status = verdict.status if verdict.binds(report.stage) else f"{verdict.status} (advisory)"
    path = " → ".join(verdict.path)
    found = markdown(verdict.message) + (f"<br>{markdown(path)}" if path else "")
    where = markdown(f"{verdict.source.file}:{verdict.source.line}") if verdict.source else ""
    cells = (status, f"`{verdict.rule}` {markdown(verdict.title)}", verdict.severity, markdown(verdict.subject))
    return f"| {' | '.join(cells)} | {found} | {where} |"
