"""A rule: metadata, check and examples in one place. ``@rule`` registers it; without a bad example it does not load."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from ringfence.errors import RingfenceError
from ringfence.estate import FACTS, Estate
from ringfence.verdict import Finding, Severity, Stage

Check = Callable[[Estate], Iterable[Finding]]
Change = Mapping[str, Any]


class RuleError(RingfenceError):
    """A rule is not written as rules must be."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A loaded rule. ``reads[0]`` is the fact whose items it judges (their number is the denominator).

    ``good`` and ``bad`` are changes to a minimal valid country: ``{"stores.records.copies": ["abroad"]}``; a value of
    ``None`` removes the key. A change whose path starts with ``estate:`` alters the compiled Estate instead, for facts
    that no file can state.
    """

    id: str
    title: str
    severity: Severity
    mandatory: tuple[Stage, ...]
    reads: tuple[str, ...]
    controls: tuple[str, ...]
    remedy: str
    good: tuple[Change, ...]
    bad: tuple[Change, ...]
    overrides: tuple[str, ...]
    waivable: bool
    check: Check
    doc: str
    where: str


REGISTRY: dict[str, Rule] = {}


def rule(
    rule_id: str,
    title: str,
    *,
    severity: Severity,
    reads: Iterable[str],
    remedy: str,
    bad: Iterable[Change],
    mandatory: str = "",
    good: Iterable[Change] = (),
    controls: Iterable[str] = (),
    overrides: Iterable[str] = (),
    waivable: bool = True,
) -> Callable[[Check], Check]:
    """Register the decorated check as a rule. ``mandatory`` names the stages at which it binds: ``"file plan audit"``.

    Raises:
        RuleError: an id that exists, an unknown fact, stage or severity, no docstring, or no bad example.
    """

    def register(check: Check) -> Check:
        made = Rule(
            id=rule_id, title=title, severity=severity,
            mandatory=tuple(mandatory.split()),  # type: ignore[arg-type]
            reads=tuple(reads), controls=tuple(controls), remedy=remedy, good=tuple(good), bad=tuple(bad),
            overrides=tuple(overrides), waivable=waivable, check=check, doc=" ".join((check.__doc__ or "").split()),
            where=check.__module__,
        )  # fmt: skip
        _demand_whole(made)
        REGISTRY[rule_id] = made
        return check

    return register


def _demand_whole(made: Rule) -> None:
    wrong = None
    if made.id in REGISTRY and REGISTRY[made.id].where != made.where:
        wrong = f"its id is taken by {REGISTRY[made.id].where}"
    elif not made.bad:
        wrong = "it has no bad example"
    elif not made.doc:
        wrong = "its check has no docstring"
    elif made.severity not in get_args(Severity):
        wrong = f"severity {made.severity!r} is not one of {', '.join(get_args(Severity))}"
    elif stages := set(made.mandatory) - set(get_args(Stage)):
        wrong = f"stage {min(stages)!r} is not one of {', '.join(get_args(Stage))}"
    elif not made.reads:
        wrong = "it reads no fact"
    elif facts := set(made.reads) - set(FACTS):
        wrong = f"there is no fact {min(facts)!r}"
    if wrong:
        raise RuleError(f"{made.where}: rule {made.id}: {wrong}")
