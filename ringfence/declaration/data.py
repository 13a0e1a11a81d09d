"""What is kept and how: data classes, keys and stores."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ringfence.declaration.base import Model, Name, Percent, Reach, Text

Algorithm = Literal["aes-256", "ec-p384", "ec-p256", "rsa-4096", "rsa-2048", "aes-128"]


class DataClass(Model):
    """What a kind of data demands on the four axes: location, jurisdiction, ownership, personnel."""

    stay_in: Reach
    keys: Name | None = None
    people: Literal["cleared", "vetted", "any"] = "any"
    foreign_ownership: Percent = 100
    sector: Name | None = None


class Hsm(Model):
    """A hardware security module and the site that it stands at."""

    site: Name
    kind: Literal["softhsm", "network-hsm", "pcie-hsm"]


class Custodian(Model):
    """A person's office that holds one share; a quorum needs different institutions."""

    id: Name
    institution: Text


class KeyPurpose(Model):
    """One key: where it lives, what it is for and what wraps it."""

    hsm: Name
    algorithm: Algorithm
    use: Literal["wrap", "encrypt", "sign"]
    wrapped_by: Name | None = None
    extractable: bool = False
    rotate_days: Annotated[int, Field(ge=1, le=1825)] = 365


class Keys(Model):
    """The country's keys: HSMs, custodians, the quorum, and a purpose for each key."""

    hsms: dict[Name, Hsm] = {}
    custodians: tuple[Custodian, ...] = ()
    quorum: Annotated[int, Field(ge=1, le=15)] = 1
    purposes: dict[Name, KeyPurpose] = {}


class Backup(Model):
    """Where a store's backups go, and the key that seals them."""

    to: Name
    key: Name
    every_hours: Annotated[int, Field(ge=1, le=744)] = 24


class Store(Model):
    """An object store's bucket: the class of its data, its copies (sites or destinations), its lock and key."""

    class_: Annotated[Name, Field(alias="class")]
    copies: Annotated[tuple[Name, ...], Field(min_length=1)]
    key: Name | None = None
    lock: Literal["compliance", "governance", "none"] = "none"
    retention_days: Annotated[int, Field(ge=1, le=36500)] = 30
    versioning: bool = True
    backups: tuple[Backup, ...] = ()
    used_by: tuple[Name, ...] = ()
