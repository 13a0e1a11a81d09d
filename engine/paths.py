"""Where Ringfence keeps what it builds (the cache) and what a lab leaves behind (its state)."""

from __future__ import annotations

import os
from pathlib import Path

from ringfence.errors import InputError


def cache_dir() -> Path:
    """The folder of built things, keyed by version: safe to delete, slow to fill. Made with mode 0700."""
    return _private_folder("RINGFENCE_CACHE", "XDG_CACHE_HOME", "~/.cache", "ringfence")


def lab_dir() -> Path:
    """The folder of a lab's data, logs, keys and Pulumi state. Made with mode 0700."""
    return _private_folder("RINGFENCE_LAB", "XDG_STATE_HOME", "~/.local/state", "ringfence/lab")


def _private_folder(variable: str, xdg_variable: str, xdg_default: str, below: str) -> Path:
    """Resolve one folder from `variable`, else from the XDG base directory, and make it."""
    if chosen := os.environ.get(variable):
        folder = Path(chosen).expanduser().absolute()
    else:
        base = Path(os.environ.get(xdg_variable, ""))
        # The XDG specification says that a relative base directory is to be ignored.
        folder = (base if base.is_absolute() else Path(xdg_default).expanduser()) / below
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot make this folder ({error.strerror}); set {variable} to another") from error
    return folder
