"""The table of ``docs/benchmarks.md``: one section a subject, rewritten by each run, with machine and date."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value. ``wanted`` says what it should be; ``how`` what was measured."""

    name: str
    value: float
    how: str
    wanted: str = ""


def keep(subject: str, figures: Sequence[Figure]) -> None:
    """Replace the subject's section, or add it at the end."""
    lines = [f"## {subject}", "", f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}", ""]
    lines += ["| figure | value | wanted | what was measured |", "|---|---|---|---|"]
    lines += [f"| `{item.name}` | {item.value:g} | {item.wanted} | {item.how} |" for item in figures]
    section = "\n".join(lines) + "\n"
    text = DOCUMENT.read_text() if DOCUMENT.exists() else "# Benchmarks\n\nWritten by `make bench`.\n"
    pattern = re.compile(rf"^## {re.escape(subject)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    made = pattern.sub(lambda _: section + "\n", text) if pattern.search(text) else f"{text.rstrip()}\n\n{section}"
    temporary = DOCUMENT.with_suffix(".new")
    temporary.write_text(made.rstrip() + "\n")
    temporary.replace(DOCUMENT)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {system}"
