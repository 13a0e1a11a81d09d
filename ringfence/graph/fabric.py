"""The fabric of a site, drawn: spines above leaves above racks of nodes, with the cables between what is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ringfence.estate import Estate
from ringfence.facts import Cable, Device
from ringfence.graph.canvas import Box, Canvas, fold, spread

_TIERS = (("core", "cores"), ("spine", "spines"), ("leaf", "leaves"))
_TIER_HEIGHT, _SWITCH_HEIGHT = 66, 26
_MOST_SWITCHES, _MOST_RACKS, _MOST_NAMED, _MOST_CELLS = 7, 6, 4, 40
_RACK_HEAD, _NODE_STEP, _CELL = 22, 24, 13

Racks = dict[tuple[int, int], list[Device]]


@dataclass(frozen=True, slots=True)
class Fabric:
    """What is drawn of one site's machines: switches by tier, nodes by rack, the cables, and a colour for each pool."""

    tiers: tuple[tuple[str, tuple[Device, ...]], ...]
    racks: Racks
    cables: tuple[Cable, ...]
    colours: Mapping[str, str]
    site: str

    @property
    def height(self) -> float:
        """The height that the drawing takes."""
        tallest = max((_rack_height(nodes) for nodes in self.racks.values()), default=0)
        return len(self.tiers) * _TIER_HEIGHT + tallest


def fabrics(estate: Estate) -> dict[str, Fabric]:
    """Return the fabric of each site, in one pass over the estate's devices and cables."""
    switches: dict[str, dict[str, list[Device]]] = defaultdict(lambda: defaultdict(list))
    racks: dict[str, Racks] = defaultdict(lambda: defaultdict(list))
    site_of: dict[str, str] = {}
    for device in estate.devices:
        site_of[device.name] = device.site
        if device.role == "node":
            racks[device.site][device.row, device.rack].append(device)
        else:
            switches[device.site][device.role].append(device)
    cables: dict[str, list[Cable]] = defaultdict(list)
    for cable in estate.cables:
        if cable.network == "compute":
            cables[site_of.get(cable.a, "")].append(cable)
    found = {}
    for site in estate.sites:
        pools = [pool.name for pool in estate.pools if pool.site == site.name]
        found[site.name] = Fabric(
            tuple((plural, tuple(switches[site.name][role])) for role, plural in _TIERS if switches[site.name][role]),
            dict(sorted(racks[site.name].items())),
            tuple(cables[site.name]),
            {pool: f"rf-pool-{'abcde'[min(index, 4)]}" for index, pool in enumerate(pools)},
            site.name,
        )
    return found


def draw(canvas: Canvas, fabric: Fabric, box: Box) -> None:
    """Draw the fabric into ``box``: cables first, so that boxes lie on them."""
    places: dict[str, Box] = {}
    tiers = []
    y = box.y
    for plural, devices in fabric.tiers:
        shown, folded = fold([device.name for device in devices], _MOST_SWITCHES)
        slots = [Box(box.x + x, y, w, _SWITCH_HEIGHT) for x, w in spread(len(shown) + bool(folded), box.w, 10, 96)]
        places.update(zip(shown, slots, strict=False))
        tiers.append((shown, folded, slots, plural))
        y += _TIER_HEIGHT
    keys, folded_racks = _fold_racks(fabric.racks)
    slots = [Box(box.x + x, y, w, _rack_height(fabric.racks[keys[min(index, len(keys) - 1)]]))
             for index, (x, w) in enumerate(spread(len(keys) + bool(folded_racks), box.w, 14, 180))]  # fmt: skip
    for key, slot in zip(keys, slots, strict=False):
        places.update({node.name: slot for node in fabric.racks[key]})
    _cables(canvas, fabric.cables, places)
    for shown, folded, row, plural in tiers:
        _switches(canvas, fabric.site, shown, folded, row, plural)
    for key, slot in zip(keys, slots, strict=False):
        _rack(canvas, fabric, key, slot)
    if folded_racks:
        hidden = sum(len(nodes) for nodes in fabric.racks.values()) - sum(len(fabric.racks[key]) for key in keys)
        _folded(canvas, slots[-1], f"+{folded_racks:,} racks", f"{hidden:,} nodes")


