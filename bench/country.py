"""A country of any size, in memory: several sites of two server models, as the benchmarks and the scale tests need it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SU_NODES = 32
SU_PER_SITE = 49  # 1,568 nodes: a three-tier fabric at radix 64


def large_country(nodes: int) -> dict[str, Any]:
    """Return the lab's declaration with its site replaced by as many as ``nodes`` nodes (8 GPUs each) take.

    Half of the scalable units hold B200, half H200 servers; the last one is half populated.
    """
    lab = Path(__file__).resolve().parent.parent / "countries" / "lab.yaml"
    country: dict[str, Any] = yaml.load(lab.read_text(), Loader=yaml.CSafeLoader)
    north = country["sites"].pop("north")
    left, index = nodes, 0
    while left > 0:
        index += 1
        here = min(left, SU_NODES * SU_PER_SITE)
        name = "north" if index == 1 else f"site-{index}"
        country["sites"][name] = _site(north, index, here)
        left -= here
    country["assistants"]["clinic"]["pool"] = "serve-1"
    country["ecosystem"]["grants"][0]["pool"] = "train-1"
    return country


def _site(north: dict[str, Any], index: int, nodes: int) -> dict[str, Any]:
    su = -(-nodes // SU_NODES)
    racks = su * SU_NODES // 4
    serve = max(SU_NODES * (su // 2), 4) if nodes > SU_NODES else nodes // 2 // 4 * 4
    pools = {
        f"serve-{index}": _pool(1, "dgx-b200", 1, serve, ["health", "public"]),
        f"train-{index}": _pool(2, "dgx-h200", serve // 4 + 1, nodes - serve, ["weights"]),
    }
    compute = {"kind": "rail-optimised", "su": su, "leaf": "qm9700", "spine": "qm9700", "core": "qm9700"}
    return {
        **north,
        "index": index,
        "prefixes": {"ipv4": f"10.{index}.0.0/16", "ipv6": f"fd77:77:{index:x}::/48"},
        "rows": [{"index": 1, "racks": racks, "capacity": racks, "power_kw": 60}],
        "fabric": {"compute": compute, "oob": {"leaf": "qm9700"}, "storage": {"leaf": "qm9700"}, "inband": {"leaf": "qm9700"}},
        "pools": pools,
    }


def _pool(index: int, server: str, first_rack: int, nodes: int, classes: list[str]) -> dict[str, Any]:
    return {
        "index": index, "server": server, "row": 1, "first_rack": first_rack, "nodes": nodes, "tenancy": "exclusive",
        "classes": classes,
    }  # fmt: skip
