from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from ringfence.estate import Coverage, Estate
from ringfence.facts import Country, Custodian, Hsm, Law, Obligation
from ringfence.judge import judge
from ringfence.rule import Check, Rule
from ringfence.verdict import Finding, Source, Verdict, blocking

TODAY = date(2026, 5, 1)
COUNTRY = Country("XA", "Atlantis", ("qaa",))
TWO = (Custodian("c-1", "Ministry"), Custodian("c-2", "Authority"))
LAW = Law("xa-act", "Act 1", "duty", "2026-01-01", "", True, (Obligation(stay_in="territory"),))


def estate(*, covered: Iterable[Coverage | str] = ("custodians", "quorum", "laws"), **facts: Any) -> Estate:
    coverage = tuple(Coverage(item, "declared", "file") if isinstance(item, str) else item for item in covered)
    return Estate(**{"country": COUNTRY, "custodians": TWO, "quorum": 2, **facts}, coverage=coverage)


def rule(check: Check, *reads: str, rule_id: str = "RF-T-001") -> Rule:
    return Rule(
        rule_id, "Title", "high", ("file", "plan"), reads or ("custodians",), (), "Do this.", (), ({},), (), True,
        check, "Doc.", "here",
    )  # fmt: skip


def finds(*findings: Any) -> Check:
    return lambda _: findings


def verdicts(check: Check, *reads: str, of: Estate | None = None, **options: Any) -> list[Verdict]:
    made = rule(check, *reads)
    return judge(estate() if of is None else of, {made.id: made}, today=TODAY, stage="file", **options)


def test_a_rule_that_finds_nothing_passes_with_its_denominator_and_grade() -> None:
    [verdict] = verdicts(finds())
    assert (verdict.status, verdict.judged, verdict.grade, verdict.subject) == ("pass", 2, "declared", "custodians")


@pytest.mark.parametrize(("fact", "empty"), [("custodians", ()), ("quorum", 0)])
def test_where_there_is_nothing_to_judge_the_rule_is_not_applicable(fact: str, empty: Any) -> None:
    [verdict] = verdicts(finds(), fact, of=estate(**{fact: empty}))
    assert (verdict.status, verdict.judged) == ("not_applicable", 0)


def test_a_rule_may_find_that_a_fact_is_missing_where_there_is_nothing_to_judge() -> None:
    [verdict] = verdicts(finds(Finding("custodians", "none is named")), of=estate(custodians=()))
    assert verdict.status == "fail"


def test_a_scalar_fact_counts_as_one_thing_judged() -> None:
    assert verdicts(finds(), "quorum")[0].judged == 1


def test_each_finding_is_a_verdict_and_failures_come_before_what_is_not_known() -> None:
    found = verdicts(finds(Finding("a", "cannot tell", unknown=True), Finding("c", "wrong"), Finding("b", "wrong")))
    assert [(v.status, v.subject) for v in found] == [("fail", "b"), ("fail", "c"), ("unknown", "a")]


def test_verdicts_come_in_the_order_of_the_rules_ids() -> None:
    rules = {name: rule(finds(), rule_id=name) for name in ("RF-B-001", "RF-A-002", "RF-A-001")}
    found = judge(estate(), rules, today=TODAY, stage="file")
    assert [verdict.rule for verdict in found] == ["RF-A-001", "RF-A-002", "RF-B-001"]


def test_a_fact_that_the_reader_does_not_cover_is_unknown_although_its_items_look_absent() -> None:
    [verdict] = verdicts(finds(), "custodians", "keys")
    assert (verdict.status, verdict.subject) == ("unknown", "keys")
    assert verdict.message == "not known at this stage (file): keys"


def test_what_a_reader_could_not_read_keeps_a_rule_from_passing() -> None:
    partly = estate(covered=[Coverage("custodians", "measured", "hsm", ("c-3",))])
    [verdict] = verdicts(finds(), of=partly)
    assert (verdict.status, verdict.message) == ("unknown", "could not be read: c-3")


def test_what_is_named_twice_is_not_known() -> None:
    hsms = (Hsm("a", "north", "softhsm", ""), Hsm("a", "abroad", "softhsm", ""), Hsm("b", "north", "softhsm", ""))
    (verdict,) = verdicts(finds(), "hsms", of=estate(covered=("hsms",), hsms=hsms))
    assert (verdict.status, verdict.message) == ("unknown", "could not be read: a (named 2 times)")


def test_a_failure_stays_a_failure_and_what_is_missing_still_stands_beside_it() -> None:
    partly = estate(covered=[Coverage("custodians", "measured", "hsm", ("c-3",))])
    assert [v.status for v in verdicts(finds(Finding("c-1", "wrong")), of=partly)] == ["fail", "unknown"]


def test_the_weakest_grade_among_the_facts_read_is_the_verdicts_grade() -> None:
    mixed = estate(covered=[Coverage("custodians", "measured", "hsm"), Coverage("quorum", "planned", "plan")])
    assert verdicts(finds(), "custodians", "quorum", of=mixed)[0].grade == "planned"


