from __future__ import annotations

import pytest

from engine.kubernetes.kinds import ANY_INDEX, Rules, matches, rules
from engine.kubernetes.properties import Path
from engine.kubernetes.tokens import Kind


def test_an_unlisted_kind_has_only_its_identity_immutable() -> None:
    assert rules(Kind("example.com", "v1", "Widget")) == Rules()
    assert ("metadata", "name") in Rules().immutable


def test_the_rules_of_a_kind_hold_for_each_of_its_versions() -> None:
    assert rules(Kind("apps", "v1", "Deployment")) == rules(Kind("apps", "v1beta1", "Deployment")) != Rules()


def test_quoted_steps_and_list_indexes_are_read() -> None:
    assert ("metadata", "labels", "kubernetes.io/metadata.name") in rules(Kind("", "v1", "Namespace")).managed
    assert ("spec", "containers", ANY_INDEX, "image") in rules(Kind("", "v1", "Pod")).mutable


@pytest.mark.parametrize(
    ("path", "pattern", "result"),
    [
        (("spec", "selector", "matchLabels"), ("spec", "selector"), True),
        (("spec",), ("spec", "selector"), False),
        (("spec", "selectors"), ("spec", "selector"), False),
        (("spec", "containers", 3, "image"), ("spec", "containers", ANY_INDEX, "image"), True),
        (("spec", "containers", "x", "image"), ("spec", "containers", ANY_INDEX, "image"), False),
    ],
)
def test_a_pattern_covers_what_lies_at_or_below_it(path: Path, pattern: Path, result: bool) -> None:
    assert matches(path, pattern) is result
