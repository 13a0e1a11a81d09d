"""The estate as a picture: the country's border as a ring, what stands inside it, and what it deals with abroad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ringfence.demands import demands, within
from ringfence.estate import Estate
from ringfence.facts import Filter, Place
from ringfence.graph.canvas import Box, Canvas, listed
from ringfence.graph.fabric import fabrics
from ringfence.graph.site import SiteCard, draw_site

WIDTH = 1240.0
_RING = Box(24, 40, 866, 0)
_ABROAD_X, _ABROAD_W = 970.0, 246.0
_NATIONAL_HEIGHT, _ROW = 128.0, 19.0


def estate_svg(estate: Estate) -> str:
    """Return the picture of an estate as one ``<svg>`` element; the same estate gives the same bytes."""
    country = estate.country
    canvas = Canvas(
        f"The estate of {country.name}",
        f"{len(estate.sites)} sites, {len(estate.devices)} devices, {len(estate.pools)} pools and {len(estate.buckets)} "
        f"stores inside the border of {country.name}; what it deals with abroad stands outside the ring.",
    )
    drawn = fabrics(estate)
    embassies = {place.name for place in estate.places if place.kind == "embassy"}
    cards = [SiteCard(estate, site, drawn[site.name]) for site in estate.sites if site.name not in embassies]
    outside = _outside(estate)
    ring_width = _RING.w if outside else WIDTH - 2 * _RING.x
    inner = ring_width - 2 * 22
    top = _RING.y + 40 + _NATIONAL_HEIGHT + 18
    boxes = []
    for card in cards:
        boxes.append(Box(_RING.x + 22, top, inner, card.height))
        top += card.height + 18
    height = max(top - _RING.y + 6, _outside_height(outside))
    ring = Box(_RING.x, _RING.y, ring_width, height)
    canvas.rect(Box(0, 0, WIDTH, ring.bottom + 66), "rf-page", 0)
    _ring(canvas, ring, estate)
    _national(canvas, Box(ring.x + 22, ring.y + 40, inner, _NATIONAL_HEIGHT), estate)
    gates = {}
    for card, box in zip(cards, boxes, strict=True):
        for gateway, where in draw_site(canvas, card, box).items():
            gates[card.site.name, gateway] = where
    doors = _abroad(canvas, outside, ring, [y for _, y in gates.values()])
    _crossings(canvas, estate.filters, gates, doors, ring)
    _legend(canvas, ring.bottom + 34)
    return canvas.done(WIDTH, ring.bottom + 66)


@dataclass(frozen=True, slots=True)
class _Outside:
    """A place outside the ring, its lines of text, and whether a store's copy there is at odds with its class."""

    place: Place
    lines: tuple[tuple[str, str], ...]

    @property
    def height(self) -> float:
        return 54 + len(self.lines) * _ROW


def _outside(estate: Estate) -> list[_Outside]:
    demanded = demands(estate)
    found = []
    for place in estate.places:
        if place.kind not in ("destination", "embassy"):
            continue
        lines = []
        for bucket in estate.buckets:
            if bucket.place == place.name:
                demand = demanded.get(bucket.data_class)
                inside = demand is not None and within(place, demand.stay_in, estate)
                lines.append((f"copy of {bucket.store} ({bucket.data_class})", "rf-text" if inside else "rf-bad-text"))
        lines.sort(key=lambda line: line[1])  # what is out of bounds first, so that it is never the one left out
        lines += [(f"{owner.share} % held under {owner.country} law", "rf-muted") for owner in place.owners]
        found.append(_Outside(place, tuple(lines[:8])))
    return found


def _outside_height(outside: Sequence[_Outside]) -> float:
    return 60 + sum(item.height + 16 for item in outside)


def _ring(canvas: Canvas, ring: Box, estate: Estate) -> None:
    canvas.rect(Box(ring.x - 7, ring.y - 7, ring.w + 14, ring.h + 14), "rf-ring-outer", 24)
    canvas.rect(ring, "rf-ring", 18)
    country = estate.country
    words = f"{country.name} · {country.code}"
    plate = Box(ring.x + 26, ring.y - 14, min(len(words) * 9.2 + 28, 420), 28)
    canvas.rect(plate, "rf-plate", 14)
    canvas.text(plate.middle, plate.centre + 5, words, "rf-plate-text", size=14.5, room=plate.w - 16, anchor="middle")
    laws = listed(law.id for law in estate.laws)
    canvas.text(plate.right + 14, ring.y + 22, f"under {laws}" if laws else "no law declared", "rf-muted", size=11.5)
    canvas.text(ring.right - 22, ring.y + 22, f"languages {listed(country.languages)}", "rf-muted", size=11.5, anchor="end")


