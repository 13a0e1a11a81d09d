"""The minimal country, changed as the rules' examples change it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from hardware.catalogue import load_catalogue
from policies import load_rules
from policies.laws import load_laws
from ringfence import yamltext
from ringfence.compile import compile_estate
from ringfence.estate import Estate
from ringfence.examples import apply_change
from ringfence.judge import judge
from ringfence.load import load_text
from ringfence.verdict import Stage, Verdict

TODAY = date(2026, 5, 1)
MINIMAL: dict[str, Any] = yamltext.parse(files("policies").joinpath("examples/minimal.yaml").read_bytes()).value
_LAWS = load_laws()
_CATALOGUE = load_catalogue()


def compile_text(text: bytes) -> Estate:
    loaded = load_text(text, "minimal.yaml", _CATALOGUE, [law.id for law in _LAWS])
    return compile_estate(loaded.declaration, _CATALOGUE, _LAWS, "minimal.yaml")


def country(changes: Mapping[str, Any] | None = None) -> Estate:
    document = deepcopy(MINIMAL)
    for path, value in (changes or {}).items():
        apply_change(document, path, value)
    return compile_text(msgspec.json.encode(document))


def verdicts(estate: Estate, *rule_ids: str, stage: Stage = "file", today: date = TODAY) -> list[Verdict]:
    """Judge by the rules of these ids, or by all."""
    rules = {rule_id: rule for rule_id, rule in load_rules().items() if not rule_ids or rule_id in rule_ids}
    return judge(estate, rules, today=today, stage=stage)


def failures(estate: Estate, *rule_ids: str) -> list[Verdict]:
    return [verdict for verdict in verdicts(estate, *rule_ids) if verdict.status == "fail"]


@cache
def two_sites() -> Estate:
    """The minimal country with a second site of the same shape."""
    south = deepcopy(MINIMAL["sites"]["north"])
    south |= {"index": 2, "prefixes": {"ipv4": "10.78.0.0/20", "ipv6": "fd77:78:1::/48"}}
    south["pools"] = {f"south-{name}": pool for name, pool in south["pools"].items()}
    return country({"sites.south": south})
