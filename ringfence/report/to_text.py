"""A report as text for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap

import click

from ringfence.escape import terminal
from ringfence.report.report import Report
from ringfence.verdict import Verdict

WIDTH = 110
_UNEXAMINED = 3
_INDENT = "      "
_LABELS = {"pass": "pass", "fail": "FAIL", "unknown": "unknown", "waived": "waived", "not_applicable": "n/a"}
_COLOURS = {"pass": "green", "fail": "red", "unknown": "yellow", "waived": "cyan", "not_applicable": "bright_black"}
_DECISION_COLOURS = {"yes": "green", "no": "red", "unknown": "yellow"}

Paint = Callable[[str, str], str]


def render(report: Report, *, colour: bool = False, everything: bool = False) -> str:
    """Return what does not pass (or ``everything``), worst last so that it stays on the screen, then the decision."""

    def paint(text: str, name: str) -> str:
        return click.style(text, fg=name, bold=name in ("red", "yellow")) if colour else text

    return "\n".join(_lines(report, paint, everything)) + "\n"


def _lines(report: Report, paint: Paint, everything: bool) -> Iterator[str]:
    shown = [v for v in report.verdicts if everything or v.status in ("fail", "unknown", "waived")]
    for verdict in sorted(shown, key=lambda v: (v.status in ("fail", "unknown"), v.binds(report.stage), v.status)):
        yield from _verdict(verdict, report, paint)
        yield ""
    if report.notices:
        yield from (paint("notice ", "yellow") + terminal(notice) for notice in report.notices)
        yield ""
    judged = sum(rule.judged for rule in report.rules)
    yield f"{terminal(report.subject)}: {len(report.rules)} rules on {judged:,} facts, stage {report.stage}"
    yield " · ".join(f"{count} {status.replace('_', ' ')}" for status, count in report.counts.items())
    if report.not_examined:
        rest = len(report.not_examined) - _UNEXAMINED
        more = f"; and {rest} more (see --format markdown)" if rest > 0 else ""
        yield f"not examined: {terminal('; '.join(report.not_examined[:_UNEXAMINED]))}{more}"
    if report.pretended:
        yield paint(f"Judged as if today were {report.today.isoformat()}: not evidence.", "yellow")
    yield paint(report.sentence(), _DECISION_COLOURS[report.decision])


def _verdict(verdict: Verdict, report: Report, paint: Paint) -> Iterator[str]:
    binding = "mandatory" if verdict.binds(report.stage) else "advisory"
    label = paint(f"{_LABELS[verdict.status]:<8}", _COLOURS[verdict.status])
    yield f"{label}{verdict.rule}  {terminal(verdict.title)} ({verdict.severity}, {binding}, {verdict.grade or 'no facts'})"
    about = f"{verdict.subject}: {verdict.judged:,} judged" if verdict.status == "pass" else verdict.subject
    yield from _wrapped(f"{about}: {verdict.message}" if verdict.message else about)
    for depth, hop in enumerate(verdict.path):
        yield from _wrapped(f"{'  ' * min(depth, 8)}{'└ ' if depth else ''}{hop}")
    if verdict.source:
        yield _INDENT + paint(terminal(f"{verdict.source.file}:{verdict.source.line}"), "cyan")
    if verdict.waiver:
        waiver = verdict.waiver
        yield from _wrapped(f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason} ({waiver.ticket})")
    if verdict.status in ("fail", "unknown"):
        yield from _wrapped(f"→ {verdict.remedy}")


def _wrapped(text: str) -> Iterator[str]:
    lead = text[: len(text) - len(text.lstrip(" "))]
    return iter(
        wrap(terminal(text.strip(" ")), WIDTH, initial_indent=_INDENT + lead, subsequent_indent=_INDENT + lead + "  ",
             break_long_words=False, break_on_hyphens=False)
    )  # fmt: skip
