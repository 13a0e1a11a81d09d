"""Pictures as Mermaid text, for documents that draw it themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.escape import terminal
from ringfence.estate import Estate
from ringfence.facts import Site
from ringfence.graph.canvas import fold, listed
from ringfence.graph.fabric import Fabric, fabrics
from ringfence.graph.flow_graph import FlowGraph

_MOST = 12


def estate_mermaid(estate: Estate) -> str:
    """Return a flow chart: the country, its sites with fabric, pools and stores, and what stands abroad."""
    return "\n".join(_estate(estate)) + "\n"


def flow_mermaid(graph: FlowGraph) -> str:
    """Return a flow chart of one data class; what breaks its bounds, and the way there, is red."""
    return "\n".join(_flows(graph)) + "\n"


def _estate(estate: Estate) -> Iterator[str]:
    drawn = fabrics(estate)
    yield "flowchart LR"
    yield f"  subgraph country[{_words(f'{estate.country.name} · {estate.country.code}')}]"
    for index, site in enumerate(estate.sites):
        yield from (f"    {line}" for line in _site(estate, site, f"s{index}", drawn[site.name]))
    yield "  end"
    gates = {(entry.site, entry.gateway) for entry in estate.filters}
    ids = {gate: f"gate{index}" for index, gate in enumerate(sorted(gates))}
    abroad = [place for place in estate.places if place.kind == "destination"]
    doors = {place.name: f"abroad{index}" for index, place in enumerate(abroad)}
    for place in abroad:
        yield f"  {doors[place.name]}({_words(f'{place.name} · {place.country}')}):::abroad"
    sites = {site.name: f"s{index}" for index, site in enumerate(estate.sites)}
    for (site_name, gateway), name in ids.items():
        yield f"  {name}{{{{{_words(f'{gateway} · {site_name}')}}}}}"
        yield f"  {sites[site_name]} --- {name}"
    for entry in estate.filters:
        if entry.destination in doors:
            arrow = "-->" if entry.enforced_by else "-.->"
            gate = ids[entry.site, entry.gateway]
            yield f"  {gate} {arrow}|{_words(listed(entry.carries) or 'nothing')}| {doors[entry.destination]}"
    yield "  classDef abroad fill:#fdf6e7,stroke:#8a5a00,color:#14212b"
    yield "  style country stroke:#0a6b50,stroke-width:3px"


def _site(estate: Estate, site: Site, name: str, fabric: Fabric) -> Iterator[str]:
    yield f"subgraph {name}[{_words(site.name)}]"
    upper: list[str] = []
    for tier, (plural, devices) in enumerate(fabric.tiers):
        shown, folded = fold([device.name for device in devices], _MOST)
        row = [f"{name}t{tier}n{index}" for index in range(len(shown))]
        for node, device in zip(row, shown, strict=True):
            yield f"  {node}[{_words(device.removeprefix(f'{site.name}-'))}]"
        if folded:
            yield f"  {name}t{tier}more[{_words(f'+{folded} {plural}')}]"
        yield from (f"  {above} --- {below}" for above in upper for below in row)
        upper = row
    for index, pool in enumerate(pool for pool in estate.pools if pool.site == site.name):
        yield f"  {name}p{index}[{_words(f'pool {pool.name}: {pool.nodes} of {pool.server}')}]"
        yield from (f"  {above} --- {name}p{index}" for above in upper)
    for index, bucket in enumerate(bucket for bucket in estate.buckets if bucket.place == site.name):
        yield f"  {name}b{index}[({_words(f'{bucket.store} · {bucket.data_class}')})]"
    for index, hsm in enumerate(hsm for hsm in estate.hsms if hsm.site == site.name):
        yield f"  {name}h{index}[/{_words(hsm.name)}/]"
    yield "end"


def _flows(graph: FlowGraph) -> Iterator[str]:
    ids = {node.name: f"n{index}" for index, node in enumerate(graph.nodes)}
    yield "flowchart LR"
    yield f"  subgraph border[{_words(f'{graph.data_class}: {graph.stay_in}')}]"
    for node in graph.nodes:
        if node.home:
            yield f"    {ids[node.name]}[{_words(f'{node.kind} {node.label}')}]"
    yield "  end"
    for node in graph.nodes:
        if not node.home:
            yield f"  {ids[node.name]}({_words(f'{node.kind} {node.label} · {node.where}')})"
    red = []
    for index, edge in enumerate(graph.edges):
        arrow = "==>" if edge.failing else "-.->" if edge.trusted else "-->"
        yield f"  {ids[edge.source]} {arrow}|{_words(edge.kind)}| {ids[edge.target]}"
        if edge.failing:
            red.append(str(index))
    yield "  style border stroke:#0a6b50,stroke-width:3px"
    if red:
        yield f"  linkStyle {','.join(red)} stroke:#b3261e,stroke-width:3px"
    breaches = [ids[node.name] for node in graph.nodes if node.breach]
    if breaches:
        yield "  classDef breach fill:#fdeceb,stroke:#b3261e,color:#b3261e"
        yield f"  class {','.join(breaches)} breach"


def _words(text: str) -> str:
    """Quote a label: Mermaid takes numeric entities for what it would interpret."""
    plain = "".join(char if char.isalnum() or char in " ·:.,_/+-…" else f"#{ord(char)};" for char in terminal(text))
    return f'"{plain}"'
