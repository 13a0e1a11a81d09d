"""The content-addressed store of device configurations: the state holds a digest per device, this holds the texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

import msgspec

from ringfence.durable import write_once
from ringfence.errors import InputError, OperationError
from ringfence.estate import encode

Files = Mapping[str, str]
"""One device's configuration: absolute path to text."""


def files_digest(files: Files) -> str:
    """Hexadecimal SHA-256 of the canonical form of one device's files."""
    return sha256(encode(files)).hexdigest()


@dataclass(frozen=True)
class Texts:
    """A folder with one file per configuration, named by its digest: written once, never changed."""

    folder: Path

    def put(self, files: Files) -> str:
        """Keep one device's files and return their digest."""
        digest = files_digest(files)
        try:
            write_once(self.folder / digest, encode(files))
        except OSError as error:
            raise OperationError(f"{self.folder / digest}: cannot be written: {error.strerror}") from None
        return digest

    def get(self, digest: str) -> Files:
        """One device's files; InputError where the store lacks them or holds something else under their name."""
        path = self.folder / digest
        try:
            content = path.read_bytes()
        except OSError:
            raise InputError(f"{path}: no configuration with this digest; run `pulumi up` from the program") from None
        if sha256(content).hexdigest() != digest:
            raise InputError(f"{path}: its content does not have the digest that it is named by; delete it")
        return msgspec.json.decode(content, type=dict[str, str])

    def difference(self, device: str, old: str, new: str) -> Iterator[str]:
        """Each line that differs between two configurations of a device, given by digest (`""` for none)."""
        before, after = self._known(old), self._known(new)
        for path in sorted({*before, *after}):
            lines = unified_diff(before.get(path, "").splitlines(), after.get(path, "").splitlines(), n=0, lineterm="")
            for line in list(lines)[2:]:
                if not line.startswith("@@"):
                    yield f"device {device}: {path}: {line[0]} {line[1:]}"

    def _known(self, digest: str) -> Files:
        """The files, or nothing where this machine has never seen that configuration."""
        return self.get(digest) if digest and (self.folder / digest).exists() else {}
