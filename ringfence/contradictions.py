"""What a declaration says twice, and differently: where two things share a name or an address, no one can be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network

from ringfence.compile.holdings import buckets
from ringfence.declaration import Declaration
from ringfence.yamltext import Path, Problem

_Held = tuple[IPv4Network | IPv6Network, str, Path]


def contradictions(declaration: Declaration) -> Iterator[Problem]:
    """Yield a problem for each name, host or prefix that two things of a well-shaped declaration claim."""
    for name, site in declaration.sites.items():
        here: Path = ("sites", name)
        for kind in ("dns", "ntp", "packages", "syslog"):
            hosts = [((*here, "services", kind, at), item.host) for at, item in enumerate(getattr(site.services, kind))]
            yield from _twice(hosts, "host")
        yield from _twice([((*here, "access", at), item.who) for at, item in enumerate(site.access)], "group of people")
    yield from _bucket_names(declaration)
    yield from _overlaps(declaration)


def _twice(named: Iterable[tuple[Path, str]], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, name in named:
        if name in seen:
            yield Problem(path, f'"{name}" is declared already; a {what} is declared once, in one country')
        seen.add(name)


def _bucket_names(declaration: Declaration) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for bucket in buckets(declaration):
        other = owner.setdefault(bucket.name, bucket.declared)
        if other != bucket.declared:
            message = f"its bucket would be {bucket.name}, which is that of {other}; rename the store, or drop one of the two"
            yield Problem(("stores", bucket.store), message)


def _overlaps(declaration: Declaration) -> Iterator[Problem]:
    """Yield each destination whose prefix also leads to another destination, or to a site: nobody knows where it goes."""
    held: list[_Held] = []
    for name, site in declaration.sites.items():
        held += [(prefix, f"sites.{name}", ()) for prefix in (site.prefixes.ipv4, site.prefixes.ipv6)]
    for name, destination in declaration.destinations.items():
        path: Path = ("destinations", name, "prefixes")
        held += [
            (prefix, f"destinations.{name}", (*path, at))
            for at, prefix in enumerate(destination.prefixes)
            # What is wider overlaps everything, and is refused for that by a rule of its own (RF-NET-002).
            if prefix.prefixlen >= (16 if prefix.version == 4 else 32)
        ]
    # Prefixes nest or are apart, so that in this order the ones around a prefix are those still open.
    around: list[_Held] = []
    for prefix, owner, path in sorted(held, key=lambda item: (item[0].version, item[0].network_address, item[0].prefixlen)):
        while around and not (around[-1][0].version == prefix.version and prefix.overlaps(around[-1][0])):
            around.pop()
        for other, other_owner, other_path in around:
            # Overlapping sites are told elsewhere.
            if other_owner != owner and (path or other_path):
                yield Problem(
                    path or other_path, f"{prefix} of {owner} overlaps {other} of {other_owner}; say which it leads to"
                )
        around.append((prefix, owner, path))
