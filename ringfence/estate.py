"""The Estate: what a declaration means, what a plan would make, or what is really there, as one typed set of facts.

Three readers fill it (declaration, plan, live estate) and one ``judge`` reads it. Items are flat, frozen and in a fixed
order, so that the same facts give the same bytes. ``coverage`` says which facts a reader covers; a fact that it
does not cover is unknown, never absent.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

import msgspec

from ringfence.facts import (
    Access,
    Assistant,
    Bucket,
    Cable,
    Country,
    Custodian,
    DataClass,
    Device,
    Filter,
    Flow,
    Hsm,
    Item,
    Key,
    Law,
    Namespace,
    Oversight,
    Partner,
    Place,
    Pod,
    Pool,
    Service,
    Site,
)

Grade = Literal["declared", "planned", "measured", "attested"]


class Coverage(Item, frozen=True, gc=False):
    """That a reader covers a fact, how well, from where; ``missing`` names the subjects that it could not read."""

    fact: str
    grade: Grade
    provenance: str
    missing: tuple[str, ...] = ()


class Estate(Item, frozen=True, gc=False, kw_only=True):
    """All facts about one country's estate. A field's name is its name in ``Coverage`` and ``rule(reads=...)``."""

    country: Country
    coalition: tuple[Partner, ...] = ()
    laws: tuple[Law, ...] = ()
    data_classes: tuple[DataClass, ...] = ()
    places: tuple[Place, ...] = ()
    access: tuple[Access, ...] = ()
    sites: tuple[Site, ...] = ()
    devices: tuple[Device, ...] = ()
    cables: tuple[Cable, ...] = ()
    pools: tuple[Pool, ...] = ()
    filters: tuple[Filter, ...] = ()
    flows: tuple[Flow, ...] = ()
    services: tuple[Service, ...] = ()
    hsms: tuple[Hsm, ...] = ()
    custodians: tuple[Custodian, ...] = ()
    quorum: int = 0
    keys: tuple[Key, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    pods: tuple[Pod, ...] = ()
    assistants: tuple[Assistant, ...] = ()
    oversight: Oversight = Oversight()
    coverage: tuple[Coverage, ...] = ()


FACTS: tuple[str, ...] = tuple(name for name in Estate.__struct_fields__ if name != "coverage")


def encode(facts: object) -> bytes:
    """Return the canonical bytes of facts: JSON with sorted keys, no white space; the same on each run and machine."""
    return msgspec.json.encode(facts, order="deterministic")


def digest(facts: object) -> str:
    """Return ``sha256:<hex>`` of the canonical bytes of facts."""
    return "sha256:" + sha256(encode(facts)).hexdigest()
