"""Real runs of the engine, on programs, a provider and a policy pack written in Python."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from tests.engine.project import PULUMI_YAML, Project

pytestmark = pytest.mark.engine

PACK = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def no_shouting(args, report):
    if args.props.get("text", "").isupper():
        report("books do not shout")

policy = ResourceValidationPolicy("no-shouting", "Books are quiet.", no_shouting)
PolicyPack("manners", [policy], EnforcementLevel.MANDATORY)
"""


@pytest.fixture
def pack(tmp_path: Path) -> str:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(PACK)
    return str(folder)


def test_up_creates_through_a_path_provider_what_the_program_declares(project: Project) -> None:
    file = project.book("chapter one")
    project.up()
    assert file.read_text() == "chapter one"


def test_a_second_up_changes_nothing(project: Project) -> None:
    project.book("chapter one")
    project.up()
    assert "2 unchanged" in project.up()


def test_preview_names_the_changed_field_and_changes_nothing(project: Project) -> None:
    file = project.book("chapter one")
    project.up()
    project.book("chapter two")
    plan = json.loads(project.pulumi("preview", "--json"))
    (step,) = [each for each in plan["steps"] if each["urn"].endswith("::book")]
    assert (step["op"], step["diffReasons"]) == ("update", ["text"])
    assert file.read_text() == "chapter one"


def test_refresh_names_a_change_made_by_hand_and_up_repairs_it(project: Project) -> None:
    file = project.book("chapter one")
    project.up()
    file.write_text("scribbled over")
    assert "~ text" in project.pulumi("refresh", "--yes", "--skip-preview", "--diff")
    project.up()
    assert file.read_text() == "chapter one"


def test_refresh_of_something_deleted_by_hand_lets_up_make_it_again(project: Project) -> None:
    file = project.book("chapter one")
    project.up()
    file.unlink()
    project.pulumi("refresh", "--yes", "--skip-preview")
    project.up()
    assert file.exists()


def test_destroy_deletes_what_up_created(project: Project) -> None:
    file = project.book("chapter one")
    project.up()
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert not file.exists()


def test_import_takes_over_what_is_there_so_that_up_has_nothing_to_do(project: Project) -> None:
    file = project.book("written before")
    file.write_text("written before")
    printed = project.pulumi("import", "shelf:index:Book", "book", str(file), "--yes", "--skip-preview", "--protect=false")
    assert "writes no code" in printed
    assert "2 unchanged" in project.up()


def test_a_policy_pack_refuses_before_anything_is_created(project: Project, pack: str) -> None:
    file = project.book("LOUD")
    refused = project.try_pulumi("up", "--yes", "--skip-preview", "--policy-pack", pack)
    assert refused.returncode != 0
    assert "books do not shout" in refused.stdout
    assert not file.exists()


def test_a_policy_pack_lets_pass_what_it_allows(project: Project, pack: str) -> None:
    file = project.book("quiet")
    project.up("--policy-pack", pack)
    assert file.exists()


def test_a_program_reads_its_configuration(project: Project) -> None:
    project.pulumi("config", "set", "colour", "blue")
    project.program("pulumi.export('colour', pulumi.Config().require('colour'))")
    project.up()
    assert project.outputs() == {"colour": "blue"}


def test_a_secret_of_the_configuration_stays_out_of_outputs_state_and_logs(project: Project) -> None:
    secret = "xyzzy-plugh"
    project.pulumi("config", "set", "--secret", "word", secret)
    project.program("pulumi.export('word', pulumi.Config().require_secret('word'))")
    assert secret not in project.up()
    assert project.outputs() == {"word": "[secret]"}
    written = [file for folder in (project.backend, project.home) for file in folder.rglob("*") if file.is_file()]
    for form in (secret.encode(), b64encode(secret.encode())):
        assert [file for file in written if form in file.read_bytes()] == []


def test_a_program_knows_its_stack_its_project_and_whether_this_is_a_preview(project: Project) -> None:
    project.program(
        "pulumi.export('names', [pulumi.get_project(), pulumi.get_stack(), pulumi.runtime.is_dry_run(),"
        " pulumi.get_organization()])"
    )
    project.up()
    assert project.outputs() == {"names": ["demo", "test", False, "organization"]}


def test_a_program_that_raises_fails_with_its_traceback_and_nothing_of_ours(project: Project) -> None:
    project.program("raise LookupError('no such shelf')")
    failed = project.try_pulumi("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "LookupError: no such shelf" in failed.stdout
    assert "language_host" not in failed.stdout + failed.stderr


def test_a_program_that_exits_by_itself_fails_with_its_code_and_its_stderr(project: Project) -> None:
    project.program("import sys\nprint('the shelf is bent', file=sys.stderr)\nsys.exit(7)\n")
    failed = project.try_pulumi("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "the shelf is bent" in failed.stdout
    assert "exit code 7" in failed.stdout


def test_what_a_program_prints_is_shown(project: Project) -> None:
    project.program("print('hello from the program')")
    assert "hello from the program" in project.up()


def test_a_program_cannot_be_broken_by_modules_of_its_own_folder_that_shadow_the_hosts(project: Project) -> None:
    for shadow in ("asyncio.py", "grpc.py", "engine.py"):
        (project.folder / shadow).write_text("raise ImportError('shadowed')\n")
    project.pulumi("about")


def test_a_program_runs_in_the_virtual_environment_that_the_project_names(project: Project) -> None:
    virtualenv = Path(sys.executable).parent.parent
    (project.folder / "env").symlink_to(virtualenv)
    project.pulumi_yaml(PULUMI_YAML.replace("options: {}", "options: {virtualenv: env}"))
    project.program("import os, sys\npulumi.export('python', [sys.executable, os.environ['VIRTUAL_ENV']])")
    project.up()
    assert project.outputs()["python"] == [str(project.folder / "env/bin/python"), str(project.folder / "env")]


def test_a_virtual_environment_that_is_not_there_is_named(project: Project) -> None:
    project.pulumi_yaml(PULUMI_YAML.replace("options: {}", "options: {virtualenv: gone}"))
    failed = project.try_pulumi("up", "--yes", "--skip-preview")
    assert "gone/bin/python does not exist" in failed.stdout


def test_a_toolchain_that_the_host_does_not_carry_is_refused(project: Project) -> None:
    project.pulumi_yaml(PULUMI_YAML.replace("options: {}", "options: {toolchain: poetry}"))
    failed = project.try_pulumi("up", "--yes", "--skip-preview")
    assert 'toolchain: "poetry" is not carried' in failed.stdout


def test_a_provider_that_does_not_start_shows_why(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (broken / "__main__.py").write_text("raise SystemExit('no shelf to be had')\n")
    project.pulumi_yaml(f"name: demo\nruntime: python\nplugins: {{providers: [{{name: shelf, path: {broken}}}]}}\n")
    project.book("chapter one")
    failed = project.try_pulumi("up", "--yes", "--skip-preview", "--debug")
    assert failed.returncode != 0
    assert "no shelf to be had" in failed.stdout + failed.stderr


def test_about_names_the_interpreter_and_the_packages_of_the_program(project: Project) -> None:
    about = json.loads(project.pulumi("about", "--json"))
    assert about["runtime"]["executable"] == sys.executable
    assert "ringfence" in {package["name"] for package in about["dependencies"]}


def test_install_says_that_the_environment_is_made_elsewhere(project: Project) -> None:
    finished = project.try_pulumi("install")
    assert finished.returncode == 0
    assert "installs nothing" in finished.stdout + finished.stderr
