"""The country on which these tests work; it has a lab of its own, which goes when they are done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.country import Country


@pytest.fixture(scope="package")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """The country on its running lab; a test leaves the file as it was, and may leave the stacks up or not."""
    made = Country(tmp_path_factory.mktemp("country"))
    try:
        made.start_lab()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def standing(country: Country) -> Country:
    """The country, wholly brought up; a test of this module leaves it so."""
    country.declare()
    country.up()
    return country
