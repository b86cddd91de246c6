"""The parts of a behaviour test: sentences from templates, an expectation of their labels, and an allowed failure rate."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import Callable, Sequence

import numpy as np

from .data import LABEL_IDS, LABELS

GOOD = ("good", "great", "excellent", "wonderful", "lovely", "fantastic", "superb", "amazing", "brilliant", "delightful")
BAD = ("bad", "terrible", "awful", "horrible", "dreadful", "poor", "disappointing", "disgusting", "useless", "appalling")
LIKE = ("love", "like", "enjoy", "adore", "recommend", "appreciate")
HATE = ("hate", "dislike", "regret", "despise", "detest", "resent")
THINGS = ("service", "food", "film", "hotel", "phone", "album", "update", "game", "staff", "app")

Scorer = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Outcome:
    name: str
    kind: str
    cases: int
    failures: int
    limit: float
    examples: tuple[str, ...]
    since: int = 1  # the major version of the model from which on it must hold

    @property
    def rate(self) -> float:
        return self.failures / self.cases

    @property
    def passed(self) -> bool:
        return self.rate <= self.limit


def fill(template: str, **slots: Sequence[str]) -> list[str]:
    """All combinations of the template's slots."""
    used = [slot for slot in slots if "{" + slot + "}" in template]
    return [template.format(**dict(zip(used, values))) for values in itertools.product(*(slots[slot] for slot in used))]


def many(templates: Sequence[str], limit: int, **slots: Sequence[str]) -> list[str]:
    texts = [text for template in templates for text in fill(template, **slots)]
    return random.Random(7).sample(texts, min(limit, len(texts)))


def must_be(name: str, texts: Sequence[str], allowed: Sequence[str], limit: float, score: Scorer, since: int = 1) -> Outcome:
    labels = [LABELS[index] for index in score(texts).argmax(axis=1)]
    wrong = [f"{text} → {label}" for text, label in zip(texts, labels) if label not in allowed]
    return Outcome(name, "label", len(texts), len(wrong), limit, tuple(wrong[:3]), since)


def must_not_move(name: str, pairs: Sequence[tuple[str, str]], limit: float, score: Scorer) -> Outcome:
    before = score([a for a, _ in pairs]).argmax(axis=1)
    after = score([b for _, b in pairs]).argmax(axis=1)
    moved = [f"{a} → {LABELS[x]} | {b} → {LABELS[y]}" for (a, b), x, y in zip(pairs, before, after) if x != y]
    return Outcome(name, "invariance", len(pairs), len(moved), limit, tuple(moved[:3]))


def must_rise(name: str, pairs: Sequence[tuple[str, str, str]], limit: float, score: Scorer, slack: float = 0.05) -> Outcome:
    """The probability of the third member must not be lower by more than `slack` in the second text."""
    before, after = score([a for a, _, _ in pairs]), score([b for _, b, _ in pairs])
    fell = [f"{a} | {b}: {label} {x[LABEL_IDS[label]]:.2f} → {y[LABEL_IDS[label]]:.2f}"
            for (a, b, label), x, y in zip(pairs, before, after) if y[LABEL_IDS[label]] < x[LABEL_IDS[label]] - slack]
    return Outcome(name, "direction", len(pairs), len(fell), limit, tuple(fell[:3]))
