from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from hardware.catalogue import load_catalogue
from policies.laws import load_laws
from ringfence import yamltext
from ringfence.compile import compile_estate
from ringfence.estate import Estate
from ringfence.examples import ExampleError, apply_change, run_examples
from ringfence.load import load_text
from ringfence.rule import Change, Rule
from ringfence.verdict import Finding

TODAY = date(2026, 5, 1)
MINIMAL = yamltext.parse(files("policies").joinpath("examples/minimal.yaml").read_bytes()).value
CATALOGUE, LAWS = load_catalogue(), load_laws()


def compile_text(text: bytes) -> Estate:
    loaded = load_text(text, "example", CATALOGUE, [law.id for law in LAWS])
    return compile_estate(loaded.declaration, CATALOGUE, LAWS, "example")


def quorum_of_two(estate: Estate) -> Iterator[Finding]:
    if estate.quorum < 2:
        yield Finding("quorum", "one person is enough")


def any_quorum(estate: Estate) -> Iterator[Finding]:
    if estate.quorum < 3:
        yield Finding("quorum", "two persons are enough")


def rule(
    rule_id: str, check: Callable[[Estate], Iterator[Finding]], *, bad: Change, good: Change | None = None, **more: Any
) -> Rule:
    return Rule(
        rule_id, "Title", "high", ("file",), more.get("reads", ("quorum",)), (), "Do this.", (good,) if good else (),
        (bad,), more.get("overrides", ()), True, check, "Doc.", "here",
    )  # fmt: skip


def run(*rules: Rule, minimal: dict[str, Any] = MINIMAL) -> list[str]:
    return run_examples({made.id: made for made in rules}, minimal, compile_text, TODAY)


ONE: Change = {"keys.quorum": 1}
TWO: Change = {"keys.quorum": 2}


def test_examples_that_show_what_they_should_give_no_problem() -> None:
    assert run(rule("RF-T-001", quorum_of_two, bad=ONE, good=TWO)) == []


def test_a_bad_example_that_does_not_make_its_rule_fail_is_named() -> None:
    assert run(rule("RF-T-001", quorum_of_two, bad=TWO)) == ["RF-T-001 bad[0]: its rule does not fail: its verdict is pass"]


def test_a_rule_that_raises_on_its_bad_example_is_named() -> None:
    def broken(estate: Estate) -> Iterator[Finding]:
        if estate.quorum < 2:
            raise KeyError

        yield from ()

    assert run(rule("RF-T-001", broken, bad=ONE)) == ["RF-T-001 bad[0]: its rule does not fail: its verdict is unknown"]


def test_a_good_example_that_fails_is_named() -> None:
    assert run(rule("RF-T-001", quorum_of_two, bad=ONE, good=ONE)) == ["RF-T-001 good[0]: its verdict is fail"]


def test_a_bad_example_that_breaks_another_rule_too_is_named_unless_it_is_overridden() -> None:
    other = rule("RF-T-002", quorum_of_two, bad=ONE)
    [problem] = run(rule("RF-T-001", quorum_of_two, bad=ONE, overrides=("RF-T-002",)), other)
    assert problem == "RF-T-002 bad[0]: RF-T-001 fails too; name it in overrides, or make the example smaller"


def test_a_rule_that_fails_on_the_minimal_country_is_named_and_not_blamed_on_others() -> None:
    strict = rule("RF-T-002", any_quorum, bad=TWO, good={"keys.quorum": 3})
    found = run(rule("RF-T-001", quorum_of_two, bad=ONE), strict, minimal={**MINIMAL, "keys": {**MINIMAL["keys"], "quorum": 2}})
    assert found == ["RF-T-002: fails on the minimal country"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"keys.quorum": 0}, "is no valid country: example:1: keys.quorum"),
        ({"keys.colour": "red"}, "is no valid country"),
        ({"keys.custodians[9].id": "x"}, "there is no 9"),
        ({"keys.nothing": None}, "there is nothing to remove"),
        ({"estate:quorum": "two"}, "the changed estate: Expected `int`"),
    ],
)
def test_an_example_that_is_no_valid_country_is_named_with_what_is_wrong(bad: Change, why: str) -> None:
    [problem] = run(rule("RF-T-001", quorum_of_two, bad=bad))
    assert problem.startswith("RF-T-001 bad[0]: ")
    assert why in problem


def test_a_minimal_country_that_does_not_load_is_the_only_problem() -> None:
    [problem] = run(rule("RF-T-001", quorum_of_two, bad=ONE), minimal={"ringfence": 1})
    assert problem.startswith("the minimal country does not load: ")


def test_an_example_can_change_a_fact_that_no_file_states() -> None:
    assert run(rule("RF-T-001", quorum_of_two, bad={"estate:quorum": 1})) == []


def test_a_fact_that_an_example_states_is_covered_although_the_compiler_does_not_cover_it() -> None:
    def uncovered(text: bytes) -> Estate:
        return Estate(country=compile_text(text).country)

    made = rule("RF-T-001", quorum_of_two, bad={"estate:quorum": 1}, good={"estate:quorum": 2})
    assert run_examples({made.id: made}, MINIMAL, uncovered, TODAY) == []


@pytest.mark.parametrize(
    ("path", "value", "after"),
    [
        ("a.b", 2, {"a": {"b": 2}, "l": [1, {"x": 1}]}),
        ("n.m", 2, {"a": {"b": 1}, "l": [1, {"x": 1}], "n": {"m": 2}}),
        ("a", None, {"l": [1, {"x": 1}]}),
        ("l[0]", 5, {"a": {"b": 1}, "l": [5, {"x": 1}]}),
        ("l[1].x", 5, {"a": {"b": 1}, "l": [1, {"x": 5}]}),
        ("l.1.x", 5, {"a": {"b": 1}, "l": [1, {"x": 5}]}),
        ("l[2]", 5, {"a": {"b": 1}, "l": [1, {"x": 1}, 5]}),
        ("l[0]", None, {"a": {"b": 1}, "l": [{"x": 1}]}),
    ],
)
def test_a_change_sets_appends_or_removes_what_its_path_names(path: str, value: object, after: object) -> None:
    document = {"a": {"b": 1}, "l": [1, {"x": 1}]}
    apply_change(document, path, value)
    assert document == after


@pytest.mark.parametrize("path", ["a.b.c", "l[3]", "l.x", "l[0].x"])
def test_a_change_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(ExampleError, match=r"there is no|holds nothing"):
        apply_change({"a": {"b": 1}, "l": [1, {"x": 1}]}, path, 1)
