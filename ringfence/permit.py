"""Permits: signed statements that let a provider create, update or delete named resources with named inputs.

A permit holds for a stack, a few minutes, and, for each resource, one digest of its inputs. It may be used more than once
while it holds: a run that was killed after a device took its configuration must be able to do the same again, and doing
the same again changes nothing. What binds it is the inputs' digest: inputs derive from the Estate alone, so that a permit
over another Estate names other digests and is useless; the Estate's and the policies' digests are its subjects, for those
who read it later. Deletions need a statement of their own, signed in another role, and the digests of what is there now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct

from ringfence import verdict
from ringfence.errors import RingfenceError
from ringfence.signing_key import Signer
from ringfence.statement import Digest, Statement, StatementError, cosign, instant, sign
from ringfence.trust import Kind, TrustRoot
from ringfence.verdict import Stage, Verdict

Operation = Literal["create", "update", "delete"]

LIFE = timedelta(minutes=30)
# No gate's permit counts for longer, so that an old one can be thrown away by its age alone.
MAX_LIFE = timedelta(days=1)

# Deleting one of these destroys what no `pulumi up` brings back.
HOLDS_DATA = frozenset({"ringfence:keys:Key", "ringfence:stores:Bucket"})

KIND_OF: Mapping[Operation, Kind] = {"create": "permit", "update": "permit", "delete": "destroy"}


class PermitError(RingfenceError):
    """An operation is not permitted. ``blocking`` holds the verdicts that keep the gate shut, if that is why."""

    def __init__(self, message: str, blocking: Sequence[Verdict] = (), stage: Stage = "file") -> None:
        super().__init__(message)
        self.blocking = tuple(blocking)
        self.exit_code = verdict.exit_code(self.blocking, stage) or RingfenceError.exit_code


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a permit: ``resources`` maps ``<type>::<name>`` to the digest of its inputs."""

    stack: str
    operations: tuple[Operation, ...]
    resources: dict[str, Digest]
    data_loss: bool = False


class Permit(Struct, frozen=True):
    """A permit whose signatures were verified. ``id`` is the digest of its envelope."""

    id: str
    kind: Kind
    grant: Grant
    estate: str
    policies: str
    issuer: str
    issued: datetime
    expires: datetime

    def objection(self, stack: str, operation: Operation, resource: str, inputs: str, now: datetime) -> str | None:
        """Return why this permit does not cover an operation now, or None when it does."""
        if self.expires <= now:
            return f"it expired at {instant(self.expires)}"
        if self.grant.stack != stack:
            return f"it was issued for {self.grant.stack}"
        if operation not in self.grant.operations:
            return f"it does not cover {operation}"
        if resource not in self.grant.resources:
            return "it does not name this resource"
        if self.grant.resources[resource] != inputs:
            return "it was issued for other inputs: the estate or the program has changed since"
        if operation == "delete" and resource.partition("::")[0] in HOLDS_DATA and not self.grant.data_loss:
            return "it does not allow the loss of data or keys"
        return None


def resource_key(type: str, name: str) -> str:
    """Return how a permit names a resource."""
    return f"{type}::{name}"


def issue(
    *, stack: str, estate: str, policies: str, verdicts: Sequence[Verdict], stage: Stage,
    resources: Mapping[str, str], signer: Signer, now: datetime, life: timedelta = LIFE,
) -> bytes:  # fmt: skip
    """Return a signed permit to create and update ``resources``, if the verdicts allow it.

    Args:
        stack: the Pulumi stack, ``lab.north``.
        estate: the digest of the Estate that was judged.
        policies: the digest of the policies that judged it.
        verdicts: all verdicts on it, waivers applied.
        stage: the stage at which they bind.
        resources: ``<type>::<name>`` to the digest of the inputs.
        signer: a key with the role ``gate``.
        now: the real time.
        life: how long it holds; at most ``MAX_LIFE``.

    Raises:
        PermitError: a mandatory verdict fails or is unknown; one line for each.
    """
    demand_open(verdicts, stage, stack)
    grant = Grant(stack, ("create", "update"), dict(resources))
    return sign(_statement("permit", grant, estate, policies, signer, now, life), signer)


