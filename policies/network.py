"""The border: what leaves a site, through which gateway, to where, and who checks what it carries."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.demands import demands
from ringfence.estate import Estate
from ringfence.rule import rule
from ringfence.verdict import Finding

# Protocols that show their content to everyone on the way: FTP, telnet, SMTP, HTTP, POP3, IMAP, LDAP, rsync.
CLEAR_TEXT_PORTS = frozenset({21, 23, 25, 80, 110, 143, 389, 873})

# The shortest prefixes that still name a destination and not a part of the Internet.
SHORTEST = {"ipv4": 16, "ipv6": 32}


@rule(
    "RF-NET-001", "No undeclared egress", severity="critical", mandatory="file plan audit", reads=["filters"],
    controls=["nist-800-53:SC-7"], remedy="Declare the destination under the site's egress, or remove the filter's entry.",
    bad=[{"estate:filters[0].declared": ""}],
)  # fmt: skip
def no_undeclared_egress(estate: Estate) -> Iterator[Finding]:
    """Traffic leaves a site only through a declared gateway to a declared destination."""
    for item in estate.filters:
        if not item.declared:
            subject = f"gateway:{item.site}:{item.gateway} -> {item.destination}"
            yield Finding(subject, f"lets traffic out to {', '.join(item.prefixes)}, and nothing declares it")


@rule(
    "RF-NET-002", "An egress leads to a destination, not to the Internet", severity="high",
    mandatory="file plan audit", reads=["filters"], controls=["nist-800-53:SC-7(5)"],
    remedy="Declare the prefixes that the destination really has.",
    bad=[{"destinations.exchange.prefixes": ["0.0.0.0/0"]}, {"destinations.exchange.prefixes": ["2000::/3"]}],
)  # fmt: skip
def egress_is_narrow(estate: Estate) -> Iterator[Finding]:
    """The prefixes that a filter lets out to are no wider than a destination's own (IPv4 /16, IPv6 /32)."""
    for item in estate.filters:
        for prefix in item.prefixes:
            _, _, length = prefix.partition("/")
            shortest = SHORTEST["ipv6" if ":" in prefix else "ipv4"]
            if not length.isdigit() or int(length) < shortest:
                subject = f"gateway:{item.site}:{item.gateway} -> {item.destination}"
                yield Finding(subject, f"lets out to {prefix}, wider than a /{shortest}", item.declared)


@rule(
    "RF-NET-003", "A proxy enforces what leaves", severity="high", mandatory="file plan",
    reads=["filters", "data_classes", "laws"], controls=["nist-800-53:SC-7(8)"],
    remedy="Name the proxy in the egress's enforced_by.",
    good=[{"sites.north.proxies": {}, "sites.north.egress": []}],
    bad=[{"sites.north.egress[0].enforced_by": None}], overrides=["RF-RES-001"],
)  # fmt: skip
def a_proxy_enforces_what_leaves(estate: Estate) -> Iterator[Finding]:
    """What a class with bounds takes out of a site passes a proxy that enforces what is carried."""
    bounds = demands(estate)
    for item in estate.filters:
        bound = [name for name in item.carries if name in bounds and bounds[name].stay_in != "anywhere"]
        if bound and not item.enforced_by:
            subject = f"gateway:{item.site}:{item.gateway} -> {item.destination}"
            message = f"carries {', '.join(bound)}, and no proxy enforces that it carries nothing else"
            yield Finding(subject, message, item.declared)


@rule(
    "RF-NET-004", "Nothing leaves in clear text", severity="medium", mandatory="file plan audit", reads=["filters"],
    controls=["nist-800-53:SC-8"], remedy="Use the protocol's TLS port.", bad=[{"sites.north.egress[0].port": 80}],
)  # fmt: skip
def nothing_leaves_in_clear_text(estate: Estate) -> Iterator[Finding]:
    """No egress goes to a port whose protocol is not encrypted."""
    for item in estate.filters:
        if item.port in CLEAR_TEXT_PORTS:
            subject = f"gateway:{item.site}:{item.gateway} -> {item.destination}"
            yield Finding(subject, f"goes to port {item.port}, whose protocol is clear text", item.declared)


@rule(
    "RF-NET-005", "Each address is used once", severity="high", mandatory="file audit", reads=["devices"],
    controls=["nist-800-53:CM-8"], remedy="Give the port the address that its place in the declaration means.",
    bad=[{"estate:devices[1].interfaces[0].ipv4": "10.77.14.0/32", "estate:devices[0].interfaces[0].ipv4": "10.77.14.0/32"}],
    overrides=["RF-NET-007"],
)  # fmt: skip
def addresses_are_unique(estate: Estate) -> Iterator[Finding]:
    """No two ports of an estate have the same address."""
    owners: dict[str, tuple[str, str]] = {}
    claim = owners.setdefault
    for device in estate.devices:
        name = device.name
        for port in device.interfaces:
            here = (name, port.name)
            for text in (port.ipv4, port.ipv6):
                for address in text.split(",") if text else ():  # a live port may have several
                    host = address.partition("/")[0]
                    if (other := claim(host, here)) is not here:
                        message = f"{host} is also the address of {other[0]}:{other[1]}"
                        yield Finding(f"{name}:{port.name}", message, device.declared)
