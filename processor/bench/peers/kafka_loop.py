"""The loop that Python services run: confluent-kafka, batches of 500, one transaction each, JSON in and out.

`kafka_loop.py SCORER MODELS THREADS` with BROKERS, GROUP, INPUT and OUTPUT in the environment. Prints `ready` once the
model is loaded, works until SIGTERM, then prints its cost from the first record to the last commit."""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from pathlib import Path

from confluent_kafka import Consumer, Producer

from cost import Cost
from scorers import load

LABELS = ("negative", "neutral", "positive")


def main(scorer: str, models: str, threads: str) -> None:
    rows = load(scorer, Path(models), int(threads))
    rows(["a text to warm up with"] * 32)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    consumer = Consumer({"bootstrap.servers": os.environ["BROKERS"], "group.id": os.environ["GROUP"],
                         "auto.offset.reset": "earliest", "enable.auto.commit": False, "isolation.level": "read_committed"})
    producer = Producer({"bootstrap.servers": os.environ["BROKERS"], "transactional.id": f"peer-{uuid.uuid4()}", "linger.ms": 5})
    producer.init_transactions()
    consumer.subscribe([os.environ["INPUT"]])
    print("ready", flush=True)
    cost, done, taken = None, 0, {}
    while not stopped:
        records = [record for record in consumer.consume(500, timeout=0.2) if record.error() is None]
        if not records:
            continue
        cost = cost or Cost()
        events = [json.loads(record.value()) for record in records]
        scores = rows([event["text"] for event in events])
        producer.begin_transaction()
        for record, event, row in zip(records, events, scores):
            body = {"id": event["id"], "label": LABELS[int(row.argmax())], "scores": dict(zip(LABELS, map(float, row)))}
            producer.produce(os.environ["OUTPUT"], json.dumps(body).encode(), key=record.key())
        producer.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata())
        producer.commit_transaction()
        done += len(records)
        taken = cost.taken(done)
    consumer.close()
    print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
