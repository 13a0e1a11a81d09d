"""Which Python runs a program: the one of its virtual environment, or else the one that runs the host."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.language_pb2 import ProgramInfo

from ringfence.errors import InputError


def interpreter(info: ProgramInfo) -> Path:
    """The interpreter that the options `virtualenv` and `toolchain` of a Pulumi.yaml name.

    A relative `virtualenv` counts from the folder of that file. Raises InputError where there is none.
    """
    options = MessageToDict(info.options)
    toolchain = options.get("toolchain", "pip")
    if toolchain not in ("pip", "uv"):
        raise InputError(
            f'{info.root_directory}: runtime option toolchain: "{toolchain}" is not carried by this language host; '
            "use pip or uv, and name the environment in the option virtualenv"
        )
    virtualenv = options.get("virtualenv", ".venv" if toolchain == "uv" else None)
    if virtualenv is None:
        return Path(sys.executable)
    python = Path(info.root_directory, virtualenv, "bin", "python")
    if not python.exists():
        raise InputError(
            f"{info.root_directory}: runtime option virtualenv: {python} does not exist; make that environment first"
        )
    return python


def environment(python: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment in which `python` runs: where it belongs to a virtual environment, with that one activated."""
    virtualenv = python.parent.parent
    if not (virtualenv / "pyvenv.cfg").exists():
        return dict(inherited)
    path = os.pathsep.join(filter(None, [str(python.parent), inherited.get("PATH", "")]))
    return {**inherited, "VIRTUAL_ENV": str(virtualenv), "PATH": path}
