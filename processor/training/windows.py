"""Splits a long text at sentence ends into windows for a short-text model, and combines their probabilities.

    python -m training.windows MODEL_FOLDER FILE.jsonl [--most TOKENS …]

prints the figures of a labelled file read as it is served, cut at the model's limit, and in windows of so many tokens."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Callable, Sequence

import numpy as np
from tokenizers import Tokenizer

from .data import DataError, read_file
from .metrics import evaluate
from .onnx_model import FolderModel

# A full stop, question or exclamation mark, with closing quotes or brackets, before white space; or a line end.
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")


def sentences(text: str) -> list[str]:
    cuts = [0, *(found.end() for found in SENTENCE_END.finditer(text)), len(text)]
    return [text[start:end] for start, end in zip(cuts, cuts[1:]) if text[start:end].strip()]


def pieces(sentence: str, most: int, length: Callable[[str], int]) -> list[str]:
    """The sentence, or runs of its words where it is longer than a window; a single word that is longer stays whole."""
    if length(sentence) <= most:
        return [sentence]
    result, current = [], ""
    for word in re.findall(r"\S+\s*", sentence):
        if current and length(current + word) > most:
            result.append(current)
            current = ""
        current += word
    return [*result, current] if current else result


def windows(text: str, most: int, length: Callable[[str], int]) -> list[str]:
    """As few windows as whole sentences of at most `most` (as `length` counts: words, tokens) allow, their lengths evened out:
    a short rest at the end would weigh as much as what it ends."""
    parts = [piece for sentence in sentences(text) for piece in pieces(sentence, most, length)] or [text]
    if length(text) <= most:
        return [text]
    fair = length(text) / -(-length(text) // most)
    result, current = [], ""
    for part in parts:
        together = length(current + part)
        if current and (together > most or together - fair > fair - length(current)):
            result.append(current)
            current = ""
        current += part
    return [*result, current]


def together(scores: np.ndarray, lengths: Sequence[int], first: float = 1.0, last: float = 1.0) -> np.ndarray:
    """The windows' probabilities weighed by their lengths, and the first and last by what has been learnt for them."""
    weights = np.asarray(lengths, np.float64)
    weights[0] *= first
    weights[-1] *= last
    return weights @ scores / weights.sum()


def long_scores(texts: Sequence[str], score: Callable[[Sequence[str]], np.ndarray], most: int, length: Callable[[str], int],
                first: float = 1.0, last: float = 1.0) -> np.ndarray:
    """Probabilities of each text, (n, classes); the windows of all texts are scored together."""
    cut = [windows(text, most, length) for text in texts]
    scores, result, start = score([window for parts in cut for window in parts]), [], 0
    for parts in cut:
        end = start + len(parts)
        result.append(together(scores[start:end], [max(1, length(part)) for part in parts], first, last))
        start = end
    return np.stack(result)


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.windows", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a packaged model folder (holds model.json)")
    parser.add_argument("file", type=Path, help="labelled texts, {text, label} a line")
    parser.add_argument("--most", type=int, nargs="+", default=[64, 128, 192, 254], help="tokens of a window")
    options = parser.parse_args(given)
    try:
        rows = read_file(options.file)
    except DataError as error:
        print(f"windows: {error}", file=sys.stderr)
        return 1
    model = FolderModel.open(options.folder)
    counter = Tokenizer.from_file(str(options.folder / "tokenizer.json"))
    counter.no_truncation()
    texts, labels = [row.text for row in rows], np.array([row.label for row in rows])

    def length(text: str) -> int:
        return len(counter.encode(text, add_special_tokens=False).ids)

    show("as served", evaluate(labels, model.scores(texts)))
    for most in options.most:
        show(f"windows of {most}", evaluate(labels, long_scores(texts, model.scores, most, length)))
    return 0


def show(title: str, figures: dict) -> None:
    print(f"{title:14} {figures['n']} texts: macro-recall {figures['macroRecall']:.4f}, accuracy {figures['accuracy']:.4f}, ece {figures['ece']:.4f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
