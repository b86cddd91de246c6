"""A peer's scoring alone, without Kafka: `bare.py SCORER MODELS THREADS TEXTS.jsonl` prints its cost as JSON.

The first hundred texts warm it up and do not count. `predictions` lets the caller see that all compute the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cost import Cost
from scorers import load


def main(scorer: str, models: str, threads: str, path: str) -> None:
    texts = [json.loads(line)["text"] for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    rows = load(scorer, Path(models), int(threads))
    rows(texts[:100])
    cost = Cost()
    predictions = rows(texts).argmax(axis=1)
    print(json.dumps({**cost.taken(len(texts)), "predictions": predictions.tolist()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
