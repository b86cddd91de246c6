"""Sentences whose words point one way and whose sense the other: praise and blame that are negated, expected, asked about, past,
somebody else's, or not said at all but told by a fact. Nouns, adjectives and shapes differ from those of augment.py on purpose."""

from __future__ import annotations

from typing import Sequence

from .cases import HATE, LIKE, Outcome, Scorer, many, must_be

THINGS = ("crew", "film", "hotel", "phone", "album", "update", "game", "app", "restaurant", "lesson")
GOOD = ("good", "great", "excellent", "wonderful", "lovely", "brilliant")
BAD = ("bad", "terrible", "awful", "horrible", "dreadful", "disappointing")
A_GOOD = ("a good", "a great", "an excellent", "a wonderful", "a lovely", "a brilliant")
A_BAD = ("a bad", "a terrible", "an awful", "a horrible", "a dreadful", "a disappointing")
NOT_NEGATIVE, NOT_POSITIVE = ("neutral", "positive"), ("negative", "neutral")
LIMIT, CASES = 0.25, 120

TURNS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("negated negative", NOT_NEGATIVE, (
        "Not {ab} {t} at all.", "It was not {ab} {t}.", "I wouldn't call it {ab} {t}.", "The {t} was never {b}.", "The {t} is far from {b}.",
        "There was nothing {b} about the {t}.", "No one could say that the {t} was {b}.", "I didn't find the {t} {b}.", "Hardly {ab} {t}, if you ask me.")),
    ("revised for the better", NOT_NEGATIVE, (
        "I thought the {t} would be {b}, but it was not.", "I thought it was {ab} {t}, but it wasn't.", "I feared {ab} {t}. I was wrong.",
        "We had been warned that the {t} was {b}, which it is not.", "I had expected {ab} {t} and got {ag} one.",
        "At first the {t} seemed {b}; by the end I thought it {g}.", "From the look of it I took the {t} for {b}, and was mistaken.")),
    ("revised for the worse", ("negative",), (
        "I thought the {t} would be {g}, but it was not.", "I thought it was {ag} {t}, but it wasn't.", "I had hoped for {ag} {t}. I was wrong.",
        "We had been promised that the {t} was {g}, which it is not.", "I had expected {ag} {t} and got {ab} one.",
        "At first the {t} seemed {g}; by the end I thought it {b}.", "From the look of it I took the {t} for {g}, and was mistaken.")),
    ("praise asked about, answered no", ("negative",), (
        "Was the {t} {g}? No.", "Was it {ag} {t}? Not really.", "Do I {l} the {t}? No.", "Is the {t} as {g} as they say? It isn't.",
        "Would I call it {ag} {t}? I would not.", "Will I {l} this {t} one day? Never.")),
    ("blame asked about, answered no", NOT_NEGATIVE, (
        "Was the {t} {b}? No.", "Was it {ab} {t}? Not really.", "Do I {h} the {t}? No.", "Is the {t} as {b} as they say? It isn't.",
        "Would I call it {ab} {t}? I would not.", "Do I {h} buying the {t}? Not for a second.")),
    ("praise asked about, answered yes", ("positive",), (
        "Was the {t} {g}? Yes.", "Was it {ag} {t}? It was.", "Do I {l} the {t}? Yes.", "Is the {t} as {g} as they say? It is.", "Is it {ag} {t}? Absolutely.")),
    ("used to be good", NOT_POSITIVE, (
        "The {t} used to be {g}.", "This used to be {ag} {t}.", "I used to {l} this {t}.", "The {t} used to be {g}, not any more.",
        "There was a time when the {t} was {g}.", "It was {ag} {t} once.")),
    ("used to be bad", NOT_NEGATIVE, (
        "The {t} used to be {b}, now it is {g}.", "I used to {h} this {t}; these days I {l} it.", "The {t} is no longer {b}.",
        "It was {ab} {t} once, and that is over.", "Gone are the days when the {t} was {b}.")),
    ("others blame, the author praises", ("positive",), (
        "My brother thinks the {t} is {b}, but I {l} it.", "Critics called it {ab} {t}. I {l} it.", "They say the {t} is {b}; to me it is {g}.",
        "Everybody complains about the {t}, and I think it is {g}.", "My friends {h} the {t}, I don't: it is {g}.")),
    ("others praise, the author blames", ("negative",), (
        "My brother thinks the {t} is {g}, but I {h} it.", "Critics called it {ag} {t}. I {h} it.", "They say the {t} is {g}; to me it is {b}.",
        "Everybody raves about the {t}, and I think it is {b}.", "My friends {l} the {t}, I don't: it is {b}.")),
)

# Positive or negative facts without words of praise or blame. Numbers fill {n}.
PLEASING = (
    "It was ready the same day.", "They sent the money back within {n} hours.", "The battery still lasts all day after {n} years.",
    "We have gone back every summer for {n} years.", "I read it from cover to cover in one sitting.", "The children asked to go again tomorrow.",
    "They replaced the part and did not charge me for it.", "I have told {n} of my colleagues to go there.", "It started at the first try.",
    "Somebody answered after {n} seconds.", "The parcel was here a day early.", "We stayed {n} hours longer than we had planned.",
    "I have bought {n} more since.", "The whole room stood up and clapped for {n} minutes.", "After {n} washes it still looks new.",
    "The mechanic showed me what was wrong and fixed it while I waited.", "Since I have it my back has stopped hurting.", "We finished every plate and ordered {n} more.")
ANNOYING = (
    "It stopped working after {n} days.", "I waited {n} hours for a glass of water.", "They charged my card {n} times.",
    "It arrived with a crack across the screen.", "I fell asleep halfway through.", "Half of the audience had left by the interval.",
    "Nobody has answered my mails for {n} weeks.", "The soup came back cold {n} times.", "I had to restart it {n} times today.",
    "It has been lying in a drawer since March.", "We left before dessert.", "It logs me out every {n} minutes.",
    "There was hair in my salad.", "After {n} washes the colour was gone.", "The parcel came {n} weeks late, and it was empty.",
    "They hung up on me {n} times.", "The heating was off for {n} nights.", "I sent it back the next morning.")
NUMBERS = ("two", "three", "four", "five", "six")


def turn_outcomes(score: Scorer) -> list[Outcome]:
    slots = dict(t=THINGS, g=GOOD, b=BAD, ag=A_GOOD, ab=A_BAD, l=LIKE[:4], h=HATE[:3])
    results = [must_be(name, evenly(templates, CASES, **slots), allowed, LIMIT, score, since=2) for name, allowed, templates in TURNS]
    results.append(must_be("facts that please", many(PLEASING, CASES, n=NUMBERS), ["positive"], LIMIT, score, since=2))
    results.append(must_be("facts that annoy", many(ANNOYING, CASES, n=NUMBERS), ["negative"], LIMIT, score, since=2))
    return results


def evenly(templates: Sequence[str], limit: int, **slots: Sequence[str]) -> list[str]:
    """The same number of each template; otherwise templates with more slots would dominate."""
    return [text for template in templates for text in many((template,), limit // len(templates), **slots)]
