"""Scores texts with an exported model like the engine: sorted by length, in small batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Sequence

import numpy as np
import onnxruntime as ort

from .normalise import load_tokenizer


def open_session(path: Path, threads: int = 2, level: str = "basic") -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = {
        "disabled": ort.GraphOptimizationLevel.ORT_DISABLE_ALL, "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
        "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED, "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    }[level]
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def pad(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids of each text → (ids, mask), int32, padded with 0."""
    width = max(map(len, rows))
    ids = np.zeros((len(rows), width), np.int32)
    mask = np.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask


def logits_of(session: ort.InferenceSession, token_ids: Sequence[Sequence[int]], batch: int = 16) -> np.ndarray:
    order = sorted(range(len(token_ids)), key=lambda index: len(token_ids[index]))
    result = np.zeros((len(order), session.get_outputs()[0].shape[1]), np.float32)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        ids, mask = pad([token_ids[index] for index in chosen])
        result[chosen] = session.run(["logits"], {"input_ids": ids, "attention_mask": mask})[0]
    return result


def softmax(logits: np.ndarray, temperature: float = 1.0, bias: Sequence[float] | float = 0.0) -> np.ndarray:
    scaled = (logits + np.asarray(bias)) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    return powers / powers.sum(axis=1, keepdims=True)


class FolderModel:
    """A packaged model folder; `scores(texts)` gives served probabilities."""

    def __init__(self, folder: Path, max_tokens: int, calibration: dict, level: str = "basic") -> None:
        self.session = open_session(folder / "model.onnx", level=level)
        self.tokenizer = load_tokenizer(folder / "tokenizer.json", max_tokens)
        self.calibration = calibration

    @staticmethod
    def open(folder: Path) -> FolderModel:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        return FolderModel(folder, about["maxTokens"], about["calibration"],
                           about["graph"]["sessionOptions"]["graphOptimizationLevel"])

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        return softmax(logits_of(self.session, ids), self.calibration["temperature"], self.calibration["logitBias"])
