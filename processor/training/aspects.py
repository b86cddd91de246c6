"""The sentiment of a text about one aspect: text and aspect are read as one pair; labels negative, neutral, positive, absent.

    python -m training.aspects --data DIR [--work DIR] [--stage NAME …] [--threads N]

DIR holds train/*.jsonl and dev/*.jsonl, `{"text", "aspect", "label"}` a line. Trains the stages of `[aspects]` in config.toml, each
resumable and skipped when done, and prints their figures on every dev set."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Sequence

import numpy as np
import torch

from . import starts
from .bert import Bert
from .data import LABELS, DataError, Row, hold_out, parse_row
from .metrics import evaluate
from .normalise import load_tokenizer, write_tokenizer
from .onnx_model import softmax
from .stages import kept_layers, sample
from .train import Encoded, FitOptions, fit, predict

HERE = Path(__file__).parent
ASPECT_LABELS = (*LABELS, "absent")
OPTIONS = {field.name for field in fields(FitOptions)}


@dataclass(frozen=True)
class AspectRow(Row):
    aspect: str = ""


def parse_aspect(line: str, where: str, source: str) -> AspectRow:
    row = parse_row(line, where, source, ASPECT_LABELS)
    aspect = json.loads(line).get("aspect")
    if not isinstance(aspect, str) or not aspect.strip():
        raise DataError(f"{where}: aspect must be a non-empty string")
    return AspectRow(row.text, row.label, source, aspect)


def read_aspects(folder: Path) -> dict[str, list[AspectRow]]:
    """All `*.jsonl` files of a folder, by stem."""
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise DataError(f"{folder}: holds no .jsonl file")
    return {path.stem: [parse_aspect(line, f"{path}:{number}", path.stem)
                        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if line.strip()] for path in paths}


def encode_pairs(rows: Sequence[AspectRow], tokenizer, names: Sequence[str], most: int) -> Encoded:
    """[CLS] text [SEP] aspect [SEP]; if the pair is too long, only the text is truncated."""
    tokenizer.enable_truncation(most, strategy="only_first")
    index = {name: place for place, name in enumerate(names)}
    ids = [encoding.ids for encoding in tokenizer.encode_batch([(row.text, row.aspect) for row in rows])]
    return Encoded(ids, np.array([row.label for row in rows]), np.array([index.get(row.source, 0) for row in rows]), list(names))


@dataclass(frozen=True)
class AspectPlace:
    """Paths of data, work files and configuration; like `Workplace` for the sentiment of whole texts."""

    data: Path
    work: Path
    config: dict

    def stage(self, name: str) -> dict:
        if name not in self.config["aspects"]:
            raise DataError(f"no stage {name!r} under [aspects] of config.toml: there are {', '.join(self.config['aspects'])}")
        own = dict(self.config["aspects"][name])
        return {**self.stage(own.pop("like")), **own} if "like" in own else own

    def tokenizer(self, start: str, most: int):
        path = self.work / f"tokenizer-aspects-{start}.json"
        write_tokenizer(starts.checkpoint(self.config["weights"], start, self.work) / "tokenizer.json", path, most)
        return load_tokenizer(path, most)


def new_model(place: AspectPlace, settings: dict) -> Bert:
    """Builds the model from a pretrained start, or from the encoder of a sentiment stage (`from`) without its head."""
    torch.manual_seed(settings.get("seed", 1))
    keep = tuple(settings["keep"]) if "keep" in settings else None
    folder = starts.checkpoint(place.config["weights"], settings["start"], place.work)
    model = starts.load_start(folder, keep, pool="cls", classes=len(ASPECT_LABELS))
    if "from" in settings:
        path = place.work / f"{settings['from']}.pt"
        if not path.is_file():
            raise DataError(f"stage {settings['from']} has not been trained yet: {path} is missing")
        state = kept_layers(torch.load(path, weights_only=True), keep)
        model.load_state_dict({name: value for name, value in state.items() if not name.startswith(("head.", "sources."))}, strict=False)
    return model


def run(place: AspectPlace, name: str) -> dict:
    """Trains a stage unless it is done; returns its record (settings, minutes, dev figures)."""
    settings = place.stage(name)
    record_path, weights = place.work / f"aspects-{name}.json", place.work / f"aspects-{name}.pt"
    if record_path.is_file() and weights.is_file():
        record = json.loads(record_path.read_text(encoding="utf-8"))
        if record["settings"] == settings:
            return record
        raise DataError(f"{weights} was trained with other settings: remove it and {record_path.name} to train again")
    most = settings.get("max_tokens", 128)
    tokenizer = place.tokenizer(settings["start"], most)
    read = read_aspects(place.data / "train")
    names = [source for source in read if source in settings.get("sources", read)]
    rows = [row for source in names for row in sample(hold_out(read[source], place.config["data"]["held_out"])[0], settings.get("sample", {}).get(source))]
    model = new_model(place, settings)
    options = FitOptions(**{key: value for key, value in settings.items() if key in OPTIONS})
    minutes = fit(model, encode_pairs(rows, tokenizer, names, most), options, place.work / f"aspects-{name}.checkpoint", name)
    torch.save(model.state_dict(), weights)
    (place.work / f"aspects-{name}.checkpoint").unlink(missing_ok=True)
    dev = {}
    for source, told in read_aspects(place.data / "dev").items():
        data = encode_pairs(told[: settings.get("dev_rows")], tokenizer, [source], most)
        figures = evaluate(data.labels, softmax(predict(model, data)), ASPECT_LABELS)
        dev[source] = {key: round(figures[key], 4) for key in ("accuracy", "macroF1", "macroRecall", "ece")}
    record = {"stage": name, "settings": settings, "rows": len(rows), "minutes": round(minutes, 1), "dev": dev}
    record_path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.aspects", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--config", type=Path, default=HERE / "config.toml")
    parser.add_argument("--stage", action="append", help="this stage of [aspects] alone (may be repeated)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args(given)
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        place = AspectPlace(options.data, options.work, tomllib.loads(options.config.read_text(encoding="utf-8")))
        for name in options.stage or place.config["aspects"]:
            record = run(place, name)
            figures = "  ".join(f"{source} accuracy {row['accuracy']:.3f} F1 {row['macroF1']:.3f}" for source, row in record["dev"].items())
            print(f"{name}: {record['rows']} rows, {record['minutes']} min: {figures}", flush=True)
    except DataError as error:
        print(f"aspects: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
