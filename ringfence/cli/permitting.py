"""Asking the gate for a permit: what a stack would hold, or holds now, and the verdicts on its country."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.progress import Say
from engine.pulumi_cli import environment, find_pulumi
from hardware.catalogue import load_catalogue
from hardware.provider.settings import Settings
from policies import policies_digest
from ringfence.cli.judging import report_of
from ringfence.cli.subjects import Subject, subjects
from ringfence.configs import render
from ringfence.errors import InputError
from ringfence.gate import Gate
from ringfence.permit import Permit
from ringfence.permit_store import PermitStore
from ringfence.trust import load_trust
from stacks.admittance import key_at_hand
from stacks.deployed import deployed
from stacks.resource import judged, permitted
from stacks.resources import NATIONAL, resources
from stacks.up import ROOT


def ask(stack: str, country: Path | None, key: Path | None) -> Permit:
    """Return a new permit to create and update what ``stack`` consists of.

    Raises:
        PermitError: the verdicts keep the gate shut, or the gate's key is not here.
    """
    settings = Settings.from_environment()
    subject, part = _subject(stack, country)
    trust = load_trust(settings.trust_root)
    configs = {} if part == NATIONAL else render(subject.estate, part, load_catalogue())
    wanted = resources(subject.estate, part, configs)
    gate = Gate(trust, key or key_at_hand(trust, "gate"), PermitStore(settings.permits))
    verdicts = report_of(subject).verdicts
    return gate.decide(judged(subject.estate), policies_digest(), verdicts, stack, permitted(wanted))


def ask_to_destroy(stack: str, country: Path | None, *, data_loss: bool, keys: Sequence[Path], say: Say) -> Permit:
    """Return a new permit to delete what ``stack`` holds by its own record.

    Raises:
        PermitError: the verdicts keep the gate shut, or data would be lost that may not be.
        InputError: there is no such stack, or nothing in it.
    """
    settings = Settings.from_environment()
    subject, _ = _subject(stack, country)
    trust = load_trust(settings.trust_root)
    env = {**environment(find_pulumi(say)), "RINGFENCE_COUNTRY": str(Path(subject.file).resolve())}
    there = deployed(stack, env, ROOT).digests
    if not there:
        raise InputError(f"stack {stack} holds nothing that needs a permit to be deleted")
    at_hand = key_at_hand(trust, "destroy-approver")
    approvers = keys or ([at_hand] if at_hand else [])
    return Gate(trust, None, PermitStore(settings.permits)).decide_destroy(
        judged(subject.estate), policies_digest(), report_of(subject).verdicts, stack, there,
        data_loss=data_loss, approver_keys=approvers,
    )  # fmt: skip


def _subject(stack: str, country: Path | None) -> tuple[Subject, str]:
    """Read the stack's country file; return it with the part that the stack is."""
    name, _, part = stack.partition(".")
    if not part:
        raise InputError(f'stack "{stack[:60]}": a stack is called <country>.<part>, as lab.{NATIONAL} and lab.north')
    file = country or ROOT / "countries" / f"{name}.yaml"
    (subject,) = subjects([file])
    if subject.stage != "file" or subject.only_pods:
        raise InputError(f"{file}: is no country file; a permit is asked for on the declaration")
    return subject, part
