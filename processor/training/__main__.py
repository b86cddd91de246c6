"""Train, export, quantise, calibrate, gate and package the models.

    python -m training --data DIR [--out DIR] [--work DIR] [--stage NAME …]
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from pathlib import Path
from typing import Sequence

import torch

from .data import DataError
from .export import Exporter, publish
from .gate import short_of
from .stages import Workplace, run_stage

HERE = Path(__file__).parent
PACKAGES = (
    ("default", "", "valence-minilm-l6", "Sentiment of short English texts: negative, neutral or positive (MiniLM-L6, 22.6M parameters)"),
    ("fast", "fast", "valence-minilm-l3", "The default's 3-layer student: about twice the throughput, a little less exact"),
)


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train/*.jsonl and dev/*.jsonl ({text, label} a line)")
    parser.add_argument("--out", type=Path, default=HERE.parent / "model", help="packaged here, once every gate holds (default: processor/model)")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="checkpoints and other files to go on from")
    parser.add_argument("--config", type=Path, default=HERE / "config.toml")
    parser.add_argument("--stage", action="append", help="train this stage alone and package nothing (may be repeated)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads (default: all)")
    parser.add_argument("--force", action="store_true", help="package even though a gate fails")
    return parser.parse_args(given)


def show(record: dict) -> None:
    figures = "  ".join(f"{name} {row['macroRecall']:.3f} (ece {row['ece']:.3f})" for name, row in record["dev"].items())
    print(f"{record['stage']}: {record['rows']} rows, {record['minutes']} min: {figures}", flush=True)


def build(place: Workplace, out: Path, force: bool) -> int:
    short: list[str] = []
    reference = None
    folders = []
    for stage, sub, name, description in PACKAGES:
        folder = place.work / "package" / (sub or "default")
        about, missing = Exporter(place, stage, folder, name, description).run(reference)
        reference = reference or about["quality"]
        short += missing
        folders.append((folder, out / sub))
        print(f"{name}: " + "  ".join(f"{key} {row['macroRecall']:.4f} (fp32 {row['fp32MacroRecall']:.4f}, ece {row['ece']:.3f})"
                                      for key, row in about["quality"].items()), flush=True)
    for sentence in short_of(place.config["aims"], reference):
        print(f"aim: {sentence}", flush=True)
    for sentence in short:
        print(f"gate: {sentence}", file=sys.stderr)
    if short and not force:
        print("nothing was packaged; --force packages all the same", file=sys.stderr)
        return 1
    for folder, target in folders:
        publish(folder, target)
    print(f"packaged in {out}")
    return 0


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    torch.set_num_threads(options.threads)
    try:
        options.work.mkdir(parents=True, exist_ok=True)
        place = Workplace(options.data, options.work, tomllib.loads(options.config.read_text(encoding="utf-8")))
        for stage in options.stage or place.config["order"]["stages"]:
            if stage not in place.config["stages"]:
                raise DataError(f"no stage {stage!r} in {options.config}: there are {', '.join(place.config['stages'])}")
            show(run_stage(place, stage))
        return 0 if options.stage else build(place, options.out, options.force)
    except DataError as error:
        print(f"training: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
