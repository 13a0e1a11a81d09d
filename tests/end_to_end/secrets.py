"""The real secrets of a lab, every form in which one can be written down, and a search for them all."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import yaml
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

_BLANK = re.compile(rb"\\n|\s")


def secrets_of(lab: Path) -> dict[str, bytes]:
    """By the name of its file: each PIN, password and passphrase, and the secret number of each private key."""
    keys = lab / "keys"
    texts = [*keys.glob("hsm/*pin"), *(keys / "object-store" / name for name in ("access-key", "secret-key", "kms-key"))]
    found = {file.name: file.read_bytes().strip() for file in [*texts, lab / "pulumi-passphrase"]}
    found["kms-key"] = base64.b64decode(found["kms-key"].rpartition(b":")[2])
    found["ssh/operator"] = _number(load_ssh_private_key((keys / "ssh" / "operator").read_bytes(), None))
    for file in [*keys.glob("kubernetes/*.key"), *keys.glob("etcd/*.key"), *lab.glob("trust/*.pem")]:
        found[f"{file.parent.name}/{file.name}"] = _number(load_pem_private_key(file.read_bytes(), None))
    at_rest = yaml.safe_load((keys / "kubernetes" / "encryption-at-rest.yaml").read_text())
    found["encryption at rest"] = base64.b64decode(next(_values(at_rest, "secret")))
    return found


def forms(secret: bytes) -> set[bytes]:
    """Plain, hexadecimal, as part of a URL, and in Base64 at each of the three places at which it can begin."""
    written = {secret, secret.hex().encode(), secret.hex().upper().encode(), quote(secret, safe="").encode()}
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + secret)
        # Only those characters that no neighbour has a part in.
        sure = encoded[-(-shift * 8 // 6) : (shift + len(secret)) * 8 // 6]
        written |= {sure, sure.replace(b"+", b"-").replace(b"/", b"_")}
    return written


class Search:
    """Looks for every form of every secret; what it finds is told by names, never by the secret."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        assert all(len(secret) >= 8 for secret in secrets.values()), "too short to tell it from chance"
        self._names = {form: name for name, secret in secrets.items() for form in forms(secret)}
        self._any = re.compile(b"|".join(re.escape(form) for form in sorted(self._names, key=len, reverse=True)))

    def within(self, content: bytes) -> set[str]:
        """Names of the secrets in `content`, also where lines or escaped line ends break them."""
        texts = (content, _BLANK.sub(b"", content))
        return {self._names[match.group()] for text in texts for match in self._any.finditer(text)}

    def among(self, named: Iterable[tuple[str, bytes]]) -> list[str]:
        """Where which secret was found, one line each."""
        return [f"{secret} in {where}" for where, content in named for secret in sorted(self.within(content))]


def _number(key: object) -> bytes:
    """The secret part of a private key."""
    if isinstance(key, Ed25519PrivateKey):
        return key.private_bytes_raw()
    if isinstance(key, EllipticCurvePrivateKey):
        return key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8)
    assert isinstance(key, RSAPrivateKey)
    return key.private_numbers().p.to_bytes(key.key_size // 16)


def _values(tree: object, name: str) -> Iterator[str]:
    """Every string that stands under `name`, at any depth."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        if key == name and isinstance(value, str):
            yield value
        else:
            yield from _values(value, name)
