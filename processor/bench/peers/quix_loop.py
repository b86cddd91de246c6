"""Quix Streams, exactly-once, scoring one record at a time as its `apply` does. Environment and output as in kafka_loop.py."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from quixstreams import Application

from cost import Cost
from scorers import load

LABELS = ("negative", "neutral", "positive")


def main(scorer: str, models: str, threads: str) -> None:
    rows = load(scorer, Path(models), int(threads))
    rows(["a text to warm up with"] * 32)
    counted = {"cost": None, "done": 0}

    def score(event: dict) -> dict:
        counted["cost"] = counted["cost"] or Cost()
        row = rows([event["text"]])[0]
        counted["done"] += 1
        counted["taken"] = counted["cost"].taken(counted["done"])
        return {"id": event["id"], "label": LABELS[int(row.argmax())], "scores": dict(zip(LABELS, map(float, row)))}

    app = Application(broker_address=os.environ["BROKERS"], consumer_group=os.environ["GROUP"], auto_offset_reset="earliest",
                      processing_guarantee="exactly-once", commit_every=500, commit_interval=1.0, auto_create_topics=False,
                      loglevel="WARNING")
    flow = app.dataframe(app.topic(os.environ["INPUT"], value_deserializer="json"))
    flow.apply(score).to_topic(app.topic(os.environ["OUTPUT"], value_serializer="json"))
    signal.signal(signal.SIGTERM, lambda *_: app.stop())
    print("ready", flush=True)
    app.run()
    print(json.dumps(counted.get("taken", {})), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
