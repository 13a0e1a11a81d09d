"""The lab's country, and what its parts consist of."""

from __future__ import annotations

import pytest

from hardware.catalogue import load_catalogue
from ringfence.cli.country import Opened, open_country
from ringfence.configs import render
from ringfence.estate import Estate
from stacks.resource import Resource
from stacks.resources import resources
from tests.conftest import COUNTRY


@pytest.fixture(scope="session")
def opened() -> Opened:
    return open_country(COUNTRY)


@pytest.fixture(scope="session")
def estate(opened: Opened) -> Estate:
    return opened.estate


@pytest.fixture(scope="session")
def national(estate: Estate) -> tuple[Resource, ...]:
    return resources(estate, "national", {})


@pytest.fixture(scope="session")
def north(estate: Estate) -> tuple[Resource, ...]:
    return resources(estate, "north", render(estate, "north", load_catalogue()))
