"""The private half of a key: an ed25519 key in a PEM file that only its owner may read."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from ringfence.durable import write_once
from ringfence.errors import InputError

_MAX_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and the id under which the trust root knows it. Its text never shows the key."""

    id: str
    key: Ed25519PrivateKey = field(repr=False)


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key.

    Raises:
        InputError: it cannot be read, others may read it too, or it is no unencrypted ed25519 key; never its content.
    """
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(_MAX_BYTES)
    except OSError as error:
        raise InputError(f"{path}: the private key cannot be read: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise InputError(f"{path}: other users may use this private key; chmod 600 it")
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: not an unencrypted ed25519 private key in PEM; make one with openssl genpkey")
    return key


def ensure_key(path: Path) -> Ed25519PrivateKey:
    """Return the key in ``path``, making a new one where there is none; an existing one is never replaced."""
    if not path.exists():
        fresh = Ed25519PrivateKey.generate()
        write_once(path, fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return load_key(path)
