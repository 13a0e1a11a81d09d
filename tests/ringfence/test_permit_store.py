from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ringfence.permit import Permit, PermitError
from ringfence.permit_store import PermitStore
from ringfence.statement import StatementError
from tests.ringfence.signing import MINUTE, NOW, SHA_A, SHA_B, public_key, signer, trust_root
from tests.ringfence.test_permit import BUCKET, POD, destruction, permit

TRUST = trust_root()


@pytest.fixture
def store(tmp_path: Path) -> PermitStore:
    return PermitStore(tmp_path)


def add(store: PermitStore, envelope: bytes, kind: Any = "permit", now: datetime = NOW) -> Permit:
    return store.add(envelope, kind, TRUST, now)


def ask(store: PermitStore, operation: Any = "create", key: str = POD, inputs: str = SHA_A, **options: Any) -> Permit:
    kind, _, name = key.partition("::")
    stack = options.get("stack", "lab.national" if operation == "delete" else "lab.north")
    return store.authorise(stack, operation, kind, name, inputs, options.get("now", NOW), options.get("trust", TRUST))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_operation_that_a_permit_covers_is_authorised_by_it(store: PermitStore) -> None:
    added = add(store, permit())
    assert ask(store) == added
    assert ask(store, "update") == added


def test_a_permit_serves_again_so_that_a_killed_run_can_be_repeated(store: PermitStore) -> None:
    add(store, permit())
    assert ask(store) == ask(store)


def test_a_permit_is_found_by_another_process(store: PermitStore, tmp_path: Path) -> None:
    add(store, permit())
    assert ask(PermitStore(tmp_path)).grant.stack == "lab.north"


def test_without_a_permit_the_refusal_names_the_command(store: PermitStore) -> None:
    with pytest.raises(PermitError) as refused:
        ask(store)
    assert str(refused.value) == (
        "no permit to create ringfence:network:Pod::su1 in lab.north: none was issued; run `ringfence permit lab.north`"
    )


@pytest.mark.parametrize(
    ("key", "wanted"), [(BUCKET, "ringfence permit --destroy lab.national --data-loss"), (POD, "--destroy lab.national`")]
)
def test_a_refused_deletion_names_the_command_that_fits(store: PermitStore, key: str, wanted: str) -> None:
    with pytest.raises(PermitError, match="none was issued") as refused:
        ask(store, "delete", key)
    assert wanted in str(refused.value)


def test_a_deletion_needs_a_permit_to_destroy(store: PermitStore) -> None:
    add(store, permit(stack="lab.national", resources={BUCKET: SHA_A}))
    with pytest.raises(PermitError, match="none was issued"):
        ask(store, "delete", BUCKET)
    add(store, destruction(), "destroy")
    assert ask(store, "delete", BUCKET).kind == "destroy"


def test_a_permit_to_destroy_ends_when_the_same_thing_is_permitted_anew(store: PermitStore) -> None:
    add(store, destruction(), "destroy")
    again = {"stack": "lab.national", "now": NOW + MINUTE}
    add(store, permit(resources={BUCKET: SHA_B}, **again), now=NOW + MINUTE)
    assert ask(store, "delete", BUCKET, now=NOW + MINUTE).kind == "destroy"  # a replacement: the old one goes, as agreed
    add(store, permit(resources={BUCKET: SHA_A}, **again), now=NOW + MINUTE)
    with pytest.raises(PermitError, match="permitted anew at"):
        ask(store, "delete", BUCKET, now=NOW + MINUTE)
    add(store, destruction(now=NOW + 2 * MINUTE), "destroy", NOW + 2 * MINUTE)
    assert ask(store, "delete", BUCKET, now=NOW + 2 * MINUTE).kind == "destroy"


def test_a_permit_does_not_count_once_it_has_expired_although_it_was_verified_before(store: PermitStore) -> None:
    add(store, permit())
    ask(store)
    with pytest.raises(PermitError, match=r"the last permit does not count: it expired at 2026-05-01T12:30:00Z"):
        ask(store, now=NOW + 30 * MINUTE)


