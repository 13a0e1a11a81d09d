from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.kubernetes.connection import cluster_identity, connect, is_text, refused_options
from engine.kubernetes.properties import UNKNOWN
from ringfence.errors import InputError

CANARY = "canary-token-55aa"


def kubeconfig(server: str = "https://127.0.0.1:6443", namespace: str = "serve") -> str:
    return yaml.safe_dump(
        {
            "clusters": [{"name": "lab", "cluster": {"server": server, "certificate-authority": "ca.pem"}}],
            "users": [{"name": "admin", "user": {"token": CANARY}}],
            "contexts": [
                {"name": "lab", "context": {"cluster": "lab", "user": "admin", "namespace": namespace}},
                {"name": "bare", "context": {"cluster": "lab", "user": "admin"}},
            ],
            "current-context": "lab",
        }
    )


def test_a_kubeconfig_may_be_given_as_text_or_as_a_path(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(kubeconfig())
    assert connect({"kubeconfig": kubeconfig()}).context == connect({"kubeconfig": str(path)}).context == "lab"
    assert is_text(kubeconfig())
    assert not is_text(str(path))


def test_relative_paths_in_a_file_start_at_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(kubeconfig())
    cluster = connect({"kubeconfig": str(path)}).configuration["clusters"][0]["cluster"]
    assert cluster["certificate-authority"] == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    ("options", "namespace"),
    [({}, "serve"), ({"context": "bare"}, "default"), ({"namespace": "mine"}, "mine")],
)
def test_the_default_namespace_is_the_options_or_the_contexts(options: dict[str, str], namespace: str) -> None:
    assert connect({"kubeconfig": kubeconfig()} | options).namespace == namespace


@pytest.mark.parametrize(
    "options",
    [
        {"kubeconfig": f"users: [{CANARY}\n  broken"},
        {"kubeconfig": f"{{a: {CANARY}}}"},
        {"kubeconfig": kubeconfig(), "context": "missing"},
        {"kubeconfig": "/does/not/exist"},
    ],
)
def test_an_unusable_kubeconfig_is_one_line_that_does_not_quote_it(options: dict[str, str]) -> None:
    with pytest.raises(InputError) as error:
        connect(options)
    assert "\n" not in str(error.value)
    assert CANARY not in str(error.value)


def test_a_connection_does_not_show_its_secrets() -> None:
    assert CANARY not in repr(connect({"kubeconfig": kubeconfig()}))


def test_another_server_is_another_cluster_and_another_user_is_not() -> None:
    here = cluster_identity({"kubeconfig": kubeconfig()})
    assert here == cluster_identity({"kubeconfig": kubeconfig().replace(CANARY, "new")})
    assert here != cluster_identity({"kubeconfig": kubeconfig("https://127.0.0.1:7443")})
    assert cluster_identity({"kubeconfig": UNKNOWN}) is None


def test_an_identifier_decides_alone_which_cluster_it_is() -> None:
    options = {"clusterIdentifier": "north"}
    assert cluster_identity(options | {"kubeconfig": kubeconfig()}) == cluster_identity(
        options | {"kubeconfig": kubeconfig("https://127.0.0.1:7443")}
    )


def test_options_that_would_change_what_is_built_are_refused() -> None:
    assert [*refused_options({"renderYamlToDirectory": "out", "deleteUnreachable": "true"})] == [
        "renderYamlToDirectory",
        "deleteUnreachable",
    ]
    assert [*refused_options({"enableServerSideApply": "false"})] == ["enableServerSideApply"]


def test_options_that_change_nothing_are_passed_over() -> None:
    assert refused_options(
        {"kubeconfig": "x", "deleteUnreachable": "false", "enableServerSideApply": True, "kubeClientSettings": "{}"}
    ) == {}  # fmt: skip
