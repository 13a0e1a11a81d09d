"""One measurement in a process of its own: load, compile and judge a country with planted defects. Prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime

import yaml

from bench.country import large_country
from bench.defects import plant
from hardware.catalogue import load_catalogue
from policies import load_rules
from policies.laws import load_laws
from ringfence.compile import compile_estate
from ringfence.judge import judge
from ringfence.load import load_text

DEFECTS, SEED = 200, 12


def main(gpus: int) -> None:
    """Measure a country of ``gpus`` GPUs, 8 a node."""
    text = yaml.dump(large_country(gpus // 8), Dumper=yaml.CSafeDumper).encode()
    catalogue, laws, rules = load_catalogue(), load_laws(), load_rules()
    start = time.perf_counter()
    loaded = load_text(text, "large.yaml", catalogue, [law.id for law in laws])
    estate = compile_estate(loaded.declaration, catalogue, laws, "large.yaml")
    compiled = time.perf_counter()
    # Planting is the measurement's own work and is not counted.
    estate, expected = plant(estate, DEFECTS if gpus >= 100_000 else DEFECTS * gpus // 100_000, SEED)
    planted = time.perf_counter()
    verdicts = judge(estate, rules, today=datetime.now(UTC).date(), stage="file", lines=loaded.lines, file=loaded.file)
    end = time.perf_counter()
    named = {verdict.subject for verdict in verdicts if verdict.status == "fail"}
    missed = [f"{kind}: {min(subjects)}" for kind, subjects in expected if not named & subjects]
    if missed:
        sys.exit(f"{len(missed)} of {len(expected)} planted defects were not named: {missed[:5]}")
    nodes = [device for device in estate.devices if device.role == "node"]
    json.dump(
        {
            "gpus": sum(pool.gpus for pool in estate.pools),
            "nodes": len(nodes),
            "models": len({node.model for node in nodes}),
            "defects": len(expected),
            "compile_seconds": compiled - start,
            "judge_seconds": end - planted,
            "seconds": (compiled - start) + (end - planted),
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
