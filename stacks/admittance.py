"""Asking the gate: judge the estate by the country's rules, and get the permit without which nothing can be changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hardware.provider.settings import Settings
from policies import policies_digest
from ringfence.cli.judging import report_of
from ringfence.cli.subjects import Subject, subjects
from ringfence.errors import InputError
from ringfence.gate import Gate
from ringfence.permit import Permit, demand_open
from ringfence.permit_store import PermitStore
from ringfence.trust import TrustRoot, load_trust
from ringfence.verdict import Verdict
from stacks.resource import Resource, judged, permitted


def read(country_file: Path) -> Subject:
    """Read and compile a country file.

    Raises:
        InputError: with one line for each problem of the file.
    """
    (subject,) = subjects([country_file])
    if subject.stage != "file" or subject.only_pods:
        raise InputError(f"{country_file}: is no country file")
    return subject


def verdicts(country: Subject) -> Sequence[Verdict]:
    """What the rules say about the country today, its waivers applied: the same as `ringfence check` says."""
    return report_of(country).verdicts


def demand(found: Sequence[Verdict], stack: str) -> None:
    """Raise PermitError, with one line for each, where a rule that binds before an `up` fails or cannot tell."""
    demand_open(found, "file", stack)
    demand_open(found, "plan", stack)


def permit(country: Subject, stack: str, resources: Sequence[Resource], settings: Settings) -> Permit:
    """Return a permit to create and update `resources`: a new one where the gate's key is at hand, as in a lab.

    Raises:
        PermitError: the verdicts keep the gate shut, or there is neither a key nor a permit from elsewhere.
        TrustError: the trust root cannot be used.
    """
    found = verdicts(country)
    demand(found, stack)
    trust = load_trust(settings.trust_root)
    gate = Gate(trust, key_at_hand(trust, "gate"), PermitStore(settings.permits))
    return gate.decide(judged(country.estate), policies_digest(), found, stack, permitted(tuple(resources)))


def key_at_hand(trust: TrustRoot, role: str) -> Path | None:
    """Return the key of a role that a lab keeps beside its trust root; no other country does."""
    key = Path(trust.file).with_name(f"{role}.pem")
    return key if trust.lab and key.exists() else None
