"""``ringfence graph``: draw the estate, or how one data class flows."""

from __future__ import annotations

from pathlib import Path

import click

from ringfence.cli.show import deliver, output_option


@click.command(
    "graph",
    short_help="Draw the estate, or the flows of a data class, as SVG or Mermaid.",
    epilog="""\b
Examples:
  ringfence graph countries/lab.yaml -o estate.svg
  ringfence graph countries/lab.yaml --class health -o health.svg
  ringfence graph countries/lab.yaml --format mermaid     for a Markdown document""",
)
@click.argument("country", type=click.Path(path_type=Path))
@click.option("--class", "data_class", metavar="CLASS", help="Draw how this data class flows; a failing path is red.")
@click.option("--format", "-f", "form", type=click.Choice(["svg", "mermaid"]), help="[default: svg, or by --output's name]")
@output_option
def command(country: Path, data_class: str | None, form: str | None, output: Path | None) -> None:
    """Draw the estate of COUNTRY: its border, sites, fabric, pools, stores and keys, and what it deals with abroad."""
    from ringfence.cli.country import open_country
    from ringfence.graph import estate_mermaid, estate_svg, flow_graph, flow_mermaid, flow_svg

    estate = open_country(country).estate
    mermaid = form == "mermaid" or (form is None and output is not None and output.suffix in (".mmd", ".mermaid"))
    if data_class is None:
        text = estate_mermaid(estate) if mermaid else estate_svg(estate) + "\n"
    else:
        graph = flow_graph(estate, data_class)
        text = flow_mermaid(graph) if mermaid else flow_svg(graph) + "\n"
    deliver(text, output)
