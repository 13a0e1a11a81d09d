"""Text, Markdown, CSV and JUnit: what they show, and that hostile texts stay texts."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

import msgspec
import pytest

from ringfence.errors import InputError
from ringfence.report import FORMATS, Report, render
from tests.ringfence.report.conftest import report, verdict


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_report_gives_the_same_text(form: str, each_status: Report) -> None:
    assert render(each_status, form) == render(each_status, form)


def test_a_format_that_does_not_exist_yet_is_refused_in_one_line(each_status: Report) -> None:
    with pytest.raises(InputError, match="format oscal does not exist yet; use one of text, json"):
        render(each_status, "oscal")


def test_the_text_shows_what_does_not_pass_and_ends_with_the_decision(each_status: Report) -> None:
    lines = render(each_status, "text").splitlines()
    assert lines[-1] == "The deployment may not go ahead: 1 mandatory failure, and 1 mandatory answer could not be had."
    assert any("countries/lab.yaml:41" in line for line in lines)
    assert not any("RF-KEY-001" in line for line in lines)


def test_passes_are_shown_with_their_denominator_on_request(each_status: Report) -> None:
    assert "keys: 3 judged" in render(each_status, "text", everything=True)


def test_colours_come_only_when_asked_for(each_status: Report) -> None:
    assert "\x1b[" not in render(each_status, "text")
    assert "\x1b[" in render(each_status, "text", colour=True)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_hostile_texts_send_nothing_to_a_terminal(form: str, hostile: Report) -> None:
    shown = render(hostile, form)
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_markdown_shows_hostile_markup_as_text(hostile: Report) -> None:
    shown = render(hostile, "markdown")
    assert "<img" not in shown
    row = next(line for line in shown.splitlines() if "RF-RES-001" in line)
    assert row.replace("\\|", "").count("|") == 7


def test_no_cell_of_the_csv_is_a_formula() -> None:
    attacks = ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "  =1", "\uff1d1"]
    table = list(csv.DictReader(io.StringIO(render(report(*(verdict(subject=attack) for attack in attacks)), "csv"))))
    assert [row["subject"] for row in table] == [f"'{attack}" for attack in attacks]


def test_the_csv_has_a_row_for_each_verdict_with_its_site(each_status: Report) -> None:
    table = list(csv.DictReader(io.StringIO(render(each_status, "csv"))))
    assert [row["status"] for row in table] == [item.status for item in each_status.verdicts]
    assert table[0]["site"] == "north"
    assert table[0]["line"] == "41"


def test_junit_fails_on_what_keeps_the_gate_shut_and_skips_the_rest(each_status: Report) -> None:
    suites = ElementTree.fromstring(render(each_status, "junit"))
    assert {name: suites.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "1", "errors": "1", "skipped": "3",
    }  # fmt: skip
    assert [case.find("failure") is not None for case in suites.iter("testcase")].count(True) == 1


@pytest.mark.parametrize("name", ["subject", "country", "not_examined"])
def test_junit_is_well_formed_whatever_the_texts_are(name: str, hostile: Report) -> None:
    value = "\x00\ud800\ufffe" if name != "not_examined" else ("\x00",)
    ElementTree.fromstring(render(msgspec.structs.replace(hostile, **{name: value}), "junit"))
