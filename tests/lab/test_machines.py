"""Switches and hosts: reached over SSH with pinned keys, wired as the estate says, and not configured by the lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import Lab
from lab.folder import LabFolder
from lab.network import Network
from lab.topology import Cable, Machine
from tests.lab.ssh import Ssh

pytestmark = pytest.mark.lab


def _machine(lab: Lab, name: str) -> Machine:
    return next(machine for machine in lab.topology.machines if machine.name == name)


def _of_kind(lab: Lab, kind: str) -> list[Machine]:
    return [machine for machine in lab.topology.machines if machine.kind == kind]


def test_the_operator_is_root_on_every_machine_without_a_password(lab: Lab, ssh: Ssh) -> None:
    assert len(lab.topology.machines) == 10
    for machine in lab.topology.machines:
        done = ssh.run(machine.address, "hostname && sudo -n id -u")
        assert done.stdout.split() == [machine.name, "0"], done.stderr


def test_a_machine_with_another_host_key_is_refused(lab: Lab, ssh: Ssh, tmp_path: Path) -> None:
    first, second = lab.topology.machines[:2]
    key_of_first = next(line for line in Path(ssh.known_hosts_file).read_text().splitlines() if first.address in line)
    swapped = tmp_path / "known_hosts"
    swapped.write_text(f"{second.address} {key_of_first.partition(' ')[2]}\n")
    refused = Ssh(ssh.user, ssh.private_key_file, str(swapped)).run(second.address, "true")
    assert "Host key verification failed" in refused.stderr


def test_a_password_or_another_key_does_not_open_a_machine(lab: Lab, ssh: Ssh) -> None:
    stranger = Ssh(ssh.user, f"{Path(ssh.private_key_file).parent}/host-{lab.topology.machines[0].name}", ssh.known_hosts_file)
    done = stranger.run(lab.topology.machines[0].address, "true")
    assert "Permission denied (publickey)" in done.stderr


def test_a_whole_system_runs_on_each_machine(lab: Lab, ssh: Ssh) -> None:
    for machine in lab.topology.machines:
        done = ssh.run(machine.address, "systemctl is-system-running --wait; systemctl --failed --no-legend --plain")
        assert done.stdout.strip() == "running", f"{machine.name}: {done.stdout}"


def test_switches_run_bgp_and_bfd_daemons_and_hosts_none(lab: Lab, ssh: Ssh) -> None:
    for machine in _of_kind(lab, "switch"):
        assert ssh.run(machine.address, "pgrep -x bgpd && pgrep -x bfdd").returncode == 0, machine.name
    for machine in _of_kind(lab, "host"):
        assert ssh.run(machine.address, "pgrep -x bgpd").returncode == 1, machine.name


def test_every_cable_connects_the_ports_that_the_estate_names(lab: Lab, ssh: Ssh) -> None:
    assert len(lab.topology.cables) == 16
    broken = [cable for cable in lab.topology.cables if not _pings(lab, ssh, cable, _link_local(lab, ssh, cable))]
    assert broken == []


def test_a_port_does_not_reach_what_its_cable_does_not(lab: Lab, ssh: Ssh) -> None:
    """That the test above can fail: the address at the end of another cable stays silent."""
    one, other = lab.topology.cables[0], lab.topology.cables[-1]
    assert not _pings(lab, ssh, one, _link_local(lab, ssh, other))


def test_a_machine_forwards_nothing_to_the_outside(lab: Lab, ssh: Ssh) -> None:
    host = _of_kind(lab, "host")[0]
    assert ssh.run(host.address, "ip route get 198.51.100.1").returncode != 0
    bridge = next(path for path in Path("/proc/sys/net/ipv4/conf").iterdir() if path.name == _bridge(lab))
    assert (bridge / "forwarding").read_text().strip() == "0"


def test_sysctl_d_is_applied_at_boot_as_on_any_debian(lab: Lab, ssh: Ssh) -> None:
    done = ssh.run(_of_kind(lab, "host")[0].address, "cat /proc/sys/net/ipv4/ping_group_range")
    assert done.stdout.split() == ["0", "2147483647"]


def _bridge(lab: Lab) -> str:
    return Network(LabFolder(lab.root).id).bridge


def _link_local(lab: Lab, ssh: Ssh, cable: Cable) -> str:
    """The link-local address at the `b` end of a cable."""
    shown = ssh.run(_machine(lab, cable.b).address, f"ip -6 -oneline address show dev {cable.b_port} scope link").stdout
    return next(word for word in shown.split() if word.startswith("fe80::")).partition("/")[0]


def _pings(lab: Lab, ssh: Ssh, cable: Cable, far: str) -> bool:
    return ssh.run(_machine(lab, cable.a).address, f"ping -c 1 -W 2 {far}%{cable.a_port}").returncode == 0
