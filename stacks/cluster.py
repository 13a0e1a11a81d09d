"""The provider of Kubernetes objects for one site's cluster."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes

from hardware.connections import load_connections
from hardware.provider.settings import Settings
from ringfence.errors import InputError
from ringfence.trust import load_trust


def kubernetes_provider(site: str, settings: Settings) -> pulumi.ProviderResource:
    """The provider that reaches the cluster of `site`; the state holds the path of its credentials, never themselves.

    A preview on a machine that reaches no cluster goes on without one.

    Raises:
        InputError: the connections file names no cluster at the site.
    """
    return pulumi_kubernetes.Provider(
        f"{site}-kubernetes",
        kubeconfig=_kubeconfig(site, settings),
        # The same cluster stays the same, wherever its credentials lie on the machine at hand.
        cluster_identifier=site,
    )


def _kubeconfig(site: str, settings: Settings) -> str | None:
    if pulumi.runtime.is_dry_run() and not settings.connections.exists():
        return None
    connections = load_connections(settings.connections, lab=load_trust(settings.trust_root).lab)
    if site not in connections.kubernetes:
        raise InputError(f"{settings.connections}: no cluster at {site}; add kubernetes.{site}.kubeconfig")
    return str(connections.kubernetes[site].kubeconfig)
