"""The pack under the real engine: previews of the stacks' own program, with the country file that a test writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from engine import pulumi_cli
from engine.installation import install
from engine.progress import to_stderr
from engine.pulumi_cli import Pulumi, environment
from ringfence.estate import FACTS
from ringfence.examples import apply_change
from ringfence.read.plan import read_plan
from tests.policies.minimal import MINIMAL, compile_text

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
PULUMI_YAML = f"""\
name: ringfence
runtime: {{ name: python, options: {{}} }}
main: {ROOT}/stacks
plugins:
  providers: [{{ name: ringfence, path: {ROOT}/hardware/provider }}]
"""

Preview = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        lab = tmp_path_factory.mktemp("lab")
        patch.setenv("RINGFENCE_LAB", str(lab))
        backend = tmp_path_factory.mktemp("backend")
        return {**environment(Pulumi(install(to_stderr), installed=False)), "PULUMI_BACKEND_URL": f"file://{backend}"}


@pytest.fixture(scope="module")
def project(env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text(PULUMI_YAML)
    made = pulumi_cli.run(["stack", "init", "lab.national"], env=env, cwd=folder, timeout=120)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def preview(env: dict[str, str], project: Path) -> Preview:
    def run(changes: dict[str, Any], *arguments: str) -> CompletedProcess[str]:
        document = deepcopy(MINIMAL)
        for path, value in changes.items():
            apply_change(document, path, value)
        country = project / "country.yaml"
        country.write_text(json.dumps(document))
        command = ["preview", "--stack", "lab.national", "--color", "never", *arguments]
        return pulumi_cli.run(command, env={**env, "RINGFENCE_COUNTRY": str(country)}, cwd=project, timeout=120)

    return run


def test_a_country_that_keeps_its_rules_passes(preview: Preview) -> None:
    done = preview({}, "--policy-pack", str(ROOT / "policies"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_health_store_copied_abroad_is_refused_with_rule_path_and_remedy(preview: Preview) -> None:
    done = preview({"stores.records.copies": ["north", "overseas"]}, "--policy-pack", str(ROOT / "policies"))
    assert done.returncode != 0
    assert "[mandatory]" in done.stdout
    assert "RF-RES-001 health -> bucket:xa-records-overseas" in done.stdout
    assert "bucket:xa-records-north in XA > replication (store) to bucket:xa-records-overseas in XD" in done.stdout
    assert "RF-RES-002" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_plan_that_pulumi_saves_means_what_the_file_means(preview: Preview) -> None:
    done = preview({}, "--json")
    planned, declared = read_plan(done.stdout.encode(), "plan.json"), compile_text(json.dumps(MINIMAL).encode())
    assert [item.missing for item in planned.coverage if item.missing] == []
    for fact in set(FACTS) - {"devices", "cables", "pods"}:
        one, other = getattr(planned, fact), getattr(declared, fact)
        assert (set(one) == set(other)) if isinstance(one, tuple) else one == other, fact
