"""The program of one stack: country file to estate to permit to resources."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

from hardware.catalogue import load_catalogue
from hardware.provider.settings import Settings
from hardware.provider.texts import Files, Texts
from ringfence.cli.subjects import Subject
from ringfence.configs import render
from ringfence.errors import InputError, RingfenceError
from ringfence.permit import PermitError
from stacks import admittance
from stacks.cluster import kubernetes_provider
from stacks.components import register
from stacks.resource import PERMIT, SEAL, estate_digest
from stacks.resources import NATIONAL, resources

PROJECT = "ringfence"


def run() -> None:
    """Declare the resources of the stack that Pulumi is at; what is wrong ends the program with plain lines."""
    try:
        _declare(pulumi.get_stack())
    except RingfenceError as error:
        raise pulumi.RunError(str(error)) from None


def _declare(stack: str) -> None:
    name, _, part = stack.partition(".")
    if not part:
        raise InputError(f'stack "{stack}": a stack is called <country>.<part>, as lab.{NATIONAL} and lab.north')
    country = admittance.read(_country_file(name))
    settings = Settings.from_environment()
    configs = _configurations(country, part, settings)
    wanted = resources(country.estate, part, configs)
    _ask_the_gate(country, stack, wanted, settings)
    digest = estate_digest(country.estate)
    kubernetes = any(not resource.ours for resource in wanted)
    made = register(
        part,
        wanted,
        kubernetes_provider(part, settings) if kubernetes else None,
        [] if part == NATIONAL else _after_national(name, digest),
    )
    # Only what has come to its end has an estate: the seal is the last resource.
    sealed = next(made[resource.key] for resource in wanted if resource.type == SEAL)
    pulumi.export("estate", sealed.id.apply(lambda _: digest))
    pulumi.export("ids", {resource.key: made[resource.key].id for resource in wanted if resource.type != PERMIT})


def _country_file(country: str) -> Path:
    """`countries/<country>.yaml`, or what the configuration value `ringfence:country` or RINGFENCE_COUNTRY names."""
    chosen = pulumi.Config().get("country") or os.environ.get("RINGFENCE_COUNTRY")
    root = Path(pulumi.get_root_directory())
    return root / chosen if chosen else root / "countries" / f"{country}.yaml"


def _configurations(country: Subject, part: str, settings: Settings) -> Mapping[str, Files]:
    """Render the site's devices, and keep the texts where the provider finds them by their digests."""
    if part not in {site.name for site in country.estate.sites}:
        return {}
    configs = render(country.estate, part, load_catalogue())
    texts = Texts(settings.texts)
    for files in configs.values():
        texts.put(files)
    return configs


def _ask_the_gate(country: Subject, stack: str, wanted: Sequence[Any], settings: Settings) -> None:
    """Get the permit, or end here. A preview needs none: it says what would end the update."""
    if not pulumi.runtime.is_dry_run():
        admittance.permit(country, stack, wanted, settings)
        return
    try:
        admittance.demand(admittance.verdicts(country), stack)
    except PermitError as shut:
        pulumi.log.warn(str(shut))


def _after_national(country: str, digest: str) -> pulumi.Output[list[pulumi.Resource]]:
    """Wait for the national stack, and go on only if it was brought up from the same estate."""

    def confirm(outputs: Mapping[str, Any]) -> list[pulumi.Resource]:
        if outputs.get("estate") == digest:
            return []
        state = "from another version of the country file" if outputs.get("estate") else "not whole"
        message = f"stack {country}.{NATIONAL} is {state}; run `pulumi up --stack {country}.{NATIONAL}` first"
        if pulumi.runtime.is_dry_run():
            pulumi.log.warn(message)
            return []
        raise pulumi.RunError(message)

    return pulumi.StackReference(f"organization/{PROJECT}/{country}.{NATIONAL}").outputs.apply(confirm)
