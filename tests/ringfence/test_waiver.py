from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ringfence.rule import Rule
from ringfence.statement import Statement, sign
from ringfence.verdict import Severity, Status, Verdict, Waived
from ringfence.waiver import MAX_DAYS, Terms, WaiverError, Waivers, apply_waivers, issue_waiver, load_waivers
from tests.ringfence.signing import NOW, public_key, signer, trust_root

TODAY = NOW.date()
TRUST = trust_root(public_key("officer", "waiver-officer", "Ada, officer"), public_key("gate", "gate"))


def rule(rule_id: str = "RF-NET-003", severity: Severity = "high", waivable: bool = True) -> Rule:
    return Rule(
        rule_id, "Title", severity, ("file",), ("flows",), (), "Do this.", (), ({},), (), waivable, lambda _: (), "Doc.", "x"
    )


RULES = {"RF-NET-003": rule(), "RF-RES-001": rule("RF-RES-001", "critical", waivable=False)}


def terms(**changes: Any) -> Terms:
    made = {
        "rule": "RF-NET-003", "subject": "gw-1", "owner": "Bo, network", "reason": "The vendor mends it in May.",
        "ticket": "OPS-17", "expires": TODAY + timedelta(days=10),
    }  # fmt: skip
    return Terms(**{**made, **changes})


def envelope(key: str = "officer", **changes: Any) -> bytes:
    return issue_waiver(terms(**changes), RULES, signer(key), NOW)


def load(folder: Path, content: bytes, today: date = TODAY) -> Waivers:
    (folder / "w-1.json").write_bytes(content)
    return load_waivers(folder, TRUST, RULES, today)


def notice(folder: Path, content: bytes, today: date = TODAY) -> str:
    waivers = load(folder, content, today)
    assert waivers.in_force == ()
    [line] = waivers.notices
    return line.removeprefix(f"{folder}/w-1.json: this waiver does not count: ")


def verdict(status: Status = "fail", subject: str = "gw-1", rule_id: str = "RF-NET-003") -> Verdict:
    return Verdict(rule_id, "Title", "high", ("file",), status, "declared", subject, "lets 0.0.0.0/0 out")


def test_a_waived_failure_keeps_its_message_and_carries_the_waiver(tmp_path: Path) -> None:
    [waived] = apply_waivers([verdict()], load(tmp_path, envelope()).in_force, RULES, TODAY)
    assert (waived.status, waived.message) == ("waived", "lets 0.0.0.0/0 out")
    assert waived.waiver == Waived("w-1", "Bo, network", "The vendor mends it in May.", "OPS-17", "2026-05-11")


@pytest.mark.parametrize(
    "other",
    [verdict(subject="gw-2"), verdict(rule_id="RF-NET-004"), *(verdict(s) for s in ("pass", "unknown", "not_applicable"))],
)
def test_a_waiver_changes_only_failures_of_its_rule_and_subject(tmp_path: Path, other: Verdict) -> None:
    assert apply_waivers([other], load(tmp_path, envelope()).in_force, RULES, TODAY) == [other]


def test_a_star_waives_every_subject_of_its_rule_and_no_pattern_does(tmp_path: Path) -> None:
    failures = [verdict(), verdict(subject="gw-2")]
    for subject, status in (("*", "waived"), ("gw-*", "fail")):
        waivers = load(tmp_path, envelope(subject=subject)).in_force
        assert {found.status for found in apply_waivers(failures, waivers, RULES, TODAY)} == {status}


def test_a_waiver_ends_by_itself_on_the_day_after_its_last(tmp_path: Path) -> None:
    last = TODAY + timedelta(days=10)
    assert load(tmp_path, envelope(), last).in_force
    assert "expired at 2026-05-12T00:00:00Z" in notice(tmp_path, envelope(), last + timedelta(days=1))


def test_a_loaded_waiver_ends_too_when_the_day_changes(tmp_path: Path) -> None:
    waivers = load(tmp_path, envelope()).in_force
    assert apply_waivers([verdict()], waivers, RULES, TODAY + timedelta(days=11)) == [verdict()]


