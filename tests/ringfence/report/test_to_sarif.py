"""SARIF 2.1.0: what the standard demands, and what a code scanner shows of each status."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ringfence.report import Report, render


@pytest.fixture
def run(each_status: Report) -> dict[str, Any]:
    log = json.loads(render(each_status, "sarif"))
    assert log["version"] == "2.1.0"
    (only,) = log["runs"]
    return only


def test_every_result_has_what_the_standard_requires(run: dict[str, Any]) -> None:
    assert run["tool"]["driver"]["name"] == "Ringfence"
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in {"none", "note", "warning", "error"}
        # §3.27.9: where the kind is not "fail", the level is absent or "none".
        assert result["kind"] == "fail" or result["level"] == "none"


def test_rule_index_points_at_the_rule_of_the_result(run: dict[str, Any]) -> None:
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_kinds_and_levels_tell_the_statuses_apart(run: dict[str, Any]) -> None:
    told = [(result["kind"], result["level"]) for result in run["results"]]
    assert told == [
        ("fail", "error"), ("open", "none"), ("fail", "error"), ("fail", "warning"), ("pass", "none"),
        ("notApplicable", "none"),
    ]  # fmt: skip


def test_a_waiver_suppresses_its_result_and_says_why(run: dict[str, Any]) -> None:
    suppressed = [result for result in run["results"] if "suppressions" in result]
    assert [result["ruleId"] for result in suppressed] == ["RF-STO-001"]
    assert "Ministry" in suppressed[0]["suppressions"][0]["justification"]


def test_a_failing_path_is_a_code_flow_and_its_line_a_region(run: dict[str, Any]) -> None:
    failing = run["results"][0]
    hops = failing["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [hop["location"]["message"]["text"] for hop in hops] == ["records in XA", "replication to abroad in XB"]
    assert failing["locations"][0]["physicalLocation"]["region"] == {"startLine": 41}


def test_what_was_not_examined_is_a_notification(run: dict[str, Any]) -> None:
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "not examined: pods: not covered"


def test_uris_hold_no_character_that_a_uri_may_not(hostile: Report) -> None:
    result = json.loads(render(hostile, "sarif"))["runs"][0]["results"][0]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9%/._~:-]+", uri)
