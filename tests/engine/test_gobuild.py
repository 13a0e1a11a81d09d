"""Builds by the real Go compiler, of a module without dependencies, so that each takes a fraction of a second."""

from __future__ import annotations

import fcntl
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.gobuild import GoTool, build
from ringfence.errors import OperationError

PROGRAM = 'package main\n\nvar Version = "unset"\n\nfunc main() { print(Version) }\n'


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoTool:
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module example.invalid/hello\n\ngo 1.20\n")
    (module / "go.sum").touch()
    (module / "main.go").write_text(PROGRAM)
    return GoTool("hello", "v1", "example.invalid/hello", module, ("-X", "main.Version=v1"))


def silent(line: str, /) -> None:
    """Progress is not what these tests are about."""


def output(executable: Path) -> str:
    return subprocess.run([executable], capture_output=True, text=True, check=True).stderr


def test_a_built_tool_runs_and_knows_the_version_given_to_the_linker(tool: GoTool) -> None:
    assert output(build(tool, silent)) == "v1"


def test_a_built_tool_is_not_built_again(tool: GoTool) -> None:
    first = build(tool, silent)
    lines: list[str] = []
    assert build(tool, lines.append) == first
    assert lines == []


def test_a_changed_pin_gets_an_executable_of_its_own(tool: GoTool) -> None:
    first = build(tool, silent)
    (tool.module_dir / "go.mod").write_text("module example.invalid/hello\n\ngo 1.21\n")
    assert build(tool, silent) != first


def test_builds_at_the_same_time_do_the_work_once(tool: GoTool) -> None:
    lines: list[str] = []
    with ThreadPoolExecutor() as pool:
        built = list(pool.map(lambda _: build(tool, lines.append), range(4)))
    assert len(set(built)) == 1
    assert sum(line.startswith("building hello") and "done" in line for line in lines) == 1


def test_what_a_killed_build_left_behind_is_replaced(tool: GoTool) -> None:
    executable = build(tool, silent)
    executable.rename(executable.with_name(".hello.unfinished"))
    executable.with_name(".hello.unfinished").write_bytes(b"half a file")
    assert output(build(tool, silent)) == "v1"


def test_the_compiler_of_a_killed_build_keeps_the_next_one_waiting(tool: GoTool, tmp_path: Path) -> None:
    """The compiler is replaced by a recorder, because a real one is too fast to be looked at while it runs."""
    recorder = tmp_path / "bin" / "go"
    recorder.parent.mkdir()
    recorder.write_text(f"#!/bin/sh\nls -l /proc/$$/fd > {tmp_path}/descriptors\nexit 1\n")
    recorder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{recorder.parent}:{os.environ['PATH']}")
        with pytest.raises(OperationError):
            build(tool, silent)
    assert "/lock\n" in (tmp_path / "descriptors").read_text()


def test_the_lock_is_free_after_a_failed_build(tool: GoTool, tmp_path: Path) -> None:
    (tool.module_dir / "main.go").write_text("package main\n")
    with pytest.raises(OperationError):
        build(tool, silent)
    (lock,) = (tmp_path / "cache").glob("go/*/lock")
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_failed_build_shows_the_compilers_words_and_the_path_of_the_log(tool: GoTool) -> None:
    (tool.module_dir / "main.go").write_text("package main\n\nfunc main() { undefinedThing() }\n")
    with pytest.raises(OperationError, match=r"(?s)log: .*build\.log.*undefined: undefinedThing"):
        build(tool, silent)


def test_a_dependency_that_go_sum_does_not_pin_is_refused(tool: GoTool) -> None:
    (tool.module_dir / "main.go").write_text('package main\n\nimport _ "golang.org/x/sys/unix"\n\nfunc main() {}\n')
    with pytest.raises(OperationError, match=r"golang\.org/x/sys/unix"):
        build(tool, silent)


def test_a_machine_without_go_is_told_what_to_install(tool: GoTool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(OperationError, match="install Go"):
        build(tool, silent)
