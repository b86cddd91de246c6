"""Fits the packaged model to your own texts: a CSV with the columns text,label.

    python -m training.retrain examples/tickets.csv --out DIR [--head-only] [--epochs N]

A fifth of the rows is kept back and scored before and after. The result is a model folder for VALENCE_MODEL."""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import sys
from pathlib import Path
from typing import Sequence

import numpy as np

from .calibrate import fit_temperature
from .data import LABELS, DataError, Row, parse_row
from .dequantise import load_packaged
from .graph import GraphOptions, write_graph
from .metrics import evaluate
from .normalise import load_tokenizer
from .onnx_model import FolderModel, logits_of, softmax
from .package import file_entry, write_manifest
from .train import Encoded, FitOptions, fit

MODEL = Path(__file__).resolve().parent.parent / "model"


def read_csv(path: Path) -> list[Row]:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if not {"text", "label"} <= set(reader.fieldnames or ()):
            raise DataError(f"{path}:1: the header must name the columns text and label")
        return [parse_row(json.dumps({"text": row["text"], "label": row["label"]}), f"{path}:{reader.line_num}", path.stem)
                for row in reader]


def split(rows: Sequence[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    order = random.Random(seed).sample(list(rows), len(rows))
    cut = max(1, round(share * len(order)))
    return order[cut:], order[:cut]


def figures(model: FolderModel, rows: Sequence[Row]) -> dict:
    return evaluate(np.array([row.label for row in rows]), model.scores([row.text for row in rows]))


def retrain(rows: Sequence[Row], base: Path, out: Path, epochs: float, rate: float, head_only: bool) -> tuple[dict, dict]:
    """(metrics before, metrics after) on the held-out rows."""
    train, kept_back = split(rows, 0.2, seed=1)
    about = json.loads((base / "model.json").read_text(encoding="utf-8"))
    before = figures(FolderModel.open(base), kept_back)
    model = load_packaged(base / "model.onnx")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("head.") or not head_only)
    tokenizer = load_tokenizer(base / "tokenizer.json", 128)
    data = Encoded.of(train, tokenizer, sorted({row.source for row in train}))
    fit(model, data, FitOptions(epochs=epochs, rate=rate, batch_tokens=512, warm_up=0.1), title="retrain")
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(base / "tokenizer.json", out / "tokenizer.json")
    write_graph(model.state_dict(), model.heads, 1e-12, out / "model.onnx", GraphOptions(max_tokens=about["maxTokens"], pool=model.pool))
    served = FolderModel(out, about["maxTokens"], about["calibration"])
    ids = [encoding.ids for encoding in tokenizer.encode_batch([row.text for row in train])]
    labels = np.array([row.label for row in train])
    # too few rows to fit a temperature apart: those trained on, and never sharper than the model it came from
    fitted = fit_temperature(logits_of(served.session, ids), labels, np.zeros(len(ids)))
    about["calibration"] = served.calibration = {"temperature": max(fitted, about["calibration"]["temperature"]), "logitBias": [0.0] * len(LABELS)}
    after = figures(served, kept_back)
    about.update(name=f"{about['name']}-retrained", description=f"{about['name']} trained on with {len(train)} rows", quality={"keptBack": after})
    about["files"] = {"model": file_entry(out / "model.onnx"), "tokenizer": file_entry(out / "tokenizer.json")}
    about["graph"]["quantisation"] = "dynamic activations (uint8), per-channel weights (int8), reduce_range=true; embeddings int8 by row"
    about["golden"] = [{"text": row.text, "scores": {label: round(float(score), 4) for label, score in zip(LABELS, served.scores([row.text])[0])}}
                       for row in kept_back[:5]]
    about.pop("behaviour", None)
    write_manifest(out, about)
    return before, after


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.retrain", description=__doc__.splitlines()[0])
    parser.add_argument("csv", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the new model folder")
    parser.add_argument("--base", type=Path, default=MODEL, help="the model folder to start from")
    parser.add_argument("--epochs", type=float, default=8.0)
    parser.add_argument("--rate", type=float, help="default: 5e-5, or 3e-3 with --head-only")
    parser.add_argument("--head-only", action="store_true", help="keep the encoder as it is")
    options = parser.parse_args(given)
    try:
        rate = options.rate or (3e-3 if options.head_only else 5e-5)
        before, after = retrain(read_csv(options.csv), options.base, options.out, options.epochs, rate, options.head_only)
    except (DataError, ValueError) as error:
        print(f"retrain: {error}", file=sys.stderr)
        return 1
    for name, result in (("before", before), ("after", after)):
        recall = ", ".join(f"{label} {row['recall']:.2f}" for label, row in result["perClass"].items())
        print(f"{name:6} {result['n']} rows kept back: accuracy {result['accuracy']:.3f}, macro-recall {result['macroRecall']:.3f} ({recall})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
