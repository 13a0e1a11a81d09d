"""The gate: where verdicts become permits. It needs a key that the trust root knows; without one it only finds permits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from ringfence import permit
from ringfence.estate import Estate, digest
from ringfence.permit import Permit, PermitError, command, demand_open
from ringfence.permit_store import PermitStore
from ringfence.statement import utc_now
from ringfence.trust import TrustRoot
from ringfence.verdict import Stage, Verdict

Clock = Callable[[], datetime]


class Gate:
    """A country's gate.

    Args:
        trust: the country's trust root.
        key_file: a private key with the role ``gate``; None on a machine that must not hold it.
        store: where permits go, and where the provider looks for them.
        clock: the real time. Only tests give another one: laws, waivers and permits must not be judged by a made-up day.
    """

    def __init__(self, trust: TrustRoot, key_file: Path | None, store: PermitStore, clock: Clock = utc_now) -> None:
        self.trust = trust
        self.store = store
        self._key_file = key_file
        self._clock = clock

    def today(self) -> date:
        """Return the day by which the verdicts that this gate is given must be judged: the real one, in UTC."""
        return self._clock().astimezone(UTC).date()

    def decide(
        self, estate: Estate, policies_digest: str, verdicts: Sequence[Verdict], stack: str,
        resources: Mapping[str, str], *, stage: Stage = "file",
    ) -> Permit:  # fmt: skip
        """Permit creating and updating ``resources`` (``<type>::<name>`` to inputs digest), if the verdicts allow it.

        Without the gate's key, a permit that another machine issued for all of them, and that still holds, is returned.

        Raises:
            PermitError: what is judged is not this country's, the policies are not the pinned ones, a mandatory verdict
                fails or is unknown (one line each), or there is neither a key nor a permit.
        """
        self._demand_ours(estate, policies_digest, stack)
        if self._key_file is None:
            demand_open(verdicts, stage, stack)
            return self._issued_elsewhere(stack, resources)
        now = self._clock()
        envelope = permit.issue(
            stack=stack, estate=digest(estate), policies=policies_digest, verdicts=verdicts, stage=stage,
            resources=resources, signer=self.trust.signer(self._key_file), now=now,
        )  # fmt: skip
        return self.store.add(envelope, "permit", self.trust, now)

    def decide_destroy(
        self, estate: Estate, policies_digest: str, verdicts: Sequence[Verdict], stack: str,
        resources: Mapping[str, str], *, data_loss: bool, approver_keys: Sequence[Path], stage: Stage = "file",
    ) -> Permit:  # fmt: skip
        """Permit deleting ``resources``, with the keys of as many destroy approvers as the trust root demands.

        Raises:
            PermitError: as ``decide``, or data or keys would be lost and ``data_loss`` is not given.
            StatementError: the approvers are too few, or a key has another role.
        """
        self._demand_ours(estate, policies_digest, stack)
        now = self._clock()
        envelope = permit.issue_destroy(
            stack=stack, estate=digest(estate), policies=policies_digest, verdicts=verdicts, stage=stage,
            resources=resources, data_loss=data_loss, signers=[self.trust.signer(path) for path in approver_keys], now=now,
        )  # fmt: skip
        return self.store.add(envelope, "destroy", self.trust, now)

    def _demand_ours(self, estate: Estate, policies_digest: str, stack: str) -> None:
        if estate.country.code != self.trust.country:
            raise PermitError(
                f"{stack}: this is the estate of {estate.country.code}, and {self.trust.file} is the trust root of "
                f"{self.trust.country}; give the trust root of {estate.country.code}"
            )
        if self.trust.policies_digest not in (None, policies_digest):
            raise PermitError(
                f"{stack}: the policies are {policies_digest}, and {self.trust.file} names {self.trust.policies_digest}; "
                "run the gate from the checkout that the trust root names"
            )

    def _issued_elsewhere(self, stack: str, resources: Mapping[str, str]) -> Permit:
        found = self.store.covering(stack, "create", resources, self._clock(), self.trust)
        if found is None:
            raise PermitError(
                f"{stack}: no permit covers these resources, and this machine does not hold the gate's key; "
                f"run `{command(stack, 'create')}` where it is, and bring the permit here"
            )
        return found
