"""A drawing in SVG: shapes placed by their corner in pixels, text that is escaped and cut to the room that it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from unicodedata import east_asian_width
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from ringfence.escape import terminal, xml

_SVG = "http://www.w3.org/2000/svg"
# Mean width of a character of the interface fonts, in parts of the font's size; a little generous, so that text fits.
_CHARACTER = 0.53

register_namespace("", _SVG)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its upper left corner, width and height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.h

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return self.x + self.w / 2

    @property
    def centre(self) -> float:
        """The y of its middle."""
        return self.y + self.h / 2

    def inset(self, by: float) -> Box:
        """Return the box that lies ``by`` inside this one."""
        return Box(self.x + by, self.y + by, self.w - 2 * by, self.h - 2 * by)


class Canvas:
    """Shapes in the order in which they are drawn. Classes are those of ``style.css``, which goes into the drawing."""

    def __init__(self, title: str, description: str) -> None:
        self._root = Element(f"{{{_SVG}}}svg", {"class": "rf-picture", "role": "img"})
        SubElement(self._root, f"{{{_SVG}}}title").text = xml(terminal(title))
        SubElement(self._root, f"{{{_SVG}}}desc").text = xml(terminal(description))
        SubElement(self._root, f"{{{_SVG}}}style").text = files(__package__).joinpath("style.css").read_text("utf-8")

    def rect(self, box: Box, kind: str, radius: float = 6) -> None:
        """Draw a rectangle with rounded corners."""
        self._add("rect", kind, x=box.x, y=box.y, width=box.w, height=box.h, rx=radius)

    def circle(self, x: float, y: float, radius: float, kind: str) -> None:
        """Draw a circle around a point."""
        self._add("circle", kind, cx=x, cy=y, r=radius)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw a straight line."""
        self._add("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)

    def path(self, commands: str, kind: str, label: str = "") -> None:
        """Draw SVG path commands; ``label`` is shown when a pointer rests on it."""
        element = self._add("path", kind, d=commands)
        if label:
            SubElement(element, f"{{{_SVG}}}title").text = xml(terminal(label))

    def curve(self, start: tuple[float, float], end: tuple[float, float], kind: str, label: str = "") -> None:
        """Draw a smooth curve that leaves ``start`` to the right and reaches ``end`` from the left, with an arrow."""
        (x1, y1), (x2, y2) = start, end
        bend = max(abs(x2 - x1) / 2, 36)
        numbers = (x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2)
        a, b, c, d, e, f, g, h = (_number(number) for number in numbers)
        self.path(f"M{a} {b} C{c} {d} {e} {f} {g} {h}", kind, label)
        self._arrow(x2, y2, -8, kind)

    def detour(self, start: tuple[float, float], end: tuple[float, float], lane: float, kind: str, label: str) -> None:
        """Draw a line that goes from ``start`` to ``end`` by way of the height ``lane``, with an arrow."""
        (x1, y1), (x2, y2) = start, end
        leave = f"C{_number(x1 + 36)} {_number(y1)} {_number(x1 + 20)} {_number(lane)} {_number(x1 + 62)} {_number(lane)}"
        reach = f"C{_number(x2 - 20)} {_number(lane)} {_number(x2 - 36)} {_number(y2)} {_number(x2)} {_number(y2)}"
        self.path(f"M{_number(x1)} {_number(y1)} {leave} L{_number(x2 - 62)} {_number(lane)} {reach}", kind, label)
        self._arrow(x2, y2, -8, kind)

    def loop(self, start: tuple[float, float], end: tuple[float, float], kind: str, label: str) -> None:
        """Draw a bow between the right edges of boxes that stand above each other, or against the reading direction."""
        (x1, y1), (x2, y2) = start, end
        out = max(x1, x2) + 40
        bow = f"C{_number(out)} {_number(y1)} {_number(out)} {_number(y2)} {_number(x2)} {_number(y2)}"
        self.path(f"M{_number(x1)} {_number(y1)} {bow}", kind, label)
        self._arrow(x2, y2, 8, kind)

    def text(
        self, x: float, y: float, words: str, kind: str = "rf-text", *, size: float = 12, room: float = 0, anchor: str = ""
    ) -> None:
        """Write one line whose base line is at ``y``, cut to ``room`` pixels (0: as long as it is)."""
        words = terminal(words)
        shown = fit(words, room, size) if room else words
        element = self._add("text", kind, x=x, y=y)
        element.set("font-size", _number(size))
        if anchor:
            element.set("text-anchor", anchor)
        element.text = xml(shown)
        if shown != words:
            SubElement(element, f"{{{_SVG}}}title").text = xml(words)
            # ElementTree puts text before children, so the tooltip does not disturb the label.

    def done(self, width: float, height: float) -> str:
        """Return the whole ``<svg>`` element; it scales with the page and keeps its proportions."""
        self._root.set("viewBox", f"0 0 {_number(width)} {_number(height)}")
        self._root.set("width", _number(width))
        self._root.set("height", _number(height))
        return tostring(self._root, encoding="unicode")

    def _arrow(self, x: float, y: float, back: float, kind: str) -> None:
        head = f"M{_number(x + back)} {_number(y - 4.5)} L{_number(x)} {_number(y)} L{_number(x + back)} {_number(y + 4.5)}"
        self.path(head, f"{kind} rf-head")

    def _add(self, tag: str, kind: str, **attributes: float | str) -> Element:
        plain = {name: value if isinstance(value, str) else _number(value) for name, value in attributes.items()}
        return SubElement(self._root, f"{{{_SVG}}}{tag}", {"class": kind, **plain})


def fit(words: str, room: float, size: float) -> str:
    """Cut ``words`` to what ``room`` pixels hold at a font size; wide (East Asian) characters count twice."""
    if width(words, size) <= room:
        return words
    kept, used = [], width("…", size)
    for char in words:
        used += width(char, size)
        if used > room:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…"


def width(words: str, size: float) -> float:
    """Estimate the width of a text in pixels."""
    return sum(1.8 if east_asian_width(char) in "WF" else 1.0 for char in words) * _CHARACTER * size


def spread(count: int, room: float, gap: float, widest: float) -> list[tuple[float, float]]:
    """Return x and width of ``count`` boxes side by side, centred in ``room`` pixels, none wider than ``widest``."""
    if count == 0:
        return []
    each = min(widest, (room - gap * (count - 1)) / count)
    start = (room - each * count - gap * (count - 1)) / 2
    return [(start + index * (each + gap), each) for index in range(count)]


def fold(items: Sequence[str], most: int) -> tuple[list[str], int]:
    """Return the items to show and how many are folded away: all, or the first ``most - 1``."""
    if len(items) <= most:
        return list(items), 0
    return list(items[: most - 1]), len(items) - most + 1


def listed(words: Iterable[str], most: int = 4) -> str:
    """Join words by commas, the rest as a number."""
    shown, folded = fold(list(words), most)
    return ", ".join(shown) + (f" +{folded}" if folded else "")


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
