"""Activation ranges for the static int8 graph, and channel scales that reduce outliers (SmoothQuant)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np
import onnxruntime as ort

from .graph import GraphBuilder, GraphOptions, quantised_inputs, quantised_weight, to_arrays
from .onnx_model import pad


@dataclass(frozen=True)
class Extremes:
    """Minimum and maximum of one tensor on non-padding tokens, each (batches, channels)."""

    low: np.ndarray
    high: np.ndarray


def measure(state: dict, heads: int, eps: float, token_ids: Sequence[Sequence[int]], pool: str, batch: int = 16) -> dict[str, Extremes]:
    """The ranges of all inputs of matrix products on these texts."""
    layers = 1 + max(int(k.split(".")[1]) for k in state if k.startswith("layers."))
    names = quantised_inputs(layers)
    model = GraphBuilder(to_arrays(state), heads, eps, GraphOptions(int8=False, pool=pool)).build(names)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    order = sorted(range(len(token_ids)), key=lambda index: len(token_ids[index]))
    seen: dict[str, list] = {name: [] for name in names}
    for start in range(0, len(order), batch):
        ids, mask = pad([token_ids[index] for index in order[start : start + batch]])
        values = session.run(list(names), {"input_ids": ids, "attention_mask": mask})
        for name, value in zip(names, values):
            real = value[mask[:, : value.shape[1]].astype(bool)]  # the last layer may hold the first token alone
            seen[name].append((real.min(axis=0), real.max(axis=0)))
    return {name: Extremes(*(np.stack(part) for part in zip(*pairs))) for name, pairs in seen.items()}


def smoothing(seen: dict[str, Extremes], state: dict, parts: Sequence[str], strength: float) -> dict[str, np.ndarray]:
    """SmoothQuant's divisor of each channel (geometric mean 1), for the tensors named by their last part:
    what is divided out of an outlying channel is multiplied into the weights that read it."""
    result = {}
    for name, extremes in seen.items():
        if name.rpartition(".")[2] not in parts:
            continue
        reach = np.maximum(np.abs(extremes.low).max(axis=0), np.abs(extremes.high).max(axis=0))
        weight = np.abs(quantised_weight(to_arrays(state), name)).max(axis=0)
        scale = np.maximum(reach, 1e-3) ** strength / np.maximum(weight, 1e-3) ** (1 - strength)
        result[name] = (scale / np.exp(np.log(scale).mean())).astype(np.float32)
    return result


def choose(seen: dict[str, Extremes], share: float, divisors: dict[str, np.ndarray] | None = None) -> dict[str, tuple[float, float]]:
    """Of the batches' extremes after division, the `share` quantile on either side (1 keeps the furthest)."""
    result = {}
    for name, extremes in seen.items():
        by = (divisors or {}).get(name, 1.0)
        low, high = (extremes.low / by).min(axis=1), (extremes.high / by).max(axis=1)
        result[name] = (min(0.0, float(np.quantile(low, 1 - share))), max(0.0, float(np.quantile(high, share))))
    return result
