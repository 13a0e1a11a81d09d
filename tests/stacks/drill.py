"""A small country of the test's own on the lab's real HSM and object store, with its own stacks, trust root and state."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from engine.progress import to_stderr
from engine.pulumi_cli import environment, find_pulumi, run
from hardware.connections import Connections, load_connections
from hardware.contract import bring_about
from hardware.hsm import HsmKeyDriver
from hardware.hsm_key import KeyKind, KeyObject, KeyPurpose, KeySpec
from hardware.object_store import BucketDriver, BucketSpec
from hardware.provider.settings import Settings
from policies import policies_digest
from ringfence.cli.country import open_country
from ringfence.gate import Gate
from ringfence.permit_store import PermitStore
from ringfence.trust import create_lab_trust, load_trust
from stacks import admittance, keys
from stacks.deployed import deployed
from stacks.resource import judged
from stacks.up import ROOT, CountryUp, bring_up
from tests.conftest import COUNTRY


class Drill:
    """The country `name` in `folder`; real things get that name, so that no two drills meet."""

    def __init__(self, name: str, folder: Path, lab_connections: Path) -> None:
        self.name = name
        self.folder = folder
        self.file = folder / f"{name}.yaml"
        self.stack = f"{name}.national"
        self._lab_connections = lab_connections
        self.declare({})

    @property
    def variables(self) -> dict[str, str]:
        """What this process and Pulumi must have in their environment."""
        return {
            "RINGFENCE_LAB": str(self.folder),
            "RINGFENCE_STATE": str(self.folder / "state"),
            "RINGFENCE_TRUST_ROOT": str(self.folder / "trust" / "trust.yaml"),
            "RINGFENCE_CONNECTIONS": str(self._lab_connections),
            "RINGFENCE_COUNTRY": str(self.file),
        }

    def trust(self) -> None:
        create_lab_trust(self.folder / "trust")

    def declare(self, store: Mapping[str, Any]) -> None:
        """Write the country file: the lab's without its machines, with three keys and one store, changed by `store`."""
        country = copy.deepcopy(yaml.safe_load(COUNTRY.read_text()))
        for part in ("rows", "fabric", "pools"):
            del country["sites"]["north"][part]
        for part in ("assistants", "ecosystem"):
            del country[part]
        purposes = {"root": country["keys"]["purposes"]["root"], "kek": country["keys"]["purposes"]["records-kek"],
                    "log": country["keys"]["purposes"]["log-signing"]}  # fmt: skip
        country["keys"]["purposes"] = {f"{self.name}-{purpose}": key for purpose, key in purposes.items()}
        purposes["kek"]["wrapped_by"] = f"{self.name}-root"
        country["oversight"]["log"]["key"] = f"{self.name}-log"
        records = {"class": "health", "copies": ["north"], "key": f"{self.name}-kek", "lock": "compliance", "retention_days": 1}
        country["stores"] = {self.name: {**records, **store}}
        self.file.write_text(yaml.safe_dump(country, sort_keys=False))

    def up(self) -> CountryUp:
        return bring_up(self.file, to_stderr)

    def env(self) -> dict[str, str]:
        return environment(find_pulumi(to_stderr))

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the drill's national stack, whatever comes of it."""
        return run([*arguments, "--stack", self.stack, "--color", "never"], env=self.env(), cwd=ROOT, timeout=180)

    def permit_destroy(self, *, data_loss: bool) -> None:
        """What `ringfence permit --destroy` does."""
        trust = load_trust(Settings.from_environment().trust_root)
        country = admittance.read(self.file)
        Gate(trust, None, PermitStore(Settings.from_environment().permits)).decide_destroy(
            judged(country.estate), policies_digest(), admittance.verdicts(country), self.stack,
            deployed(self.stack, self.env(), ROOT).digests, data_loss=data_loss,
            approver_keys=[Path(trust.file).with_name("destroy-approver.pem")],
        )  # fmt: skip

    # --- the real things ---------------------------------------------------------------------------------------------

    @property
    def connections(self) -> Connections:
        return load_connections(self._lab_connections, lab=True)

    def key(self, purpose: str) -> HsmKeyDriver:
        estate = open_country(self.file).estate
        key = next(item for item in estate.keys if item.name == f"{self.name}-{purpose}")
        spec = KeySpec(key.name, keys.key_id("XA", key), KeyKind(key.algorithm), KeyPurpose(key.use))
        return HsmKeyDriver(self.connections.hsms["national-hsm"], spec)

    @property
    def keys(self) -> dict[str, tuple[KeyObject, ...]]:
        """What the HSM holds for each purpose."""
        return {purpose: self.key(purpose).read() for purpose in ("root", "kek", "log")}

    def bucket(self, place: str = "north") -> BucketDriver:
        return BucketDriver(self.connections.object_stores[place], place, BucketSpec(f"xa-{self.name}-{place}", None))

    def remove_real_things(self) -> None:
        for purpose in ("root", "kek", "log"):
            self.key(purpose).destroy(allow_destroy=True)
        self.bucket().destroy(allow_destroy=True)
        for settings in ROOT.glob(f"Pulumi.{self.name}.*.yaml"):
            settings.unlink()


def swap_key(driver: HsmKeyDriver) -> None:
    """Put another key in the place of one, as an intruder might."""
    driver.destroy(allow_destroy=True)
    bring_about(driver, driver.spec)
