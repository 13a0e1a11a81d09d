from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ringfence.errors import InputError
from ringfence.signing_key import Signer, ensure_key, load_key


def test_a_new_key_is_private_and_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "gate.pem"
    first = ensure_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_key(path).private_bytes_raw() == first.private_bytes_raw()
    assert [entry.name for entry in path.parent.iterdir()] == ["gate.pem"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "gate.pem"
    ensure_key(path)
    path.chmod(mode)
    with pytest.raises(InputError, match="chmod 600"):
        load_key(path)


def test_a_missing_key_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load_key(tmp_path / "gate.pem")


@pytest.mark.parametrize("content", [b"", b"canary-secret", b"-----BEGIN PRIVATE KEY-----\ncanary\n"])
def test_what_is_no_key_is_refused_without_a_word_of_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gate.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError, match="not an unencrypted ed25519 private key") as refused:
        load_key(path)
    assert "canary" not in str(refused.value)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    path = tmp_path / "gate.pem"
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    with pytest.raises(InputError, match="not an unencrypted ed25519"):
        load_key(path)


def test_a_signer_does_not_show_its_key(tmp_path: Path) -> None:
    assert repr(Signer("gate", ensure_key(tmp_path / "k.pem"))) == "Signer(id='gate')"
