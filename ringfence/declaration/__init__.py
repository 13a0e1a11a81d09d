"""The declaration: everything that one country file says, as frozen models. One file per subject."""

from __future__ import annotations

from typing import Literal

from ringfence.declaration.base import Model, Name
from ringfence.declaration.data import DataClass, Keys, Store
from ringfence.declaration.site import Destination, Embassy, Site
from ringfence.declaration.society import Assistant, Coalition, Country, Ecosystem, LawId, Oversight

SCHEMA_VERSION = 1


class Declaration(Model):
    """A country file. ``ringfence`` is the schema version that it was written for."""

    ringfence: Literal[1]
    country: Country
    laws: tuple[LawId, ...] = ()
    data_classes: dict[Name, DataClass]
    embassies: tuple[Embassy, ...] = ()
    destinations: dict[Name, Destination] = {}
    sites: dict[Name, Site]
    keys: Keys = Keys()
    stores: dict[Name, Store] = {}
    assistants: dict[Name, Assistant] = {}
    ecosystem: Ecosystem = Ecosystem()
    oversight: Oversight = Oversight()
    coalition: Coalition | None = None


__all__ = ["SCHEMA_VERSION", "Declaration"]
