"""Committing to real devices of the lab: what holds, what reverts by itself, what is refused."""

from __future__ import annotations

import dataclasses
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware.connections import Connections
from hardware.contract import bring_about
from hardware.device_state import rule_of
from hardware.rollout import roll_out
from hardware.ssh import Device, connected, execute
from hardware.switch import Files, SwitchDriver
from lab import Lab
from ringfence.errors import OperationError

pytestmark = pytest.mark.lab
CONF, DAEMONS, FILTER = "/etc/frr/frr.conf", "/etc/frr/daemons", "/etc/nftables.conf"
EXTRA = "/etc/systemd/network/77-test.network"
DROP_ALL = "table inet test {\n chain input {\n  type filter hook input priority 0; policy drop;\n }\n}\n"


@pytest.fixture
def driver(lab: Lab, connections: Connections) -> SwitchDriver:
    """Of the last switch."""
    assert connections.ssh is not None
    machine = [machine for machine in lab.topology.machines if machine.kind == "switch"][-1]
    return SwitchDriver(Device(machine.name, machine.address), connections.ssh)


@pytest.fixture
def files(driver: SwitchDriver) -> Iterator[Files]:
    """What is on the device, with a prefix list and an address more; afterwards it has its own back."""
    original = {path: content.text for path, content in driver.read().files.items() if path not in (DAEMONS, FILTER)}
    base = original[CONF] if "\nhostname " in original[CONF] else f"hostname {driver.device.name}\nlog syslog informational\n"
    more = "ip prefix-list test seq 5 permit 192.0.2.0/24\n!\ninterface lo\n ip address 192.0.2.1/32\nexit\n!\n"
    wanted = {**original, CONF: base + more}
    bring_about(driver, wanted)
    yield wanted
    bring_about(driver, original)


@pytest.fixture
def by_hand(driver: SwitchDriver) -> Callable[[str], str]:
    def run(command: str) -> str:
        with connected(driver.device, driver.ssh) as client:
            return execute(client, driver.device, command, b"", seconds=30).decode()

    return run


def left(driver: SwitchDriver, files: Files) -> list[str]:
    """What separates the device from `files`."""
    return [str(change) for change in driver.plan(files, driver.read()).changes]


def changed(files: Files) -> Files:
    return {**files, CONF: files[CONF].replace("192.0.2.0/24", "198.51.100.0/24")}


def test_a_change_holds_and_the_next_run_changes_nothing(
    driver: SwitchDriver, files: Files, by_hand: Callable[[str], str]
) -> None:
    plan = bring_about(driver, changed(files))
    assert [change.detail for change in plan.changes] == [
        "- ip prefix-list test seq 5 permit 192.0.2.0/24",
        "+ ip prefix-list test seq 5 permit 198.51.100.0/24",
    ]
    assert "198.51.100.0/24" in by_hand("sudo vtysh -c 'show running-config'")
    assert bring_about(driver, changed(files)).empty


def test_changes_by_hand_to_what_runs_are_named_and_repaired(
    driver: SwitchDriver, files: Files, by_hand: Callable[[str], str]
) -> None:
    by_hand("sudo vtysh -c 'configure terminal' -c 'no ip prefix-list test' -c 'ip prefix-list rogue seq 5 permit any'")
    by_hand("sudo ip address add 203.0.113.9/32 dev lo && sudo ip address del 192.0.2.1/32 dev lo")
    plan = bring_about(driver, files)
    assert {(change.field, change.detail) for change in plan.changes} == {
        (f"{CONF} (running)", "- ip prefix-list rogue seq 5 permit any"),
        (f"{CONF} (running)", "+ ip prefix-list test seq 5 permit 192.0.2.0/24"),
        ("lo (running)", "- 203.0.113.9/32"),
        ("lo (running)", "+ 192.0.2.1/32"),
    }
    assert left(driver, files) == []


def test_changes_by_hand_to_files_are_named_and_repaired(
    driver: SwitchDriver, files: Files, by_hand: Callable[[str], str]
) -> None:
    by_hand(f"echo '! by hand' | sudo tee -a {CONF} && sudo chmod 644 {CONF} && sudo touch {EXTRA}")
    plan = bring_about(driver, files)
    assert {(change.field, change.detail) for change in plan.changes} == {
        (CONF, "- ! by hand"),
        (CONF, "mode 0644 -> 0640"),
        (EXTRA, "remove the file"),
    }
    assert left(driver, files) == []


def test_what_the_device_refuses_changes_nothing(driver: SwitchDriver, files: Files) -> None:
    before = driver.read()
    with pytest.raises(OperationError, match=rf"{CONF}: refused by vtysh: line \d+: % Unknown command.*: rooter"):
        bring_about(driver, {**changed(files), CONF: files[CONF] + "rooter bgp 65001\n"})
    assert driver.read() == before


def test_a_device_cut_off_in_mid_commit_is_back_by_itself(driver: SwitchDriver, files: Files) -> None:
    hasty = dataclasses.replace(driver, confirm_seconds=4)
    began = time.monotonic()
    applied = None
    try:
        applied = hasty.apply(hasty.plan({**changed(files), FILTER: DROP_ALL}, hasty.read()))
        with pytest.raises(OperationError):
            hasty.confirm(applied)
    except OperationError as cut_off:
        assert "reverts by itself in 4 s" in str(cut_off)  # noqa: PT017 - either end of the connection may notice first
    if applied:
        hasty.rollback(applied)
    assert time.monotonic() - began < 25
    state = driver.read()
    assert "drop" not in state.files[FILTER].text
    assert state.unconfirmed is None
    assert left(driver, files) == []