def test_two_readers_of_one_fact_give_it_the_weaker_grade_and_all_that_is_missing() -> None:
    twice = estate(
        covered=[Coverage("custodians", "measured", "a", ("c-3",)), Coverage("custodians", "declared", "b", ("c-4",))]
    )
    [verdict] = verdicts(finds(), of=twice)
    assert (verdict.grade, verdict.message) == ("declared", "could not be read: c-3, c-4")


def _raises(error: BaseException) -> Check:
    def check(_: Estate) -> Iterator[Finding]:
        yield Finding("c-1", "wrong")
        raise error

    return check


@pytest.mark.parametrize("error", [KeyError("the password"), RecursionError("x"), SystemExit(0)])
def test_a_rule_that_raises_keeps_what_it_found_and_is_otherwise_unknown(error: BaseException) -> None:
    fail, unknown = verdicts(_raises(error))
    assert (fail.status, unknown.status) == ("fail", "unknown")
    assert unknown.message == f"the rule could not finish: it raised {type(error).__name__}"


def test_an_interrupt_by_the_user_is_not_taken_for_a_broken_rule() -> None:
    with pytest.raises(KeyboardInterrupt):
        verdicts(_raises(KeyboardInterrupt()))


@pytest.mark.parametrize("junk", [None, 3, "text", Finding(7, "x")])  # type: ignore[arg-type]
def test_a_rule_that_yields_something_else_than_findings_is_unknown(junk: object) -> None:
    [verdict] = verdicts(finds(junk))
    assert (verdict.status, verdict.message) == ("unknown", "the rule could not finish: it raised ValidationError")


LINES = {"keys": 10, "keys.custodians": 11, "keys.custodians[0]": 12, "sites.north.egress": 30}


@pytest.mark.parametrize(
    ("declared", "source"),
    [
        ("keys.custodians[0]", Source("x.yaml", 12)),
        ("keys.custodians[0].institution", Source("x.yaml", 12)),
        ("keys.custodians[7].institution", Source("x.yaml", 11)),
        ("sites.north.egress[2].via", Source("x.yaml", 30)),
        ("stores.records", None),
        ("", None),
    ],
)
def test_the_source_is_the_line_of_the_longest_known_ancestor(declared: str, source: Source | None) -> None:
    [verdict] = verdicts(finds(Finding("a", "wrong", declared=declared)), lines=LINES, file="x.yaml")
    assert verdict.source == source


def test_a_finding_that_names_its_own_file_keeps_it() -> None:
    finding = Finding("a", "wrong", declared="keys", file="pod.yaml", line=4)
    assert verdicts(finds(finding), lines=LINES, file="x.yaml")[0].source == Source("pod.yaml", 4)


def _per_law(facts: Estate) -> Iterator[Finding]:
    for law in facts.laws:
        yield Finding(law.id, "broken")


def with_law(**changes: Any) -> Estate:
    return estate(laws=(msgspec.structs.replace(LAW, **changes),))


def test_a_verified_law_binds_from_the_day_on_which_it_is_in_force() -> None:
    assert [v.status for v in verdicts(_per_law, "laws", of=with_law(in_force_from="2026-05-02"))] == ["not_applicable"]
    assert [v.status for v in verdicts(_per_law, "laws", of=with_law(in_force_from="2026-05-01"))] == ["fail"]


def test_until_a_laws_grace_ends_what_only_it_forbids_is_advisory() -> None:
    [verdict] = verdicts(_per_law, "laws", of=with_law(grace_until="2026-05-01"))
    assert verdict.status == "fail"
    assert not blocking([verdict], "file")
    assert blocking(verdicts(_per_law, "laws", of=with_law(grace_until="2026-04-30")), "file")


@pytest.mark.parametrize("dates", [{}, {"in_force_from": "2099-01-01"}, {"grace_until": "2099-01-01"}])
def test_an_unverified_law_is_read_in_its_strictest_sense_and_never_passes(dates: dict[str, str]) -> None:
    unverified = with_law(verified=False, **dates)
    [verdict] = verdicts(finds(), "laws", of=unverified)
    assert (verdict.status, "xa-act" in verdict.message) == ("unknown", True)
    assert [v.status for v in verdicts(_per_law, "laws", of=unverified)] == ["fail", "unknown"]


def test_an_unverified_law_without_obligations_keeps_nothing_from_passing() -> None:
    assert [v.status for v in verdicts(finds(), "laws", of=with_law(verified=False, obligations=()))] == ["pass"]


def test_the_order_of_a_set_does_not_reach_the_verdicts() -> None:
    names = [f"n{number}" for number in range(50)]
    found = verdicts(lambda _: [Finding(name, "wrong") for name in set(names)])
    assert [verdict.subject for verdict in found] == sorted(names)
