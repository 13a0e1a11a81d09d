from __future__ import annotations

from typing import Any

import pytest

from engine.kubernetes.naming import AutoName, autonamed, complete, object_id, split_id
from engine.kubernetes.properties import UNKNOWN
from engine.kubernetes.tokens import Kind
from ringfence.errors import InputError

QUOTA = Kind("", "v1", "ResourceQuota")


def completed(
    program: dict[str, Any], olds: dict[str, Any] | None = None, seed: bytes = b"seed", namespaced: bool | None = True,
    **auto: Any,
) -> dict[str, Any]:  # fmt: skip
    return complete(
        QUOTA, program, olds or {}, AutoName("quota", seed, **auto), namespaced=namespaced, default_namespace="serve"
    )


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


def test_a_made_up_name_is_the_resources_name_and_eight_hex_digits_and_depends_on_the_seed_alone() -> None:
    first, again, other = (completed({}, seed=seed)["metadata"]["name"] for seed in (b"1", b"1", b"2"))
    assert first == again != other
    assert len(first) == len("quota-") + 8
    assert int(first.removeprefix("quota-"), 16)


def test_a_made_up_name_is_kept_from_the_old_inputs() -> None:
    old = completed({}, seed=b"1")
    new = completed({}, old, seed=b"2")
    assert new == old
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
