"""Files of the lab that are written only when their content changes, or only once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ringfence import durable


def replace(path: Path, content: str, mode: int = 0o600) -> bool:
    """Make `path` hold `content`; say whether that changed anything."""
    if path.exists() and path.read_text() == content:
        return False
    durable.write(path, content.encode(), mode)
    return True


def once(path: Path, content: Callable[[], str], mode: int = 0o600) -> Path:
    """Give `path` what `content` makes, unless it is there already: for what must never change, such as a key."""
    if not path.exists():
        durable.write_once(path, content().encode(), mode)
    return path