def test_a_waiver_does_not_count_before_it_was_issued(tmp_path: Path) -> None:
    assert "not valid before" in notice(tmp_path, envelope(), TODAY - timedelta(days=1))


@pytest.mark.parametrize(("severity", "days"), MAX_DAYS.items())
def test_a_waiver_holds_no_longer_than_its_rules_severity_allows(severity: Severity, days: int) -> None:
    rules = {"RF-NET-003": rule(severity=severity)}
    issue_waiver(terms(expires=TODAY + timedelta(days=days)), rules, signer("officer"), NOW)
    with pytest.raises(WaiverError, match=f"holds for {days + 1} days; RF-NET-003 is {severity}, for which {days}"):
        issue_waiver(terms(expires=TODAY + timedelta(days=days + 1)), rules, signer("officer"), NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rule": "RF-RES-001"}, "RF-RES-001 cannot be waived"),
        ({"rule": "RF-XXX-999"}, "there is no rule RF-XXX-999"),
        ({"expires": TODAY - timedelta(days=1)}, "it ended on 2026-04-30"),
    ],
)
def test_a_waiver_that_would_not_count_is_not_issued(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(WaiverError, match=why):
        envelope(**changes)


def raw(body: dict[str, Any], *, kind: str = "waiver", key: str = "officer") -> bytes:
    """A waiver that was signed without asking whether it would count."""
    return sign(Statement(kind, {}, key, NOW, NOW + timedelta(days=400), body), signer(key))


def body(**changes: Any) -> dict[str, Any]:
    return {**terms().model_dump(mode="json"), **changes}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (raw(body(expires="2027-05-01")), "it holds for 365 days; RF-NET-003 is high, for which 30 are the most"),
        (raw(body(rule="RF-RES-001")), "RF-RES-001 cannot be waived"),
        (raw(body(rule="RF-XXX-999")), "there is no rule RF-XXX-999"),
        (raw(body(expires="2026-04-30")), "it ended on 2026-04-30; mend what it waived, or ask for a new one"),
        (raw(body(owner="ada, OFFICER")), "its owner ada, OFFICER signed it; another officer must"),
        (raw(body(reason="")), "reason: String should have at least 1 character"),
        (raw(body(owner="\x1b[31mred")), "owner: Value error, character U+001B is not allowed in a text"),
        (raw(body(colour="red")), "colour: Extra inputs are not permitted"),
        (raw({}), "rule: Field required"),
        (raw(body(), key="gate"), "key gate does not have the role waiver-officer"),
        (raw(body(), key="mallory"), "key mallory is not in the trust root"),
        (raw(body(), kind="permit"), "it is a 'permit', not a waiver"),
        (b"{}", "it is not a signed statement: its envelope cannot be read"),
    ],
)
def test_a_waiver_that_does_not_count_is_named_with_the_reason(tmp_path: Path, content: bytes, why: str) -> None:
    assert notice(tmp_path, content) == why


def test_an_altered_waiver_does_not_count(tmp_path: Path) -> None:
    altered = json.loads(envelope())
    altered["payload"] = json.loads(envelope(subject="gw-2"))["payload"]
    assert "does not fit" in notice(tmp_path, json.dumps(altered).encode())


def test_a_bad_waiver_does_not_keep_a_good_one_from_counting(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"junk")
    waivers = load(tmp_path, envelope())
    assert (len(waivers.in_force), len(waivers.notices)) == (1, 1)


def test_a_waiver_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "w-1.json").mkdir()
    [line] = load_waivers(tmp_path, TRUST, RULES, TODAY).notices
    assert "it cannot be read: Is a directory" in line


def test_where_there_is_no_folder_there_are_no_waivers(tmp_path: Path) -> None:
    assert load_waivers(tmp_path / "none", TRUST, RULES, TODAY) == Waivers()


def test_the_first_waiver_that_covers_a_failure_is_the_one_shown(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(envelope(subject="*"))
    (tmp_path / "a.json").write_bytes(envelope())
    [found] = apply_waivers([verdict()], load_waivers(tmp_path, TRUST, RULES, TODAY).in_force, RULES, TODAY)
    assert found.waiver is not None
    assert found.waiver.id == "a"
