"""How long a whole country takes: load, compile and judge, from 1,000 to 100,000 GPUs, every planted defect named."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import Any

from bench.table import Figure

RUNS = 3


def measure() -> list[Figure]:
    """Return the figures; each is the median of three runs, each run a process of its own."""
    small, middle, large = (_runs(gpus) for gpus in (1_000, 10_000, 100_000))
    planted = f"{large[0]['nodes']:,} nodes, {large[0]['defects']} planted defects, all named"
    seconds = {runs[0]["gpus"]: _median(runs, "seconds") for runs in (small, middle, large)}
    each = {gpus: value / gpus for gpus, value in seconds.items()}
    return [
        Figure("country_100k_seconds", round(seconds[100_000], 2), f"load, compile and judge {planted}", "at most 5"),
        Figure("country_100k_compile_seconds", round(_median(large, "compile_seconds"), 2), "of which load and compile"),
        Figure("country_100k_rss_mib", round(_median(large, "rss_mib")), "peak memory of that process", "at most 1024"),
        Figure("country_10k_seconds", round(seconds[10_000], 3), "the same, 10,000 GPUs"),
        Figure("country_1k_seconds", round(seconds[1_000], 3), "the same, 1,000 GPUs"),
        Figure("country_growth", round(each[100_000] / each[1_000], 2), "cost of a GPU at 100,000 over at 1,000", "about 1"),
    ]


def _runs(gpus: int) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bench.judge_country", str(gpus)]
    print(f"measuring a country of {gpus:,} GPUs, {RUNS} runs", file=sys.stderr, flush=True)
    return [json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout) for _ in range(RUNS)]


def _median(runs: list[dict[str, Any]], name: str) -> float:
    return median(run[name] for run in runs)
