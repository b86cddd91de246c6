"""Compares graph variants of a packaged model: their time, measured alternately, and their scores on a dev set.

    python -m training.search --model ../model --data DIR [--also NAME=FILE.onnx] [--rounds N]

Prints a table: texts a second of one thread (sorted tweets, 256 padded tokens a batch, median of the rounds), that over the
packaged graph's, macro-recall, and the largest change of a probability. Nothing is written."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Sequence

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from .data import read_file
from .dequantise import load_packaged
from .graph import GraphOptions, write_graph
from .metrics import evaluate
from .normalise import load_tokenizer
from .onnx_model import logits_of, open_session, pad, softmax

ort.set_default_logger_severity(3)
EPS = 1e-12


@dataclass(frozen=True)
class Variant:
    name: str
    path: Path
    level: str = "basic"


def layers_of(model: onnx.ModelProto) -> int:
    return sum(node.name.endswith(".split") for node in model.graph.node)


def rewritten(model: onnx.ModelProto, change: Callable[[onnx.NodeProto], list[onnx.NodeProto]]) -> onnx.ModelProto:
    nodes = [new for node in model.graph.node for new in change(node)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def keys_transposed_in_product(model: onnx.ModelProto) -> onnx.ModelProto:
    """Keys lie like queries, and the product of the scores reads them crosswise."""
    def change(node: onnx.NodeProto) -> list[onnx.NodeProto]:
        if node.name.endswith(".heads1"):
            node.attribute[0].ints[:] = [0, 2, 1, 3]
        if node.name.endswith(".scores"):
            return [helper.make_node("FusedMatMul", list(node.input), list(node.output), name=node.name,
                                     domain="com.microsoft", transB=1)]
        return [node]
    return rewritten(model, change)


def one_attention_node(model: onnx.ModelProto, heads: int = 12) -> onnx.ModelProto:
    """MultiHeadAttention in the place of split, reshapes, transpositions, two products and softmax; it scales by 1/sqrt(d) itself.
    A last layer that works for one token stays as it is."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    hidden = numpy_helper.to_array(weights["layers.0.out.bias"]).shape[0]
    root = np.float32(np.sqrt(hidden // heads))
    parts = {"split", "part0", "part1", "part2", "heads0", "heads1", "heads2", "scores", "masked", "attention", "mixed", "merged"}

    def change(node: onnx.NodeProto) -> list[onnx.NodeProto]:
        layer, _, part = node.name.rpartition(".")
        if f"{layer}.qkv.codes" not in weights:
            return [node]
        if part == "split":
            return []
        if part == "qkv":
            return [third(node, layer, index) for index in range(3)]
        if part == "joined":
            return [helper.make_node("MultiHeadAttention", [*(f"{layer}.qkv{index}" for index in range(3)), "", "attention_mask"],
                                     list(node.output), name=node.name, domain="com.microsoft", num_heads=heads)]
        return [] if part in parts else [node]

    def third(node: onnx.NodeProto, layer: str, index: int) -> onnx.NodeProto:
        chosen = slice(hidden * index, hidden * (index + 1))
        codes, scale, zero, bias = (numpy_helper.to_array(weights[node.input[at]]) for at in (1, 3, 5, 6))
        factor = root if index == 0 else np.float32(1)
        for kind, value in (("codes", codes[:, chosen]), ("scale", scale[chosen] * factor), ("zero", zero[chosen]), ("bias", bias[chosen] * factor)):
            model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), f"{layer}.qkv{index}.{kind}"))
        inputs = [node.input[0], f"{layer}.qkv{index}.codes", node.input[2], f"{layer}.qkv{index}.scale", node.input[4],
                  f"{layer}.qkv{index}.zero", f"{layer}.qkv{index}.bias"]
        return helper.make_node(node.op_type, inputs, [f"{layer}.qkv{index}"], name=f"{layer}.qkv{index}", domain="com.microsoft")

    return rewritten(model, change)


def activation(name: str) -> Callable[[onnx.ModelProto], onnx.ModelProto]:
    def change(node: onnx.NodeProto) -> list[onnx.NodeProto]:
        if node.op_type != "FastGelu":
            return [node]
        domain = "" if name == "Relu" else "com.microsoft"
        return [helper.make_node(name, list(node.input), list(node.output), name=node.name, domain=domain)]
    return lambda model: rewritten(model, change)


