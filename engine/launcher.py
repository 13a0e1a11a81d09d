"""Small executables that start a Python module of ours: Pulumi finds its plugins as programs on PATH."""

from __future__ import annotations

import shlex
import sys

EXECUTABLE_MODE = 0o700


def launcher_text(module: str, *arguments: str) -> str:
    """A shell script that becomes `module` under the interpreter that runs now, with its own arguments appended.

    A script and not a Python file, because the kernel cuts off a long path after `#!`. With -P the working directory,
    which belongs to somebody's project, stays out of Python's search path.
    """
    command = shlex.join([sys.executable, "-P", "-m", module, *arguments])
    return f'#!/bin/sh\nexec {command} "$@"\n'
