"""A report as JUnit XML: a test suite per rule, a test case per verdict, for CI systems that show tests."""

from __future__ import annotations

from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ringfence.escape import xml
from ringfence.report.report import Report
from ringfence.verdict import Verdict


def render(report: Report) -> str:
    """Return the suites. What keeps the gate shut is a failure or (unknown) an error; what is advisory is skipped."""
    suites = Element("testsuites", name=xml(f"ringfence {report.subject}"))
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for rule, group in groupby(report.verdicts, key=lambda verdict: verdict.rule):
        suite = SubElement(suites, "testsuite", name=xml(rule))
        counts = dict.fromkeys(totals, 0)
        for verdict in group:
            counts["tests"] += 1
            if outcome := _case(suite, verdict, report):
                counts[outcome] += 1
        for name, count in counts.items():
            suite.set(name, str(count))
            totals[name] += count
    for name, count in totals.items():
        suites.set(name, str(count))
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _case(suite: Element, verdict: Verdict, report: Report) -> str:
    """Add one test case; return the counter of the suite that it raises, or nothing for a pass."""
    case = SubElement(suite, "testcase", classname=xml(verdict.rule), name=xml(f"{verdict.title}: {verdict.subject}"))
    if verdict.source:
        case.set("file", xml(verdict.source.file))
        case.set("line", str(verdict.source.line))
    if verdict.status == "pass":
        return ""
    tag, counter = "skipped", "skipped"
    if verdict.binds(report.stage) and verdict.status == "fail":
        tag, counter = "failure", "failures"
    elif verdict.binds(report.stage) and verdict.status == "unknown":
        tag, counter = "error", "errors"
    mark = "" if tag != "skipped" else f"{verdict.status}: "
    outcome = SubElement(case, tag, message=xml(mark + verdict.message))
    outcome.text = xml("\n".join((verdict.message, *verdict.path, verdict.remedy)))
    return counter
