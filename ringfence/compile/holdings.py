"""What an estate holds: data classes, HSMs, keys, buckets; and who uses it: namespaces, workloads, assistants."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.catalogue import Catalogue
from ringfence.declaration import Declaration
from ringfence.facts import Assistant, Bucket, DataClass, Hsm, Key, Namespace, Oversight, Pod, Pool


def data_classes(declaration: Declaration) -> Iterator[DataClass]:
    """Yield the declared data classes."""
    for name, item in declaration.data_classes.items():
        yield DataClass(name, item.stay_in, item.keys or "", item.people, item.foreign_ownership, item.sector or "")


def hsms(declaration: Declaration) -> Iterator[Hsm]:
    """Yield the HSMs."""
    for name, hsm in declaration.keys.hsms.items():
        yield Hsm(name, hsm.site, hsm.kind, f"keys.hsms.{name}")


def keys(declaration: Declaration) -> Iterator[Key]:
    """Yield the keys."""
    for name, key in declaration.keys.purposes.items():
        yield Key(
            name, key.hsm, key.algorithm, key.use, key.wrapped_by or "", key.extractable, key.rotate_days,
            f"keys.purposes.{name}",
        )  # fmt: skip


def buckets(declaration: Declaration) -> Iterator[Bucket]:
    """Yield one bucket for each copy of a store, the origin first, and one for each backup."""
    code = declaration.country.code.lower()
    for name, store in declaration.stores.items():
        copies = [(place, f"copies[{at}]", store.key) for at, place in enumerate(store.copies)]
        copies += [(backup.to, f"backups[{at}]", backup.key) for at, backup in enumerate(store.backups)]
        for place, where, key in copies:
            suffix = "-backup" if where.startswith("backups") else ""
            # Bucket names are global in most stores and at most 63 characters long.
            yield Bucket(
                name=f"{code}-{name}-{place}{suffix}", store=name, data_class=store.class_, place=place, key=key or "",
                lock="" if store.lock == "none" else store.lock, retention_days=store.retention_days,
                versioning=store.versioning, encrypted=True, tls_only=True, public=False, declared=f"stores.{name}.{where}",
            )  # fmt: skip


def pools(declaration: Declaration, catalogue: Catalogue) -> Iterator[Pool]:
    """Yield the GPU pools of every site."""
    for site_name, site in declaration.sites.items():
        for name, pool in sorted(site.pools.items()):
            gpus = pool.nodes * catalogue.servers[pool.server].gpus
            declared = f"sites.{site_name}.pools.{name}"
            yield Pool(name, site_name, pool.server, pool.nodes, gpus, pool.tenancy, pool.classes, declared)


def _site_of(declaration: Declaration, pool: str) -> str:
    return next(name for name, site in declaration.sites.items() if pool in site.pools)


def namespaces(declaration: Declaration) -> Iterator[Namespace]:
    """Yield a namespace for each assistant and each grant."""
    for name, assistant in declaration.assistants.items():
        site = _site_of(declaration, assistant.pool)
        ceiling = (assistant.class_ceiling,)
        yield Namespace(name, site, "assistant", assistant.pool, assistant.model.gpus, ceiling, "", f"assistants.{name}")
    for at, grant in enumerate(declaration.ecosystem.grants):
        site, until = _site_of(declaration, grant.pool), grant.until.isoformat()
        yield Namespace(grant.to, site, "grant", grant.pool, grant.gpus, (), until, f"ecosystem.grants[{at}]")


def pods(declaration: Declaration) -> Iterator[Pod]:
    """Yield the workload that serves each assistant."""
    for name, assistant in declaration.assistants.items():
        yield Pod(
            name=name, namespace=name, kind="Deployment", images=(assistant.model.image,), host_access=(), privileged=(),
            gpu_limits=assistant.model.gpus, limits_missing=(), run_as_root=(), escalation=(),
            labels=("ringfence.dev/class", "ringfence.dev/tenant"), declared=f"assistants.{name}",
        )  # fmt: skip


def assistants(declaration: Declaration) -> Iterator[Assistant]:
    """Yield the assistants and the languages that they truly speak."""
    for name, item in declaration.assistants.items():
        spoken = tuple(item.prompts)
        yield Assistant(
            name, item.sector, name, item.languages, spoken, item.class_ceiling, item.model.image, f"assistants.{name}"
        )


def oversight(declaration: Declaration) -> Oversight:
    """Return who watches."""
    given = declaration.oversight
    approvals = tuple((name, item.threshold, item.bodies) for name, item in given.approvals.items())
    log_key, witnesses = (given.log.key, given.log.witnesses) if given.log else ("", ())
    return Oversight(tuple(given.bodies), approvals, log_key, witnesses)
