"""Ansible inventory from a country file: the same Estate that the stacks and the report are made from."""

from __future__ import annotations

from ipaddress import ip_interface
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from ringfence.cli.country import open_country
from ringfence.errors import RingfenceError
from ringfence.facts import Device

DOCUMENTATION = """
name: ringfence_country
short_description: Hosts of a sovereign estate, from its country file
description:
  - The source is a country file itself (C(countries/NAME.yaml)), so that nothing about the estate is written down twice.
  - Groups are the sites (C(site_north)), the pools (C(pool_serve)) and C(nodes).
  - Texts of a declaration are data; none is ever evaluated as a template.
options: {}
"""


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]
    """Reads the nodes of an Estate as Ansible hosts."""

    NAME = "ringfence_country"

    def verify_file(self, path: str) -> bool:
        """Take country files only: a YAML file that names its schema version first."""
        if not path.endswith((".yaml", ".yml")) or not Path(path).is_file():
            return False
        head = Path(path).read_bytes()[:4096]
        return any(line.startswith(b"ringfence:") for line in head.splitlines())

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add every node with its groups and what its role needs to know."""
        super().parse(inventory, loader, path, cache)
        try:
            estate = open_country(Path(path)).estate
        except RingfenceError as error:
            raise AnsibleParserError(str(error)) from None
        services: dict[str, dict[str, list[str]]] = {}
        for service in estate.services:
            services.setdefault(service.site, {}).setdefault(service.kind, []).append(service.host)
        self.inventory.add_group("nodes")
        for device in estate.devices:
            if device.role == "node":
                self._add(device)
                for kind, hosts in sorted(services.get(device.site, {}).items()):
                    self.inventory.set_variable(device.name, f"ringfence_{kind}", hosts)
                self.inventory.set_variable(device.name, "ringfence_country_name", estate.country.name)

    def _add(self, device: Device) -> None:
        self.inventory.add_host(device.name, group="nodes")
        for group in (f"site_{device.site}", f"pool_{device.pool}"):
            group = group.replace("-", "_")
            self.inventory.add_group(group)
            self.inventory.add_child(group, device.name)
        management = next((port.ipv4 for port in device.interfaces if port.network == "oob"), "")
        for name, value in {
            "ansible_host": str(ip_interface(management).ip) if management else device.name,
            "ansible_python_interpreter": "/usr/bin/python3",
            "ringfence_site": device.site,
            "ringfence_pool": device.pool,
        }.items():
            self.inventory.set_variable(device.name, name, value)
