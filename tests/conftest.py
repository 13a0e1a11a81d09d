"""What tests of every room share: the running lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import lab as lab_room
from engine.progress import to_stderr
from ringfence.cli.country import open_country

COUNTRY = Path(__file__).parent.parent / "countries" / "lab.yaml"


@pytest.fixture(scope="session")
def lab() -> Iterator[lab_room.Lab]:
    """The lab of `countries/lab.yaml` in its usual place, started where it is down, with its environment set; it stays up."""
    started = lab_room.up(open_country(COUNTRY).estate, to_stderr)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in lab_room.environment().items():
            patch.setenv(name, value)
        yield started
