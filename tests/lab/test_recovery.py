"""A lab that is broken on purpose; every test leaves it running whole, so that each begins with one that is."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from lab import Lab
from tests.lab.spare import SpareLab
from tests.lab.ssh import Ssh

pytestmark = [pytest.mark.lab, pytest.mark.slow]

MOMENTS = (
    "making the token",
    "starting etcd",
    "starting kube-apiserver",
    "wiring 10 machines",
    "starting north-",
    "starting minio: done",
)


@pytest.fixture(autouse=True)
def whole(spare: SpareLab) -> None:
    spare.up()


def test_a_second_start_changes_nothing(spare: SpareLab) -> None:
    files = {path: path.stat().st_mtime_ns for path in spare.folder.root.glob("*") if path.is_file()}
    assert spare.up() == []
    assert {path: path.stat().st_mtime_ns for path in files} == files


@pytest.mark.parametrize("name", ["etcd", "kube-apiserver", "kube-controller-manager", "minio"])
def test_a_killed_server_is_started_again_on_its_port(spare: SpareLab, name: str) -> None:
    before = (spare.folder.root / "ports.json").read_text()
    os.kill(spare.processes(name).processes()[0], signal.SIGKILL)
    assert name in spare.up()
    assert (spare.folder.root / "ports.json").read_text() == before


def test_a_killed_machine_comes_back_with_its_files_and_cables(spare: SpareLab) -> None:
    ssh = _ssh(spare)
    leaf = "10.77.13.1"
    assert ssh.run(leaf, "sudo touch /etc/frr/kept", around=spare.inside).returncode == 0
    spare.processes("north-su1-leaf1").kill()
    assert spare.up() == ["north-su1-leaf1"]
    assert ssh.run(leaf, "sudo ls /etc/frr/kept && ip link show swp1", around=spare.inside).returncode == 0


def test_a_cable_that_was_pulled_is_laid_again(spare: SpareLab) -> None:
    leaf = spare.network().namespace("north-su1-leaf1")
    subprocess.run(["ip", "-netns", leaf, "link", "delete", "swp1"], check=True)
    assert spare.up() == ["wiring"]
    assert subprocess.run(["ip", "-netns", leaf, "link", "show", "swp1"], check=False).returncode == 0


def test_a_machine_whose_network_namespace_went_is_booted_into_a_new_one(spare: SpareLab) -> None:
    subprocess.run(["ip", "netns", "delete", spare.network().namespace("north-r1k1n1")], check=True)
    assert set(spare.up()) == {"wiring", "north-r1k1n1"}
    assert _ssh(spare).run("10.77.12.1", "true", around=spare.inside).returncode == 0


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_start_killed_at_any_moment_is_finished_by_the_next(spare: SpareLab, moment: str) -> None:
    spare.down()
    spare.up_killed_at(moment)
    spare.up()
    assert spare.up() == []


def test_nothing_is_left_after_down(spare: SpareLab) -> None:
    folder, network = spare.folder, spare.network()
    spare.down()
    assert not folder.root.exists()
    assert _mentions(folder.id) == []
    links = subprocess.run([*spare.inside, "ip", "link"], capture_output=True, text=True, check=True).stdout
    assert network.bridge not in links
    assert network.bridge not in subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    assert list(Path("/sys/fs/cgroup").glob(f"**/ringfence-{folder.id}")) == []
    assert list(Path("/run/systemd/nspawn").glob(f"*/{network.bridge}*")) == []


def test_down_can_be_repeated_and_removes_what_is_left_of_a_killed_start(spare: SpareLab) -> None:
    spare.down()
    spare.up_killed_at("starting north-")
    spare.down()
    spare.down()
    assert _mentions(spare.folder.id) == []


def test_two_labs_run_beside_each_other(spare: SpareLab, lab: Lab) -> None:
    assert spare.folder.root != lab.root
    assert spare.up() == []


def _ssh(spare: SpareLab) -> Ssh:
    keys = spare.folder.keys / "ssh"
    return Ssh("ringfence", str(keys / "operator"), str(keys / "known_hosts"))


def _mentions(lab: str) -> list[str]:
    """Processes that belong to the lab or have one of its file systems mounted."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            belongs = f"ringfence-{lab}" in (process / "cgroup").read_text()
            mounted = f"rf{lab}-" in (process / "mountinfo").read_text()
            # A zombie has ended, and waits only for init to read its exit code.
            ended = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue  # It has ended.
        if (belongs or mounted) and not ended:
            found.append(f"{process.name} {(process / 'cmdline').read_text()}")
    return found
