"""`kill -9` of all that an `up` consists of, at any moment: the next `up` makes the same estate of what it finds."""

from __future__ import annotations

import json
import os
import random
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from lab import Lab
from tests.end_to_end.command import Command
from tests.end_to_end.country import Country
from tests.end_to_end.reality import cluster, reality
from tests.stacks.drill import Drill

pytestmark = [pytest.mark.lab, pytest.mark.engine]

SEED = 20260721
Happened = Callable[[], object]
Estate = dict[str, Any]


def estate(country: Country) -> Estate:
    """What the state says, by URN, and what is really there, by kind and name."""
    found = {f"{kind} {name}": thing for kind, things in asdict(reality(country)).items() for name, thing in things.items()}
    for stack in country.stacks:
        record = country.record(stack)
        assert not record.interrupted
        for state in record.states:
            assert state["urn"] not in found
            # Pulumi's own providers get another id each time that they are made.
            own = state["type"].startswith("pulumi:")
            found[state["urn"]] = None if own else (state.get("id"), state.get("inputs"))
    return found


@pytest.fixture(scope="module")
def undisturbed(country: Country) -> Estate:
    """The estate that an `up` makes which nobody disturbs."""
    country.declare()
    country.up()
    return estate(country)


# --- moments: the real thing is there, the state does not know yet ----------------------------------------------------


def a_key_is_on_the_token(country: Country) -> Happened:
    tokens = country.root / "data" / "hsm"
    before = len(list(tokens.rglob("*.object")))
    return lambda: len(list(tokens.rglob("*.object"))) > before


def a_bucket_is_made(country: Country) -> Happened:
    buckets = country.root / "data" / "minio"
    return lambda: list(buckets.glob("xa-*"))


def a_switch_has_its_configuration(country: Country) -> Happened:
    configuration = country.root / "machines" / "north-spine1" / "changes" / "etc" / "frr" / "frr.conf"
    return lambda: configuration.exists() and "router bgp" in configuration.read_text()


def a_host_has_its_addresses(country: Country) -> Happened:
    networks = country.root / "machines" / "north-r1k1n1" / "changes" / "etc" / "systemd" / "network"
    return lambda: list(networks.glob("*rail*"))


def a_namespace_is_in_the_cluster(country: Country) -> Happened:
    api = cluster(country)
    core: Any = client.CoreV1Api(api)
    return lambda: any(item.metadata.name == "clinic" for item in core.list_namespace().items)


MOMENTS: dict[Callable[[Country], Happened], str] = {
    a_key_is_on_the_token: "ringfence:keys:Key",
    a_bucket_is_made: "ringfence:stores:Bucket",
    a_switch_has_its_configuration: "ringfence:network:Pod",
    a_host_has_its_addresses: "ringfence:gpu:Pool",
    a_namespace_is_in_the_cluster: "kubernetes:core/v1:Namespace",
}


def begun_and_not_recorded(country: Country) -> set[str]:
    """Types of resources that the state knows only as begun, as it lies on the disk."""
    pending = set()
    for stack in country.stacks:
        file = country.state_file(stack)
        if file.exists():
            latest = json.loads(file.read_text())["checkpoint"]["latest"]
            pending |= {operation["resource"]["type"] for operation in latest.get("pending_operations") or ()}
    return pending


def mended(country: Country) -> Estate:
    """Bring up what a kill has left, and see that only the dead process's lock went."""
    done = country.start_up().result()
    assert done.returncode == 0, done.stderr
    released = [line for line in done.stderr.splitlines() if line.startswith("released the lock")]
    assert len(released) <= 1
    assert country.up() == 0
    return estate(country)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_an_up_killed_between_an_effect_and_its_record_is_finished_by_the_next(
    country: Country, undisturbed: Estate, moment: Callable[[Country], Happened]
) -> None:
    country.destroy()
    run = country.start_up()
    run.until(moment(country))
    run.kill()
    assert MOMENTS[moment] in begun_and_not_recorded(country)
    assert mended(country) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize(
    "share", [(number + random.Random(SEED + number).random()) / 4 for number in range(4)], ids="{:.2f}".format
)
def test_an_up_killed_at_any_moment_is_finished_by_the_next(country: Country, undisturbed: Estate, share: float) -> None:
    country.destroy()
    run = country.start_up()
    deadline = time.monotonic() + share * 25
    run.until(lambda: time.monotonic() > deadline or "north: created Seal" in run.said)
    run.kill()
    assert mended(country) == undisturbed


def test_the_lock_of_an_up_that_still_lives_is_respected_even_where_it_does_not_stir(
    country: Country, undisturbed: Estate
) -> None:
    locks = country.backend / ".pulumi" / "locks"
    run = country.start_up()
    run.until(lambda: list(locks.rglob("*.json")))
    run.freeze()
    (lock,) = locks.rglob("*.json")
    refused = country.start_up().result()
    assert refused.returncode == 4
    assert f"by pid {json.loads(lock.read_text())['pid']} on " in refused.stderr
    assert lock.exists()
    run.thaw()
    done = run.result()
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
    assert estate(country) == undisturbed


def test_an_up_killed_when_a_key_was_just_made_makes_no_second_one(tmp_path: Path, lab: Lab) -> None:
    drill = Drill(f"drill-{uuid.uuid4().hex[:6]}", tmp_path, lab.connections)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in drill.variables.items():
            patch.setenv(name, value)
        drill.trust()
        try:
            run = Command([sys.executable, "-m", "tests.end_to_end.bring_up", str(drill.file)], os.environ, tmp_path)
            run.until(lambda: any(drill.keys.values()))
            run.kill()
            made = {purpose: objects for purpose, objects in drill.keys.items() if objects}
            drill.up()
            after = drill.keys
            assert {purpose: len(objects) for purpose, objects in after.items()} == {"root": 1, "kek": 1, "log": 2}
            assert {purpose: after[purpose] for purpose in made} == made
            assert drill.up().changed == 0
        finally:
            drill.remove_real_things()
