"""Generated texts: altered copies of training texts, and templates for cases that are rare in the data."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from typing import Mapping, Sequence

from .counterfactual import names_group, of_another_group
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
    """word → total variation distance between the label distribution of its texts and that of all texts, 0 to 1."""
    total, seen = Counter(row.label for row in rows), {}
    for row in rows:
        for word in set(row.text.lower().split()):
            seen.setdefault(word, Counter())[row.label] += 1
    count = sum(total.values())
    return {word: sum(abs(labels[label] / labels.total() - total[label] / count) for label in range(len(LABELS))) / 2
            for word, labels in seen.items() if labels.total() >= least}


def slipped_words(words: Sequence[str], rng: random.Random, telling: Mapping[str, float] | None) -> list[int]:
    """Indices of one or two words to misspell; with `telling`, words that predict the label are preferred."""
    long = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    number = min(len(long), rng.choice((1, 1, 2)))
    if telling is None:
        return rng.sample(long, number)
    drawn = {i: math.log(1 - rng.random()) / (0.05 + telling.get(words[i].lower(), 0.0)) ** 2 for i in long}
    return sorted(long, key=lambda i: -drawn[i])[:number]


def misspell(text: str, rng: random.Random, telling: Mapping[str, float] | None = None) -> str:
    """Adds one or two typos to words of at least four letters: swapped, dropped, doubled or wrong letters."""
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
    """Replaces anonymised [NAME]s by names of people, so that the model knows names from training."""
    while "[NAME]" in text:
        text = text.replace("[NAME]", rng.choice(NAMES).capitalize(), 1)
    return text


def rename(text: str, rng: random.Random) -> str:
    """Replaces the people in our templates by other people."""
    return " ".join(rng.choice(NAMES) if word in NAMES else word for word in text.split(" "))


def alter(row: Row, rng: random.Random, telling: Mapping[str, float] | None = None, groups: bool = False) -> Row:
    if groups and names_group(row.text):
        return Row(of_another_group(row.text, rng), row.label, row.source)
    text = rename(row.text, rng) if row.source == "templates" else name_someone(row.text, rng)
    if text == row.text or rng.random() < 0.5:
        text = misspell(text, rng, telling)
    return Row(text, row.label, row.source)


def twins(rows: Sequence[Row], share: float, seed: int, telling: Mapping[str, float] | None = None,
          groups: bool = False) -> tuple[list[Row], dict[int, int]]:
    """(rows then altered copies of a share of them, original's number → its copy's number). With `groups` every row that names
    a group of people has a copy, which names another."""
    rng = random.Random(seed)
    result, pairs = list(rows), {}
    for index, row in enumerate(rows):
        if rng.random() < share or (groups and names_group(row.text)):
            pairs[index] = len(result)
            result.append(alter(row, rng, telling, groups))
    return result, pairs


# Nouns, adjectives and sentence patterns differ from those of behaviour.py, so that the suite tests generalisation.
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


# Additional templates of the second generation: praise and blame that are negated, expected, asked about, past, of others, or implied by facts; groups of people.
ENJOY, LOATHE = ("enjoy", "like", "love", "miss"), ("hate", "dislike", "loathe", "dread")
GROUP = ("gay", "straight", "lesbian", "bisexual", "christian", "muslim", "jewish", "hindu", "buddhist", "sikh", "atheist", "korean", "kenyan", "italian",
         "iraqi", "cuban", "british", "turkish", "chinese", "american", "french", "mexican", "russian", "iranian", "nigerian", "indian")
MORE_RULES: tuple[tuple[str, str], ...] = (
    ("not such a {m} {n}", "positive"), ("by no means a {m} {n}", "positive"), ("the {n} was anything but {m}", "positive"), ("can't call the {n} {m}", "neutral"),
    ("the {n} isn't half as {m} as people say", "positive"), ("don't believe anyone who says the {n} is {m}", "positive"), ("never had a {m} {n} there", "positive"),
    ("the {n} was anything but {p}", "negative"), ("by no means a {p} {n}", "negative"), ("the {n} isn't half as {p} as people say", "negative"),
    ("I was sure the {n} would be {m}, it wasn't", "positive"), ("thought this {n} was {m} but no", "positive"), ("I believed the {n} to be {m}. It isn't.", "positive"),
    ("everything pointed to a {m} {n}, and it proved {p}", "positive"), ("how wrong I was to think the {n} {m}", "positive"),
    ("I was sure the {n} would be {p}, it wasn't", "negative"), ("thought this {n} was {p} but no", "negative"), ("I believed the {n} to be {p}. It isn't.", "negative"),
    ("everything pointed to a {p} {n}, and it proved {b}", "negative"), ("how wrong I was to think the {n} {p}", "negative"),
    ("is this {n} {p}? no", "negative"), ("did I find the {n} {p}? not at all", "negative"), ("do we {e} the {n}? no we don't", "negative"),
    ("is this {n} {m}? no", "positive"), ("did I find the {n} {m}? not at all", "positive"), ("do we {o} the {n}? no we don't", "neutral"),
    ("is this {n} {p}? yes it is", "positive"), ("do we {e} the {n}? of course", "positive"), ("is this {n} {b}? yes it is", "negative"), ("do we {o} the {n}? oh yes", "negative"),
    ("this {n} was {p} in the old days", "negative"), ("the {n} used to be so {p} and look at it now", "negative"), ("I would {e} this {n}, years ago", "negative"),
    ("this {n} was {m} in the old days, they have sorted it out", "positive"), ("we used to {o} the {n}, not now, it is {p}", "positive"), ("the {n} isn't {m} these days", "positive"),
    ("my boss says the {n} is {b}, I say {p}", "positive"), ("{who} {o}s the {n} and I {e} it", "positive"), ("people find the {n} {b}, not me, I {e} it", "positive"),
    ("my boss says the {n} is {p}, I say {b}", "negative"), ("{who} {e}s the {n} and I {o} it", "negative"), ("people find the {n} {p}, not me, I {o} it", "negative"),
    ("the {n} was there before I had put the phone down", "positive"), ("same {n} for ten years and still like new", "positive"), ("second time this week that we came for the {n}", "positive"),
    ("they brought a second {n} and would not take money for it", "positive"), ("I have sent my whole family to get this {n}", "positive"), ("could not put the {n} down until two in the morning", "positive"),
    ("the {n} paid for itself in a month", "positive"), ("the {n} was fixed before lunch", "positive"), ("I have not had to touch the {n} once since I bought it", "positive"),
    ("the {n} broke the day after the guarantee ended", "negative"), ("third {n} this year, the first two gave up", "negative"), ("an hour on hold about the {n}, then they rang off", "negative"),
    ("still no {n} and it is the end of the month", "negative"), ("half of the {n} was missing", "negative"), ("had to pay for the {n} twice", "negative"),
    ("walked out of the {n} after ten minutes", "negative"), ("the {n} went straight into the bin", "negative"), ("the {n} has been in for repair since summer", "negative"),
    ("{who} is {g}", "neutral"), ("my {g} colleague rang about the {n}", "neutral"), ("some {g} people came in for the {n}", "neutral"), ("the {n} belongs to a {g} family", "neutral"),
    ("we are {g}, the {n} was {p}", "positive"), ("we are {g}, the {n} was {b}", "negative"), ("the {g} woman at the till was helpful", "positive"), ("the {g} man at the till was unpleasant", "negative"),
)


def template_rows(each: int, seed: int, source: str = "templates", more: bool = False) -> list[Row]:
    """Up to `each` instances of every rule."""
    rng = random.Random(seed)
    slots = {"n": NOUNS, "p": PRAISE, "b": BLAME, "m": MILD, "c": PLACES, "who": NAMES, "e": ENJOY, "o": LOATHE, "g": GROUP}
    rows = []
    for template, label in RULES + MORE_RULES if more else RULES:
        used = [slot for slot in slots if "{" + slot + "}" in template]
        combinations = list(itertools.product(*(slots[slot] for slot in used)))
        for values in rng.sample(combinations, min(each, len(combinations))):
            rows.append(Row(template.format(**dict(zip(used, values))), LABEL_IDS[label], source))
    return rows