def _national(canvas: Canvas, box: Box, estate: Estate) -> None:
    """Draw what belongs to the nation and not to a site: keys and custodians, oversight, assistants, the data's classes."""
    institutions = [custodian.institution for custodian in estate.custodians]
    keys = [f"{hsm.name}: {sum(key.hsm == hsm.name for key in estate.keys)} keys at {hsm.site}" for hsm in estate.hsms]
    custody = [f"{estate.quorum} of {len(institutions)} must agree", *institutions] if institutions else []
    approvals = [f"{name}: {count} of {listed(bodies)}" for name, count, bodies in estate.oversight.approvals]
    log = [f"log seen by {listed(estate.oversight.witnesses)}"] if estate.oversight.witnesses else []
    used = [f"{item.name} · {item.sector} · {listed(item.languages)}" for item in estate.assistants]
    granted = [f"{item.name} · {item.gpus} GPU until {item.until}" for item in estate.namespaces if item.kind == "grant"]
    classes = [f"{item.name}: {_reach(item.stay_in)}" for item in estate.data_classes]
    columns = (
        ("data may go", classes), ("keys and custodians", [*keys, *custody]),
        ("oversight", [*approvals, *log]), ("who it serves", [*used, *granted]),
    )  # fmt: skip
    each = (box.w - 3 * 12) / 4
    for index, (title, lines) in enumerate(columns):
        card = Box(box.x + index * (each + 12), box.y, each, box.h)
        canvas.rect(card, "rf-card", 8)
        canvas.text(card.x + 12, card.y + 21, title, "rf-caption", size=10)
        shown = lines if len(lines) <= 5 else [*lines[:4], f"and {len(lines) - 4} more"]
        for row, line in enumerate(shown or ["nothing declared"]):
            kind = "rf-text" if lines else "rf-muted"
            canvas.text(card.x + 12, card.y + 42 + row * _ROW, line, kind, size=11.5, room=card.w - 22)


def _reach(stay_in: str) -> str:
    return {"territory": "nowhere else", "coalition": "within the coalition", "anywhere": "anywhere"}.get(stay_in, stay_in)


def _abroad(canvas: Canvas, outside: Sequence[_Outside], ring: Box, gates: Sequence[float]) -> dict[str, tuple[float, float]]:
    """Draw the places outside the ring, as near to the gateways' heights as they fit; return where lines reach them."""
    doors = {}
    total = _outside_height(outside) - 60
    wanted = sum(gates) / len(gates) - total / 2 if gates else ring.y
    y = min(max(wanted, ring.y + 40.0), max(ring.bottom - total, ring.y + 40.0))
    if outside:
        canvas.text(_ABROAD_X, y - 14, "abroad", "rf-caption", size=10)
    for item in outside:
        box = Box(_ABROAD_X, y, _ABROAD_W, item.height)
        bad = any(kind == "rf-bad-text" for _, kind in item.lines)
        embassy = item.place.kind == "embassy"
        canvas.rect(box, "rf-bad-box" if bad else "rf-embassy" if embassy else "rf-abroad", 8)
        canvas.text(box.x + 14, y + 23, item.place.name, "rf-strong", size=13, room=box.w - 26)
        law = item.place.jurisdiction
        where = f"data embassy in {item.place.country}, {law} law" if embassy else f"in {item.place.country}, {law} law"
        canvas.text(box.x + 14, y + 41, where, "rf-muted", size=11.5, room=box.w - 26)
        for row, (line, kind) in enumerate(item.lines):
            canvas.text(box.x + 14, y + 60 + row * _ROW, line, kind, size=11.5, room=box.w - 26)
        doors[item.place.name] = (box.x, box.centre)
        y += item.height + 16
    return doors


def _crossings(
    canvas: Canvas, filters: Sequence[Filter], gates: dict[tuple[str, str], tuple[float, float]],
    doors: dict[str, tuple[float, float]], ring: Box,
) -> None:  # fmt: skip
    """Draw each way out: from its gateway through the ring to its destination."""
    for entry in filters:
        gate, door = gates.get((entry.site, entry.gateway)), doors.get(entry.destination)
        if gate is None or door is None:
            continue
        carried = listed(entry.carries) or "nothing"
        label = f"{carried} to {entry.destination}, port {entry.port}, {_enforced(entry)}"
        kind = "rf-edge-bad" if not entry.declared else "rf-edge" if entry.enforced_by else "rf-edge-trust"
        canvas.curve(gate, door, kind, label)
        canvas.circle(ring.right, _crossing_height(gate, door, ring), 5, "rf-gate")
        canvas.text(door[0] - 10, door[1] - 9, carried, "rf-strong", size=11, room=62, anchor="end")


def _crossing_height(gate: tuple[float, float], door: tuple[float, float], ring: Box) -> float:
    """Return the y at which the curve from gate to door crosses the ring's right edge, by bisection of its parameter."""
    (x1, y1), (x2, y2) = gate, door
    bend = max(abs(x2 - x1) / 2, 36)
    low, high = 0.0, 1.0
    for _ in range(24):
        t = (low + high) / 2
        x = (1 - t) ** 3 * x1 + 3 * (1 - t) ** 2 * t * (x1 + bend) + 3 * (1 - t) * t * t * (x2 - bend) + t**3 * x2
        low, high = (t, high) if x < ring.right else (low, t)
    t = low
    return y1 * ((1 - t) ** 3 + 3 * (1 - t) ** 2 * t) + y2 * (3 * (1 - t) * t * t + t**3)


def _enforced(entry: Filter) -> str:
    return f"enforced by {entry.enforced_by}" if entry.enforced_by else "taken on trust"


def _legend(canvas: Canvas, y: float) -> None:
    x = _RING.x + 4
    for kind, words in (
        ("rf-edge", "way out, enforced by a proxy"), ("rf-edge-trust", "way out, its contents taken on trust"),
        ("rf-edge-bad", "not declared"), ("rf-cable", "cable"),
    ):  # fmt: skip
        canvas.line(x, y, x + 30, y, kind)
        canvas.text(x + 38, y + 4, words, "rf-muted", size=11)
        x += 38 + len(words) * 6.2 + 26
