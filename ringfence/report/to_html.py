"""A report as one HTML file for people: readable offline, in any browser, on paper, and safe with hostile texts.

Verdicts lie in the page as JSON and are drawn as they come into view, so that 50,000 of them open at once. Texts reach
the page through autoescaped templates and ``textContent`` only, and a content security policy allows nothing but the
report's own script, by its digest.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

import jinja2
from markupsafe import Markup

from ringfence.escape import script, terminal
from ringfence.report.report import Report
from ringfence.verdict import STATUSES, Verdict, blocking

_REASONS = 5
_ANSWERS = {"yes": "Yes", "no": "No", "unknown": "Not known"}
_LABELS = {"pass": "pass", "fail": "fail", "unknown": "unknown", "waived": "waived", "not_applicable": "not applicable"}
_ORDER = {"fail": 0, "unknown": 1, "waived": 2, "pass": 3, "not_applicable": 4}


def render(report: Report) -> str:
    """Return the page."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("ringfence.report"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    code = _resource("report.js")
    policy = b64encode(sha256(code.encode()).digest()).decode("ascii")
    shut = blocking(report.verdicts, report.stage)
    return templates.get_template("report.html.j2").render(
        report=report,
        answer=_ANSWERS[report.decision],
        labels=_LABELS,
        statuses=STATUSES,
        reasons=shut[:_REASONS],
        more=max(len(shut) - _REASONS, 0),
        tallies=_tallies(report),
        style=Markup(_resource("report.css")),  # noqa: S704 - our own file
        code=Markup(code),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{policy}'",
        data=Markup(script(_data(report))),  # noqa: S704 - made safe for a script element by `script`
        pictures=[(picture.title, Markup(picture.svg)) for picture in report.pictures],  # noqa: S704 - see Picture
        visible=terminal,
    )


def _tallies(report: Report) -> dict[str, dict[str, int]]:
    """Count each rule's verdicts by status."""
    tallies: dict[str, dict[str, int]] = {examined.rule: dict.fromkeys(map(str, STATUSES), 0) for examined in report.rules}
    for verdict in report.verdicts:
        tallies.setdefault(verdict.rule, dict.fromkeys(map(str, STATUSES), 0))[verdict.status] += 1
    return tallies


def _data(report: Report) -> str:
    """Return what the page's script draws: rules once, verdicts as short rows, those that matter first."""
    rules = {
        examined.rule: {
            "title": examined.title, "severity": examined.severity, "remedy": examined.remedy, "doc": examined.doc,
            "controls": list(examined.controls),
        }
        for examined in report.rules
    }  # fmt: skip
    ordered = sorted(report.verdicts, key=lambda verdict: (_ORDER[verdict.status], not verdict.binds(report.stage)))
    rows = [_row(verdict, report) for verdict in ordered]
    return json.dumps({"rules": rules, "verdicts": rows}, ensure_ascii=False, separators=(",", ":"))


def _row(verdict: Verdict, report: Report) -> dict[str, object]:
    row: dict[str, object] = {
        "r": verdict.rule, "s": verdict.status, "b": verdict.binds(report.stage), "g": verdict.grade,
        "o": terminal(verdict.subject), "n": verdict.judged,
    }  # fmt: skip
    if verdict.message:
        row["m"] = terminal(verdict.message)
    if verdict.path:
        row["p"] = [terminal(hop) for hop in verdict.path]
    if verdict.source:
        row["f"] = terminal(f"{verdict.source.file}:{verdict.source.line}")
    if site := report.sites.get(verdict.subject):
        row["t"] = terminal(site)
    if verdict.waiver:
        waiver = verdict.waiver
        row["w"] = terminal(f"Waived by {waiver.owner} until {waiver.expires}: {waiver.reason} ({waiver.ticket})")
    return row


def _resource(name: str) -> str:
    return files("ringfence.report").joinpath("templates", name).read_text("utf-8")
