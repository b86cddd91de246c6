"""The ONNX graph, written node by node from the PyTorch weights: fp32, or int8 with static or dynamic activation ranges.

Inputs `input_ids`, `attention_mask`: int32 (n, length). Output `logits`: float (n, classes).
The token type is folded into the positions, the query's 1/sqrt(d) into its weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
READERS = {"joined": "out", "norm1": "up", "gelu": "down"}  # which product reads a layer's tensor


@dataclass(frozen=True)
class GraphOptions:
    int8: bool = True
    static: bool = False  # activation ranges fixed at export: a score never depends on its neighbours in the batch
    per_channel: bool = True
    reduce_range: bool = True  # 7-bit weights: no saturation on CPUs without VNNI
    max_tokens: int = 256
    pool: str = "mean"  # what the head reads, as in bert.py


def quantise_rows(matrix: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 by row: (codes, scale of each row)."""
    scale = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / limit
    return np.rint(matrix / scale[:, None]).clip(-limit, limit).astype(np.int8), scale.astype(np.float32)


class GraphBuilder:
    def __init__(self, state: dict[str, np.ndarray], heads: int, eps: float, options: GraphOptions,
                 ranges: dict[str, tuple[float, float]] | None = None, divisors: dict[str, np.ndarray] | None = None) -> None:
        """`ranges` and `divisors` (of each channel, before rounding) belong to the static int8 graph: see ranges.py."""
        self.state, self.heads, self.eps, self.options = state, heads, eps, options
        self.ranges, self.divisors = dict(ranges or {}), dict(divisors or {})
        self.quantised: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: dict[str, onnx.TensorProto] = {}
        self.hidden = state["tokens.weight"].shape[1]
        self.layers = 1 + max(int(k.split(".")[1]) for k in state if k.startswith("layers."))

    def constant(self, name: str, value) -> str:
        if name not in self.tensors:
            self.tensors[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def ints(self, *values: int) -> str:
        return self.constant("i_" + "_".join(map(str, values)), np.array(values, np.int64))

    def node(self, op: str, inputs: list[str], name: str, outputs: int = 1, **attributes) -> str:
        names = [name] if outputs == 1 else [f"{name}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=name, **attributes))
        return name

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray, name: str) -> str:
        """x · weightᵀ + bias; in int8 one DynamicQuantizeMatMul."""
        b = self.constant(f"{name}.bias", bias)
        if not self.options.int8:
            product = self.node("MatMul", [x, self.constant(f"{name}.weight", weight.T)], f"{name}.product")
            return self.node("Add", [product, b], name)
        if x in self.divisors:
            weight = weight * self.divisors[x][None, :]
        limit = 64 if self.options.reduce_range else 127
        if self.options.per_channel:
            codes, scale = quantise_rows(weight, limit)
            zero = np.zeros(len(scale), np.int8)
        else:
            codes, scale = quantise_rows(weight.reshape(1, -1), limit)
            codes, scale, zero = codes.reshape(weight.shape), scale[0], np.int8(0)
        if self.options.static:
            return self.static_product(x, codes, np.asarray(scale), zero, b, name)
        return self.node("DynamicQuantizeMatMul", [
            x, self.constant(f"{name}.codes", codes.T), self.constant(f"{name}.scale", np.asarray(scale)),
            self.constant(f"{name}.zero", np.asarray(zero)), b], name, domain="com.microsoft")

    def static_product(self, x: str, codes: np.ndarray, scale: np.ndarray, zero: np.ndarray, bias: str, name: str) -> str:
        low, high = self.ranges[x]
        step = np.float32((high - low) / 255)
        a = [self.constant(f"{x}.step", step), self.constant(f"{x}.zero", np.uint8(round(-low / step)))]
        if f"{x}.codes" not in self.quantised:
            even = x
            if x in self.divisors:
                even = self.node("Mul", [x, self.constant(f"{x}.even", 1 / self.divisors[x])], f"{x}.evened")
            self.quantised.add(self.node("QuantizeLinear", [even, *a], f"{x}.codes"))
        return self.node("MatMulIntegerToFloat", [
            f"{x}.codes", self.constant(f"{name}.codes", codes.T), a[0], self.constant(f"{name}.scale", scale), a[1],
            self.constant(f"{name}.zero", np.asarray(zero)), bias], name, domain="com.microsoft")

    def layer_norm(self, x: str, key: str) -> str:
        return self.node("LayerNormalization", [
            x, self.constant(f"{key}.weight", self.state[f"{key}.weight"]),
            self.constant(f"{key}.bias", self.state[f"{key}.bias"])], key, axis=-1, epsilon=self.eps)

    def embed(self) -> str:
        table = self.state["tokens.weight"]
        if self.options.int8:
            codes, scale = quantise_rows(table, 127)
            rows = self.node("Gather", [self.constant("tokens.codes", codes), "input_ids"], "tokens.rows", axis=0)
            scales = self.node("Gather", [self.constant("tokens.scale", scale[:, None]), "input_ids"], "tokens.scales", axis=0)
            tokens = self.node("Mul", [self.node("Cast", [rows], "tokens.float", to=TensorProto.FLOAT), scales], "tokens")
        else:
            tokens = self.node("Gather", [self.constant("tokens.weight", table), "input_ids"], "tokens", axis=0)
        positions = self.constant("positions.weight", self.state["positions.weight"][: self.options.max_tokens])
        length = self.node("Shape", ["input_ids"], "length", start=1, end=2)
        span = self.node("Slice", [positions, self.ints(0), length, self.ints(0)], "positions")
        return self.layer_norm(self.node("Add", [tokens, span], "embedded"), "norm")

    def first_token(self, x: str) -> str:
        """(n, length, hidden) → (n, 1, hidden); enters products in the range of the whole."""
        first = self.node("Slice", [x, self.ints(0), self.ints(1), self.ints(1)], f"{x}.first")
        for known in (self.ranges, self.divisors):
            if x in known:
                known[first] = known[x]
        return first

    def attention(self, x: str, asking: str, bias: str, layer: str) -> str:
        """What the tokens of `asking` read in those of `x`."""
        hidden, size = self.hidden, self.hidden // self.heads
        weight, offset = self.state[f"{layer}.qkv.weight"].copy(), self.state[f"{layer}.qkv.bias"].copy()
        weight[:hidden] /= math.sqrt(size)
        offset[:hidden] /= math.sqrt(size)
        if asking == x:
            qkv = self.linear(x, weight, offset, f"{layer}.qkv")
            self.node("Split", [qkv, self.ints(*[hidden] * 3)], f"{layer}.split", outputs=3, axis=-1)
            rows = [f"{layer}.split_{index}" for index in range(3)]
        else:
            query = self.linear(asking, weight[:hidden], offset[:hidden], f"{layer}.q")
            both = self.linear(x, weight[hidden:], offset[hidden:], f"{layer}.kv")
            self.node("Split", [both, self.ints(*[hidden] * 2)], f"{layer}.split", outputs=2, axis=-1)
            rows = [query, f"{layer}.split_0", f"{layer}.split_1"]
        parts = []
        for index, order in enumerate(([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])):
            shaped = self.node("Reshape", [rows[index], self.ints(0, 0, self.heads, size)], f"{layer}.part{index}")
            parts.append(self.node("Transpose", [shaped], f"{layer}.heads{index}", perm=order))
        scores = self.node("MatMul", parts[:2], f"{layer}.scores")
        scores = self.node("Add", [scores, bias], f"{layer}.masked")
        weights = self.node("Softmax", [scores], f"{layer}.attention", axis=-1)
        mixed = self.node("MatMul", [weights, parts[2]], f"{layer}.mixed")
        mixed = self.node("Transpose", [mixed], f"{layer}.merged", perm=[0, 2, 1, 3])
        mixed = self.node("Reshape", [mixed, self.ints(0, 0, hidden)], f"{layer}.joined")
        return self.dense(mixed, f"{layer}.out")

    def dense(self, x: str, key: str) -> str:
        return self.linear(x, self.state[f"{key}.weight"], self.state[f"{key}.bias"], key)

    def pool(self, x: str, mask: str) -> str:
        """(n, hidden): the one token that the last layer has left, or the mean over the real ones."""
        if self.options.pool == "cls":
            return self.node("Squeeze", [x, self.ints(1)], "pooled")
        row = self.node("Unsqueeze", [mask, self.ints(1)], "mask.row")
        total = self.node("MatMul", [row, x], "pool.sum")
        count = self.node("ReduceSum", [row, self.ints(2)], "pool.count", keepdims=1)
        return self.node("Squeeze", [self.node("Div", [total, count], "pool.mean"), self.ints(1)], "pooled")

    def build(self, watch: tuple[str, ...] = ()) -> onnx.ModelProto:
        """`watch` names inner tensors to put out as well, for calibration."""
        mask = self.node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
        off = self.node("Sub", [mask, self.constant("one", np.float32(1))], "off")
        bias = self.node("Mul", [off, self.constant("far", np.float32(1e4))], "far_off")
        bias = self.node("Unsqueeze", [bias, self.ints(1, 2)], "bias")
        x = self.embed()
        for index in range(self.layers):
            layer = f"layers.{index}"
            alone = self.options.pool == "cls" and index == self.layers - 1
            asking = self.first_token(x) if alone else x
            x = self.node("Add", [asking, self.attention(x, asking, bias, layer)], f"{layer}.residual1")
            x = self.layer_norm(x, f"{layer}.norm1")
            inner = self.node("FastGelu", [self.dense(x, f"{layer}.up")], f"{layer}.gelu", domain="com.microsoft")
            x = self.node("Add", [x, self.dense(inner, f"{layer}.down")], f"{layer}.residual2")
            x = self.layer_norm(x, f"{layer}.norm2")
        pooled = self.pool(x, mask)
        product = self.node("MatMul", [pooled, self.constant("head.weight", self.state["head.weight"].T)], "head.product")
        self.node("Add", [product, self.constant("head.bias", self.state["head.bias"])], "logits")
        shape = ["batch", "tokens"]
        graph = helper.make_graph(
            self.nodes, "sentiment",
            [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(self.state["head.bias"])]),
             *[helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in watch]],
            list(self.tensors.values()))
        model = helper.make_model(graph, producer_name="valence", ir_version=8, opset_imports=[
            helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)])
        return model


def to_arrays(state: dict) -> dict[str, np.ndarray]:
    return {key: value.detach().float().numpy() for key, value in state.items()}


def write_graph(state: dict, heads: int, eps: float, path: Path, options: GraphOptions,
                ranges: dict[str, tuple[float, float]] | None = None, divisors: dict[str, np.ndarray] | None = None) -> None:
    onnx.save(GraphBuilder(to_arrays(state), heads, eps, options, ranges, divisors).build(), str(path))


def quantised_inputs(layers: int) -> tuple[str, ...]:
    """The tensors that enter a matrix product."""
    names = ["norm"] + [f"layers.{index}.norm2" for index in range(layers - 1)]
    return (*names, *[f"layers.{index}.{part}" for index in range(layers) for part in ("joined", "norm1", "gelu")])


def quantised_weight(state: dict[str, np.ndarray], tensor: str) -> np.ndarray:
    """The weight, (outputs, inputs), that multiplies one of `quantised_inputs`."""
    before, _, part = tensor.rpartition(".")
    if part in ("norm", "norm2"):
        layer = 0 if part == "norm" else int(before.split(".")[1]) + 1
        return state[f"layers.{layer}.qkv.weight"]
    return state[f"{before}.{READERS[part]}.weight"]