def _fold_racks(racks: Racks) -> tuple[list[tuple[int, int]], int]:
    keys = list(racks)
    if len(keys) <= _MOST_RACKS:
        return keys, 0
    return keys[: _MOST_RACKS - 1], len(keys) - _MOST_RACKS + 1


def _cables(canvas: Canvas, cables: Sequence[Cable], places: Mapping[str, Box]) -> None:
    drawn = set()
    for cable in cables:
        a, b = places.get(cable.a), places.get(cable.b)
        if a is None or b is None or a.y == b.y:
            continue
        upper, lower = (a, b) if a.y < b.y else (b, a)
        # Two cables between the same boxes are one line: a rack stands for all its nodes.
        if (upper, lower) not in drawn:
            drawn.add((upper, lower))
            canvas.line(upper.middle, upper.bottom, lower.middle, lower.y, "rf-cable")


def _switches(canvas: Canvas, site: str, shown: list[str], folded: int, row: list[Box], plural: str) -> None:
    for name, slot in zip(shown, row, strict=False):
        canvas.rect(slot, "rf-switch", 4)
        canvas.text(slot.middle, slot.centre + 4, name.removeprefix(f"{site}-"), size=11, room=slot.w - 6, anchor="middle")
    if folded:
        _folded(canvas, row[-1], f"+{folded:,}", plural)


def _folded(canvas: Canvas, slot: Box, count: str, what: str) -> None:
    canvas.rect(slot, "rf-soft", 4)
    words = f"{count} {what}" if slot.h < 40 else count
    canvas.text(slot.middle, slot.centre + 4, words, "rf-muted", size=10, room=slot.w - 4, anchor="middle")
    if slot.h >= 40:
        canvas.text(slot.middle, slot.centre + 20, what, "rf-muted", size=11, room=slot.w - 4, anchor="middle")


def _rack(canvas: Canvas, fabric: Fabric, key: tuple[int, int], slot: Box) -> None:
    nodes = fabric.racks[key]
    canvas.rect(slot, "rf-card", 5)
    row, rack = key
    name = f"row {row} · rack {rack}" if slot.w >= 110 else f"rack {rack}"
    canvas.text(slot.x + 8, slot.y + 15, name, "rf-muted", size=10.5, room=slot.w - 12)
    if len(nodes) <= _MOST_NAMED:
        for index, node in enumerate(nodes):
            cell = Box(slot.x + 6, slot.y + _RACK_HEAD + index * _NODE_STEP, slot.w - 12, _NODE_STEP - 4)
            canvas.rect(cell, fabric.colours.get(node.pool, "rf-pool-e"), 3)
            name = node.name.removeprefix(f"{fabric.site}-")
            canvas.text(cell.middle, cell.centre + 4, name, "rf-on-pool", size=11, room=cell.w - 6, anchor="middle")
        return
    across = max(int((slot.w - 10) // _CELL), 1)
    for index, node in enumerate(nodes[:_MOST_CELLS]):
        x, y = slot.x + 6 + index % across * _CELL, slot.y + _RACK_HEAD + index // across * _CELL
        canvas.rect(Box(x, y, _CELL - 3, _CELL - 3), fabric.colours.get(node.pool, "rf-pool-e"), 2)
    canvas.text(slot.x + 8, slot.bottom - 8, f"{len(nodes):,} nodes", "rf-muted", size=10.5, room=slot.w - 12)


def _rack_height(nodes: Sequence[Device]) -> float:
    if len(nodes) <= _MOST_NAMED:
        return _RACK_HEAD + len(nodes) * _NODE_STEP + 4
    # A rack is at least as wide as five cells; more columns leave room below, never too little.
    return _RACK_HEAD + -(-min(len(nodes), _MOST_CELLS) // 5) * _CELL + 22
