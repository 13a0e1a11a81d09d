from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from policies import load_rules, policies_digest
from ringfence.estate import Estate
from ringfence.examples import run_examples
from ringfence.facts import Law, Obligation
from ringfence.rule import Rule
from ringfence.verdict import STATUSES, summary
from tests.policies.minimal import MINIMAL, TODAY, compile_text, country, verdicts

RULES = load_rules()
LAB = Path(__file__).resolve().parents[2] / "countries" / "lab.yaml"


def test_every_rule_shows_what_its_examples_say() -> None:
    assert run_examples(RULES, MINIMAL, compile_text, TODAY) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_that_finds_nothing_any_more_is_caught_by_its_examples(rule: Rule) -> None:
    def sleeps(estate: Estate) -> list[object]:
        return []

    broken = {rule.id: replace(rule, check=sleeps)}  # type: ignore[arg-type]
    assert run_examples(broken, MINIMAL, compile_text, TODAY)


def test_the_minimal_country_passes_every_rule() -> None:
    assert summary(verdicts(country())) == {**dict.fromkeys(STATUSES, 0), "pass": len(RULES)}


def test_the_lab_passes_every_rule() -> None:
    assert summary(verdicts(compile_text(LAB.read_bytes())))["pass"] == len(RULES)


def test_rules_span_the_axes() -> None:
    subjects = {rule_id.split("-")[1] for rule_id in RULES}
    assert {"RES", "OWN", "PER", "NET", "KEY", "STO", "POD", "AST", "ECO", "GOV"} <= subjects


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_is_named_and_described_like_the_others(rule: Rule) -> None:
    assert re.fullmatch(r"RF-[A-Z]{3}-\d{3}", rule.id)
    assert not rule.title.endswith(".")
    assert rule.doc.endswith(".")
    assert rule.remedy.endswith(".")
    assert all(re.fullmatch(r"(nist-800-53|iso-27001|pss):\S+", control) for control in rule.controls)


def test_the_rules_come_in_the_order_of_their_ids() -> None:
    assert list(RULES) == sorted(RULES)


def test_the_digest_is_the_same_each_time() -> None:
    assert policies_digest() == policies_digest()
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", policies_digest())


def test_the_digest_changes_with_a_rule_and_with_the_judge_but_not_with_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("policies/keys.py", "ringfence/judge.py", "ringfence/cli/show.py", "policies/laws/a.yaml"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("one")
    monkeypatch.setattr("policies.files", lambda room: tmp_path / room)
    digests = [policies_digest()]
    for name in ("ringfence/cli/show.py", "policies/keys.py", "ringfence/judge.py", "policies/laws/a.yaml"):
        (tmp_path / name).write_text("two")
        digests.append(policies_digest())
    assert digests[0] == digests[1]
    assert len(set(digests[1:])) == 4


def test_an_unverified_law_fails_in_its_strictest_reading_and_never_passes() -> None:
    estate = country()
    power = Law("xa-power", "", "power", "2090-01-01", "", False, (Obligation("weights", "", "territory"),))
    doubted = structs.replace(estate, laws=(*estate.laws, power))
    (verdict,) = verdicts(doubted, "RF-RES-002")
    assert (verdict.status, "xa-power" in verdict.message) == ("unknown", True)
    broken = structs.replace(doubted, buckets=(*estate.buckets, structs.replace(estate.buckets[1], place="exchange")))
    assert "fail" in {verdict.status for verdict in verdicts(broken, "RF-RES-002")}


def test_a_law_whose_grace_has_not_ended_only_advises() -> None:
    estate = country({"laws": [], "data_classes.health.foreign_ownership": 100})
    law = Law("xa-new", "", "duty", "2026-01-01", "2026-12-31", True, (Obligation("health", foreign_ownership=10),))
    graced = structs.replace(estate, laws=(law,))
    (during,) = verdicts(graced, "RF-OWN-001", today=date(2026, 6, 1))
    (after,) = verdicts(graced, "RF-OWN-001", today=date(2027, 1, 1))
    assert (during.status, during.mandatory) == ("fail", ())
    assert (after.status, after.mandatory) == ("fail", ("file", "plan"))


def test_a_partner_counts_until_its_recognition_ends() -> None:
    estate = country({"stores.models.copies": ["north", "exchange"]})
    (last,) = verdicts(estate, "RF-RES-002", today=date(2028, 1, 1))
    assert last.status == "pass"
    (after,) = verdicts(estate, "RF-RES-002", today=date(2028, 1, 2))
    assert (after.status, "xa-models-exchange" in after.subject) == ("fail", True)


def test_a_passing_residency_proof_lists_what_it_took_on_trust() -> None:
    (verdict,) = verdicts(country(), "RF-RES-001")
    assert verdict.status == "pass"
    assert "health: read from bucket:xa-records-north to pool:serve" in verdict.path
    assert not any(hop.startswith("public:") for hop in verdict.path)
