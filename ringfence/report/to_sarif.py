"""A report as SARIF 2.1.0, for code scanning: the failing line, the rule's help, and a failing path as a code flow."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from ringfence.report.report import Examined, Report
from ringfence.verdict import Severity, Verdict

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_KINDS = {"pass": "pass", "fail": "fail", "unknown": "open", "waived": "fail", "not_applicable": "notApplicable"}
# GitHub and others order security results by this number, which has CVSS's range.
_SCORES: dict[Severity, str] = {"low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}


def render(report: Report) -> str:
    """Return a log with one run. What a mandatory rule fails is an error, an advisory failure a warning."""
    index = {examined.rule: number for number, examined in enumerate(report.rules)}
    run = {
        "tool": {
            "driver": {
                "name": "Ringfence",
                "version": report.version,
                "rules": [_rule(examined) for examined in report.rules],
            }
        },
        "invocations": [{"executionSuccessful": True, "exitCode": report.exit_code, **_notifications(report)}],
        "columnKind": "unicodeCodePoints",
        "properties": {
            "stage": report.stage,
            "digests": {"declaration": report.declaration, "policies": report.policies},
            **({"today": report.today.isoformat()} if report.pretended else {}),
        },
        "results": [_result(verdict, report, index) for verdict in report.verdicts],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False) + "\n"


def _rule(examined: Examined) -> dict[str, Any]:
    severity: Any = examined.severity
    return {
        "id": examined.rule,
        "shortDescription": {"text": examined.title},
        "fullDescription": {"text": examined.doc},
        "help": {"text": examined.remedy},
        "properties": {"tags": ["security", *examined.controls], "security-severity": _SCORES[severity]},
    }


def _notifications(report: Report) -> dict[str, Any]:
    """Tell consumers what was not looked at: a result that is not there must not read as a pass."""
    told = [("warning", notice) for notice in report.notices]
    told += [("note", f"not examined: {what}") for what in report.not_examined]
    if not told:
        return {}
    return {"toolExecutionNotifications": [{"level": level, "message": {"text": text}} for level, text in told]}


def _result(verdict: Verdict, report: Report, index: dict[str, int]) -> dict[str, Any]:
    kind = _KINDS[verdict.status]
    level = ("error" if verdict.binds(report.stage) else "warning") if kind == "fail" else "none"
    named = "\0".join((verdict.rule, verdict.subject, verdict.message))
    result: dict[str, Any] = {
        "ruleId": verdict.rule,
        "kind": kind,
        "level": level,
        "message": {"text": f"{verdict.subject}: {verdict.message or verdict.title}"},
        "locations": [_location(verdict)],
        "partialFingerprints": {"ringfence/v1": sha256(named.encode("utf-8", "replace")).hexdigest()},
        "properties": {"status": verdict.status, "grade": verdict.grade, "mandatory": list(verdict.mandatory)},
    }
    if verdict.rule in index:
        result["ruleIndex"] = index[verdict.rule]
    if verdict.path:
        hops = [{"location": {"message": {"text": hop}}} for hop in verdict.path]
        result["codeFlows"] = [{"threadFlows": [{"locations": hops}]}]
    if verdict.waiver:
        why = f"{verdict.waiver.reason} ({verdict.waiver.owner}, {verdict.waiver.ticket}, until {verdict.waiver.expires})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return result


def _location(verdict: Verdict) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": verdict.subject}]}
    if verdict.source:
        file = PurePath(verdict.source.file)
        uri = ("file://" if file.is_absolute() else "") + quote(file.as_posix())
        location["physicalLocation"] = {
            "artifactLocation": {"uri": uri},
            "region": {"startLine": max(verdict.source.line, 1)},
        }
    return location
