"""Assistants and tenants: languages, what an assistant may see, and GPUs that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ringfence.estate import Estate
from ringfence.rule import rule
from ringfence.verdict import Finding


@rule(
    "RF-AST-001", "Assistants speak every official language", severity="high", mandatory="file plan",
    reads=["assistants", "country"], remedy="Write the language's own prompt and refusal, and serve it.",
    bad=[{"assistants.clinic.prompts.qaa": None}, {"assistants.clinic.languages": ["en"]}],
)  # fmt: skip
def assistants_speak_every_language(estate: Estate) -> Iterator[Finding]:
    """No release in which one official language lacks what another has."""
    for assistant in estate.assistants:
        for language in estate.country.languages:
            if language not in assistant.languages or language not in assistant.prompts:
                what = "a prompt and a refusal" if language in assistant.languages else "a service"
                yield Finding(f"assistant:{assistant.name}", f"has no {what[2:]} in {language}", assistant.declared)


@rule(
    "RF-AST-002", "Assistants see only what their pool may work on", severity="critical", mandatory="file plan",
    reads=["assistants", "namespaces", "pools"], controls=["nist-800-53:AC-4"],
    remedy="Move the assistant to a pool for the class, or lower its ceiling.",
    bad=[{"assistants.clinic.pool": "train"}],
)  # fmt: skip
def assistants_stay_under_their_ceiling(estate: Estate) -> Iterator[Finding]:
    """The pool that serves an assistant is one that works on the highest data class that the assistant may see."""
    pools = {pool.name: pool for pool in estate.pools}
    served = {namespace.name: pools.get(namespace.pool) for namespace in estate.namespaces}
    for assistant in estate.assistants:
        pool, subject = served.get(assistant.namespace), f"assistant:{assistant.name}"
        if pool is None:
            yield Finding(subject, f"nothing says which pool serves {assistant.namespace}", assistant.declared, unknown=True)
        elif assistant.class_ceiling not in pool.classes:
            message = f"may see {assistant.class_ceiling}, which the pool {pool.name} does not work on"
            yield Finding(subject, message, assistant.declared)


@rule(
    "RF-ECO-001", "Tenants share no more GPUs than there are", severity="medium", mandatory="file plan",
    reads=["pools", "namespaces"], controls=["nist-800-53:SC-6"], remedy="Lower the quotas, or add nodes to the pool.",
    bad=[{"ecosystem.grants[0].gpus": 99999}],
)  # fmt: skip
def quotas_fit_their_pool(estate: Estate) -> Iterator[Finding]:
    """The quotas of a pool's tenants together are no more than its GPUs."""
    granted: Counter[str] = Counter()
    for namespace in estate.namespaces:
        granted[namespace.pool] += namespace.gpus
    for pool in estate.pools:
        if granted[pool.name] > pool.gpus:
            message = f"{granted[pool.name]} GPUs are promised to its tenants; it has {pool.gpus}"
            yield Finding(f"pool:{pool.name}", message, pool.declared)


@rule(
    "RF-ECO-002", "Grants stay apart from protected data", severity="high", mandatory="file plan",
    reads=["namespaces", "pools", "data_classes"], controls=["nist-800-53:SC-4"],
    remedy="Give grants a pool that works on no class for cleared people.",
    bad=[{"ecosystem.grants[0].pool": "serve"}], overrides=["RF-ECO-001"],
)  # fmt: skip
def grants_stay_apart(estate: Estate) -> Iterator[Finding]:
    """Startups compute on pools that work on no data for which people must be cleared."""
    cleared = {data_class.name for data_class in estate.data_classes if data_class.people == "cleared"}
    pools = {pool.name: pool for pool in estate.pools}
    for namespace in estate.namespaces:
        pool = pools.get(namespace.pool)
        if namespace.kind == "grant" and pool is not None and (seen := cleared.intersection(pool.classes)):
            message = f"computes on {pool.name}, which works on {', '.join(sorted(seen))}"
            yield Finding(f"namespace:{namespace.name}", message, namespace.declared)
