"""A SoftHSM token that belongs to one test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from engine.progress import to_stderr
from hardware.connections import HsmAccess
from lab import packages
from lab.folder import LabFolder

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "canary-pin-5521"


def token(folder: Path) -> HsmAccess:
    """Make the token `t1` in `folder`; a machine without SoftHSM gets it first, as it does from the lab."""
    if not MODULE.exists():
        home = LabFolder(folder / "packages")
        home.prepare()
        packages.ensure_installed(home, to_stderr)
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    command = ["softhsm2-util", "--init-token", "--free", "--label", "t1", "--pin", PIN, "--so-pin", "so-pin-0000"]
    subprocess.run(command, env={**os.environ, "SOFTHSM2_CONF": str(conf)}, check=True, capture_output=True)
    pin = folder / "pin"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o600)
    return HsmAccess(module=MODULE, token="t1", pin_file=pin, environment={"SOFTHSM2_CONF": str(conf)})
