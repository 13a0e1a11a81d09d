"""The command line as a process: exit codes, streams, pipes, colours, and no traceback whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LAB = Path(__file__).resolve().parents[3] / "countries" / "lab.yaml"
PROGRAM = Path(sys.executable).with_name("ringfence")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def ringfence(tmp_path: Path) -> Run:
    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "RINGFENCE_CACHE": str(tmp_path / "cache"), **environment}
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, env=env, cwd=tmp_path)

    return run


@pytest.fixture
def country(tmp_path: Path) -> Callable[..., Path]:
    def written(*replacements: tuple[str, str]) -> Path:
        text = LAB.read_text()
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new)
        file = tmp_path / "atlantis.yaml"
        file.write_text(text)
        return file

    return written


ABROAD = ("copies: [north], key: records-kek", "copies: [north, model-exchange], key: records-kek")
UNVERIFIED = ("laws: [xa-data-act-12]", "laws: [xa-data-act-12, no-ecom-act-2025]")


def test_a_country_that_keeps_its_laws_exits_0(ringfence: Run) -> None:
    done = ringfence("check", LAB)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "html", "markdown", "csv"])
def test_a_residency_breach_exits_1_in_every_format(form: str, ringfence: Run, country: Callable[..., Path]) -> None:
    assert ringfence("check", country(ABROAD), "--format", form).returncode == 1


def test_the_breach_is_named_with_its_path_and_line(ringfence: Run, country: Callable[..., Path]) -> None:
    file = country(ABROAD)
    verdicts = json.loads(ringfence("check", file, "-f", "json").stdout)["verdicts"]
    breach = next(item for item in verdicts if item["rule"] == "RF-RES-001" and item["status"] == "fail")
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if ABROAD[1] in text)
    assert breach["source"] == {"file": str(file), "line": line}
    assert any("model-exchange in XB" in hop for hop in breach["path"])


def test_errors_are_single_lines_with_file_and_line_and_exit_2(ringfence: Run, country: Callable[..., Path]) -> None:
    file = country(("via: gw-1", "via: gw-9"), ("quorum: 2", "quorum: two"))
    done = ringfence("check", file)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"ringfence: {file}:") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chekc"], 'did you mean "check"?'),
        (["check"], "PATH"),
        (["check", "no-such.yaml"], "no-such.yaml: cannot be read: No such file or directory"),
        (["check", "x", "--fomat", "json"], "--format"),
        (["check", str(LAB), "--today", "tomorrow"], "tomorrow"),
        (["check", str(LAB), "--format", "oscal"], "oscal does not exist yet"),
        (["explain", "RF-RES-999"], "RF-RES-99"),
        (["graph", str(LAB), "--class", "helth"], "there is health"),
        (["check", str(LAB), "-o", "no/such/folder/r.json"], "cannot be written"),
    ],
)
def test_bad_input_exits_2_in_one_line(arguments: list[str], said: str, ringfence: Run) -> None:
    done = ringfence(*arguments)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_an_unexpected_error_is_one_line_and_a_log_without_its_text(ringfence: Run, tmp_path: Path) -> None:
    plant = tmp_path / "site"
    plant.mkdir()
    secret = "pin-4711-canary"
    (plant / "sitecustomize.py").write_text(
        "import sys, types\n"
        "broken = types.ModuleType('ringfence.cli.check')\n"
        "import click\n"
        f"def fail(): raise KeyError('{secret}')\n"
        "broken.command = click.Command('check', callback=fail)\n"
        "sys.modules['ringfence.cli.check'] = broken\n"
    )
    done = ringfence("check", PYTHONPATH=str(plant))
    assert done.returncode == 4
    assert done.stderr.startswith("ringfence: internal error: KeyError")
    assert len(done.stderr.splitlines()) == 1
    (log,) = (tmp_path / "cache" / "crashes").iterdir()
    assert "sitecustomize.py" in log.read_text()
    assert secret not in log.read_text() + done.stderr


def test_a_reader_that_leaves_early_changes_neither_exit_code_nor_stderr(country: Callable[..., Path]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([PROGRAM, "check", country(ABROAD), "-f", "sarif"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == b""


def test_help_into_a_closed_pipe_is_quiet() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([PROGRAM, "--help"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert done.stderr == b""


def test_a_pipe_gets_no_colours_and_a_terminal_does_unless_asked_not_to(country: Callable[..., Path]) -> None:
    import pty

    file = country(ABROAD)

    def on_a_terminal(**environment: str) -> bytes:
        primary, secondary = pty.openpty()
        env = {**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment}
        with subprocess.Popen([PROGRAM, "check", file], stdout=secondary, stderr=subprocess.DEVNULL, env=env):
            os.close(secondary)
            shown = b""
            try:
                while piece := os.read(primary, 65536):
                    shown += piece
            except OSError:
                pass  # Linux says EIO once the other side is closed.
        os.close(primary)
        return shown

    assert b"\x1b[31m" in on_a_terminal()
    assert b"\x1b[" not in on_a_terminal(NO_COLOR="1")
    assert "\x1b" not in subprocess.run([PROGRAM, "check", file], capture_output=True, text=True).stdout


def test_a_chosen_day_marks_the_output(ringfence: Run) -> None:
    done = ringfence("check", LAB, "--today", "2030-01-01")
    assert "as if today were 2030-01-01: not evidence" in done.stdout


def test_output_appears_whole_and_replaces_what_was_there(ringfence: Run, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")
    assert ringfence("report", LAB, "-o", target).returncode == 0
    assert target.read_text().endswith("</html>\n")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_help_imports_neither_models_nor_clients() -> None:
    code = "import sys; from ringfence.cli import cli; cli.main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("pydantic", "msgspec", "yaml", "jinja2", "pulumi", "paramiko", "boto3", "cryptography", "kubernetes"):
        assert f"'{heavy}'" not in shown


@pytest.mark.parametrize("command", ["check", "report", "explain", "graph", "permit", "audit", "up", "lab", "schema"])
def test_the_help_of_every_command_teaches_by_example(command: str, ringfence: Run) -> None:
    shown = ringfence(command, "--help")
    assert shown.returncode == 0
    assert f"ringfence {command}" in shown.stdout.partition("Usage:")[2].partition("\n")[2]
