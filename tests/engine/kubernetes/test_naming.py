from __future__ import annotations

from typing import Any

import pytest

from engine.kubernetes.naming import AutoName, autonamed, complete, object_id, split_id
from engine.kubernetes.properties import UNKNOWN, Path, Properties
from engine.kubernetes.tokens import Kind
from ringfence.errors import InputError

QUOTA = Kind("", "v1", "ResourceQuota")


def completed(
    program: dict[str, Any], olds: dict[str, Any] | None = None, urn: str = "urn:quota", namespaced: bool | None = True,
    secrets: frozenset[Path] = frozenset(), **auto: Any,
) -> dict[str, Any]:  # fmt: skip
    return complete(
        QUOTA, Properties(program, secrets), olds or {}, AutoName("quota", urn, **auto),
        namespaced=namespaced, default_namespace="serve",
    )  # fmt: skip


def test_identity_is_filled_in() -> None:
    assert completed({"metadata": {"name": "q"}}) == {
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "serve"},
    }  # fmt: skip


def test_the_programs_own_namespace_stays() -> None:
    assert completed({"metadata": {"name": "q", "namespace": "mine"}})["metadata"]["namespace"] == "mine"


def test_no_namespace_is_guessed_where_the_server_cannot_say_whether_there_is_one() -> None:
    assert "namespace" not in completed({"metadata": {"name": "q"}}, namespaced=None)["metadata"]


def test_a_namespace_on_a_cluster_wide_kind_is_refused() -> None:
    with pytest.raises(InputError, match=r"^metadata\.namespace: "):
        completed({"metadata": {"name": "q", "namespace": "mine"}}, namespaced=False)


def made_up(program: dict[str, Any], **options: Any) -> str:
    name: str = completed(program, **options)["metadata"]["name"]
    return name


def test_a_made_up_name_is_the_resources_name_and_eight_hex_digits() -> None:
    name = made_up({})
    assert len(name) == len("quota-") + 8
    assert int(name.removeprefix("quota-"), 16)


def test_the_same_resource_with_the_same_inputs_gets_the_same_name_so_that_a_cut_off_create_can_be_repeated() -> None:
    assert made_up({"spec": {"pods": 1}}) == made_up({"spec": {"pods": 1}})
    assert made_up({"spec": {"pods": 1}}) != made_up({"spec": {"pods": 2}})
    assert made_up({}, urn="urn:a") != made_up({}, urn="urn:b")


def test_what_is_secret_does_not_show_in_the_name() -> None:
    sealed = frozenset({("data", "token")})
    assert made_up({"data": {"token": "a"}}, secrets=sealed) == made_up({"data": {"token": "b"}}, secrets=sealed)


@pytest.mark.parametrize("program", [{}, {"metadata": {"labels": {"a": "b"}, "annotations": {}}}, {"spec": {}}])
def test_the_name_can_be_made_again_from_completed_inputs(program: dict[str, Any]) -> None:
    inputs = completed(program)
    assert AutoName("quota", "urn:quota").make(Properties(inputs)) == inputs["metadata"]["name"]


def test_a_made_up_name_is_kept_from_the_old_inputs() -> None:
    old = completed({"spec": {"pods": 1}})
    new = completed({"spec": {"pods": 2}}, old)
    assert new["metadata"] == old["metadata"]
    assert autonamed(new)


def test_a_given_name_that_is_dropped_becomes_a_made_up_one() -> None:
    assert completed({}, completed({"metadata": {"name": "given"}}))["metadata"]["name"].startswith("quota-")


def test_autonaming_follows_the_stacks_settings() -> None:
    assert completed({}, proposed="as-told")["metadata"]["name"] == "as-told"
    with pytest.raises(InputError, match="autonaming is switched off"):
        completed({}, disabled=True)


def test_unknown_metadata_is_left_alone() -> None:
    assert completed({"metadata": UNKNOWN})["metadata"] == UNKNOWN


@pytest.mark.parametrize(
    ("program", "field"),
    [
        ({"kind": "Pod"}, "kind"),
        ({"apiVersion": "v2"}, "apiVersion"),
        ({"metadata": {"generateName": "q-"}}, "metadata.generateName"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_contradictory_inputs_are_refused_by_field(program: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError, match=f"^{field}: "):
        completed(program)


def test_an_id_is_namespace_and_name() -> None:
    assert split_id(object_id("serve", "quota")) == ("serve", "quota")
    assert split_id(object_id(None, "serve")) == (None, "serve")


@pytest.mark.parametrize("bad", ["", "/quota", "a/b/c", "serve/"])
def test_what_is_no_id_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match="not the id"):
        split_id(bad)
