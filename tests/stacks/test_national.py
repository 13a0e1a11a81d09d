"""`pulumi up`, refresh and destroy of a national stack, on the lab's real HSM and object store."""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pkcs11 import Attribute

from hardware.connections import read_secret
from hardware.hsm_token import logged_in
from lab import Lab
from ringfence.errors import RingfenceError
from ringfence.permit import PermitError
from tests.stacks.drill import Drill, swap_key

pytestmark = [pytest.mark.lab, pytest.mark.engine]


def begin(folder: Path, lab: Lab) -> Iterator[Drill]:
    drill = Drill(f"drill-{uuid.uuid4().hex[:6]}", folder, lab.connections)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in drill.variables.items():
            patch.setenv(name, value)
        drill.trust()
        yield drill
        drill.remove_real_things()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, lab: Lab) -> Iterator[Drill]:
    """A country that was brought up; a test leaves it as it was."""
    for drill in begin(tmp_path_factory.mktemp("standing"), lab):
        drill.up()
        yield drill


@pytest.fixture
def fresh(tmp_path: Path, lab: Lab) -> Iterator[Drill]:
    """A country of which nothing is there yet."""
    yield from begin(tmp_path, lab)


def test_the_keys_and_the_bucket_are_really_there(standing: Drill) -> None:
    for objects in standing.keys.values():
        secret = next(item for item in objects if item.object_class != "public")
        assert (secret.attributes["EXTRACTABLE"], secret.attributes["SENSITIVE"]) == (False, True)
    bucket = standing.bucket().read()
    assert bucket is not None
    assert (bucket.encryption, bucket.versioning, bucket.retention) == ("AES256", True, "COMPLIANCE 1 days")


def test_a_second_up_changes_nothing(standing: Drill) -> None:
    before = standing.keys
    again = standing.up()
    assert (again.changed, standing.keys) == (0, before)


def test_changes_by_hand_are_named_by_refresh_and_mended_by_up(standing: Drill) -> None:
    kek, bucket = standing.key("kek"), standing.bucket()
    with logged_in(kek.access) as session:
        for item in session.get_objects({Attribute.LABEL: kek.spec.label}):
            item[Attribute.ENCRYPT] = True
    bucket._s3.delete_bucket_policy(Bucket=bucket.spec.name)
    found = standing.pulumi("refresh", "--yes", "--skip-preview", "--diff").stdout
    assert f"key {kek.spec.label} on national-hsm: secret ENCRYPT: True -> False" in found
    assert f"bucket {bucket.spec.name} at north: policy: none -> " in found
    assert standing.up().changed == 2
    assert kek.plan(kek.spec, kek.read()).empty
    assert "2 updated" not in standing.pulumi("refresh", "--yes", "--skip-preview").stdout


def test_a_key_that_was_swapped_by_hand_stops_the_update(standing: Drill) -> None:
    swap_key(standing.key("root"))
    with pytest.raises(RingfenceError, match="another key lies under the same name and id"):
        standing.up()
    # A person decides: the stranger goes, and the stack makes the key anew.
    standing.key("root").destroy(allow_destroy=True)
    assert standing.up().changed == 1


def test_destroy_without_a_permit_deletes_nothing(standing: Drill) -> None:
    before = standing.keys
    refused = standing.pulumi("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert f"run `ringfence permit --destroy {standing.stack}`" in refused.stdout
    assert (standing.keys, standing.bucket().read() is not None) == (before, True)


def test_a_permit_to_destroy_that_allows_no_loss_is_not_issued_over_keys(standing: Drill) -> None:
    with pytest.raises(PermitError, match="hold data or keys"):
        standing.permit_destroy(data_loss=False)


def test_no_secret_reaches_state_or_its_history(standing: Drill) -> None:
    access, store = standing.connections.hsms["national-hsm"], standing.connections.object_stores["north"]
    secrets = [read_secret(file) for file in (access.pin_file, store.secret_key_file, store.access_key_file)]
    needles = [form for secret in secrets for form in (secret.encode(), base64.b64encode(secret.encode()))]
    files = [path for path in standing.folder.rglob("*") if path.is_file()]
    assert any(path.parts[-3:-1] == ("stacks", "ringfence") for path in files)
    assert not [str(path) for path in files for needle in needles if needle in path.read_bytes()]


def test_a_country_that_breaks_residency_is_refused_and_nothing_is_made(fresh: Drill) -> None:
    fresh.declare({"copies": ["north", "model-exchange"]})
    with pytest.raises(PermitError, match="RF-RES-00"):
        fresh.up()
    fresh.pulumi("stack", "init", "--non-interactive")
    refused = fresh.pulumi("up", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "the gate stays shut" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
    assert fresh.keys == {"root": (), "kek": (), "log": ()}
    assert fresh.bucket().read() is None


def test_a_preview_touches_no_real_thing_and_needs_no_permit(fresh: Drill) -> None:
    fresh.pulumi("stack", "init", "--non-interactive")
    planned = fresh.pulumi("preview")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert "to create" in planned.stdout
    assert fresh.keys == {"root": (), "kek": (), "log": ()}
    assert not list((fresh.folder / "state").rglob("*.json"))


def test_with_a_permit_a_destroy_removes_keys_and_empty_buckets(fresh: Drill) -> None:
    fresh.up()
    fresh.permit_destroy(data_loss=True)
    gone = fresh.pulumi("destroy", "--yes", "--skip-preview")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert fresh.keys == {"root": (), "kek": (), "log": ()}
    assert fresh.bucket().read() is None


def test_a_machine_without_the_gates_key_makes_nothing(fresh: Drill) -> None:
    os.unlink(fresh.folder / "trust" / "gate.pem")
    with pytest.raises(RingfenceError, match="does not hold the gate's key"):
        fresh.up()
    assert fresh.keys == {"root": (), "kek": (), "log": ()}
