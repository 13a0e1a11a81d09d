"""The facts: one frozen type for each kind of thing in an estate. Addresses are written ``address/length``."""

from __future__ import annotations

from typing import Literal

import msgspec


class Item(msgspec.Struct, frozen=True, gc=False):
    """Base of all facts: frozen, hashable by value, without cycles."""


class Country(Item, frozen=True, gc=False):
    """The country whose estate this is."""

    code: str
    name: str
    languages: tuple[str, ...]


class Partner(Item, frozen=True, gc=False):
    """A country of the coalition, recognised up to and with a day (ISO 8601)."""

    country: str
    recognised_until: str


class Obligation(Item, frozen=True, gc=False):
    """What a law demands of a data class, or of all when ``data_class`` is empty. Empty or 100 means no demand."""

    data_class: str = ""
    sector: str = ""
    stay_in: str = ""
    foreign_ownership: int = 100
    people: str = "any"


class Law(Item, frozen=True, gc=False):
    """A law that binds the estate; dates are ISO 8601, empty when open. ``verified`` laws were read in the original."""

    id: str
    citation: str
    kind: str
    in_force_from: str
    grace_until: str
    verified: bool
    obligations: tuple[Obligation, ...]


class DataClass(Item, frozen=True, gc=False):
    """A kind of data and what it demands on the four axes."""

    name: str
    stay_in: str
    keys: str
    people: str
    foreign_ownership: int
    sector: str


class Owner(Item, frozen=True, gc=False):
    """A share (percent) held under a country's law."""

    country: str
    share: int


class Place(Item, frozen=True, gc=False):
    """Where data can be: ``country`` (location), ``jurisdiction`` (whose law), ``owners`` (who can be compelled)."""

    name: str
    kind: str
    country: str
    jurisdiction: str
    operator: str
    owners: tuple[Owner, ...]
    declared: str


class Access(Item, frozen=True, gc=False):
    """People who can reach a place's systems: the personnel axis."""

    who: str
    place: str
    country: str
    clearance: str
    classes: tuple[str, ...]
    declared: str


class Site(Item, frozen=True, gc=False):
    """A data centre and the blocks that its address space is cut into."""

    name: str
    index: int
    ipv4: str
    ipv6: str
    compute4: str
    compute6: str
    loopback4: str
    loopback6: str
    oob4: str
    oob_gateway: str
    declared: str


class Interface(Item, frozen=True, gc=False):
    """A port with addresses (``address/length``; empty when it has none)."""

    name: str
    network: str
    ipv4: str
    ipv6: str
    mtu: int


class Device(Item, frozen=True, gc=False):
    """A switch or a node. ``row``, ``rack`` and ``unit`` are 0 for what has no fixed rack; ``asn`` is 0 without BGP."""

    name: str
    site: str
    role: Literal["leaf", "spine", "core", "node"]
    model: str
    row: int
    rack: int
    unit: int
    su: int
    pool: str
    asn: int
    interfaces: tuple[Interface, ...]
    declared: str


class Cable(Item, frozen=True, gc=False):
    """A cable between two ports of a network."""

    a: str
    a_port: str
    b: str
    b_port: str
    network: str


class Pool(Item, frozen=True, gc=False):
    """GPU nodes of one kind; ``gpus`` is the pool's total."""

    name: str
    site: str
    server: str
    nodes: int
    gpus: int
    tenancy: str
    classes: tuple[str, ...]
    declared: str


class Filter(Item, frozen=True, gc=False):
    """What lets traffic out of a site's gateway: ``prefixes`` on ``port``; ``declared`` is empty if nothing does."""

    site: str
    gateway: str
    destination: str
    prefixes: tuple[str, ...]
    port: int
    carries: tuple[str, ...]
    enforced_by: str
    declared: str


class Flow(Item, frozen=True, gc=False):
    """A way by which something gets from ``source`` to ``target`` (names of places), and what shows that it is so.

    ``evidence``: ``filter`` (compiled), ``store`` (configuration), ``key-policy``, ``proxy`` (enforcing) or
    ``declaration`` (taken on trust).
    """

    kind: str
    source: str
    target: str
    carries: tuple[str, ...]
    evidence: str
    declared: str


class Service(Item, frozen=True, gc=False):
    """A service that hosts of a site use: DNS, NTP, packages, registry or syslog."""

    kind: str
    site: str
    host: str
    country: str
    declared: str


class Hsm(Item, frozen=True, gc=False):
    """A hardware security module and where it stands."""

    name: str
    site: str
    kind: str
    declared: str


class Custodian(Item, frozen=True, gc=False):
    """The holder of one share."""

    id: str
    institution: str


class Key(Item, frozen=True, gc=False):
    """A key: where it lives, what it may do, what wraps it. ``algorithm`` is ``aes-256``, ``ec-p384`` and the like."""

    name: str
    hsm: str
    algorithm: str
    use: str
    wrapped_by: str
    extractable: bool
    rotate_days: int
    declared: str


class Bucket(Item, frozen=True, gc=False):
    """One copy of a store at one place. ``key`` is empty when the store's own default encryption is used."""

    name: str
    store: str
    data_class: str
    place: str
    key: str
    lock: str
    retention_days: int
    versioning: bool
    encrypted: bool
    tls_only: bool
    public: bool
    declared: str


class Namespace(Item, frozen=True, gc=False):
    """A tenant's namespace: ``kind`` is ``assistant`` or ``grant``; quotas are GPUs."""

    name: str
    site: str
    kind: str
    pool: str
    gpus: int
    classes: tuple[str, ...]
    until: str
    declared: str


class Pod(Item, frozen=True, gc=False):
    """A pod template of a workload, with the fields that rules read; ``source`` is the manifest."""

    name: str
    namespace: str
    kind: str
    images: tuple[str, ...]
    host_access: tuple[str, ...]
    privileged: tuple[str, ...]
    gpu_limits: int
    limits_missing: tuple[str, ...]
    run_as_root: tuple[str, ...]
    escalation: tuple[str, ...]
    labels: tuple[str, ...]
    declared: str
    source: str = ""
    line: int = 0


class Assistant(Item, frozen=True, gc=False):
    """A national assistant."""

    name: str
    sector: str
    namespace: str
    languages: tuple[str, ...]
    prompts: tuple[str, ...]
    class_ceiling: str
    image: str
    declared: str


class Oversight(Item, frozen=True, gc=False):
    """Who watches: bodies, approvals as ``(operation, threshold, bodies)``, and the log's key and witnesses."""

    bodies: tuple[str, ...] = ()
    approvals: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    log_key: str = ""
    witnesses: tuple[str, ...] = ()
