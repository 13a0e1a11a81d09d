"""From a country file's path to its Estate: joins the loader, the compiler, the catalogue and the laws."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hardware.catalogue import load_catalogue
from policies.laws import load_laws
from ringfence.compile import compile_estate
from ringfence.estate import Estate
from ringfence.load import Loaded, load


@dataclass(frozen=True, slots=True)
class Opened:
    """A country file, read and compiled."""

    loaded: Loaded
    estate: Estate


def open_country(path: Path) -> Opened:
    """Read and compile a country file.

    Raises:
        InputError: with one line for each problem of the file.
    """
    catalogue, laws = load_catalogue(), load_laws()
    loaded = load(path, catalogue, [law.id for law in laws])
    return Opened(loaded, compile_estate(loaded.declaration, catalogue, laws, loaded.file))
