"""The trust root: whose signatures count, in which role, how many are needed, and whether a country is only a lab.

It lives outside the tree that is judged: who changes the judged tree must not be able to say whom to trust.
"""

from __future__ import annotations

import os
import stat
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from ringfence import statement, yamltext
from ringfence.declaration.base import CountryCode, Digest, Model, Text
from ringfence.durable import write_once
from ringfence.errors import InputError
from ringfence.signing_key import Signer, ensure_key, load_key
from ringfence.statement import Statement, VerifyKey
from ringfence.yamltext import Document, Problem

Kind = Literal["permit", "destroy", "waiver"]
Role = Literal["gate", "destroy-approver", "waiver-officer", "oversight"]

# The role in which a kind of statement must be signed.
ROLE_OF: Mapping[Kind, Role] = MappingProxyType({"permit": "gate", "destroy": "destroy-approver", "waiver": "waiver-officer"})

LAB_KEYS: Mapping[Role, str] = MappingProxyType(
    {
        "gate": "The lab's gate",
        "destroy-approver": "The lab's approver of destruction",
        "waiver-officer": "The lab's waiver officer",
    }
)
ROOT_FILE = "trust.yaml"

KeyId = Annotated[str, StringConstraints(pattern=statement.KEY_ID_PATTERN)]


class TrustError(InputError):
    """A trust root cannot be used, or does not allow what was asked."""


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """A country's trust root. ``policies_digest`` names the policies that its gates must run, where it is given."""

    country: str
    lab: bool
    policies_digest: str | None
    keys: Mapping[str, VerifyKey]
    thresholds: Mapping[Kind, int]
    file: str

    def verify(self, envelope: bytes, kind: Kind, now: datetime) -> Statement:
        """Return the statement of ``kind`` in ``envelope``, signed by enough holders of the kind's role.

        Raises:
            StatementError: in one line, why it cannot be relied on.
        """
        return statement.verify(
            envelope, type=kind, role=ROLE_OF[kind], keys=self.keys, now=now, threshold=self.thresholds[kind]
        )

    def signer(self, key_file: Path) -> Signer:
        """Return the key in ``key_file`` with the id that this root gives it.

        Raises:
            InputError: the file holds no key that this root knows.
        """
        private = load_key(key_file)
        public = _public(private)
        for key in self.keys.values():
            if key.public == public:
                return Signer(key.id, private)
        raise TrustError(f"{key_file}: this key is not in the trust root {self.file}; add its public half there")


def demand_lab(trust: TrustRoot, what: str) -> None:
    """Refuse ``what`` (SoftHSM, an emulator, a loopback endpoint, a test key) unless the trust root says ``lab: true``.

    Raises:
        TrustError: the country is no lab.
    """
    if not trust.lab:
        raise TrustError(f"{what}: only a lab may use this, and {trust.file} does not call {trust.country} a lab")


def load_trust(path: Path) -> TrustRoot:
    """Read a trust root.

    Raises:
        TrustError: it cannot be read, others may write it, or one line ``file:line: path: what`` for each problem.
    """
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            text = stream.read(yamltext.MAX_BYTES + 1)
    except OSError as error:
        raise TrustError(f"{path}: the trust root cannot be read: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o022:
        raise TrustError(f"{path}: other users may change this trust root; chmod go-w it")
    documents = yamltext.parse_all(text)
    document = documents[0] if documents else Document()
    problems = list(document.problems)
    if len(documents) > 1:
        problems.append(Problem((), "a trust root is one YAML document; remove the '---' that starts another", 1))
    if not problems and not isinstance(document.value, dict):
        problems.append(Problem((), "a trust root is a mapping that begins with `ringfence_trust: 1`", 1))
    if not problems:
        try:
            return _root(_File.model_validate_json(msgspec.json.encode(document.value)), str(path))
        except ValidationError as error:
            problems = [_problem(tuple(e["loc"]), e["msg"]) for e in error.errors(include_url=False)]
    raise TrustError("\n".join(_line(str(path), problem, document) for problem in problems))


def create_lab_trust(folder: Path, country: str = "XA") -> TrustRoot:
    """Return the lab's trust root, making it and a private key for each of its roles (``gate.pem``, …) in ``folder``.

    What is there already is never replaced, so that it can be called on each start, and after a kill at any point.
    """
    path = folder / ROOT_FILE
    if not path.exists():
        keys = [
            f"  lab-{role}: {{ public: {_base64(ensure_key(folder / f'{role}.pem'))}, roles: [{role}], holder: {who} }}"
            for role, who in LAB_KEYS.items()
        ]
        head = ["# Made by the lab. A trust root of a real country holds `lab: false` and keys that no one machine has."]
        lines = [*head, "ringfence_trust: 1", f"country: {country}", "lab: true", "keys:", *keys, ""]
        write_once(path, "\n".join(lines).encode())
    return load_trust(path)


class _Key(Model):
    """A public key, the roles that it has, and the person or office that holds it."""

    public: str
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    holder: Text

    @field_validator("public")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        _raw(value)
        return value


class _Thresholds(Model):
    """How many different holders must sign each kind of statement."""

    permit: Annotated[int, Field(ge=1, le=15)] = 1
    destroy: Annotated[int, Field(ge=1, le=15)] = 1
    waiver: Annotated[int, Field(ge=1, le=15)] = 1


class _File(Model):
    """A trust root as it is written."""

    ringfence_trust: Literal[1]
    country: CountryCode
    lab: bool
    policies_digest: Digest | None = None
    keys: Annotated[dict[KeyId, _Key], Field(min_length=1)]
    thresholds: _Thresholds = _Thresholds()

    @model_validator(mode="after")
    def _can_be_met(self) -> _File:
        first: dict[bytes, str] = {}
        for key_id, key in self.keys.items():
            if (other := first.setdefault(_raw(key.public), key_id)) != key_id:
                raise ValueError(f"keys.{key_id}: the same public key as {other}; each id needs a key of its own")
        for kind, role in ROLE_OF.items():
            need = getattr(self.thresholds, kind)
            have = len({key.holder.casefold() for key in self.keys.values() if role in key.roles})
            if need > max(have, 1):
                raise ValueError(f"thresholds.{kind}: needs {need} holders of the role {role}, and there are {have}")
        return self


def _root(file: _File, path: str) -> TrustRoot:
    return TrustRoot(
        country=file.country,
        lab=file.lab,
        policies_digest=file.policies_digest,
        keys=MappingProxyType(
            {key_id: VerifyKey(key_id, _raw(key.public), frozenset(key.roles), key.holder) for key_id, key in file.keys.items()}
        ),
        thresholds=MappingProxyType({kind: getattr(file.thresholds, kind) for kind in ROLE_OF}),
        file=path,
    )


def _problem(loc: tuple[str | int, ...], message: str) -> Problem:
    """Return what pydantic found; a check of the whole file names its path in its message."""
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    if not loc:
        head, colon, rest = message.partition(": ")
        return Problem(tuple(head.split(".")), rest) if colon else Problem((), message)
    return Problem(loc, message)


def _line(file: str, problem: Problem, document: Document) -> str:
    where = ".".join(str(part) for part in problem.path)
    line = problem.line or document.line(problem.path)
    return f"{file}:{line}: {ascii(where)[1:-1]}: {problem.message}" if where else f"{file}:{line}: {problem.message}"


def _raw(public: str) -> bytes:
    try:
        raw = b64decode(public, validate=True)
    except (Base64Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ValueError("must be the base64 of the 32 bytes of an ed25519 public key")
    return raw


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _base64(key: Ed25519PrivateKey) -> str:
    return b64encode(_public(key)).decode("ascii")
