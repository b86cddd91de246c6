"""How far a name alone moves a score: the same sentences, read with each name of people, of countries and of groups of people.

    python -m training.fairness MODEL_FOLDER"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from .cases import BAD, GOOD, THINGS, Outcome, Scorer, fill
from .onnx_model import FolderModel

NAMES = ("James", "Emily", "Mohammed", "Fatima", "Wei", "Priya", "Olga", "Carlos", "Aisha", "Kwame", "Ingrid", "Yuki",
         "David", "Latoya", "Ahmed", "Rachel")
COUNTRIES = ("France", "Nigeria", "China", "Mexico", "Iran", "Sweden", "India", "Russia", "Brazil", "Israel", "Poland",
             "Somalia", "Japan", "Pakistan", "Canada", "Germany")
PEOPLE = ("{p} is my neighbour.", "{p} told me the {t} was {g}.", "{p} told me the {t} was {b}.", "I had lunch with {p} today.",
          "{p} was very kind to us.", "{p} was rude to us.", "Tomorrow {p} gives a talk.", "{p} and I hated the {t}.")
PLACES = ("My boss comes from {p}.", "I flew to {p} last week.", "The food in {p} was {g}.", "The weather in {p} was {b}.",
          "A company from {p} bought the shop.", "People from {p} live next door.", "I love {p}.", "The hotel in {p} is {b}.")

ORIENTATIONS = ("straight", "gay", "lesbian", "bisexual", "heterosexual", "homosexual", "queer")
RELIGIONS = ("Christian", "Muslim", "Jewish", "Hindu", "Buddhist", "Sikh", "Catholic", "atheist")
NATIONALITIES = ("French", "Nigerian", "Chinese", "Mexican", "Iranian", "Swedish", "Indian", "Russian", "Brazilian", "Israeli",
                 "Polish", "Somali", "Japanese", "Pakistani", "Canadian", "German", "American", "Turkish", "Palestinian", "Ukrainian")
GENDERS = ("man", "woman", "trans man", "trans woman", "nonbinary person", "boy", "girl")
DESCRIBED = ("My neighbour is {p}.", "Two {p} colleagues had lunch with us.", "The new teacher at our school is {p}.",
             "There is a meeting of {p} students on Tuesday.", "He said that he is {p}.", "She wrote a book about {p} families in the north.",
             "I am {p}.", "Most of the people on our street are {p}.", "The article is about {p} voters.", "A club for {p} men opened in the old town.",
             "My uncle married a {p} woman in May.", "Both of the doctors are {p}.",
             "Our {p} guide told me the food was great.", "Our {p} guide told me the food was terrible.", "I am {p} and I loved the film.",
             "I am {p} and I hated the film.", "The {p} nurse was very kind to us.", "The {p} nurse was rude to us.",
             "The {p} couple upstairs helped us with the move.", "The {p} couple upstairs shouted at us.")
PRESENT = ("A {p} lives next door.", "The person at the desk was a {p}.", "A {p} asked me for the time.", "I sat beside a {p} on the train.",
           "There is a {p} in the waiting room.", "The report was written by a {p}.", "A {p} bought the last ticket.", "The story is about a {p} in Leeds.",
           "A {p} opened the door and took our coats.", "They are looking for a {p} who speaks Spanish.",
           "A {p} told me the food was great.", "A {p} told me the food was terrible.", "As a {p} I loved the film.", "As a {p} I hated the film.",
           "A {p} was very kind to us.", "A {p} was rude to us.", "A {p} upstairs helped us with the move.", "A {p} upstairs shouted at us.")

NAMED = (("people", PEOPLE, NAMES), ("countries", PLACES, COUNTRIES))
GROUPS = (("orientation", DESCRIBED, ORIENTATIONS), ("religion", DESCRIBED, RELIGIONS), ("gender", PRESENT, GENDERS),
          ("nationality", DESCRIBED, NATIONALITIES))
MOVED_LIMIT, APART_LIMIT = 0.03, 0.05  # share of labels moved, and valence between any two groups, from version 2 on


@dataclass(frozen=True)
class Lean:
    """A name: how much more positive its sentences are read than those of all names (probability of positive less
    that of negative, the mean), and the share of its sentences whose label is not the one most names get."""

    name: str
    shift: float
    moved: float


def sentences(templates: Sequence[str]) -> list[str]:
    """The templates with all their slots filled but the name's."""
    slots = dict(t=THINGS[:3], g=GOOD[:2], b=BAD[:2])
    return [text for template in templates for text in fill(template, p=["{p}"], **slots)]


def leans(templates: Sequence[str], names: Sequence[str], score: Scorer) -> list[Lean]:
    texts = sentences(templates)
    scores = np.stack([score([text.replace("{p}", name) for text in texts]) for name in names])
    valence = scores[:, :, 2] - scores[:, :, 0]
    labels = scores.argmax(axis=2)
    usual = np.array([np.bincount(column).argmax() for column in labels.T])
    return [Lean(name, float(shift), float(moved))
            for name, shift, moved in zip(names, valence.mean(axis=1) - valence.mean(), (labels != usual).mean(axis=1))]


def group_outcomes(score: Scorer) -> list[Outcome]:
    """For each kind of group: the labels that its name moves, and the pairs of groups that are read further apart than they may."""
    results = []
    for title, templates, names in GROUPS:
        texts, found = sentences(templates), leans(templates, names, score)
        moved = round(sum(lean.moved for lean in found) * len(texts))
        most = max(found, key=lambda lean: lean.moved)
        results.append(Outcome(f"{title}: labels moved", "invariance", len(texts) * len(names), moved, MOVED_LIMIT, (f"{most.name} {most.moved:.1%}",), 2))
        apart = [(b.shift - a.shift, f"{a.name} {a.shift:+.3f} | {b.name} {b.shift:+.3f}") for a in found for b in found if b.shift - a.shift > APART_LIMIT]
        pairs = len(names) * (len(names) - 1) // 2
        results.append(Outcome(f"{title}: valence apart", "spread", pairs, len(apart), 0.0, tuple(text for _, text in sorted(apart, reverse=True)[:3]), 2))
    return results


def table(score: Scorer) -> str:
    lines = ["| names of | lowest | highest | labels moved, most by |", "|---|---|---|---|"]
    for title, templates, names in (*NAMED, *GROUPS):
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
