"""What the tests of the drivers take from the running lab."""

from __future__ import annotations

import pytest

from hardware.connections import Connections, load_connections
from lab import Lab


@pytest.fixture
def connections(lab: Lab) -> Connections:
    return load_connections(lab.connections, lab=True)
