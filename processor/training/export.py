"""Exports a trained stage as a measured, gated and packaged model folder."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import behaviour
from .calibrate import fit_temperature
from .data import LABELS, Row
from .gate import failures
from .graph import OPSET, GraphOptions, write_graph
from .metrics import evaluate, reliability
from .normalise import load_tokenizer, write_tokenizer
from .onnx_model import FolderModel, logits_of, open_session, softmax
from .package import manifest, write_manifest
from .plot import reliability_plot
from .ranges import choose, measure, smoothing
from .stages import Workplace, load_stage

EPS = 1e-12
GOLDEN = (  # pinned where the model reads it so; None: whatever it reads
    ("I love it", "positive"),
    ("This is the worst customer service I have ever had, I want my money back.", "negative"),
    ("The meeting has been moved to 3 pm on Thursday.", "neutral"),
    ("Not bad at all, I was expecting much worse!", "positive"),
    ("@someone the film wasn't good, sorry https://example.org/review", "negative"),
    ("😂😂 best day ever 🎉", "positive"),
    ("great, another delay... thanks a lot 🙄", "negative"),
    ("We arrived late in the evening, and although the room was smaller than in the pictures and the lift was out of "
     "order, the staff did everything to help us, carried our bags, found us a table at a restaurant that was about to "
     "close and wished us a good night; I would stay there again without a second thought.", None),
    ("ok", None),
)


def pinned(score: behaviour.Scorer) -> list[dict]:
    """The golden texts with their scores, less those that the model reads wrongly: a wrong label is nothing to hold a later run to."""
    said = score([text for text, _ in GOLDEN])
    return [{"text": text, "scores": {name: round(float(value), 4) for name, value in zip(LABELS, scores)}}
            for (text, label), scores in zip(GOLDEN, said) if label in (None, LABELS[scores.argmax()])]


def describe(options: GraphOptions) -> dict:
    ranges = "static" if options.static else "dynamic"
    channel = "per-channel" if options.per_channel else "per-tensor"
    return {
        "opset": OPSET,
        "precision": "int8",
        "quantisation": f"{ranges} activations (uint8), {channel} weights (int8), reduce_range={str(options.reduce_range).lower()}; embeddings int8 by row",
        "optimisation": "written node by node: fused quantised products, FastGelu, LayerNormalization; attention and skip connections unfused",
        "sessionOptions": {"graphOptimizationLevel": "basic"},
    }


class Exporter:
    """Writes and measures one model folder."""

    def __init__(self, place: Workplace, stage: str, folder: Path, name: str, description: str) -> None:
        self.place, self.stage, self.folder, self.name, self.description = place, stage, folder, name, description
        self.max_tokens = place.config["model"]["max_tokens"]
        settings = place.config["export"]
        self.options = GraphOptions(int8=True, static=settings["static"], per_channel=settings["per_channel"],
                                    reduce_range=settings["reduce_range"], max_tokens=self.max_tokens, pool=place.config["model"]["pool"])

    def tokens(self, rows: list[Row]) -> list[list[int]]:
        tokenizer = load_tokenizer(self.folder / "tokenizer.json", self.max_tokens)
        return [encoding.ids for encoding in tokenizer.encode_batch([row.text for row in rows])]

    def write_graphs(self, held: list[Row]) -> Path:
        """The int8 file into the folder, the fp32 one beside the checkpoints; returns the latter."""
        model = load_stage(self.place, self.stage)
        state, heads = model.state_dict(), model.heads
        ranges = divisors = None
        if self.options.static:
            settings = self.place.config["export"]
            seen = measure(state, heads, EPS, self.tokens(held[::4]), self.options.pool)
            divisors = smoothing(seen, state, settings["smooth"], settings["smooth_strength"])
            ranges = choose(seen, settings["range_share"], divisors)
        fp32 = self.place.work / f"{self.stage}.fp32.onnx"
        write_graph(state, heads, EPS, fp32, replace(self.options, int8=False))
        write_graph(state, heads, EPS, self.folder / "model.onnx", self.options, ranges, divisors)
        return fp32

    def run(self, reference: dict | None = None) -> tuple[dict, list[str]]:
        """Returns (manifest, failed gates)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_tokenizer(self.place.checkpoint("student") / "tokenizer.json", self.folder / "tokenizer.json", self.max_tokens)
        held = self.place.held
        fp32 = self.write_graphs(held)
        int8_session, fp32_session = open_session(self.folder / "model.onnx"), open_session(fp32, level="all")
        bias = self.place.config["export"].get("logit_bias", {}).get(self.stage, [0.0] * len(LABELS))
        held_logits = logits_of(int8_session, self.tokens(held)) + np.asarray(bias, np.float32)
        chosen = self.place.config["export"].get("temperature", {}).get(self.stage)
        temperature = chosen or fit_temperature(held_logits, np.array([row.label for row in held]), np.array([row.source for row in held]))
        calibration = {"temperature": temperature, "logitBias": bias}
        quality, curves = {}, {}
        for name, rows in self.place.dev.items():
            labels, ids = np.array([row.label for row in rows]), self.tokens(rows)
            scores = softmax(logits_of(int8_session, ids), temperature, bias)
            quality[name] = {key: rounded(value) for key, value in evaluate(labels, scores).items()}
            quality[name]["fp32MacroRecall"] = rounded(evaluate(labels, softmax(logits_of(fp32_session, ids), temperature, bias))["macroRecall"])
            curves[name] = reliability(labels, scores, bins=10)
        served = FolderModel(self.folder, self.max_tokens, calibration)
        golden = pinned(lambda texts: np.concatenate([served.scores([text]) for text in texts]))
        outcomes = behaviour.suite(served.scores)
        print(behaviour.table(outcomes))
        version = self.place.config["model"]["version"][self.stage]
        about = manifest(self.folder, name=self.name, version=version,
                         description=self.description, max_tokens=self.max_tokens, graph=describe(self.options),
                         calibration=calibration, golden=golden, golden_tolerance=0.02, quality=quality)
        about["behaviour"] = behaviour.as_dict(outcomes)
        write_manifest(self.folder, about)
        reliability_plot(curves, self.folder / "reliability.svg")
        short = failures(self.stage, quality, self.place.config["gates"], reference, about["files"]["model"]["bytes"])
        short += [f"{self.stage}: behaviour '{o.name}' fails {o.rate:.1%}, more than {o.limit:.1%}" for o in behaviour.missed(outcomes, version)]
        return about, short


def rounded(value):
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return value


def publish(built: Path, target: Path) -> None:
    """Copies a finished folder over the packaged one."""
    target.mkdir(parents=True, exist_ok=True)
    for path in built.iterdir():
        if path.is_file():
            shutil.copyfile(path, target / path.name)
