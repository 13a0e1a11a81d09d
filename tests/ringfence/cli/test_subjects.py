"""What the paths of `check` may be, and how they are judged together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ringfence import yamltext
from ringfence.cli import cli
from ringfence.errors import InputError

LAB = Path(__file__).resolve().parents[3] / "countries" / "lab.yaml"

PRIVILEGED = """\
apiVersion: v1
kind: Pod
metadata: { name: probe, namespace: clinic }
spec:
  containers:
    - name: main
      image: docker.io/library/busybox:latest
      securityContext: { privileged: true }
"""


def check(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["check", *map(str, arguments)])


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "pod.yaml").write_text(PRIVILEGED)
    return folder


def failing(result: Result) -> set[str]:
    return {item["rule"] for item in json.loads(result.stdout)["verdicts"] if item["status"] == "fail"}


def test_a_folder_of_manifests_is_judged_by_the_rules_about_pods_alone(manifests: Path) -> None:
    result = check(manifests, "-f", "json")
    verdicts = json.loads(result.stdout)["verdicts"]
    assert {item["rule"][:6] for item in verdicts} == {"RF-POD"}
    assert "RF-POD-001" in failing(result)
    assert result.exit_code == 1


def test_a_report_on_manifests_alone_says_which_rules_were_not_asked(manifests: Path) -> None:
    assert "RF\\-RES\\-001\\: not asked" in check(manifests, "-f", "markdown").stdout


def test_a_single_manifest_is_known_by_its_text(manifests: Path) -> None:
    assert "RF-POD-001" in failing(check(manifests / "pod.yaml", "-f", "json"))


def test_manifests_beside_a_country_are_judged_as_part_of_it(manifests: Path) -> None:
    assert check(LAB).exit_code == 0
    together = check(LAB, manifests, "-f", "json")
    # Only the country knows its registry.
    assert {"RF-POD-001", "RF-POD-007"} <= failing(together)


def test_several_countries_give_one_report(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(LAB.read_text().replace("copies: [north], key", "copies: [north, model-exchange], key"))
    result = check(LAB, other, "-f", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["subject"] == f"{LAB}, {other}"


def test_text_that_is_none_of_the_three_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text('{"hello": 1}')
    assert isinstance(check(file).exception, InputError)


def test_a_huge_plan_is_not_read_whole(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    with plan.open("wb") as stream:
        stream.write(b"{")
        stream.truncate(300 * 1024 * 1024)
    assert "larger than 256 MiB" in str(check(plan).exception)


def test_a_country_may_be_written_as_json(tmp_path: Path) -> None:
    country = tmp_path / "lab.json"
    country.write_text(json.dumps(yamltext.parse(LAB.read_bytes()).value))
    assert check(country).exit_code == 0


def test_a_country_and_a_plan_are_checked_apart(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"steps": []}')
    assert "bind at different stages" in str(check(LAB, plan).exception)


def test_a_stage_at_which_a_rule_does_not_bind_makes_its_failure_advisory(tmp_path: Path) -> None:
    country = tmp_path / "other.yaml"
    home = "dns: [{ host: dns.north.atlantis.example, country: XA }]"
    country.write_text(LAB.read_text().replace(home, home.replace("XA", "XC")))
    assert check(country).exit_code == 1
    assert check(country, "--stage", "audit").exit_code == 0


def test_a_plan_of_changes_only_is_not_known_and_says_how_to_save_a_whole_one(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"steps": []}')
    result = check(plan)
    assert result.exit_code == 3
    assert "pulumi preview --json --show-sames" in result.stdout
