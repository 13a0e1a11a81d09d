"""One site's card in the picture of an estate: fabric and pools on the left, stores, HSMs and gateways on the right."""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.estate import Estate
from ringfence.facts import Bucket, Hsm, Place, Pool, Site
from ringfence.graph.canvas import Box, Canvas, listed
from ringfence.graph.fabric import Fabric, draw

_HEAD, _CHIP, _GAP, _SIDE = 50.0, 40.0, 8.0, 252.0
_MOST_CHIPS = 7


class SiteCard:
    """What is drawn of a site, picked out of the estate."""

    def __init__(self, estate: Estate, site: Site, fabric: Fabric) -> None:
        self.site = site
        self.fabric = fabric
        self.place: Place | None = next((place for place in estate.places if place.name == site.name), None)
        self.pools: tuple[Pool, ...] = tuple(pool for pool in estate.pools if pool.site == site.name)
        self.gateways = sorted({entry.gateway for entry in estate.filters if entry.site == site.name})
        buckets = [_bucket(bucket) for bucket in estate.buckets if bucket.place == site.name]
        hsms = [_hsm(hsm, estate) for hsm in estate.hsms if hsm.site == site.name]
        chips = [*hsms, *buckets]
        if len(chips) > _MOST_CHIPS:
            chips[_MOST_CHIPS - 1 :] = [_Chip("store", f"and {len(chips) - _MOST_CHIPS + 1} more stores", "")]
        self.chips = chips

    @property
    def height(self) -> float:
        """The height that the card needs."""
        right = (len(self.chips) + len(self.gateways)) * (_CHIP + _GAP)
        return _HEAD + max(self.fabric.height + 18 + _pool_rows(self) * 20, right) + 14


@dataclass(frozen=True, slots=True)
class _Chip:
    icon: str
    name: str
    detail: str


def draw_site(canvas: Canvas, card: SiteCard, box: Box) -> dict[str, tuple[float, float]]:
    """Draw the card; return where the ways out of each gateway begin."""
    canvas.rect(box, "rf-card", 10)
    canvas.text(box.x + 16, box.y + 25, card.site.name, "rf-strong", size=15, room=220)
    canvas.text(box.x + 16, box.y + 42, _owners(card.place), "rf-muted", size=11, room=box.w - _SIDE - 40)
    left = Box(box.x + 16, box.y + _HEAD + 8, box.w - _SIDE - 48, card.fabric.height)
    draw(canvas, card.fabric, left)
    _pools(canvas, card, left.bottom + 18, left)
    x, y = box.right - _SIDE - 16, box.y + _HEAD - 32
    for chip in card.chips:
        _chip(canvas, chip, Box(x, y, _SIDE, _CHIP))
        y += _CHIP + _GAP
    gates = {}
    for gateway in card.gateways:
        slot = Box(x, y, _SIDE, _CHIP)
        canvas.rect(slot, "rf-gate", 6)
        _icon(canvas, "gate", slot)
        canvas.text(slot.x + 40, slot.y + 17, gateway, "rf-strong", size=12, room=slot.w - 50)
        canvas.text(slot.x + 40, slot.y + 32, "gateway: the only way out", "rf-muted", size=11, room=slot.w - 50)
        gates[gateway] = (slot.right, slot.centre)
        y += _CHIP + _GAP
    return gates


def _owners(place: Place | None) -> str:
    if place is None:
        return "where it stands is not known"
    shares = listed(f"{owner.share} % {owner.country}" for owner in place.owners)
    return f"in {place.country} under {place.jurisdiction} law · {place.operator} ({shares})"


def _bucket(bucket: Bucket) -> _Chip:
    sealed = f"sealed by {bucket.key}" if bucket.key else "default encryption" if bucket.encrypted else "not encrypted"
    lock = f", {bucket.lock} lock" if bucket.lock else ""
    return _Chip("store", f"{bucket.store} · {bucket.data_class}", f"{sealed}{lock}")


def _hsm(hsm: Hsm, estate: Estate) -> _Chip:
    keys = [key.name for key in estate.keys if key.hsm == hsm.name]
    return _Chip("hsm", f"{hsm.name} · {hsm.kind}", f"keys: {listed(keys, 3)}" if keys else "no keys")


def _pool_rows(card: SiteCard) -> int:
    return min(len(card.pools), 5)


def _pools(canvas: Canvas, card: SiteCard, y: float, left: Box) -> None:
    """Write the pools below the racks, each with the colour that its nodes have."""
    for row, pool in enumerate(card.pools[: _pool_rows(card)]):
        base = y + row * 20
        canvas.rect(Box(left.x, base, 12, 12), card.fabric.colours.get(pool.name, "rf-pool-e"), 3)
        words = f"pool {pool.name} · {pool.nodes:,} of {pool.server}, {pool.gpus:,} GPUs · {pool.tenancy}"
        words += f" · {listed(pool.classes)}" if pool.classes else ""
        canvas.text(left.x + 20, base + 10.5, words, size=11.5, room=left.w - 22)


def _chip(canvas: Canvas, chip: _Chip, slot: Box) -> None:
    canvas.rect(slot, "rf-soft", 6)
    _icon(canvas, chip.icon, slot)
    canvas.text(slot.x + 40, slot.y + 17, chip.name, "rf-strong", size=12, room=slot.w - 50)
    canvas.text(slot.x + 40, slot.y + 32, chip.detail, "rf-muted", size=11, room=slot.w - 50)


def _icon(canvas: Canvas, kind: str, slot: Box) -> None:
    x, y = slot.x + 21, slot.centre
    if kind == "store":
        canvas.path(
            f"M{x - 9} {y - 7} a9 3.6 0 0 1 18 0 a9 3.6 0 0 1 -18 0 v14 a9 3.6 0 0 0 18 0 v-14 M{x - 9} {y} a9 3.6 0 0 0 18 0",
            "rf-icon",
        )
    elif kind == "hsm":
        canvas.path(
            f"M{x} {y - 11} l9 3.4 v6 c0 6 -4 10 -9 12 c-5 -2 -9 -6 -9 -12 v-6 z M{x - 3} {y} l2.5 3 l4.5 -6", "rf-icon"
        )
    else:
        canvas.path(f"M{x - 9} {y + 10} v-13 a9 9 0 0 1 18 0 v13 M{x} {y - 3} v9 M{x - 3} {y + 2} l3 4 l3 -4", "rf-icon")
