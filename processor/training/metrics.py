"""Metrics of a model: macro-recall, the main one, accuracy, F1, and the expected calibration error."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from .data import LABELS


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int = len(LABELS)) -> np.ndarray:
    """[true][predicted] counts."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (labels, predicted), 1)
    return table


def reliability(labels: np.ndarray, scores: np.ndarray, bins: int = 15) -> list[dict]:
    """Equal-width bins of the top probability: its mean, the accuracy, the count."""
    top, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    place = np.minimum((top * bins).astype(int), bins - 1)
    return [{"confidence": float(top[place == b].mean()), "accuracy": float(right[place == b].mean()),
             "count": int((place == b).sum())} for b in range(bins) if (place == b).any()]


def expected_calibration_error(labels: np.ndarray, scores: np.ndarray, bins: int = 15) -> float:
    table = reliability(labels, scores, bins)
    return sum(row["count"] * abs(row["confidence"] - row["accuracy"]) for row in table) / len(labels)


def evaluate(labels: np.ndarray, scores: np.ndarray, names: Sequence[str] = LABELS) -> dict:
    """Means are over the classes that occur in the set."""
    table = confusion(labels, scores.argmax(axis=1), len(names))
    there = table.sum(axis=1) > 0
    right = np.diag(table)
    recall = right / np.maximum(table.sum(axis=1), 1)
    precision = right / np.maximum(table.sum(axis=0), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return {
        "n": int(len(labels)),
        "accuracy": float(right.sum() / len(labels)),
        "macroRecall": float(recall[there].mean()),
        "macroF1": float(f1[there].mean()),
        "ece": float(expected_calibration_error(labels, scores)),
        "perClass": {name: {"precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i])}
                     for i, name in enumerate(names)},
        "confusion": table.tolist(),
    }