def issue_destroy(
    *, stack: str, estate: str, policies: str, verdicts: Sequence[Verdict], stage: Stage,
    resources: Mapping[str, str], data_loss: bool, signers: Sequence[Signer], now: datetime, life: timedelta = LIFE,
) -> bytes:  # fmt: skip
    """Return a signed permit to delete ``resources``; the arguments are those of ``issue``.

    Args:
        data_loss: whether keys and data may be lost; without it, nothing that holds them may be named.
        signers: keys with the role ``destroy-approver``, of as many holders as the trust root demands.

    Raises:
        PermitError: a mandatory verdict fails or is unknown, or data would be lost.
    """
    demand_open(verdicts, stage, stack)
    losses = sorted(name for name in resources if name.partition("::")[0] in HOLDS_DATA)
    if losses and not data_loss:
        raise PermitError(
            f"{stack}: {', '.join(losses)} hold data or keys that nothing brings back; "
            f"add --data-loss if they are to be lost: {command(stack, 'delete', loses_data=True)}"
        )
    if not signers:
        raise PermitError(f"{stack}: a permit to destroy needs the key of a destroy approver; give its file")
    grant = Grant(stack, ("delete",), dict(resources), data_loss)
    envelope = sign(_statement("destroy", grant, estate, policies, signers[0], now, life), signers[0])
    for signer in signers[1:]:
        envelope = cosign(envelope, signer)
    return envelope


def open_permit(envelope: bytes, kind: Kind, trust: TrustRoot, now: datetime) -> Permit:
    """Return the permit in ``envelope``.

    Raises:
        StatementError: it cannot be relied on, or its policies are not those that the trust root names.
    """
    statement = trust.verify(envelope, kind, now)
    try:
        grant = msgspec.convert(statement.body, Grant)
        estate, policies = statement.subjects["estate"], statement.subjects["policies"]
    except (msgspec.ValidationError, KeyError):
        raise StatementError("its body is not that of a permit") from None
    if statement.expires - statement.issued > MAX_LIFE:
        raise StatementError(f"it holds for longer than {MAX_LIFE.total_seconds() / 3600:.0f} hours")
    if trust.policies_digest not in (None, policies):
        raise StatementError("its policies are not those that the trust root names")
    if any(KIND_OF[operation] != kind for operation in grant.operations):
        raise StatementError(f"a {kind} permit cannot cover {' and '.join(grant.operations)}")
    return Permit(
        id="sha256:" + sha256(envelope).hexdigest(), kind=kind, grant=grant, estate=estate, policies=policies,
        issuer=statement.issuer, issued=statement.issued, expires=statement.expires,
    )  # fmt: skip


def demand_open(verdicts: Sequence[Verdict], stage: Stage, stack: str) -> None:
    """Refuse when a mandatory verdict fails or is unknown, or when nothing has been judged.

    Raises:
        PermitError: with one line for each verdict that keeps the gate shut.
    """
    if not verdicts:
        raise PermitError(f"{stack}: no rule has judged this estate, so nothing is permitted; load the policies")
    shut = verdict.blocking(verdicts, stage)
    if shut:
        lines = [f"{stack}: the gate stays shut: {len(shut)} mandatory verdicts fail or are unknown", *_lines(shut)]
        raise PermitError("\n".join(lines), shut, stage)


def command(stack: str, operation: Operation, *, loses_data: bool = False) -> str:
    """Return the command that issues the permit which an operation needs."""
    if operation != "delete":
        return f"ringfence permit {stack}"
    return f"ringfence permit --destroy {stack}" + (" --data-loss" if loses_data else "")


def _lines(shut: Iterable[Verdict]) -> list[str]:
    return [
        f"{f'{item.source.file}:{item.source.line}: ' if item.source else ''}"
        f"{item.rule} {item.status}: {item.subject}: {item.message}"
        for item in shut
    ]


def _statement(
    kind: Kind, grant: Grant, estate: str, policies: str, signer: Signer, now: datetime, life: timedelta
) -> Statement:
    return Statement(
        type=kind, subjects={"estate": estate, "policies": policies}, issuer=signer.id,
        issued=now, expires=now + life, body=msgspec.to_builtins(grant),
    )  # fmt: skip
