"""JSON: the schema that other programs build on."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import msgspec

from ringfence.report import Report, render
from tests.ringfence.report.conftest import HOSTILE, report, verdict


def test_the_json_schema_does_not_change_by_accident(each_status: Report) -> None:
    kept = msgspec.structs.replace(each_status, verdicts=(each_status.verdicts[0], each_status.verdicts[2]))
    assert render(kept, "json") == Path(__file__).with_name("golden.json").read_text(encoding="utf-8")


def test_a_day_that_a_person_chose_marks_the_report() -> None:
    real = json.loads(render(report(verdict()), "json"))
    pretended = json.loads(render(report(verdict(), pretended=True, today=date(2030, 1, 1)), "json"))
    assert "today" not in real
    assert pretended["today"] == "2030-01-01"


def test_hostile_texts_come_back_from_json_as_they_were(hostile: Report) -> None:
    assert json.loads(render(hostile, "json"))["verdicts"][0]["message"] == HOSTILE
