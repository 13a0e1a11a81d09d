from __future__ import annotations

import threading

import pytest

from engine.progress import step, to_stderr


def test_a_step_names_its_start_and_its_end_with_the_duration() -> None:
    lines: list[str] = []
    with step("building pulumi", lines.append):
        assert lines == ["building pulumi"]
    assert len(lines) == 2
    assert lines[1].startswith("building pulumi: done in ")


def test_a_long_step_says_how_long_it_has_been_running() -> None:
    beaten = threading.Event()

    def say(line: str, /) -> None:
        if " … " in line:
            beaten.set()

    with step("building pulumi", say, heartbeat=0.001):
        assert beaten.wait(timeout=10)


def test_a_step_that_raises_ends_as_failed_and_lets_the_error_through() -> None:
    lines: list[str] = []
    with pytest.raises(ValueError, match="broken"), step("building pulumi", lines.append):
        raise ValueError("broken")
    assert "failed after" in lines[-1]


def test_progress_goes_to_stderr_and_leaves_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    to_stderr("building pulumi")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "building pulumi\n")
