"""What a part of a country consists of: the pure function from the Estate to a stack's resources."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hardware.provider.texts import Files
from ringfence.errors import InputError
from ringfence.estate import FACTS, Estate
from ringfence.inputs import inputs_digest
from stacks import keys, network, platform_objects, pools, stores
from stacks.resource import PERMIT, SEAL, Resource, estate_digest, plain

NATIONAL = "national"

# Too many for a state, and known better by the devices themselves: these a plan does not carry.
_NOT_IN_A_PLAN = frozenset({"devices", "cables", "pods"})


def parts(estate: Estate) -> tuple[str, ...]:
    """The parts of a country in the order in which they are brought up; each is a stack `<country>.<part>`."""
    return (NATIONAL, *(site.name for site in estate.sites))


def resources(estate: Estate, part: str, configs: Mapping[str, Files]) -> tuple[Resource, ...]:
    """Return the resources of `part`, dependencies first.

    Args:
        estate: the whole country.
        part: `national` or the name of a site.
        configs: the configuration files of each device of the site; none for the national part.

    Raises:
        InputError: the country has no such part.
    """
    if part not in parts(estate):
        raise InputError(f'{estate.country.name} has no part "{part}"; there is {", ".join(parts(estate))}')
    own = _national(estate) if part == NATIONAL else _site(estate, part, configs)
    carried = {field for resource in own if resource.ours for field in resource.inputs["facts"]}
    permit = _permit(estate, part, carried if part == NATIONAL else {*carried, "namespaces"})
    held = tuple(
        Resource(resource.type, resource.name, resource.inputs, (permit.key, *resource.depends_on)) for resource in own
    )
    return (permit, *held, _seal(estate, part, (permit, *held)))


def _national(estate: Estate) -> tuple[Resource, ...]:
    return (*keys.resources(estate), *stores.resources(estate))


def _site(estate: Estate, site: str, configs: Mapping[str, Files]) -> tuple[Resource, ...]:
    return (
        *network.resources(estate, site, configs),
        *pools.resources(estate, site, configs),
        *platform_objects.resources(estate, site),
    )


def _permit(estate: Estate, part: str, carried: Collection[str]) -> Resource:
    """The first resource: it carries every fact that no other resource of the stack carries."""
    facts = {}
    for field in FACTS:
        if field in _NOT_IN_A_PLAN:
            continue
        if field in carried:
            facts[field] = plain([item for item in getattr(estate, field) if _elsewhere(item, part)])
        else:
            facts[field] = plain(getattr(estate, field))
    inputs = {"country": estate.country.code, "part": part, "estate": estate_digest(estate), "facts": facts}
    return Resource(PERMIT, "permit", inputs)


def _elsewhere(item: object, part: str) -> bool:
    """Whether a fact belongs to another part: then no resource of this stack stands for it."""
    return part != NATIONAL and getattr(item, "site", part) != part


def _seal(estate: Estate, part: str, others: tuple[Resource, ...]) -> Resource:
    """The last resource, which a destroy meets first."""
    objects = {resource.key: inputs_digest(resource.inputs) for resource in others if not resource.ours}
    facts = {"namespaces": plain([item for item in estate.namespaces if item.site == part])} if part != NATIONAL else {}
    inputs = {"part": part, "objects": objects, "facts": facts}
    return Resource(SEAL, "seal", inputs, tuple(resource.key for resource in others))
