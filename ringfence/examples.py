"""Runs every rule's own examples: changes to a minimal valid country that must, or must not, make it fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import date
from typing import Any

import msgspec

from ringfence.errors import InputError
from ringfence.estate import Coverage, Estate, encode
from ringfence.judge import judge
from ringfence.rule import Change, Rule
from ringfence.verdict import Status

ESTATE_PREFIX = "estate:"

Compile = Callable[[bytes], Estate]
Statuses = Mapping[str, set[Status]]


class ExampleError(InputError):
    """An example cannot be applied."""


def run_examples(rules: Mapping[str, Rule], minimal: Mapping[str, Any], compile: Compile, today: date) -> list[str]:
    """Return one line for each example that does not show what it should; none when all do.

    Each rule must hold on the minimal country itself. A bad example must make its rule fail, and no other rule that
    its ``overrides`` do not name. A good example must leave its rule without a failure and without an unknown.

    Args:
        rules: the rules by id.
        minimal: the minimal valid country, as the mapping that its file holds.
        compile: turns the text of a country file into an Estate, under the catalogue and laws of the caller.
        today: the day by which laws are in force.
    """
    try:
        before = _judged(rules, {}, minimal, compile, today)
    except InputError as error:
        return [f"the minimal country does not load: {error}"]
    problems = [f"{rule_id}: fails on the minimal country" for rule_id in sorted(rules) if "fail" in before[rule_id]]
    for rule in (rules[rule_id] for rule_id in sorted(rules)):
        for kind, examples in (("bad", rule.bad), ("good", rule.good)):
            for number, change in enumerate(examples):
                try:
                    after = _judged(rules, change, minimal, compile, today)
                except InputError as error:
                    found: list[str] = [f"is no valid country: {error}"]
                else:
                    found = list(_shown_wrong(rule, kind, before, after))
                problems += [f"{rule.id} {kind}[{number}]: {what}" for what in found]
    return problems


def apply_change(document: Any, path: str, value: Any) -> None:
    """Set ``path`` (``sites.north.rows[0].racks``) in a tree of mappings and lists; None removes what is there.

    Mappings on the way are made where they lack; an index one past the end of a list appends to it.

    Raises:
        ExampleError: the path leads through something that is neither.
    """
    *way, last = (int(part) if part.isdigit() else part for part in path.replace("[", ".").replace("]", "").split("."))
    holder = document
    for part in way:
        holder = holder.setdefault(str(part), {}) if isinstance(holder, dict) else _item(holder, part, path)
    if isinstance(holder, list) and last == len(holder) and value is not None:
        holder.append(value)
    elif isinstance(holder, list):
        _item(holder, last, path)
        holder[int(last) : int(last) + 1] = [] if value is None else [value]
    elif not isinstance(holder, dict):
        raise ExampleError(f"{path}: leads through something that holds nothing")
    elif value is None:
        if str(last) not in holder:
            raise ExampleError(f"{path}: there is nothing to remove")
        del holder[str(last)]
    else:
        holder[str(last)] = value


def _judged(rules: Mapping[str, Rule], change: Change, minimal: Mapping[str, Any], compile: Compile, today: date) -> Statuses:
    """Return the statuses of each rule's verdicts on the changed country."""
    document = deepcopy(dict(minimal))
    for path, value in change.items():
        if not path.startswith(ESTATE_PREFIX):
            apply_change(document, path, deepcopy(value))
    # JSON is YAML, so that an example goes through the very loader that a country file goes through.
    estate = compile(msgspec.json.encode(document))
    estate = _with_facts(
        estate, {path.removeprefix(ESTATE_PREFIX): value for path, value in change.items() if path.startswith(ESTATE_PREFIX)}
    )
    statuses: dict[str, set[Status]] = {rule_id: set() for rule_id in rules}
    for verdict in judge(estate, rules, today=today, stage="file"):
        statuses[verdict.rule].add(verdict.status)
    return statuses


def _with_facts(estate: Estate, changes: Change) -> Estate:
    """Return the Estate with facts changed that no file can state; what is changed counts as covered."""
    if not changes:
        return estate
    facts = msgspec.json.decode(encode(estate))
    for path, value in changes.items():
        apply_change(facts, path, deepcopy(value))
        fact = path.partition(".")[0].partition("[")[0]
        if fact != "coverage" and not any(item["fact"] == fact for item in facts["coverage"]):
            facts["coverage"].append(msgspec.to_builtins(Coverage(fact, "declared", "example")))
    try:
        return msgspec.convert(facts, Estate)
    except msgspec.ValidationError as error:
        raise ExampleError(f"the changed estate: {error}") from None


def _shown_wrong(rule: Rule, kind: str, before: Statuses, after: Statuses) -> Iterator[str]:
    own = after[rule.id]
    if kind == "good":
        if wrong := own & {"fail", "unknown"}:
            yield f"its verdict is {min(wrong)}"
        return
    if "fail" not in own:
        yield f"its rule does not fail: its verdict is {min(own)}"
    for other in sorted(after):
        newly = "fail" in after[other] and "fail" not in before[other]
        if other != rule.id and newly and other not in rule.overrides:
            yield f"{other} fails too; name it in overrides, or make the example smaller"


def _item(holder: Any, part: str | int, path: str) -> Any:
    if not isinstance(holder, list) or not isinstance(part, int) or part >= len(holder):
        raise ExampleError(f"{path}: there is no {part!r}")
    return holder[part]
