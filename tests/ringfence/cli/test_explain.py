"""`explain` and `schema`: what a person reads and what an editor reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from policies import load_rules
from policies.laws import load_laws
from ringfence.cli import cli


def explain(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["explain", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("rule_id", sorted(load_rules()))
def test_every_rule_is_explained_with_its_remedy_and_an_example_that_it_refuses(rule_id: str) -> None:
    rule, shown = load_rules()[rule_id], explain(rule_id)
    assert rule.title in shown
    assert " ".join(rule.remedy.split()) in " ".join(shown.split())
    assert "Refused, for instance:" in shown


@pytest.mark.parametrize("law_id", [law.id for law in load_laws()])
def test_every_law_is_explained_with_its_citation(law_id: str) -> None:
    assert law_id in explain(law_id)


def test_without_an_argument_all_rules_stand_in_a_table() -> None:
    shown = explain()
    assert all(f"{rule_id} " in shown for rule_id in load_rules())


def test_the_committed_schema_is_that_of_the_models() -> None:
    assert CliRunner().invoke(cli, ["schema", "--check"], catch_exceptions=False).exit_code == 0


def test_a_stale_schema_is_found(tmp_path: Path) -> None:
    stale = tmp_path / "country.schema.json"
    assert CliRunner().invoke(cli, ["schema", "-o", str(stale)]).exit_code == 0
    schema = json.loads(stale.read_text())
    del schema["properties"]["sites"]
    stale.write_text(json.dumps(schema))
    assert "is stale" in str(CliRunner().invoke(cli, ["schema", "--check", "-o", str(stale)]).exception)
