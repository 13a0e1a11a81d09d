"""The flow graph of a data class as a picture: the border as a ring, hops from left to right, a failing path in red."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ringfence.graph.canvas import Box, Canvas
from ringfence.graph.flow_graph import Edge, FlowGraph, Node

_W, _H, _GAP_X, _GAP_Y, _TOP = 184.0, 46.0, 74.0, 16.0, 96.0
_LANES, _LANE = 88.0, 7.0
_MOST_IN_COLUMN = 14
_BOUNDS = {
    "territory": "must not leave the territory",
    "coalition": "must not leave the coalition",
    "anywhere": "may go anywhere",
}
_STATUS = {"pass": "proved", "fail": "broken", "unknown": "not known"}
_KINDS = {"bucket": "store", "pool": "GPU pool", "key": "key", "hsm": "HSM", "site": "site", "embassy": "data embassy",
          "destination": "abroad"}  # fmt: skip


def flow_svg(graph: FlowGraph) -> str:
    """Return the picture as one ``<svg>`` element; the same graph gives the same bytes."""
    columns, folded = _columns([node for node in graph.nodes if node.home])
    beyond, folded_beyond = _columns([node for node in graph.nodes if not node.home], flat=True)
    rows = max([len(column) for column in (*columns, *beyond)] or [1])
    inside = len(columns) * (_W + _GAP_X) - _GAP_X + 56 if columns else 240
    x, right = 24 + 28, 24 + inside + 76
    across = {**_place(columns, x, _GAP_X, rows, 0), **_place(beyond, right, 96, rows, 0)}
    lanes = _lanes(graph, across)
    top = _TOP + len(lanes) * _LANE
    height = top + rows * (_H + _GAP_Y) + 26
    width = 24 + inside + (len(beyond) * (_W + 96) + 24 if beyond else 24)
    canvas = Canvas(f"How {graph.data_class} data flows", f"{len(graph.nodes)} nodes, {len(graph.edges)} flows; {graph.status}")
    canvas.rect(Box(0, 0, max(width, 720), height + 60), "rf-page", 0)
    ring = Box(24, 34, inside, height - 34)
    canvas.rect(Box(ring.x - 6, ring.y - 6, ring.w + 12, ring.h + 12), "rf-ring-outer", 22)
    canvas.rect(ring, "rf-ring", 16)
    words = f"{graph.data_class}: {_BOUNDS.get(graph.stay_in, graph.stay_in)}"
    plate = Box(ring.x + 20, ring.y - 14, min(len(words) * 8 + 28, max(ring.w - 30, 260)), 28)
    canvas.rect(plate, "rf-plate", 14)
    canvas.text(plate.middle, plate.centre + 5, words, "rf-plate-text", size=13.5, room=plate.w - 16, anchor="middle")
    kind = {"pass": "rf-strong", "fail": "rf-bad-text"}.get(graph.status, "rf-warn")
    canvas.text(ring.x + 24, ring.y + 36, f"residency {_STATUS[graph.status]}", kind, size=13)
    boxes = {**_place(columns, x, _GAP_X, rows, top), **_place(beyond, right, 96, rows, top)}
    if beyond:
        canvas.text(right, ring.y + 36, "outside the border", "rf-caption", size=10)
    _edges(canvas, graph, boxes, lanes)
    for node in graph.nodes:
        if node.name in boxes:
            _node(canvas, node, boxes[node.name])
    _legend(canvas, height + 30, folded + folded_beyond)
    return canvas.done(max(width, 720), height + 60)


def _columns(nodes: Sequence[Node], *, flat: bool = False) -> tuple[list[list[Node]], int]:
    """Sort nodes into columns by depth, without empty ones; a column that is too long keeps its breaches."""
    by_depth: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        by_depth[0 if flat else node.depth].append(node)
    columns, folded = [], 0
    for depth in sorted(by_depth):
        column = sorted(by_depth[depth], key=lambda node: (not node.breach, node.kind, node.name))
        folded += max(len(column) - _MOST_IN_COLUMN, 0)
        columns.append(column[:_MOST_IN_COLUMN])
    return columns, folded


def _place(columns: Sequence[Sequence[Node]], x: float, gap: float, rows: int, top: float) -> dict[str, Box]:
    boxes = {}
    for index, column in enumerate(columns):
        start = top + (rows - len(column)) * (_H + _GAP_Y) / 2
        for row, node in enumerate(column):
            boxes[node.name] = Box(x + index * (_W + gap), start + row * (_H + _GAP_Y), _W, _H)
    return boxes


def _lanes(graph: FlowGraph, boxes: Mapping[str, Box]) -> dict[Edge, int]:
    """Give each flow that skips a column a lane of its own above the boxes, so that it crosses none of them."""
    far = [edge for edge in graph.edges if edge.source in boxes and edge.target in boxes]
    far = [edge for edge in far if boxes[edge.target].x - boxes[edge.source].right > _GAP_X + _W]
    return {edge: number for number, edge in enumerate(far)}


def _edges(canvas: Canvas, graph: FlowGraph, boxes: Mapping[str, Box], lanes: Mapping[Edge, int]) -> None:
    for edge in sorted(graph.edges, key=lambda edge: (edge.failing, not edge.trusted)):
        source, target = boxes.get(edge.source), boxes.get(edge.target)
        if source is None or target is None:
            continue
        kind = "rf-edge-bad" if edge.failing else "rf-edge-trust" if edge.trusted else "rf-edge"
        label = f"{edge.kind}: {edge.source} to {edge.target} (evidence: {edge.evidence})"
        if edge in lanes:
            canvas.detour((source.right, source.centre), (target.x, target.centre), _LANES + lanes[edge] * _LANE, kind, label)
        elif target.x > source.x:
            canvas.curve((source.right, source.centre), (target.x, target.centre), kind, label)
        else:
            canvas.loop((source.right, source.centre + 8), (target.right, target.centre - 8), kind, label)


def _node(canvas: Canvas, node: Node, box: Box) -> None:
    look = "rf-bad-box" if node.breach else "rf-card" if node.home else "rf-abroad"
    canvas.rect(box, look, 7)
    kind = _KINDS.get(node.kind, node.kind)
    canvas.text(box.x + 12, box.y + 19, node.label, "rf-bad-text" if node.breach else "rf-strong", size=12.5, room=box.w - 22)
    canvas.text(box.x + 12, box.y + 36, f"{kind} · {node.where}", "rf-muted", size=11, room=box.w - 22)


def _legend(canvas: Canvas, y: float, folded: int) -> None:
    x = 28.0
    for kind, words in (
        ("rf-edge", "shown by configuration"), ("rf-edge-trust", "taken on trust"), ("rf-edge-bad", "breaks the bounds"),
    ):  # fmt: skip
        canvas.line(x, y, x + 30, y, kind)
        canvas.text(x + 38, y + 4, words, "rf-muted", size=11)
        x += 38 + len(words) * 6 + 26
    if folded:
        canvas.text(x, y + 4, f"{folded} more nodes are not drawn", "rf-muted", size=11)
