"""Which Pulumi is run and how, watched by an executable that records its calls."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from engine.kubernetes_plugin import find_kubernetes_plugin
from engine.progress import to_stderr
from engine.pulumi_cli import Pulumi, environment, find_pulumi, run
from ringfence.errors import OperationError

RECORDER = f"""#!{sys.executable}
import json, os, sys
record = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}}
open(__file__ + ".called", "w").write(json.dumps(record))
print("recorded")
"""


def executable(path: Path, text: str = RECORDER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Pulumi, whose PATH begins with the folder `bin`; its home is the folder returned."""
    system = [entry for entry in os.environ["PATH"].split(":") if not (Path(entry) / "pulumi").exists()]
    monkeypatch.setenv("PATH", ":".join([str(tmp_path / "bin"), *system]))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RINGFENCE_LAB", str(tmp_path / "lab"))
    return tmp_path


@pytest.fixture
def installed(machine: Path) -> Path:
    """A recorder as `pulumi` on PATH, with a language host beside it."""
    executable(machine / "bin/pulumi-language-python")
    return executable(machine / "bin/pulumi")


def test_an_installed_pulumi_on_path_is_used_as_it_is(installed: Path) -> None:
    assert find_pulumi(to_stderr) == Pulumi(installed, installed=True)


def test_an_installed_pulumi_is_called_with_the_arguments_given_and_its_own_home(installed: Path, machine: Path) -> None:
    env = environment(find_pulumi(to_stderr))
    finished = run(["up", "--yes"], env=env, cwd=machine)
    record = json.loads(Path(f"{installed}.called").read_text())
    assert (finished.returncode, finished.stdout) == (0, "recorded\n")
    assert record["arguments"] == ["up", "--yes", "--non-interactive"]
    assert record["folder"] == str(machine)
    assert "PULUMI_HOME" not in record["environment"]


def test_a_pulumi_in_its_home_folder_is_found_without_path_and_is_called(machine: Path) -> None:
    executable(machine / ".pulumi/bin/pulumi-language-python")
    home = executable(machine / ".pulumi/bin/pulumi")
    run(["version"], env=environment(find_pulumi(to_stderr)), cwd=machine)
    assert Path(f"{home}.called").exists()


def test_the_home_folder_that_the_user_names_is_searched(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(machine / "elsewhere"))
    executable(machine / "elsewhere/bin/pulumi-language-python")
    home = executable(machine / "elsewhere/bin/pulumi")
    assert find_pulumi(to_stderr).executable == home


def test_an_installed_pulumi_that_cannot_run_python_is_named(machine: Path) -> None:
    executable(machine / "bin/pulumi")
    with pytest.raises(OperationError, match="bin/pulumi: this Pulumi has no pulumi-language-python"):
        find_pulumi(to_stderr)


def test_nothing_is_asked_of_or_downloaded_from_a_service(installed: Path) -> None:
    env = environment(find_pulumi(to_stderr))
    assert env["PULUMI_SKIP_UPDATE_CHECK"] == env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert env["PULUMI_DISABLE_REGISTRY_RESOLVE"] == "true"


def test_the_engines_own_pulumi_keeps_its_home_in_the_lab(machine: Path) -> None:
    env = environment(Pulumi(machine / "cache/pulumi", installed=False))
    assert Path(env["PULUMI_HOME"]).is_relative_to(machine / "lab")


def test_the_passphrase_is_handed_over_as_a_file_that_only_the_owner_reads(
    installed: Path, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "in the open")
    env = environment(find_pulumi(to_stderr))
    file = Path(env["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert "PULUMI_CONFIG_PASSPHRASE" not in env
    assert file.read_text() not in env.values()


def test_the_passphrase_stays_the_same(installed: Path) -> None:
    files = {Path(environment(find_pulumi(to_stderr))["PULUMI_CONFIG_PASSPHRASE_FILE"]) for _ in range(2)}
    assert len({file.read_text() for file in files}) == 1


def test_a_backend_and_a_passphrase_of_ones_own_are_used(installed: Path, machine: Path) -> None:
    env = environment(find_pulumi(to_stderr), backend="s3://state", passphrase_file=machine / "phrase")
    assert env["PULUMI_BACKEND_URL"] == "s3://state"
    assert env["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(machine / "phrase")


def test_the_order_of_what_is_on_path_already_stays(installed: Path) -> None:
    path = environment(find_pulumi(to_stderr))["PATH"].split(":")
    assert [entry for entry in path if entry in os.environ["PATH"].split(":")] == os.environ["PATH"].split(":")


def test_an_official_kubernetes_plugin_on_path_wins(machine: Path) -> None:
    plugin = executable(machine / "bin/pulumi-resource-kubernetes")
    found = find_kubernetes_plugin()
    assert (found.executable, found.official) == (plugin, True)


def test_of_the_official_kubernetes_plugins_in_the_plugin_folder_the_newest_wins(machine: Path) -> None:
    for version in ("v4.9.0", "v4.34.2", "v4.5.1"):
        executable(machine / f".pulumi/plugins/resource-kubernetes-{version}/pulumi-resource-kubernetes")
    found = find_kubernetes_plugin()
    assert (found.executable.parent.name, found.official) == ("resource-kubernetes-v4.34.2", True)


def test_the_official_kubernetes_plugin_is_the_one_that_pulumi_finds(installed: Path, machine: Path) -> None:
    plugin = executable(machine / ".pulumi/plugins/resource-kubernetes-v4.34.2/pulumi-resource-kubernetes")
    assert str(plugin.parent) in environment(find_pulumi(to_stderr))["PATH"].split(":")


def test_without_the_official_kubernetes_plugin_ours_is_on_path_and_runs_with_this_interpreter(installed: Path) -> None:
    found = find_kubernetes_plugin()
    assert not found.official
    assert str(found.executable.parent) in environment(find_pulumi(to_stderr))["PATH"].split(":")
    assert f"{sys.executable} -P -m engine.kubernetes" in found.executable.read_text()


def test_our_own_kubernetes_plugin_on_path_does_not_become_an_official_one(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{find_kubernetes_plugin().executable.parent}:{os.environ['PATH']}")
    assert not find_kubernetes_plugin().official


def test_lines_are_seen_as_they_come_from_both_streams(machine: Path) -> None:
    executable(machine / "bin/pulumi", "#!/bin/sh\necho out\necho err >&2\nexit 3\n")
    seen: list[str] = []
    finished = run([], env=dict(os.environ), cwd=machine, on_line=seen.append)
    assert sorted(seen) == ["err", "out"]
    assert (finished.returncode, finished.stdout, finished.stderr) == (3, "out\n", "err\n")


def test_past_the_timeout_pulumi_is_asked_to_cancel_and_not_killed(machine: Path) -> None:
    executable(machine / "bin/pulumi", "#!/bin/sh\ntrap 'kill $!; touch cancelled' INT\nsleep 60 & wait\n")
    with pytest.raises(OperationError, match=r"pulumi up: not done after"):
        run(["up"], env=dict(os.environ), cwd=machine, timeout=0.5)
    assert (machine / "cancelled").exists()
