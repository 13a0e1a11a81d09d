"""Nothing is made, changed or deleted against the country's laws, whichever way somebody tries."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks.up import ROOT
from tests.end_to_end.country import Country, Declaration
from tests.end_to_end.reality import Reality, reality

pytestmark = [pytest.mark.lab, pytest.mark.engine]

PROJECT = """\
name: ringfence
runtime: {{ name: python, options: {{ virtualenv: "{root}/.venv" }} }}
main: stacks/
plugins: {{ providers: [{{ name: ringfence, path: "{root}/hardware/provider" }}] }}
"""
NO_GATE = "\n\ndef _ask_the_gate(*_: object) -> None:\n    pass\n"
OTHER_CLASS = """

_declared = _bucket


def _bucket(country: str, bucket: Bucket) -> Resource:
    made = _declared(country, bucket)
    return Resource(made.type, made.name, {**made.inputs, "dataClass": "public"}, made.depends_on)
"""
NO_BUCKETS = "\n\ndef resources(estate: Estate) -> tuple[Resource, ...]:\n    return ()\n"


def copy_records_abroad(declaration: Declaration) -> None:
    declaration["stores"]["records"]["copies"] = ["north", "model-exchange"]


@pytest.fixture(scope="module")
def before(standing: Country) -> Reality:
    """What is really there before anybody tries anything, and must be there after."""
    return reality(standing)


@pytest.fixture
def breaking(standing: Country, before: Reality) -> Iterator[Country]:
    """The country whose file now copies the health store abroad."""
    standing.declare(copy_records_abroad)
    yield standing
    standing.declare()
    assert reality(standing) == before


@pytest.fixture
def edited(standing: Country, before: Reality, tmp_path: Path) -> Iterator[Path]:
    """A copy of the project whose program a test edits."""
    (tmp_path / "Pulumi.yaml").write_text(PROJECT.format(root=ROOT))
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    for settings in ROOT.glob(f"Pulumi.{standing.name}.*.yaml"):
        shutil.copy(settings, tmp_path)
    with (tmp_path / "stacks" / "program.py").open("a") as program:
        program.write(NO_GATE)
    yield tmp_path
    assert reality(standing) == before


def test_check_refuses_a_copy_abroad_and_shows_the_way_that_the_data_would_take(breaking: Country) -> None:
    judged = breaking.ringfence("check", str(breaking.file))
    assert judged.returncode == 1
    assert "RF-RES-001" in judged.stdout
    assert "bucket:xa-records-north in XA\n        └ replication (store) to bucket:xa-records-model-exchange" in judged.stdout


@pytest.mark.parametrize("part", ["national", "north"])
def test_a_preview_with_the_pack_refuses_it(breaking: Country, part: str) -> None:
    stack = f"{breaking.name}.{part}"
    planned = breaking.pulumi("preview", "--policy-pack", str(ROOT / "policies"), "--stack", stack)
    assert planned.returncode != 0
    assert "[mandatory]" in planned.stdout
    assert "RF-RES-001 health -> bucket:xa-records-model-exchange" in planned.stdout
    assert "Traceback" not in planned.stdout + planned.stderr


def test_up_refuses_it_before_it_touches_anything(breaking: Country) -> None:
    refused = breaking.start_up().result()
    assert refused.returncode == 1
    assert "RF-RES-001 fail" in refused.stderr


@pytest.mark.parametrize("part", ["national", "north"])
def test_plain_pulumi_without_the_pack_refuses_it_too(breaking: Country, part: str) -> None:
    refused = breaking.pulumi("up", "--yes", "--skip-preview", "--stack", f"{breaking.name}.{part}")
    assert refused.returncode != 0
    assert "the gate stays shut" in refused.stdout
    assert "RF-RES-001 fail" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr


def test_no_permit_to_destroy_is_issued_while_the_declaration_breaks_the_law(breaking: Country) -> None:
    refused = breaking.ringfence("permit", "--destroy", breaking.stacks[0], "--data-loss", "--country", str(breaking.file))
    assert refused.returncode == 1
    assert "the gate stays shut" in refused.stderr


@pytest.mark.parametrize("part", ["national", "north"])
def test_a_destroy_without_a_permit_deletes_nothing(standing: Country, before: Reality, part: str) -> None:
    stack = f"{standing.name}.{part}"
    refused = standing.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack)
    assert refused.returncode != 0
    assert f"run `ringfence permit --destroy {stack}`" in refused.stdout
    assert reality(standing) == before


def test_a_program_that_changes_an_input_and_asks_no_gate_is_refused_by_the_provider(standing: Country, edited: Path) -> None:
    with (edited / "stacks" / "stores.py").open("a") as stores:
        stores.write(OTHER_CLASS)
    stack = standing.stacks[0]
    refused = standing.pulumi(
        "up", "--yes", "--skip-preview", "--stack", stack, cwd=edited, variables={"PYTHONPATH": str(edited)}
    )
    assert refused.returncode != 0
    assert "no permit to update ringfence:stores:Bucket::xa-records-north" in refused.stdout
    assert "other inputs" in refused.stdout


def test_a_program_that_leaves_the_buckets_out_is_refused_by_the_provider(standing: Country, edited: Path) -> None:
    with (edited / "stacks" / "stores.py").open("a") as stores:
        stores.write(NO_BUCKETS)
    stack = standing.stacks[0]
    refused = standing.pulumi(
        "up", "--yes", "--skip-preview", "--stack", stack, cwd=edited, variables={"PYTHONPATH": str(edited)}
    )
    assert refused.returncode != 0
    assert "no permit to" in refused.stdout


def test_a_permit_to_destroy_what_holds_data_needs_the_word_data_loss(standing: Country) -> None:
    refused = standing.ringfence("permit", "--destroy", standing.stacks[0], "--country", str(standing.file))
    assert refused.returncode == 4
    assert "add --data-loss if they are to be lost" in refused.stderr


@pytest.mark.slow
def test_with_its_permits_a_destroy_leaves_nothing(standing: Country) -> None:
    standing.destroy()
    after = reality(standing)
    assert (after.keys, after.buckets) == ({}, {})
    assert not [name for name in after.objects if "clinic" in name or "startup-coral" in name or "ringfence" in name]
    assert not [text for files in after.files.values() for text in files.values() if "router bgp" in text or "Address=" in text]
    assert standing.up() > 30