def variants(packaged: Path, work: Path, also: Sequence[str]) -> Iterator[Variant]:
    yield Variant("as packaged: static int8, unfused, level basic", packaged)
    for level in ("disabled", "extended", "all"):
        yield Variant(f"level {level}", packaged, level)
    rewrites = {
        "keys transposed within the product": keys_transposed_in_product, "attention as one node": one_attention_node,
        "exact GELU": activation("Gelu"), "ReLU for GELU (not fine-tuned)": activation("Relu"),
    }
    for name, rewrite in rewrites.items():
        path = work / f"{len(name)}-{name[0]}.onnx"
        onnx.save(rewrite(onnx.load(str(packaged))), str(path))
        yield Variant(name, path, "disabled")
    bert = load_packaged(packaged)
    exports = {
        "dynamic int8, by channel": GraphOptions(pool=bert.pool),
        "dynamic int8, by channel, full range": GraphOptions(reduce_range=False, pool=bert.pool),
        "dynamic int8, by tensor": GraphOptions(per_channel=False, pool=bert.pool), "fp32": GraphOptions(int8=False, pool=bert.pool),
    }
    for number, (name, options) in enumerate(exports.items()):
        path = work / f"export-{number}.onnx"
        write_graph(bert.state_dict(), bert.heads, EPS, path, options)
        yield Variant(name, path)
        if name == "fp32":
            yield Variant("fp32, level all", path, "all")
    for given in also:
        name, _, file = given.partition("=")
        yield Variant(name, Path(file), "all")


def batches(rows: Sequence[Sequence[int]], tokens: int = 256, texts: int = 16) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sorted by length and batched like the engine."""
    result: list[list[Sequence[int]]] = [[]]
    for row in sorted(rows, key=len):
        if len(result[-1]) == texts or (len(result[-1]) + 1) * len(row) > tokens and result[-1]:
            result.append([])
        result[-1].append(row)
    return [pad(batch) for batch in result]


def feeds(session: ort.InferenceSession, ids: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
    """As the graph wants them: others than ours take int64, and token types."""
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    types = {"tensor(int32)": np.int32, "tensor(int64)": np.int64}
    return {each.name: given[each.name].astype(types[each.type]) for each in session.get_inputs()}


def seconds_of(session: ort.InferenceSession, prepared: Sequence[dict[str, np.ndarray]]) -> float:
    start = time.perf_counter()
    for feed in prepared:
        session.run(["logits"], feed)
    return time.perf_counter() - start


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.search", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a packaged model folder")
    parser.add_argument("--data", type=Path, required=True, help="folder with dev/*.jsonl")
    parser.add_argument("--sets", nargs="+", default=["tweets", "movies"])
    parser.add_argument("--texts", type=int, default=600, help="tweets that are timed")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--also", action="append", default=[], help="NAME=FILE.onnx: another graph, loaded with all optimisations")
    options = parser.parse_args(given)
    about = json.loads((options.model / "model.json").read_text(encoding="utf-8"))
    calibration = about["calibration"]
    tokenizer = load_tokenizer(options.model / "tokenizer.json", about["maxTokens"])
    sets = {name: read_file(options.data / "dev" / f"{name}.jsonl") for name in options.sets}
    ids = {name: [each.ids for each in tokenizer.encode_batch([row.text for row in rows])] for name, rows in sets.items()}
    cut = batches(ids[options.sets[0]][: options.texts])
    with tempfile.TemporaryDirectory() as folder:
        contestants = list(variants(options.model / "model.onnx", Path(folder), options.also))
        sessions = [open_session(each.path, 1, each.level) for each in contestants]
        prepared = [[feeds(session, *batch) for batch in cut] for session in sessions]
        seconds: list[list[float]] = [[] for _ in contestants]
        for _ in range(options.rounds + 1):
            for index, session in enumerate(sessions):
                seconds[index].append(seconds_of(session, prepared[index]))
    rates = [options.texts / statistics.median(each[1:]) for each in seconds]  # the first round warms up
    reference: dict[str, np.ndarray] = {}
    print(f"| graph | texts/s | ratio | {' | '.join(options.sets)} | d |\n|---|---|---|{'---|' * len(options.sets)}---|")
    for each, session, rate in zip(contestants, sessions, rates):
        recalls, change = [], 0.0
        for name, rows in sets.items():
            if {entry.type for entry in session.get_inputs()} != {"tensor(int32)"}:
                recalls.append("–")
                continue
            scores = softmax(logits_of(session, ids[name]), calibration["temperature"], calibration["logitBias"])
            change = max(change, float(np.abs(scores - reference.setdefault(name, scores)).max()))
            recalls.append(f"{evaluate(np.array([row.label for row in rows]), scores)['macroRecall']:.4f}")
        print(f"| {each.name} | {rate:.0f} | {rate / rates[0]:.2f} | {' | '.join(recalls)} | {change:.3f} |", flush=True)


if __name__ == "__main__":
    main()
