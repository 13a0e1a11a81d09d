"""What the core's tests share: the lab's text, and a loader that knows the catalogue and the laws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hardware.catalogue import load_catalogue
from policies.laws import load_laws
from ringfence.compile import compile_estate
from ringfence.estate import Estate
from ringfence.load import DeclarationError, Loaded, load_text

LAB = Path(__file__).resolve().parents[2] / "countries" / "lab.yaml"


def load_lab(text: str | bytes) -> Loaded:
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return load_text(raw, "lab.yaml", load_catalogue(), [law.id for law in load_laws()])


def compile_country(country: dict[str, Any]) -> Estate:
    loaded = load_lab(yaml.safe_dump(country))
    return compile_estate(loaded.declaration, load_catalogue(), load_laws(), "lab.yaml")


@pytest.fixture
def lab_text() -> str:
    return LAB.read_text()


@pytest.fixture
def lab_country(lab_text: str) -> dict[str, Any]:
    return yaml.safe_load(lab_text)


@pytest.fixture
def errors(lab_text: str) -> Callable[..., str]:
    """Return what the loader says of the lab's text after replacements; each must find what it replaces."""

    def said(*replacements: tuple[str, str]) -> str:
        text = lab_text
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new, 1)
        with pytest.raises(DeclarationError) as caught:
            load_lab(text)
        return str(caught.value)

    return said
