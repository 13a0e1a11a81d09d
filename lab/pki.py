"""The lab's own certificate authorities: one for each purpose, so that a certificate for one server opens no other."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import durable

LIFETIME = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a folder of its own; issues from files, so that it is the same one after a restart."""

    folder: Path
    name: str

    @property
    def certificate(self) -> Path:
        """The authority's own certificate: what clients are to trust."""
        return self._own().certificate

    def server(self, name: str, *names: str) -> Certificate:
        """A certificate for a server on 127.0.0.1 that is also known by the DNS `names`."""
        alternatives = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        alternatives += [x509.DNSName(other) for other in names]
        # Servers that are their own clients (etcd's peers) need both usages.
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issued(name, _name(name), alternatives, usages)

    def client(self, name: str, *groups: str) -> Certificate:
        """A certificate for a client called `name` in `groups` (organisations, as Kubernetes reads them)."""
        return self._issued(name.replace(":", "-"), _name(name, groups), [], [ExtendedKeyUsageOID.CLIENT_AUTH])

    def _own(self) -> Certificate:
        files = Certificate(self.folder / "ca.crt", self.folder / "ca.key")
        if not _is_good(files):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            key, subject = ec.generate_private_key(ec.SECP256R1()), _name(self.name)
            builder = _builder(subject, subject, key.public_key(), LIFETIME * 2)
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
            _store(files, key, builder.sign(key, hashes.SHA256()))
        return files

    def _issued(
        self, file: str, subject: x509.Name, names: Sequence[x509.GeneralName], usages: Sequence[x509.ObjectIdentifier]
    ) -> Certificate:
        own = self._own()
        files = Certificate(self.folder / f"{file}.crt", self.folder / f"{file}.key")
        authority = x509.load_pem_x509_certificate(own.certificate.read_bytes())
        if _is_good(files, authority):
            return files
        authority_key = serialization.load_pem_private_key(own.key.read_bytes(), password=None)
        if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{own.key}: not an elliptic-curve key")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(subject, authority.subject, key.public_key(), LIFETIME)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        _store(files, key, builder.sign(authority_key, hashes.SHA256()))
        return files


def _is_good(files: Certificate, issuer: x509.Certificate | None = None) -> bool:
    """Whether the files are there, belong together, come from `issuer` and last a while."""
    if not (files.certificate.exists() and files.key.exists()):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
    # A writer killed between the two files leaves a key without its certificate.
    if key.public_key() != certificate.public_key() or certificate.not_valid_after_utc - datetime.now(UTC) < RENEW_BEFORE:
        return False
    if issuer is not None:
        return certificate.issuer == issuer.subject and _is_signed_by(certificate, issuer)
    return True


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    return found == x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _store(files: Certificate, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    durable.replace(files.key, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode())
    durable.replace(files.certificate, certificate.public_bytes(pem).decode(), mode=0o644)


def _name(common: str, organisations: Sequence[str] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation) for organisation in organisations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
