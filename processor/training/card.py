"""Writes the figures of the model card from the manifests, so that both agree.

    python -m training.card [--model FOLDER]

Rewrites what stands between `<!-- figures -->` and `<!-- /figures -->` in FOLDER/README.md."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Sequence

MODEL = Path(__file__).resolve().parent.parent / "model"
OPEN, CLOSE = "<!-- figures -->", "<!-- /figures -->"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def quality_table(about: dict) -> str:
    return table(("dev set", "texts", "macro-recall", "fp32", "int8 less fp32, points", "accuracy", "macro-F1", "ECE", "recall neg / neu / pos"), [
        (name, q["n"], f"**{q['macroRecall']:.3f}**", f"{q['fp32MacroRecall']:.3f}", f"{100 * (q['macroRecall'] - q['fp32MacroRecall']):+.2f}", f"{q['accuracy']:.3f}", f"{q['macroF1']:.3f}", f"{q['ece']:.3f}",
         " / ".join(f"{row['recall']:.2f}" for row in q["perClass"].values())) for name, q in about["quality"].items()])


def behaviour_table(default: dict, fast: dict) -> str:
    return table(("behaviour", "kind", "cases", "default fails", "fast fails", "limit"), [
        (name, row["kind"], row["cases"], f"{row['rate']:.1%}", f"{fast['behaviour'][name]['rate']:.1%}", f"{row['limit']:.0%}")
        for name, row in default["behaviour"].items()])


def figures(default: dict, fast: dict) -> str:
    parts = []
    for title, about in (("Default", default), ("Fast", fast)):
        size = about["files"]["model"]["bytes"] / 1e6
        parts.append(f"### {title}: `{about['name']}` {about['version']}, {size:.1f} MB, {about['graph']['quantisation']}, "
                     f"temperature {about['calibration']['temperature']}\n\n{quality_table(about)}")
    parts.append(f"### Behaviour (share of cases that fail)\n\n{behaviour_table(default, fast)}")
    return "\n\n".join(parts)


def fill(card: str, content: str) -> str:
    start, end = card.index(OPEN) + len(OPEN), card.index(CLOSE)
    return f"{card[:start]}\n{content}\n{card[end:]}"


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.card", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=MODEL)
    folder = parser.parse_args(given).model
    default, fast = (json.loads((folder / part / "model.json").read_text(encoding="utf-8")) for part in ("", "fast"))
    card = folder / "README.md"
    card.write_text(fill(card.read_text(encoding="utf-8"), figures(default, fast)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
