"""What the estate is for and who watches it: assistants, ecosystem, oversight, coalition."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ringfence.declaration.base import CountryCode, Digest, Image, Language, Model, Name, Text


class ServedModel(Model):
    """The weights and the runtime that serve an assistant."""

    name: Name
    digest: Digest
    image: Image
    gpus: Annotated[int, Field(ge=1, le=1024)] = 1


class Speech(Model):
    """What an assistant says in one language; an official language without its own is refused a release."""

    system: Text
    refusal: Text


class Assistant(Model):
    """A national assistant: one sector, one pool, a ceiling on the data classes that it may see."""

    sector: Name
    pool: Name
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    model: ServedModel
    prompts: dict[Language, Speech] = {}
    class_ceiling: Name
    retention_days: Annotated[int, Field(ge=0, le=3650)] = 30
    logs_to: Name | None = None


class Fund(Model):
    """The fund that grants computing time."""

    name: Text
    gpu_hours: Annotated[int, Field(ge=0, le=10_000_000_000)]


class Grant(Model):
    """Computing time for one startup: a tenant, a quota, an end."""

    to: Name
    pool: Name
    gpu_hours: Annotated[int, Field(ge=1, le=1_000_000_000)]
    gpus: Annotated[int, Field(ge=1, le=100_000)]
    until: date


class Ecosystem(Model):
    """The fund and its grants."""

    fund: Fund | None = None
    grants: tuple[Grant, ...] = ()


class Body(Model):
    """An oversight body."""

    name: Text
    independent: bool = True


class Approval(Model):
    """Who must agree before an operation: how many, of which bodies."""

    bodies: Annotated[tuple[Name, ...], Field(min_length=1)]
    threshold: Annotated[int, Field(ge=1, le=15)]


class Log(Model):
    """The transparency log: the key that signs it and the witnesses that cosign it."""

    key: Name
    witnesses: tuple[Name, ...] = ()


class Oversight(Model):
    """Bodies, the approvals that they give, and the log that they verify."""

    bodies: dict[Name, Body] = {}
    approvals: dict[Literal["deploy", "destroy", "key-ceremony", "waiver"], Approval] = {}
    log: Log | None = None


class Partner(Model):
    """A country of the coalition, recognised until a date."""

    country: CountryCode
    recognised_until: date


class Coalition(Model):
    """The shared standard and the countries that are recognised under it."""

    standard: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    partners: tuple[Partner, ...] = ()


class Country(Model):
    """The country itself."""

    code: CountryCode
    name: Text
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]


LawId = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z0-9]+)+$", max_length=48)]
