"""Of a large estate as read, each defect in a single node, port or address is named, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from bench.country import large_country
from bench.defects import plant
from policies import load_rules
from ringfence.estate import Estate
from ringfence.judge import judge
from ringfence.rule import Rule
from tests.ringfence.conftest import compile_country


@pytest.fixture(scope="module")
def estate() -> Estate:
    return compile_country(large_country(1000))


@pytest.fixture(scope="module")
def wiring() -> Mapping[str, Rule]:
    return {name: rule for name, rule in load_rules().items() if name.startswith("RF-NET-")}


def failing(estate: Estate, rules: Mapping[str, Rule]) -> set[str]:
    verdicts = judge(estate, rules, today=date(2026, 1, 1), stage="file")
    return {verdict.subject for verdict in verdicts if verdict.status == "fail"}


def test_an_estate_as_declared_has_no_defect(estate: Estate, wiring: Mapping[str, Rule]) -> None:
    assert failing(estate, wiring) == set()


@pytest.mark.parametrize("seed", range(3))
def test_each_planted_defect_is_named(estate: Estate, wiring: Mapping[str, Rule], seed: int) -> None:
    broken, expected = plant(estate, 64, seed)
    named = failing(broken, wiring)
    assert [kind for kind, subjects in expected if not named & subjects] == []


@pytest.mark.parametrize("seed", range(3))
def test_only_devices_with_a_defect_or_at_its_far_end_are_named(estate: Estate, wiring: Mapping[str, Rule], seed: int) -> None:
    broken, expected = plant(estate, 16, seed)
    touched = {device.name for device, was in zip(broken.devices, estate.devices, strict=True) if device != was}
    for cable, was in zip(broken.cables, estate.cables, strict=True):
        if cable != was or cable.a in touched or cable.b in touched:
            touched |= {cable.a, cable.b, was.b}
    touched |= {subject.partition(":")[0] for _, subjects in expected for subject in subjects}
    assert {subject.partition(":")[0] for subject in failing(broken, wiring)} <= touched
