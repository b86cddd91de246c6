"""The peers' ways of scoring: each is texts → rows of class scores, loaded once, on so many threads.

`rows` is where a way differs from the others; padding, order and batch are what its own guide advises."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

Rows = Callable[[Sequence[str]], np.ndarray]
PROCESSOR = Path(__file__).resolve().parents[2]


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def pipeline(models: Path, threads: int, dtype: str = "float32") -> Rows:
    """transformers.pipeline, batches of 32, sorted by length."""
    import torch
    from transformers import pipeline as build

    from model import LABELS, HeadedBert, tokenizer

    torch.set_num_threads(threads)
    model = HeadedBert.from_pretrained(models / "hf", dtype=getattr(torch, dtype)).eval()
    classify = build("text-classification", model=model, tokenizer=tokenizer(), device="cpu")

    def rows(texts: Sequence[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        found = classify([texts[index] for index in order], batch_size=32, top_k=None, truncation=True)
        result = np.zeros((len(texts), len(LABELS)), np.float32)
        for index, scores in zip(order, found):
            for score in scores:
                result[index, LABELS.index(score["label"])] = score["score"]
        return result

    return rows


def onnx_int8(file: Path, threads: int, batch: int, by_length: bool, level: str = "all", kind=np.int64) -> Rows:
    """onnxruntime with the `tokenizers` library, in order of arrival or of length."""
    import onnxruntime as ort
    from tokenizers import Tokenizer

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = {"all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
                                        "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC}[level]
    session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    words = Tokenizer.from_file(str(PROCESSOR / "model/tokenizer.json"))
    words.enable_padding(pad_id=0, pad_token="[PAD]")

    def rows(texts: Sequence[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda index: len(texts[index])) if by_length else list(range(len(texts)))
        result = np.zeros((len(texts), 3), np.float32)
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            encoded = words.encode_batch([texts[index] for index in chosen])
            ids = np.array([row.ids for row in encoded], kind)
            mask = np.array([row.attention_mask for row in encoded], kind)
            result[chosen] = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return softmax(result)

    return rows


def sentence_transformers(models: Path, threads: int) -> Rows:
    """sentence-transformers with its int8 ONNX backend (it sorts by length itself), and the head in numpy."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    encoder = Transformer(str(models / "sentence"), backend="onnx", max_seq_length=256,
                          model_kwargs={"file_name": "onnx/model_quantized.onnx", "provider": "CPUExecutionProvider",
                                      "session_options": options})
    pool = json.loads((models / "sentence/config.json").read_text(encoding="utf-8"))["pool"]
    model = SentenceTransformer(modules=[encoder, Pooling(384, pooling_mode=pool)], device="cpu")
    head = np.load(models / "head.npz")

    def rows(texts: Sequence[str]) -> np.ndarray:
        return softmax(model.encode(list(texts), batch_size=32) @ head["weight"].T + head["bias"])

    return rows


def load(name: str, models: Path, threads: int) -> Rows:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    packaged, fused = PROCESSOR / "model/model.onnx", models / "hf/onnx/model_quantized.onnx"
    match name:
        case "pipeline":
            return pipeline(models, threads)
        case "pipeline-bf16":
            return pipeline(models, threads, "bfloat16")
        case "onnxruntime":  # the very file that Valence loads, as most would run it: order of arrival, batches of 32
            return onnx_int8(packaged, threads, 32, by_length=False, level="basic", kind=np.int32)
        case "onnxruntime-sorted":
            return onnx_int8(packaged, threads, 16, by_length=True, level="basic", kind=np.int32)
        case "fused-sorted":  # the usual export, fused and loaded with all optimisations
            return onnx_int8(fused, threads, 8, by_length=True)
        case "sentence-transformers":
            return sentence_transformers(models, threads)
    raise SystemExit(f"no such scorer: {name}")
