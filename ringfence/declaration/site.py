"""Where the estate stands: sites, their rows and racks, fabrics, pools, borders and services."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field

from ringfence.declaration.base import CountryCode, Host, Index, Model, Name, Percent, Port, Text


class Owner(Model):
    """A share of a legal person held under a country's law; shares are percent."""

    country: CountryCode
    share: Percent
    name: Text | None = None


class Operator(Model):
    """Who runs a thing, and who can be compelled to hand it over."""

    name: Text
    owners: Annotated[tuple[Owner, ...], Field(min_length=1)]


class Place(Model):
    """Where a thing stands; ``country`` decides the location axis."""

    country: CountryCode
    region: Name


class Row(Model):
    """A row of racks. Address space is set aside for ``capacity`` racks, so it must not change once used."""

    index: Index
    racks: Annotated[int, Field(ge=0, le=512)]
    capacity: Annotated[int, Field(ge=1, le=512)]
    power_kw: Annotated[float, Field(gt=0, le=1000, description="kW per rack")]


class Network(Model):
    """A network of a site that is not the compute fabric."""

    leaf: Name
    mtu: Annotated[int, Field(ge=1280, le=9500)] = 1500


class ComputeNetwork(Model):
    """The GPU fabric, built for ``su`` scalable units of ``su_nodes`` nodes, one leaf per rail in each.

    ``rails``, ``rack_nodes`` and ``su_nodes`` are capacities that addresses are computed from: they must not change once
    used. A server may have fewer rails than are set aside.
    """

    kind: Literal["rail-optimised"]
    su: Annotated[int, Field(ge=1, le=1024)]
    leaf: Name
    spine: Name
    core: Name | None = None
    rails: Annotated[int, Field(ge=1, le=16)] = 8
    rack_nodes: Annotated[int, Field(ge=1, le=64)] = 4
    su_nodes: Annotated[int, Field(ge=1, le=512)] = 32
    mtu: Annotated[int, Field(ge=1280, le=9500)] = 9216


class Fabric(Model):
    """The four networks of a site; compute and out-of-band are always there."""

    compute: ComputeNetwork
    oob: Network
    storage: Network | None = None
    inband: Network | None = None


class Pool(Model):
    """GPU nodes of one kind in consecutive racks of one row, from ``first_rack`` on."""

    index: Index
    server: Name
    row: Index
    first_rack: Annotated[int, Field(ge=1, le=512)]
    nodes: Annotated[int, Field(ge=1, le=65536)]
    tenancy: Literal["exclusive", "shared"]
    classes: tuple[Name, ...] = ()


class Gateway(Model):
    """A border gateway of a site."""

    index: Index
    model: Name = "lab-gateway"


class Proxy(Model):
    """A proxy that enforces what an egress carries; what is not in ``carries`` does not pass."""

    carries: tuple[Name, ...]


class Egress(Model):
    """Traffic that may leave a site: to a declared destination, through a gateway, carrying named data classes."""

    to: Name
    carries: tuple[Name, ...]
    via: Name
    port: Port = 443
    enforced_by: Name | None = None


class Endpoint(Model):
    """A service that a site's hosts use; a name server abroad sees every question."""

    host: Host
    country: CountryCode
    operator: Name | None = None


class Services(Model):
    """The services that hosts depend on."""

    dns: tuple[Endpoint, ...] = ()
    ntp: tuple[Endpoint, ...] = ()
    packages: tuple[Endpoint, ...] = ()
    registry: Endpoint | None = None
    syslog: tuple[Endpoint, ...] = ()


class Access(Model):
    """People who can reach a site's systems, from where, and how they were cleared."""

    who: Name
    country: CountryCode
    clearance: Literal["cleared", "vetted", "none"]
    via: Name
    classes: tuple[Name, ...] = ()


class Prefixes(Model):
    """The site's own address space; no two sites overlap."""

    ipv4: IPv4Network
    ipv6: IPv6Network


class Site(Model):
    """A data centre. Addresses come from indexes, never from order, and an index is never used again."""

    index: Index
    place: Place
    embassy: Name | None = None
    operator: Operator
    prefixes: Prefixes
    rows: tuple[Row, ...] = ()
    fabric: Fabric | None = None
    pools: dict[Name, Pool] = {}
    gateways: dict[Name, Gateway] = {}
    proxies: dict[Name, Proxy] = {}
    egress: tuple[Egress, ...] = ()
    services: Services = Services()
    access: tuple[Access, ...] = ()


class Destination(Model):
    """Something outside the estate that traffic may go to."""

    country: CountryCode
    operator: Operator
    host: Host
    prefixes: Annotated[tuple[IPv4Network | IPv6Network, ...], Field(min_length=1)]


class Embassy(Model):
    """A data embassy: abroad by location, at home by jurisdiction as far as its treaty grants."""

    id: Name
    host_country: CountryCode
    under: Name
    grants: tuple[Literal["no-entry", "no-seizure", "home-law"], ...]
