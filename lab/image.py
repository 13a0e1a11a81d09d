"""The root file system that all machines of a lab share: Debian, made once by debootstrap."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from engine.locks import exclusive
from engine.paths import cache_dir
from engine.progress import Say, step
from ringfence.errors import OperationError

LINES_SHOWN = 8


@dataclass(frozen=True)
class Image:
    """What `image.yaml` says, and where the result is kept."""

    recipe: Any
    digest: str

    @property
    def root(self) -> Path:
        """The finished root file system; never written to again."""
        return cache_dir() / "debian" / f"{self.recipe['suite']}-{self.digest}" / "root"


def image() -> Image:
    """The image as this version of the lab wants it."""
    text = resources.files("lab").joinpath("image.yaml").read_text()
    # The program that makes it counts too: what it does is as much part of the result as the recipe.
    content = text.encode() + Path(__file__).read_bytes()
    return Image(yaml.safe_load(text), hashlib.sha256(content).hexdigest()[:12])


def ensure_made(say: Say) -> bool:
    """Make the image unless the cache has it. Says whether it was made."""
    wanted = image()
    if wanted.root.exists():
        return False
    wanted.root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive(wanted.root.parent / "lock", "making the machines' root file system", say) as lock:
        if not wanted.root.exists():
            with step(f"making the machines' root file system (Debian {wanted.recipe['suite']})", say):
                _make(wanted, lock)
    return True


def _make(wanted: Image, lock: int) -> None:
    unfinished = wanted.root.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    recipe, log = wanted.recipe, wanted.root.with_name("debootstrap.log")
    packages = ",".join(recipe["packages"])
    bootstrap = ["debootstrap", "--variant=minbase", f"--include={packages}", recipe["suite"], str(unfinished)]
    if mirror := os.environ.get("RINGFENCE_DEBIAN_MIRROR"):
        bootstrap.append(mirror)
    user = recipe["user"]
    with log.open("wb") as output:
        _run(bootstrap, log, output.fileno(), lock)
        for command in (
            ["useradd", "--create-home", "--shell", "/bin/bash", "--uid", str(user["uid"]), user["name"]],
            ["systemctl", "mask", *recipe["masked"]],
            ["systemctl", "disable", *recipe["disabled"]],
            ["apt-get", "clean"],
        ):
            _run(["chroot", str(unfinished), *command], log, output.fileno(), lock)
    for path, content in recipe["files"].items():
        file = unfinished / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(0o440 if "sudoers" in path else 0o644)
    for key in (unfinished / "etc/ssh").glob("ssh_host_*"):
        key.unlink()  # Each machine has its own, which the lab pins.
    (unfinished / "etc/machine-id").write_text("")
    (unfinished / "etc/resolv.conf").unlink(missing_ok=True)
    os.sync()
    unfinished.rename(wanted.root)


def _run(command: list[str], log: Path, output: int, lock: int) -> None:
    # Mounts that debootstrap makes stay in a mount namespace of its own: a killed one leaves none behind. It inherits the
    # lock: where only we are killed, the next run waits for it.
    isolated = ["unshare", "--mount", "--propagation", "private", *command]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    proxies = {name: value for name, value in os.environ.items() if name.lower() in {"http_proxy", "https_proxy", "no_proxy"}}
    done = subprocess.run(
        isolated,
        env=environment | proxies,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=(lock,),
        check=False,
    )
    if done.returncode != 0:
        last = "\n  ".join(log.read_text(errors="replace").splitlines()[-LINES_SHOWN:])
        raise OperationError(f"{command[0]} failed with {done.returncode} (log: {log}):\n  {last}")
