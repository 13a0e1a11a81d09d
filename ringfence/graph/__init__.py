"""Pictures of an estate: where things stand, and how information flows; as SVG and as Mermaid."""

from __future__ import annotations

from ringfence.estate import Estate
from ringfence.graph.estate_svg import estate_svg
from ringfence.graph.flow_graph import flow_graph
from ringfence.graph.flow_svg import flow_svg
from ringfence.graph.mermaid import estate_mermaid, flow_mermaid
from ringfence.report.report import Picture

__all__ = ["estate_mermaid", "estate_svg", "flow_graph", "flow_mermaid", "flow_svg", "pictures_of"]


def pictures_of(estate: Estate) -> tuple[Picture, ...]:
    """Return what a report shows: the estate, and the flows of each data class that may not go anywhere."""
    if not estate.sites:
        return ()
    pictures = [Picture("The estate", estate_svg(estate))]
    for data_class in estate.data_classes:
        graph = flow_graph(estate, data_class.name)
        if graph.stay_in != "anywhere" or graph.status != "pass":
            pictures.append(Picture(f"Flows of {data_class.name}", flow_svg(graph)))
    return tuple(pictures)
