"""The options that every command with a report shares, and how a text reaches a file or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from ringfence.durable import write
from ringfence.errors import InputError

if TYPE_CHECKING:
    from ringfence.report import Report

F = TypeVar("F", bound=Callable[..., Any])

# "oscal" is named so that asking for it gives a plain answer; see ringfence.report.formats for those that exist.
FORMATS = ("text", "json", "sarif", "junit", "oscal", "html", "markdown", "csv")


def format_option(default: str) -> Callable[[F], F]:
    """Add ``--format``."""
    return click.option(
        "--format", "-f", "form", type=click.Choice(FORMATS), default=default, show_default=True, help="How to show it."
    )


def output_option(command: F) -> F:
    """Add ``--output``."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write to this file, whole or not at all.",
    )(command)


def judging_options(command: F) -> F:
    """Add ``--today``, ``--stage`` and ``--waivers``."""
    command = click.option(
        "--waivers", type=click.Path(file_okay=False, exists=True, path_type=Path),
        help="Folder of signed waivers [default: waivers/<country> beside the country file].",
    )(command)  # fmt: skip
    command = click.option(
        "--stage", type=click.Choice(["file", "plan", "audit"]), help="Judge as at this stage [default: by the subject]."
    )(command)
    return click.option(
        "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
        help="Judge as if this were the day (YYYY-MM-DD); marks the output, and no gate takes it.",
    )(command)  # fmt: skip


def colours(stream: TextIO) -> bool:
    """Return whether to use colours: a terminal that has them, and nobody asked for none (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(line: str, /) -> None:
    """Print one line of progress on stderr."""
    from ringfence.escape import terminal

    sys.stderr.write(terminal(line) + "\n")
    sys.stderr.flush()


def show(report: Report, form: str, output: Path | None, *, everything: bool = False) -> None:
    """Render a report and deliver it.

    Raises:
        InputError: a format that does not exist yet, HTML for a terminal, or a file that cannot be written.
    """
    from ringfence.report import render

    if form == "html" and output is None and sys.stdout.isatty():
        raise InputError("an HTML report is for a browser, not for a terminal; give --output FILE")
    colour = output is None and colours(sys.stdout)
    deliver(render(report, form, colour=colour, everything=everything), output)
    if output is not None:
        say(report.sentence())


def deliver(text: str, output: Path | None) -> None:
    """Write ``text`` to stdout, or to a file that appears whole: a crash leaves the old one.

    Raises:
        InputError: the file cannot be written.
    """
    # Lone surrogates (a file name that is not UTF-8) have no encoding; a report must still come out.
    data = text.encode("utf-8", "backslashreplace")
    if output is None:
        _to_stdout(data)
        return
    try:
        if output.exists() and not output.is_file():  # /dev/null, a FIFO: there is nothing to replace
            output.write_bytes(data)
            return
        write(output, data, 0o666 & ~_umask())
    except OSError as error:
        raise InputError(f"{output}: cannot be written: {error.strerror}; give --output another file") from None


def _to_stdout(data: bytes) -> None:
    """Write to stdout. A reader that closes the pipe early (``| head``) has had enough and changes no verdict."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
