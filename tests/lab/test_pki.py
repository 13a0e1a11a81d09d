"""Certificates of the lab: the same after a restart, renewed before they end, and only good for their purpose."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from lab import pki
from lab.pki import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "one", "ringfence-lab one")


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _accepts(authority: Authority, certificate: x509.Certificate) -> bool:
    builder = PolicyBuilder().store(Store([_load(authority.certificate)]))
    try:
        builder.build_server_verifier(x509.DNSName("localhost")).verify(certificate, [])
    except VerificationError:
        return False
    return True


def test_a_server_certificate_is_trusted_through_its_authority(authority: Authority, tmp_path: Path) -> None:
    certificate = _load(authority.server("server").certificate)
    assert _accepts(authority, certificate)
    assert not _accepts(Authority(tmp_path / "two", "ringfence-lab one"), certificate)


def test_a_client_certificate_serves_no_server(authority: Authority) -> None:
    assert not _accepts(authority, _load(authority.client("admin").certificate))


def test_groups_stand_in_a_clients_certificate(authority: Authority) -> None:
    subject = _load(authority.client("admin", "system:masters").certificate).subject
    assert [part.value for part in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:masters"]


def test_certificates_are_issued_once(authority: Authority) -> None:
    first = authority.server("server").certificate.read_bytes()
    assert authority.server("server").certificate.read_bytes() == first


def test_a_certificate_that_ends_soon_is_renewed(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(pki, "LIFETIME", pki.RENEW_BEFORE - timedelta(days=1))
        first = authority.server("server").certificate.read_bytes()
    assert authority.server("server").certificate.read_bytes() != first


def test_a_new_authority_replaces_what_the_old_one_issued(authority: Authority) -> None:
    first = authority.server("server").certificate.read_bytes()
    (authority.folder / "ca.key").unlink()
    second = authority.server("server").certificate
    assert second.read_bytes() != first
    assert _accepts(authority, _load(second))


def test_a_key_without_its_certificate_is_replaced_with_it(authority: Authority) -> None:
    files = authority.server("server")
    files.key.write_bytes(authority.client("other").key.read_bytes())
    authority.server("server")
    ssl.create_default_context().load_cert_chain(files.certificate, files.key)


def test_private_keys_are_for_their_owner_only(authority: Authority) -> None:
    assert authority.server("server").key.stat().st_mode & 0o077 == 0
