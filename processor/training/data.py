"""Reads labelled texts, splits off calibration rows, and forms batches of similar length."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

LABELS = ("negative", "neutral", "positive")
LABEL_IDS = {name: index for index, name in enumerate(LABELS)}


class DataError(Exception):
    """The data folder or a row is invalid; the message has its position."""


@dataclass(frozen=True)
class Row:
    text: str
    label: int
    source: str


def parse_row(line: str, where: str, source: str, labels: Sequence[str] = LABELS) -> Row:
    """Parses one JSONL line `{"text", "label"}`; error messages begin with `where` (file:line)."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: not JSON: {error.msg}") from error
    if not isinstance(record, dict):
        raise DataError(f"{where}: expected an object with text and label")
    text, label = record.get("text"), record.get("label")
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{where}: text must be a non-empty string")
    if label not in labels:
        raise DataError(f"{where}: label must be one of {', '.join(labels)}, not {label!r}")
    return Row(text, labels.index(label), source)


def read_file(path: Path) -> list[Row]:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                rows.append(parse_row(line, f"{path}:{number}", path.stem))
    if not rows:
        raise DataError(f"{path}: holds no rows")
    return rows


def read_folder(folder: Path, only: Sequence[str] | None = None) -> dict[str, list[Row]]:
    """All `*.jsonl` files of a folder by stem, or only the named ones."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder (it should hold one .jsonl file per source)")
    names = sorted(path.stem for path in folder.glob("*.jsonl")) if only is None else list(only)
    if not names:
        raise DataError(f"{folder}: holds no .jsonl file")
    return {name: read_file(folder / f"{name}.jsonl") for name in names}


def hold_out(rows: Sequence[Row], share: float) -> tuple[list[Row], list[Row]]:
    """(kept, held out), decided by a digest of the text's first words: stable over runs, and rows that
    are edits of one another (they mostly share their opening) fall on the same side."""
    kept, held = [], []
    for row in rows:
        stem = " ".join(row.text.lower().split()[:4])
        digest = hashlib.sha256(stem.encode("utf-8")).digest()
        (held if int.from_bytes(digest[:4], "big") / 2**32 < share else kept).append(row)
    return kept, held


def without_parts(rows: Sequence[Row], wholes: Sequence[Row], words: int = 4) -> list[Row]:
    """The rows that are not an excerpt of at least `words` words of one of the other texts."""
    runs = set()
    for whole in wholes:
        said = whole.text.split()
        runs.update(" ".join(said[start:end]) for start in range(len(said)) for end in range(start + words, len(said) + 1))
    return [row for row in rows if " ".join(row.text.split()) not in runs]


def length_batches(lengths: Sequence[int], tokens: int, rng: random.Random) -> Iterator[list[int]]:
    """Batches of indices of texts of similar length, at most `tokens` padded tokens each, in random order."""
    order = sorted(range(len(lengths)), key=lambda index: (lengths[index] + rng.random() * 2.0))
    batches: list[list[int]] = []
    current: list[int] = []
    widest = 0
    for index in order:
        if current and max(lengths[index], widest) * (len(current) + 1) > tokens:
            batches.append(current)
            current, widest = [], 0
        current.append(index)
        widest = max(widest, lengths[index])
    if current:
        batches.append(current)
    rng.shuffle(batches)
    yield from batches
