"""What a switch or host says of itself, and the pure comparison of that with the files wanted on it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resource_files
from pathlib import PurePosixPath
from typing import Any

import yaml

from hardware.contract import Change
from ringfence.errors import InputError

FACTS = {
    "addresses": ["ip", "-json", "address", "show"],
    "bgp": ["vtysh", "-c", "show bgp summary json"],
}
"""Commands whose output the device sends back with its state."""


@dataclass(frozen=True)
class FileRule:
    """One kind of file that we may write; see device_files.yaml."""

    name: str
    folder: str
    file: str
    activate: Sequence[Sequence[str]]
    owner: str = "root"
    group: str = "root"
    mode: str = "0644"
    exclusive: bool = False
    validate: Sequence[str] | None = None
    deactivate: Sequence[str] | None = None
    fallback: Sequence[Sequence[str]] | None = None
    retire: Sequence[str] | None = None
    withdraw: Sequence[str] | None = None
    drift: Sequence[str] | None = None

    def matches(self, path: str) -> bool:
        """Whether `path` is a file of this kind."""
        pure = PurePosixPath(path)
        return str(pure) == path and str(pure.parent) == self.folder and bool(re.fullmatch(self.file, pure.name))

    def wire(self) -> dict[str, Any]:
        """The rule as the device's agent reads it."""
        return {key: value for key, value in vars(self).items() if value is not None}


@cache
def file_rules() -> tuple[FileRule, ...]:
    """Every kind of file that we may write, in the order in which they take effect."""
    content = resource_files("hardware").joinpath("device_files.yaml").read_text(encoding="utf-8")
    return tuple(FileRule(**rule) for rule in yaml.safe_load(content)["rules"])


def rule_of(path: str) -> FileRule:
    """The rule under which `path` may be written; InputError where there is none."""
    for rule in file_rules():
        if rule.matches(path):
            return rule
    raise InputError(f"{path}: not a file that Ringfence may write on a device (see hardware/device_files.yaml)")


@dataclass(frozen=True)
class DeviceFile:
    """One file on a device."""

    text: str
    owner: str
    group: str
    mode: str
    """Octal, such as `0640`."""


@dataclass(frozen=True)
class DeviceState:
    """A device as it is."""

    files: Mapping[str, DeviceFile]
    """By path: every file there that a rule calls ours."""
    drift: Mapping[str, tuple[str, ...]]
    """By path: what loading that file would do to the running configuration, as `+ line` and `- line`."""
    addresses: Mapping[str, frozenset[str]]
    """By interface: its global addresses, such as `10.0.0.1/31`."""
    down: frozenset[str]
    """Interfaces that are administratively down."""
    bgp: Mapping[str, str]
    """By neighbour (interface or address): the state of its session, such as `Established`; empty without BGP."""
    unconfirmed: str | None
    """Id of a commit that is not confirmed and will revert by itself."""
    digest: str
    """Of all of `files`, as the device computed it; `apply` refuses when the device no longer has it."""

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> DeviceState:
        """State out of the agent's answer to `read`."""
        links = json.loads(reply["facts"]["addresses"] or "[]")
        return cls(
            files={path: DeviceFile(**content) for path, content in reply["files"].items()},
            drift={path: tuple(lines) for path, lines in reply["drift"].items()},
            addresses=dict(_global_addresses(links)),
            down=frozenset(link["ifname"] for link in links if "UP" not in link["flags"]),
            bgp=dict(_bgp_sessions(reply["facts"]["bgp"])),
            unconfirmed=reply["pending"],
            digest=reply["digest"],
        )


def _global_addresses(links: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, frozenset[str]]]:
    for link in links:
        yield (
            link["ifname"],
            frozenset(
                f"{address['local']}/{address['prefixlen']}"
                for address in link.get("addr_info", [])
                if address.get("scope") == "global" and not address.get("dynamic") and "local" in address
            ),
        )


def _bgp_sessions(output: str | None) -> Iterator[tuple[str, str]]:
    try:
        families = json.loads(output or "{}")
    except ValueError:
        return  # FRR answers "% BGP instance not found" where no BGP runs.
    for family in families.values():
        if isinstance(family, dict):
            for peer, session in family.get("peers", {}).items():
                yield peer, session.get("state", "unknown")


def file_changes(subject: str, wanted: Mapping[str, str], state: DeviceState) -> Iterator[Change]:
    """Each line, owner and mode that differs, and each file that is there and should not be."""
    for path, text in sorted(wanted.items()):
        rule, there = rule_of(path), state.files.get(path)
        before = there.text.splitlines() if there else []
        if there is None and not text:
            yield Change(subject, path, "create the empty file")
        heading_and_lines = list(difflib.unified_diff(before, text.splitlines(), n=0, lineterm=""))
        for line in heading_and_lines[2:]:
            if not line.startswith("@@"):
                yield Change(subject, path, f"{line[0]} {line[1:]}")
        if there and there.text != text and before == text.splitlines():
            yield Change(subject, path, "line ends differ")
        for attribute in ("owner", "group", "mode") if there else ():
            old, new = getattr(there, attribute), getattr(rule, attribute)
            if old != new:
                yield Change(subject, path, f"{attribute} {old} -> {new}")
    for path in sorted(set(state.files) - set(wanted)):
        if rule_of(path).exclusive:
            yield Change(subject, path, "remove the file")


def running_drift(wanted: Mapping[str, str], state: DeviceState) -> Iterator[tuple[str, str]]:
    """Path and line of the running configuration that is not as the wanted file says, whoever made it so."""
    for path, lines in sorted(state.drift.items()):
        if path not in wanted:
            continue
        kept = {line.strip() for line in wanted[path].splitlines()}
        for line in lines:
            # The device compared with its own file: where that differs as well, only what still matters is named.
            if line[0] == "!" or (line[2:].strip() in kept) == (line[0] == "+"):
                yield path, line


def running_changes(subject: str, wanted: Mapping[str, str], state: DeviceState) -> Iterator[Change]:
    """The same as lines of a plan."""
    for path, line in running_drift(wanted, state):
        yield Change(subject, f"{path} (running)", line)
