"""Links that are not as the device's own files say: addresses and states that were set by hand, past the files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_interface

from hardware.contract import Change
from hardware.device_state import DeviceState
from ringfence.errors import InputError

FRR_FILE = "/etc/frr/frr.conf"


@dataclass
class _Link:
    """What the wanted files say of one interface."""

    addresses: set[str] = field(default_factory=set)
    by_networkd: bool = False


@dataclass(frozen=True)
class LinkDrift:
    """One thing about a link that is not as its file says."""

    interface: str
    detail: str
    """Such as `+ 10.0.0.1/31` (it is missing), `- 192.0.2.1/24` (it is too much), `+ up`."""
    repair: tuple[str, ...]
    """The command that mends it on the device."""

    def change(self, subject: str) -> Change:
        """The same as a line of a plan."""
        return Change(subject, f"{self.interface} (running)", self.detail)


def link_drift(wanted: Mapping[str, str], state: DeviceState) -> Iterator[LinkDrift]:
    """Every drift on links whose own files are on the device as wanted; where they are not, applying them comes first."""
    for interface, link in sorted(_links(wanted, state).items()):
        live = state.addresses.get(interface)
        if live is None:
            continue
        # systemd-networkd hangs routes and rules on its addresses, so it has to do the whole link again.
        again = ("networkctl", "reconfigure", interface) if link.by_networkd else None
        if interface in state.down:
            yield LinkDrift(interface, "+ up", again or ("ip", "link", "set", "dev", interface, "up"))
        for address in sorted(link.addresses - live):
            yield LinkDrift(interface, f"+ {address}", again or ("ip", "address", "add", address, "dev", interface))
        for address in sorted(live - link.addresses):
            yield LinkDrift(interface, f"- {address}", again or ("ip", "address", "del", address, "dev", interface))


def missing_links(wanted: Mapping[str, str], state: DeviceState) -> Iterator[str]:
    """Interfaces that a file configures and that do not exist: no configuration can make a port or a cable."""
    yield from sorted(_links(wanted, state).keys() - state.addresses.keys())


def _links(wanted: Mapping[str, str], state: DeviceState) -> dict[str, _Link]:
    links: dict[str, _Link] = {}
    for path, text in wanted.items():
        there = state.files.get(path)
        if there is None or there.text != text:
            continue
        if path == FRR_FILE:
            _read_frr(text, links)
        elif path.endswith(".network"):
            _read_network(path, text, links)
    return links


def _read_frr(text: str, links: dict[str, _Link]) -> None:
    link: _Link | None = None
    for line in text.splitlines():
        if match := re.fullmatch(r"interface (\S+)", line):
            link = links.setdefault(match[1], _Link())
        elif not line.startswith(" "):
            link = None
        elif link and (match := re.fullmatch(r" ip(?:v6)? address (\S+)", line)):
            link.addresses |= _global(FRR_FILE, match[1])


def _read_network(path: str, text: str, links: dict[str, _Link]) -> None:
    """Reads static addresses; interfaces that are given as patterns, and those on DHCP, are left out."""
    entries = [(key.strip(), value.strip()) for key, _, value in (line.partition("=") for line in text.splitlines())]
    if any(key == "DHCP" and value not in ("no", "false") for key, value in entries):
        return
    names = [name for key, value in entries if key == "Name" for name in value.split()]
    for name in names:
        if not re.search(r"[*?\[!]", name):
            link = links.setdefault(name, _Link())
            link.by_networkd = True
            for key, value in entries:
                link.addresses |= _global(path, value) if key == "Address" else set()


def _global(path: str, text: str) -> set[str]:
    """The address as the kernel writes it, unless it is link-local."""
    try:
        address = ip_interface(text)
    except ValueError:
        raise InputError(f"{path}: {text!r} is no address") from None
    return set() if address.is_link_local else {str(address)}
