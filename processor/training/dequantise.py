"""Restores PyTorch weights from a packaged int8 file, to continue training from the packaged model."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from .bert import Bert
from .graph import READERS


def read_by(key: str) -> str:
    """The tensor that the product `layers.N.part` reads."""
    layer, _, part = key.rpartition(".")
    if part in ("qkv", "q", "kv"):
        number = int(layer.split(".")[1])
        return f"layers.{number - 1}.norm2" if number else "norm"
    return f"{layer}.{next(name for name, reader in READERS.items() if reader == part)}"


def join_last(state: dict[str, np.ndarray]) -> str:
    """Puts a last layer's query and its keys and values, apart where it works for one token, together again;
    returns what the head reads."""
    apart = [key.removesuffix(".q.weight") for key in state if key.endswith(".q.weight")]
    for layer in apart:
        for part in ("weight", "bias"):
            state[f"{layer}.qkv.{part}"] = np.concatenate([state.pop(f"{layer}.q.{part}"), state.pop(f"{layer}.kv.{part}")])
    return "cls" if apart else "mean"


def load_packaged(path: Path, heads: int = 12) -> Bert:
    """A `Bert` with the dequantised weights of the packaged model. Reads only graphs written by graph.py."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(path)).graph.initializer}
    if "tokens.codes" not in tensors:
        raise ValueError(f"{path}: not an int8 file of this recipe")
    state = {"tokens.weight": tensors["tokens.codes"] * tensors["tokens.scale"], "positions.weight": tensors["positions.weight"]}
    for name, value in tensors.items():
        key, _, kind = name.rpartition(".")
        if name.startswith("layers.") and kind == "codes" and f"{key}.scale" in tensors:
            weight = (value.astype(np.float32) * tensors[f"{key}.scale"]).T
            evened = tensors.get(f"{read_by(key)}.even")
            state[f"{key}.weight"] = weight if evened is None else weight * evened[None, :]
            state[f"{key}.bias"] = tensors[f"{key}.bias"]
        elif ("norm" in key) and kind in ("weight", "bias"):
            state[name] = tensors[name]
    state["head.weight"], state["head.bias"] = tensors["head.weight"].T, tensors["head.bias"]
    hidden = state["tokens.weight"].shape[1]
    pool = join_last(state)
    layers = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("layers."))
    root = math.sqrt(hidden // heads)
    for index in range(layers):  # the graph carries 1/sqrt(d) inside the query
        for part in ("weight", "bias"):
            value = state[f"layers.{index}.qkv.{part}"].astype(np.float32).copy()
            value[:hidden] *= root
            state[f"layers.{index}.qkv.{part}"] = value
    vocabulary, positions = len(state["tokens.weight"]), len(state["positions.weight"])
    model = Bert(layers=layers, hidden=hidden, heads=heads, inner=len(state["layers.0.up.bias"]), vocabulary=vocabulary,
                 positions=positions, classes=len(state["head.bias"]), pool=pool)
    model.load_state_dict({key: torch.from_numpy(np.array(value, dtype=np.float32, order="C")) for key, value in state.items()})
    return model.eval()
