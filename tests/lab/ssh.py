"""Commands on the lab's machines, as the operator logs in: with one key, and with pinned host keys only."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ssh:
    user: str
    private_key_file: str
    known_hosts_file: str

    def run(self, address: str, *command: str, around: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "10",
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": self.known_hosts_file,
        }
        arguments = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        return subprocess.run(
            [*around, "ssh", "-F", "none", *arguments, "-i", self.private_key_file, f"{self.user}@{address}", *command],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
