"""A switch or host: a whole Debian system in a container, on a writable layer over the shared root file system."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.progress import Say
from lab import ask, durable
from lab.folder import LabFolder
from lab.image import Image
from lab.network import Network
from lab.server import Server
from lab.ssh_keys import SshKeys
from lab.topology import Machine

# Each systemd watches half a dozen things, and Debian lets root have 128 watchers in all: some twenty machines.
INOTIFY_INSTANCES = 4096
_INOTIFY_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")

# The overlay is mounted in a mount namespace of the machine's own: it goes away with the machine, however that ends.
_MOUNT_AND_BOOT = 'mount -t overlay -o "$1" overlay "$2" && shift 2 && exec "$@"'


@dataclass(frozen=True)
class Disk:
    """A machine's writable layer (`changes`), and where the overlay is mounted inside its mount namespace."""

    home: Path

    @property
    def changes(self) -> Path:
        """The files that differ from the shared root file system."""
        return self.home / "changes"

    @property
    def work(self) -> Path:
        """Scratch space of the overlay."""
        return self.home / "work"

    @property
    def mounted(self) -> Path:
        """The whole root file system; empty when looked at from outside the machine."""
        return self.home / "root"


def disk(folder: LabFolder, machine: Machine) -> Disk:
    """The disk of a machine, made yet or not."""
    return Disk(folder.machines / machine.name)


def has_disk(folder: LabFolder, machine: Machine, image: Image) -> bool:
    """Whether the machine has a disk that was made from `image`."""
    made_from = disk(folder, machine).home / "image"
    return made_from.exists() and made_from.read_text() == image.digest


def make_disk(folder: LabFolder, machine: Machine, image: Image, keys: SshKeys) -> None:
    """Make the machine's disk with its first files, in place of any that it had."""
    wanted = disk(folder, machine)
    unfinished = Disk(folder.machines / f".{machine.name}.unfinished")
    _discard(wanted.home)
    shutil.rmtree(unfinished.home, ignore_errors=True)
    unfinished.home.mkdir(mode=0o700)
    for part in (unfinished.changes, unfinished.work, unfinished.mounted):
        part.mkdir(mode=0o755)
    for path, content in _first_files(machine, image, keys).items():
        _seed(unfinished.changes, image.root, path, content)
    if machine.kind == "switch":
        for unit, target in image.recipe["switch"]["enabled"].items():
            link = unfinished.changes / "etc/systemd/system/multi-user.target.wants" / unit
            _make_parents(unfinished.changes, image.root, link)
            link.symlink_to(target)
    durable.replace(unfinished.home / "image", image.digest)
    unfinished.home.rename(wanted.home)


def server(folder: LabFolder, machine: Machine, image: Image, network: Network) -> Server:
    """The machine as a process: ready when it greets over SSH on its management address."""
    own, namespace = disk(folder, machine), Path("/run/netns", network.namespace(machine.name))
    layers = f"lowerdir={image.root},upperdir={own.changes},workdir={own.work}"
    boot = (
        "systemd-nspawn",
        "--quiet",
        "--register=no",
        "--keep-unit",
        f"--machine={network.namespace(machine.name)}",
        f"--hostname={machine.name}",
        f"--uuid={uuid.uuid5(uuid.NAMESPACE_DNS, f'{folder.id}.{machine.name}')}",
        f"--directory={own.mounted}",
        f"--network-namespace-path={namespace}",
        "--capability=CAP_NET_ADMIN",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--console=read-only",
        "--boot",
        "systemd.show_status=true",  # Into the machine's log: otherwise one that fails to boot does so without a word.
    )
    mount = ("sh", "-c", _MOUNT_AND_BOOT, "sh", layers, str(own.mounted))
    return Server(
        name=machine.name,
        address=machine.address,
        command=("unshare", "--mount", "--propagation", "private", "--", *mount, *boot),
        complaint=partial(ask.ssh, machine.address),
        identity=f"network namespace {namespace.stat().st_ino}",  # One made anew needs a machine booted into it.
        environment={
            "PATH": os.defpath + ":/usr/sbin:/sbin",
            "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
            "SYSTEMD_NSPAWN_LOCK": "0",  # The lab has a lock of its own; nspawn's would stay behind in /run.
            # A switch forwards, a host does not: that is theirs to set.
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
        },
    )


def allow_many(say: Say) -> None:
    """Raise the one limit of the kernel that a few booted systems meet; past it they die without a word."""
    if int(_INOTIFY_LIMIT.read_text()) < INOTIFY_INSTANCES:
        say(f"raising fs.inotify.max_user_instances to {INOTIFY_INSTANCES}, until the next boot")
        _INOTIFY_LIMIT.write_text(str(INOTIFY_INSTANCES))


def remove_surplus(folder: LabFolder, wanted: set[str]) -> None:
    """Remove the disks of machines that the country no longer declares."""
    for home in folder.machines.iterdir():
        if home.name not in wanted:
            _discard(home)


def _discard(home: Path) -> None:
    """Delete a disk, under another name: one that is half deleted must not be taken for a disk."""
    dying = home.with_name(f".{home.name.lstrip('.')}.deleted")
    if home.exists() and home != dying:
        shutil.rmtree(dying, ignore_errors=True)
        home.rename(dying)
    shutil.rmtree(dying, ignore_errors=True)


def _first_files(machine: Machine, image: Image, keys: SshKeys) -> Mapping[str, tuple[str, int]]:
    user = image.recipe["user"]
    host_key, host_public = keys.host(machine.name)
    files = {
        "etc/hostname": (f"{machine.name}\n", 0o644),
        "etc/hosts": (f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {machine.name}\n", 0o644),
        "etc/ssh/ssh_host_ed25519_key": (host_key, 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": (host_public, 0o644),
        f"home/{user['name']}/.ssh/authorized_keys": (keys.operator_public, 0o600),
    }
    if machine.kind == "switch":
        daemons = (image.root / "etc/frr/daemons").read_text()
        for daemon in image.recipe["switch"]["daemons"]:
            daemons = daemons.replace(f"{daemon}=no", f"{daemon}=yes")
        files["etc/frr/daemons"] = (daemons, 0o640)
    return files


def _seed(changes: Path, below: Path, path: str, content: tuple[str, int]) -> None:
    """Write one file into the writable layer, owned as the folder that it lies in."""
    text, mode = content
    file = changes / path
    _make_parents(changes, below, file)
    file.write_text(text)
    file.chmod(mode)
    folder = file.parent.stat()
    os.chown(file, folder.st_uid, folder.st_gid)


def _make_parents(changes: Path, below: Path, file: Path) -> None:
    """Make the folders above `file` as they are in the layer below: an overlay shows the upper one's owner and mode."""
    for folder in reversed(file.relative_to(changes).parents[:-1]):
        made, original = changes / folder, below / folder
        if made.exists():
            continue
        made.mkdir()
        like = original.stat() if original.exists() else made.parent.stat()
        made.chmod(like.st_mode & 0o7777 if original.exists() else 0o700)
        os.chown(made, like.st_uid, like.st_gid)