def test_a_commit_that_nobody_confirms_is_reverted_by_the_device(driver: SwitchDriver, files: Files) -> None:
    hasty = dataclasses.replace(driver, confirm_seconds=2)
    applied = hasty.apply(hasty.plan(changed(files), hasty.read()))
    assert driver.read().unconfirmed == applied.way_back
    deadline = time.monotonic() + 10
    while driver.read().unconfirmed and time.monotonic() < deadline:
        pass  # Each read is a connection: no need to wait between them.
    assert left(driver, files) == []
    with pytest.raises(OperationError, match="not confirmed in time"):
        driver.confirm(applied)


def test_the_next_run_takes_over_what_a_killed_one_left_unconfirmed(driver: SwitchDriver, files: Files) -> None:
    abandoned = driver.apply(driver.plan(changed(files), driver.read()))
    plan = driver.plan(changed(files), driver.read())
    assert [change.field for change in plan.changes] == ["commit"]
    again = driver.apply(plan)
    with pytest.raises(OperationError, match="not confirmed in time"):
        driver.confirm(abandoned)
    driver.confirm(again)
    assert left(driver, changed(files)) == []


def test_the_way_back_of_a_takeover_leads_to_the_last_confirmed_state(driver: SwitchDriver, files: Files) -> None:
    driver.apply(driver.plan(changed(files), driver.read()))
    again = driver.apply(driver.plan(changed(files), driver.read()))
    driver.rollback(again)
    assert left(driver, files) == []


def test_a_confirmed_change_can_still_be_rolled_back(driver: SwitchDriver, files: Files) -> None:
    applied = driver.apply(driver.plan(changed(files), driver.read()))
    driver.confirm(applied)
    driver.rollback(applied)
    assert left(driver, files) == []


def test_a_plan_made_before_another_change_is_refused(driver: SwitchDriver, files: Files) -> None:
    stale = driver.plan(changed(files), driver.read())
    bring_about(driver, {**files, CONF: files[CONF] + "! another\n"})
    with pytest.raises(OperationError, match="changed since it was read; plan again"):
        driver.apply(stale)


def test_a_device_that_loses_power_in_mid_commit_has_a_boot_unit_that_reverts(
    driver: SwitchDriver, files: Files, by_hand: Callable[[str], str]
) -> None:
    applied = driver.apply(driver.plan(changed(files), driver.read()))
    by_hand(f"sudo systemctl stop ringfence-revert-{applied.way_back}.timer")
    assert by_hand("systemctl is-enabled ringfence-revert.service").strip() == "enabled"
    by_hand("sudo systemctl start ringfence-revert.service")
    state = driver.read()
    assert state.unconfirmed is None
    assert state.files[CONF].text == files[CONF]
    bring_about(driver, files)


def test_one_device_that_fails_leaves_the_others_done(driver: SwitchDriver, files: Files) -> None:
    nowhere = dataclasses.replace(driver, device=Device("nowhere", "127.0.0.1", port=1))
    rollout = roll_out({"a": nowhere, "b": driver}, {"a": files, "b": changed(files)})
    assert rollout.changed == ("b",)
    assert list(rollout.failed) == ["a"]


def test_another_host_key_than_the_pinned_one_is_refused(driver: SwitchDriver, lab: Lab, tmp_path: Path) -> None:
    pinned = {line.split()[0].split(",")[-1]: line.split()[1:3] for line in driver.ssh.known_hosts_file.open()}
    others = next(key for address, key in pinned.items() if address != driver.device.address)
    (tmp_path / "known_hosts").write_text(f"{driver.device.address} {' '.join(others)}\n")
    ssh = driver.ssh.model_copy(update={"known_hosts_file": tmp_path / "known_hosts"})
    with pytest.raises(OperationError, match="shows another host key than the one pinned"):
        dataclasses.replace(driver, ssh=ssh).read()


def test_a_device_without_a_pinned_host_key_is_refused(driver: SwitchDriver, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").touch()
    ssh = driver.ssh.model_copy(update={"known_hosts_file": tmp_path / "known_hosts"})
    with pytest.raises(OperationError, match="no host key pinned for it"):
        dataclasses.replace(driver, ssh=ssh).read()


def test_another_login_key_is_refused_in_one_line(driver: SwitchDriver, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id")], check=True)
    ssh = driver.ssh.model_copy(update={"private_key_file": tmp_path / "id"})
    with pytest.raises(OperationError, match=r"refuses .*/id for user ringfence") as refusal:
        dataclasses.replace(driver, ssh=ssh).read()
    assert "\n" not in str(refusal.value)


def test_files_on_the_device_belong_to_whom_the_rules_say(driver: SwitchDriver, files: Files) -> None:
    rule, there = rule_of(CONF), driver.read().files[CONF]
    assert (there.owner, there.group, there.mode) == (rule.owner, rule.group, rule.mode)
