"""Behaviour tests from templates: requirements that must hold independently of the average metrics.

    python -m training.behaviour MODEL_FOLDER [--json FILE]

The label a text must get; changes that must not move the label; changes that must move a probability one way; and what a group's
name does. Each prints its failure rate beside the rate it may have. What a later version of the model must hold is measured of an
earlier one too, and fails nothing."""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Sequence

from .cases import BAD, GOOD, HATE, LIKE, THINGS, Outcome, Scorer, fill, many, must_be, must_not_move, must_rise
from .fairness import COUNTRIES, NAMES, PEOPLE, PLACES, group_outcomes
from .onnx_model import FolderModel
from .turns import turn_outcomes

FACTS = ("The meeting is on {d} at ten.", "The train to {c} leaves on {d}.", "{n} works in {c}.",
         "The report has twelve pages.", "The shop opens on {d}.", "{n} asked where the station is.",
         "The parcel was sent to {c} on {d}.", "Who is playing in {c} on {d}?")
DAYS = ("Monday", "Tuesday", "Thursday", "Saturday")
CLAUSES = ("I went there on Tuesday.", "It was about noon.", "We were four people.", "It is near the station.",
           "I read about it in the paper.", "My sister came along.")
STRONGER = ("very", "really", "extremely", "so", "absolutely")
JOY = ("😍", "😊", "🎉", "❤️", "👍", "😁")
ANGER = ("😡", "👎", "😢", "😞", "🤬", "💩")


def opinions(count: int = 120) -> dict[str, list[str]]:
    shape = ("The {t} was {a}.", "What a {a} {t}!", "I {v} this {t}.", "Honestly, the {t} is {a}.", "We {v} the new {t}.")
    return {"positive": many(shape, count, t=THINGS, a=GOOD, v=LIKE), "negative": many(shape, count, t=THINGS, a=BAD, v=HATE)}


def typo(text: str, rng: random.Random) -> str:
    """Swaps two adjacent letters inside one word."""
    words = text.split(" ")
    long = [index for index, word in enumerate(words) if len(word) > 3]
    index = rng.choice(long)
    place = rng.randrange(1, len(words[index]) - 2)
    word = words[index]
    words[index] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join(words)


def groups(template_texts: Sequence[str], slot: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs that differ only in the slot: each value against the first."""
    return [(text.replace(slot, values[0]), text.replace(slot, value)) for text in template_texts for value in values[1:]]


def suite(score: Scorer) -> list[Outcome]:
    rng = random.Random(11)
    said = opinions()
    both = said["positive"] + said["negative"]
    facts = many(FACTS, 60, d=DAYS, c=COUNTRIES[:6], n=NAMES[:6])
    thing = dict(t=THINGS)
    results = [must_be(f"plain {label}", texts, [label], 0.05, score) for label, texts in said.items()]
    results.append(must_be("plain facts are neutral", facts, ["neutral"], 0.10, score))
    results.append(must_be("negated praise", many(("The {t} was not {a}.", "I do not {v} this {t}.", "The {t} isn't {a} at all.",
                                                   "I don't think the {t} is {a}."), 120, a=GOOD, v=LIKE[:5], **thing), ["negative"], 0.15, score))
    results.append(must_be("negated blame", many(("The {t} was not {a}.", "The {t} isn't {a} at all.", "No, I don't {v} the {t}, far from it."),
                                                 120, a=BAD[:6], v=HATE[:2], **thing), ["neutral", "positive"], 0.35, score))
    results.append(must_be("contrast: the main clause decides",
                           many(("Although the {t} looked {b}, I loved every minute.", "I expected a {b} {t}, but it was {g}."), 80, g=GOOD, b=BAD, **thing),
                           ["positive"], 0.25, score))
    results.append(must_not_move("case", [(text, text.upper()) for text in both], 0.0, score))
    results.append(must_not_move("typo", [(text, typo(text, rng)) for text in both + facts], 0.15, score))
    results.append(must_not_move("mention and link added", [(text, f"@someone_{i} {text} https://example.org/{i}") for i, text in enumerate(both)], 0.05, score))
    results.append(must_not_move("neutral clause added", [(text, f"{text} {rng.choice(CLAUSES)}") for text in both], 0.06, score))
    results.append(must_not_move("neutral clause before", [(text, f"{rng.choice(CLAUSES)} {text}") for text in both], 0.06, score))
    slots = dict(t=THINGS[:3], g=GOOD[:2], b=BAD[:2])
    for name, templates, values in (("names of people", PEOPLE, NAMES), ("names of countries", PLACES, COUNTRIES)):
        texts = [text for template in templates for text in fill(template, p=["{p}"], **slots)]
        results.append(must_not_move(name, groups(texts, "{p}", values), 0.03, score))
    results.append(must_rise("intensifier", [(f"The {t} was {a}.", f"The {t} was {s} {a}.", label) for label, words in (("positive", GOOD[:5]), ("negative", BAD[:5]))
                                             for t in THINGS[:4] for a in words for s in STRONGER], 0.03, score))
    results.append(must_rise("happy emoji", [(text, f"{text} {face}", "positive") for text in facts[:20] + said["positive"][:20] for face in JOY], 0.03, score))
    results.append(must_rise("unhappy emoji", [(text, f"{text} {face}", "negative") for text in facts[:20] + said["negative"][:20] for face in ANGER], 0.03, score))
    results.append(must_be("emoji alone, happy", [face * n for face in JOY for n in (1, 2, 3)], ["positive"], 0.10, score))
    results.append(must_be("emoji alone, unhappy", [face * n for face in ANGER for n in (1, 2, 3)], ["negative"], 0.15, score))
    return [*results, *turn_outcomes(score), *group_outcomes(score)]


def missed(results: Sequence[Outcome], version: str) -> list[Outcome]:
    """Failed tests that are mandatory for this version of the model."""
    return [r for r in results if not r.passed and r.since <= int(version.split(".")[0])]


def table(results: Sequence[Outcome]) -> str:
    lines = [f"{'behaviour':36} {'kind':11} {'cases':>6} {'failed':>7} {'rate':>7} {'limit':>7}"]
    for r in results:
        since = f" from {r.since}.0 on" if r.since > 1 else ""
        lines.append(f"{r.name:36} {r.kind:11} {r.cases:6} {r.failures:7} {r.rate:7.1%} {r.limit:7.1%}{since}{'' if r.passed else '  FAILED'}")
        lines += [f"    {example}" for example in r.examples if not r.passed]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.behaviour", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a packaged model folder (holds model.json)")
    parser.add_argument("--json", type=Path, help="write the rates there")
    options = parser.parse_args(arguments)
    results = suite(FolderModel.open(options.folder).scores)
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(as_dict(results), indent=2) + "\n", encoding="utf-8")
    version = json.loads((options.folder / "model.json").read_text(encoding="utf-8"))["version"]
    return 1 if missed(results, version) else 0


def as_dict(results: Sequence[Outcome]) -> dict:
    return {r.name: {"kind": r.kind, "cases": r.cases, "failures": r.failures, "rate": round(r.rate, 4), "limit": r.limit} for r in results}


if __name__ == "__main__":
    sys.exit(main())
