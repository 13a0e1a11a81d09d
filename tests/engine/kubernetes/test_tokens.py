from __future__ import annotations

import pytest

from engine.kubernetes.tokens import Kind, parse
from ringfence.errors import InputError


@pytest.mark.parametrize(
    ("token", "kind", "api_version"),
    [
        ("kubernetes:core/v1:Namespace", Kind("", "v1", "Namespace"), "v1"),
        ("kubernetes:v1:Namespace", Kind("", "v1", "Namespace"), "v1"),
        ("kubernetes:apps/v1:Deployment", Kind("apps", "v1", "Deployment"), "apps/v1"),
        ("kubernetes:example.com/v1:AllowList", Kind("example.com", "v1", "AllowList"), "example.com/v1"),
    ],
)
def test_a_token_names_group_version_and_kind(token: str, kind: Kind, api_version: str) -> None:
    assert parse(token) == kind
    assert kind.api_version == api_version


@pytest.mark.parametrize(
    ("token", "what"),
    [
        ("kubernetes:helm.sh/v3:Release", "Helm"),
        ("kubernetes:helm.sh/v4:Chart", "Helm"),
        ("kubernetes:yaml/v2:ConfigGroup", "ConfigGroup"),
        ("kubernetes:yaml:ConfigFile", "ConfigFile"),
        ("kubernetes:kustomize/v2:Directory", "kustomize"),
        ("kubernetes:core/v1:NamespacePatch", "patches"),
        ("kubernetes:rbac.authorization.k8s.io/v1:RoleList", "lists"),
        ("aws:s3:Bucket", "not a type"),
    ],
)
def test_what_is_not_carried_is_refused_by_name(token: str, what: str) -> None:
    with pytest.raises(InputError, match=f"^{token}: .*{what}"):
        parse(token)
