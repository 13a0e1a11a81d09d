"""The edges of a process: every ending becomes an exit code and single lines on stderr, never a traceback."""

from __future__ import annotations

import os
import sys
import traceback

import click

from ringfence.errors import RingfenceError
from ringfence.escape import terminal

INTERRUPTED = 130


def run(command: click.Command) -> None:
    """Run ``command`` on this process's arguments and exit."""
    sys.exit(_code(command))


def _code(command: click.Command) -> int:
    try:
        result = command.main(prog_name=command.name, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return _usage(error)
    except RingfenceError as error:
        _complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: what is not ours becomes one line and a log
        _complain(f"internal error: {type(error).__name__}{_crash_log(error)}")
        return RingfenceError.exit_code
    return result if isinstance(result, int) else 0


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    hint = f"; see `{context.command_path} --help`" if context is not None else ""
    _complain(error.format_message().rstrip(".") + hint)
    return error.exit_code


def _complain(message: str) -> None:
    for line in message.splitlines() or [""]:
        click.echo(f"ringfence: {terminal(line)}", err=True)


def _crash_log(error: BaseException) -> str:
    """Write where it happened, without any text or value (they may hold a secret), and return words for the user."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    try:
        from engine.paths import cache_dir

        folder = cache_dir() / "crashes"
        folder.mkdir(mode=0o700, exist_ok=True)
        log = folder / f"{type(error).__name__}-{os.getpid()}.txt"
        log.write_text("\n".join([type(error).__name__, *frames]) + "\n")
    except (OSError, RingfenceError):
        return f" at {frames[-1]}" if frames else ""
    return f"; please report it with {log}"