def test_an_older_permit_still_counts_beside_a_newer_one(store: PermitStore) -> None:
    first = add(store, permit())
    add(store, permit(resources={POD: SHA_B}))
    assert ask(store) == first


@pytest.mark.parametrize("newest", [0, 1])
def test_the_refusal_says_what_the_newest_permit_lacks(store: PermitStore, tmp_path: Path, newest: int) -> None:
    lacking = [
        (permit(resources={POD: SHA_B}), "issued for other inputs: the estate or the program has changed since"),
        (permit(resources={BUCKET: SHA_A}), "does not name this resource"),
    ]
    for number, (envelope, _) in enumerate(lacking):
        path = tmp_path / "lab.north" / "permit" / f"{add(store, envelope).id.removeprefix('sha256:')}.json"
        os.utime(path, (1.8e9, 1.8e9 + (number == newest)))
    with pytest.raises(PermitError, match=lacking[newest][1]):
        ask(store)


def test_a_permit_of_another_stack_is_not_found(store: PermitStore) -> None:
    add(store, permit())
    with pytest.raises(PermitError, match="none was issued"):
        ask(store, stack="lab.south")


def test_a_permit_that_was_copied_to_another_stack_does_not_count(store: PermitStore, tmp_path: Path) -> None:
    add(store, permit())
    (tmp_path / "lab.north").rename(tmp_path / "lab.south")
    with pytest.raises(PermitError, match=r"it was issued for lab\.north"):
        ask(store, stack="lab.south")


def test_a_file_that_was_altered_does_not_count(store: PermitStore, tmp_path: Path) -> None:
    add(store, permit())
    [path] = files(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"A", b"B", 1))
    with pytest.raises(PermitError, match="the last permit does not count"):
        ask(store)


def test_a_trust_root_that_changes_counts_at_once(store: PermitStore) -> None:
    add(store, permit())
    ask(store)
    with pytest.raises(PermitError, match="key gate is not in the trust root"):
        ask(store, trust=trust_root(public_key("other", "gate")))


def test_what_cannot_be_relied_on_is_not_kept(store: PermitStore, tmp_path: Path) -> None:
    with pytest.raises(StatementError):
        add(store, permit(signer=signer("officer")))
    assert files(tmp_path) == []


def test_adding_a_permit_again_changes_nothing(store: PermitStore, tmp_path: Path) -> None:
    assert add(store, permit()) == add(store, permit())
    [path] = files(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.relative_to(tmp_path) == Path("lab.north/permit")


def test_what_a_killed_writer_left_is_no_permit(store: PermitStore, tmp_path: Path) -> None:
    add(store, permit())
    (tmp_path / "lab.north" / "permit" / ".x.part").write_bytes(b"{")
    ask(store)


def test_permits_too_old_to_hold_are_removed(store: PermitStore, tmp_path: Path) -> None:
    add(store, permit())
    [old] = files(tmp_path)
    real = datetime.now(UTC)
    os.utime(old, (real.timestamp() - 2, real.timestamp() - timedelta(days=1).total_seconds() - 2))
    add(store, permit(now=real), now=real)
    assert old not in files(tmp_path)


@pytest.mark.parametrize("stack", ["../lab", "", "lab/north", "-x", "LAB\n"])
def test_a_stack_that_is_no_name_reaches_no_path(store: PermitStore, stack: str) -> None:
    with pytest.raises(PermitError, match="not the name of a stack"):
        ask(store, stack=stack)


def test_a_permit_that_covers_all_of_several_resources_is_found(store: PermitStore) -> None:
    both = {POD: SHA_A, BUCKET: SHA_B}
    add(store, permit())
    assert store.covering("lab.north", "create", both, NOW, TRUST) is None
    whole = add(store, permit(resources=both))
    assert store.covering("lab.north", "create", both, NOW, TRUST) == whole
