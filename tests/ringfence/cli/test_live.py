"""How a live bucket differs from its declaration is said field by field."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.cli.live import differences
from tests.ringfence.conftest import compile_country


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"versioning": False}, ["versioning is False, declared True"]),
        ({"lock": ""}, ["lock is '', declared 'compliance'"]),
        ({"retention_days": 0}, ["retention_days is 0, declared 1"]),
        ({"tls_only": False, "public": True}, ["tls_only is False, declared True", "public is True, declared False"]),
        ({}, []),
    ],
)
def test_each_field_that_differs_is_named(lab_country: dict[str, Any], change: dict[str, Any], said: list[str]) -> None:
    records = next(bucket for bucket in compile_country(lab_country).buckets if bucket.store == "records")
    assert differences(records, replace(records, **change)) == said


def test_a_retention_without_a_lock_is_no_difference(lab_country: dict[str, Any]) -> None:
    notices = next(bucket for bucket in compile_country(lab_country).buckets if not bucket.lock)
    assert differences(notices, replace(notices, retention_days=0)) == []
