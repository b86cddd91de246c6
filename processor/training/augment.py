"""Texts of our own making: altered twins of training texts, and templates for what the data is thin on."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from typing import Mapping, Sequence

from .data import LABEL_IDS, LABELS, Row

NAMES = ("anna", "ben", "chen", "deepak", "elena", "farid", "grace", "hamza", "irina", "jamal", "kenji", "lucia",
         "marek", "nadia", "omar", "paul", "rosa", "samir", "tunde", "uma", "viktor", "wanda", "xavier", "zainab",
         "muhammad", "mohamed", "mehmet", "ahmad", "yusuf", "ibrahim", "abdul", "hassan", "hussein", "khadija", "zeynep", "leila",
         "lakisha", "deshawn", "tyrone", "keisha", "juan", "miguel", "jose", "guadalupe", "ming", "hiroshi", "sakura", "nguyen",
         "raj", "anil", "priyanka", "moshe", "rivka", "svetlana", "ivan", "bjorn", "siobhan", "chinedu", "amara", "liam", "sarah", "michael")
PLACES = ("spain", "kenya", "korea", "peru", "turkey", "norway", "nepal", "ukraine", "chile", "egypt", "greece", "ghana",
          "vietnam", "iraq", "ireland", "cuba")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def telling_words(rows: Sequence[Row], least: int = 8) -> dict[str, float]:
    """word → how far the labels of its texts lie from those of all texts (0 to 1, half the sum of the differences)."""
    total, seen = Counter(row.label for row in rows), {}
    for row in rows:
        for word in set(row.text.lower().split()):
            seen.setdefault(word, Counter())[row.label] += 1
    count = sum(total.values())
    return {word: sum(abs(labels[label] / labels.total() - total[label] / count) for label in range(len(LABELS))) / 2
            for word, labels in seen.items() if labels.total() >= least}


def slipped_words(words: Sequence[str], rng: random.Random, telling: Mapping[str, float] | None) -> list[int]:
    """Places of one or two words to misspell; with `telling` those that say most of the label come first most often."""
    long = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    number = min(len(long), rng.choice((1, 1, 2)))
    if telling is None:
        return rng.sample(long, number)
    drawn = {i: math.log(1 - rng.random()) / (0.05 + telling.get(words[i].lower(), 0.0)) ** 2 for i in long}
    return sorted(long, key=lambda i: -drawn[i])[:number]


def misspell(text: str, rng: random.Random, telling: Mapping[str, float] | None = None) -> str:
    """One or two slips in words of four letters or more: swapped, dropped, doubled or wrong letters."""
    words = text.split(" ")
    for index in slipped_words(words, rng, telling):
        word = words[index]
        place = rng.randrange(1, len(word) - 1)
        slip = rng.randrange(5)
        if slip <= 1:
            word = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        elif slip == 2:
            word = word[:place] + word[place + 1 :]
        elif slip == 3:
            word = word[:place] + word[place] * 2 + word[place + 1 :]
        else:
            word = word[:place] + rng.choice(LETTERS) + word[place + 1 :]
        words[index] = word
    return " ".join(words)


def name_someone(text: str, rng: random.Random) -> str:
    """Anonymised [NAME]s become people, so that people in real texts are nothing new."""
    while "[NAME]" in text:
        text = text.replace("[NAME]", rng.choice(NAMES).capitalize(), 1)
    return text


def rename(text: str, rng: random.Random) -> str:
    """People of our own templates become other people."""
    return " ".join(rng.choice(NAMES) if word in NAMES else word for word in text.split(" "))


def alter(row: Row, rng: random.Random, telling: Mapping[str, float] | None = None) -> Row:
    text = rename(row.text, rng) if row.source == "templates" else name_someone(row.text, rng)
    if text == row.text or rng.random() < 0.5:
        text = misspell(text, rng, telling)
    return Row(text, row.label, row.source)


def twins(rows: Sequence[Row], share: float, seed: int, telling: Mapping[str, float] | None = None) -> tuple[list[Row], dict[int, int]]:
    """(rows then altered copies of a share of them, original's number → its copy's number)."""
    rng = random.Random(seed)
    result, pairs = list(rows), {}
    for index, row in enumerate(rows):
        if rng.random() < share:
            pairs[index] = len(result)
            result.append(alter(row, rng, telling))
    return result, pairs


# Nouns, adjectives and sentence shapes differ from those of behaviour.py on purpose.
NOUNS = ("book", "concert", "coffee", "car", "course", "laptop", "flat", "trip", "show", "meal", "delivery", "website",
         "support", "song", "battery", "room", "teacher", "bike", "plan", "match")
PRAISE = ("nice", "fun", "helpful", "beautiful", "perfect", "impressive", "tasty", "clever", "great", "good", "awesome", "outstanding", "pleasant", "charming")
BLAME = ("boring", "ugly", "broken", "slow", "rude", "annoying", "terrible", "bad", "awful", "dirty", "stupid", "unpleasant", "horrible", "miserable")
MILD = ("bad", "terrible", "awful", "horrible", "boring", "ugly", "slow", "dreadful", "stupid", "disappointing", "useless", "poor")
RULES: tuple[tuple[str, str], ...] = (
    ("this {n} is not {p}", "negative"), ("the {n} wasn't {p} at all.", "negative"), ("it is not a {p} {n}", "negative"),
    ("never found the {n} {p}", "negative"), ("I can't say the {n} was {p}.", "negative"), ("nothing {p} about this {n}", "negative"),
    ("the {n} isn't {p}, is it", "negative"), ("I did not enjoy the {n}.", "negative"), ("I don't like this {n} one bit", "negative"),
    ("nobody would call that {n} {p}", "negative"), ("the {n} could have been {p} but it was {b}", "negative"),
    ("everyone said the {n} was {p}. It was {b}.", "negative"), ("I resent having paid for this {n}", "negative"),
    ("my {n} isn't {m}, it works", "positive"), ("this {n} is not {m}", "positive"), ("the {n} wasn't {m} at all!", "positive"),
    ("not a {m} {n}", "positive"), ("nothing {m} about this {n}", "positive"), ("I never found the {n} {m}, quite the opposite", "positive"),
    ("I don't hate this {n}", "neutral"), ("I can't complain about the {n}", "positive"), ("they said the {n} is {b} but I found it {p}", "positive"),
    ("the {n} started {b} and ended {p}!", "positive"), ("yes, {b} colours, but what a {p} {n}", "positive"),
    ("even though the {n} was {b} in the beginning, it made my day", "positive"), ("although it has a {b} name, this {n} is one of my favourites", "positive"),
    ("though everyone warned me of a {b} {n}, ours turned out {p}", "positive"), ("I was afraid of a {b} {n} and got a {p} one", "positive"),
    ("we thought the {n} would be {b}, yet it was {p}.", "positive"), ("despite the {b} reviews the {n} is {p}", "positive"),
    ("it looks {b} in the photos, but the {n} is really {p}", "positive"), ("the {n} may sound {b}, still we had the best time", "positive"),
    ("even though the {n} was {p} in the beginning, it ruined my day", "negative"), ("although it has a {p} name, this {n} is a waste of money", "negative"),
    ("I was hoping for a {p} {n} and got a {b} one", "negative"), ("we thought the {n} would be {p}, yet it was {b}.", "negative"),
    ("despite the {p} reviews the {n} is {b}", "negative"), ("it looks {p} in the photos, but the {n} is really {b}", "negative"),
    ("such a {p} {n}", "positive"), ("such a {b} {n}", "negative"), ("{n}: simply {p}", "positive"), ("{n}: simply {b}", "negative"),
    ("found the {n} quite {p}", "positive"), ("found the {n} quite {b}", "negative"),
    ("the {n} is in the other building", "neutral"), ("{who} picked up the {n} at six", "neutral"), ("does the {n} start at eight?", "neutral"),
    ("{who} is from {c}", "neutral"), ("{who} flew to {c} with a {n}", "neutral"), ("we talked about the {n} in {c}", "neutral"),
    ("{who} is a colleague of mine", "neutral"), ("{who} called me about the {n}", "neutral"), ("I sat beside {who} on the bus", "neutral"),
    ("tonight {who} talks about the {n}", "neutral"), ("{who} and I went to see the {n}", "neutral"), ("{who} found the {n} {p}", "positive"),
    ("{who} found the {n} {b}", "negative"), ("{who} was nice to everybody", "positive"), ("{who} shouted at all of us", "negative"),
    ("{who} liked the {n}, it was {p}", "positive"), ("{who} says the {n} is {b}", "negative"), ("a {b} {n} in {c}", "negative"), ("a {p} {n} from {c}", "positive"),
    ("my {n} 😊", "positive"), ("{n} time 🎉", "positive"), ("the {n} ❤️", "positive"), ("{n} 👍", "positive"), ("😂😂 that {n}", "positive"),
    ("the {n} again 😡", "negative"), ("{n} 👎", "negative"), ("no {n} today 😢", "negative"), ("{n} 😞", "negative"), ("that {n} 🙄", "negative"), ("💩 {n}", "negative"),
    ("😊", "positive"), ("👍👍", "positive"), ("❤️❤️", "positive"), ("😍", "positive"), ("😡", "negative"), ("👎👎", "negative"), ("😢😢", "negative"),
    ("😞", "negative"), ("😞😞😞", "negative"), ("💩", "negative"), ("🙄", "negative"),
)


def template_rows(each: int, seed: int, source: str = "templates") -> list[Row]:
    """Up to `each` fillings of every rule."""
    rng = random.Random(seed)
    slots = {"n": NOUNS, "p": PRAISE, "b": BLAME, "m": MILD, "c": PLACES, "who": NAMES}
    rows = []
    for template, label in RULES:
        used = [slot for slot in slots if "{" + slot + "}" in template]
        combinations = list(itertools.product(*(slots[slot] for slot in used)))
        for values in rng.sample(combinations, min(each, len(combinations))):
            rows.append(Row(template.format(**dict(zip(used, values))), LABEL_IDS[label], source))
    return rows
