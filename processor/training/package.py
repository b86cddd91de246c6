"""Writes a model folder for the engine: model.onnx, tokenizer.json, model.json."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

from .data import LABELS

POLARITY = {"negative": -1, "neutral": 0, "positive": 1}


def file_entry(path: Path) -> dict:
    content = path.read_bytes()
    return {"path": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def manifest(folder: Path, *, name: str, version: str, description: str, max_tokens: int, graph: dict,
             calibration: dict, golden: list[dict], golden_tolerance: float, quality: dict) -> dict:
    return {
        "manifestVersion": 1,
        "name": name,
        "version": version,
        "description": description,
        "license": "Apache-2.0",
        "createdAt": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "task": "text-classification",
        "labels": [{"name": label, "polarity": POLARITY[label]} for label in LABELS],
        "maxTokens": max_tokens,
        "files": {"model": file_entry(folder / "model.onnx"), "tokenizer": file_entry(folder / "tokenizer.json")},
        "inputs": {"inputIds": {"name": "input_ids", "type": "int32"},
                   "attentionMask": {"name": "attention_mask", "type": "int32"}},
        "output": {"name": "logits"},
        "padTokenId": 0,
        "graph": graph,
        "calibration": calibration,
        "golden": golden,
        "goldenTolerance": golden_tolerance,
        "quality": quality,
    }


def write_manifest(folder: Path, content: dict) -> None:
    (folder / "model.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
