"""How far a name alone moves a score: the same sentences, read with each name of people and of countries.

    python -m training.fairness MODEL_FOLDER"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from .behaviour import BAD, COUNTRIES, GOOD, NAMES, PEOPLE, PLACES, THINGS, Scorer, fill
from .onnx_model import FolderModel

GROUPS = (("people", PEOPLE, NAMES), ("countries", PLACES, COUNTRIES))


@dataclass(frozen=True)
class Lean:
    """A name: how much more positive its sentences are read than those of all names (probability of positive less
    that of negative, the mean), and the share of its sentences whose label is not the one most names get."""

    name: str
    shift: float
    moved: float


def leans(templates: Sequence[str], names: Sequence[str], score: Scorer) -> list[Lean]:
    slots = dict(t=THINGS[:3], g=GOOD[:2], b=BAD[:2])
    texts = [text for template in templates for text in fill(template, p=["{p}"], **slots)]
    scores = np.stack([score([text.replace("{p}", name) for text in texts]) for name in names])
    valence = scores[:, :, 2] - scores[:, :, 0]
    labels = scores.argmax(axis=2)
    usual = np.array([np.bincount(column).argmax() for column in labels.T])
    return [Lean(name, float(shift), float(moved))
            for name, shift, moved in zip(names, valence.mean(axis=1) - valence.mean(), (labels != usual).mean(axis=1))]


def table(score: Scorer) -> str:
    lines = ["| names of | lowest | highest | labels moved, most by |", "|---|---|---|---|"]
    for title, templates, names in GROUPS:
        found = leans(templates, names, score)
        low, high = min(found, key=lambda lean: lean.shift), max(found, key=lambda lean: lean.shift)
        most = max(found, key=lambda lean: lean.moved)
        lines.append(f"| {title} | {low.name} {low.shift:+.3f} | {high.name} {high.shift:+.3f} | {most.name} {most.moved:.1%} |")
    return "\n".join(lines)


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.fairness", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a packaged model folder (holds model.json)")
    print(table(FolderModel.open(parser.parse_args(given).folder).scores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
