"""The playbooks on the lab's hosts: what they change once they do not change again, and what was undone is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.connections import Ssh, load_connections
from hardware.ssh import Device, connected, execute
from lab import Lab
from playbooks.run import Login, RunResult, run_site
from tests.ringfence.conftest import LAB

pytestmark = pytest.mark.lab

SETTINGS = "/etc/ssh/sshd_config.d/20-ringfence.conf"


@pytest.fixture(scope="module")
def ssh(lab: Lab) -> Ssh:
    login = load_connections(lab.connections, lab=True).ssh
    assert login is not None
    return login


@pytest.fixture(scope="module")
def applied(ssh: Ssh) -> RunResult:
    return run(ssh)


def run(ssh: Ssh, *, check: bool = False, limit: str | None = None, known_hosts: Path | None = None) -> RunResult:
    login = Login(ssh.user, ssh.private_key_file, known_hosts or ssh.known_hosts_file)
    return run_site(LAB, login, lambda _: None, check=check, limit=limit)


def test_a_second_run_changes_nothing_on_any_host(ssh: Ssh, applied: RunResult) -> None:
    again = run(ssh)
    assert (applied.failed, again.failed, again.changed, len(again.hosts)) == ((), (), 0, 4)


def on_host(ssh: Ssh, command: str) -> str:
    device = Device("north-r1k2n2", "10.77.12.4")
    with connected(device, ssh) as connection:
        return execute(connection, device, command, b"", seconds=10).decode()


def test_what_was_loosened_by_hand_is_named_without_touching_it_and_then_mended(ssh: Ssh, applied: RunResult) -> None:
    on_host(ssh, f"sudo sed -i 's/^MaxAuthTries.*/MaxAuthTries 60/' {SETTINGS}")
    plan = run(ssh, check=True, limit="north-r1k2n2")
    assert "MaxAuthTries 60" in on_host(ssh, f"sudo cat {SETTINGS}")
    assert plan.hosts["north-r1k2n2"].changes[0] == "SSH takes keys only, from named accounts, with strong algorithms"
    run(ssh, limit="north-r1k2n2")
    assert "MaxAuthTries 3" in on_host(ssh, f"sudo cat {SETTINGS}")


def test_a_host_whose_key_is_not_the_pinned_one_is_left_alone_and_the_others_go_on(
    ssh: Ssh, applied: RunResult, tmp_path: Path
) -> None:
    pinned = ssh.known_hosts_file.read_text().splitlines()
    wrong = next(line for line in pinned if "10.77.12.1 " in line).split()[-1]
    kept = [line if "10.77.12.3 " not in line else f"10.77.12.3 ssh-ed25519 {wrong}" for line in pinned]
    (tmp_path / "known_hosts").write_text("\n".join(kept) + "\n")
    result = run(ssh, known_hosts=tmp_path / "known_hosts")
    assert result.failed == ("north-r1k2n1",)
    assert "Host key verification failed" in result.hosts["north-r1k2n1"].problem
    assert all(host.ok > 10 for name, host in result.hosts.items() if name != "north-r1k2n1")
