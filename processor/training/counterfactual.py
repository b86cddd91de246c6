"""Counterfactual texts: the same text with another orientation, religion, nationality or gender, and the same label."""

from __future__ import annotations

import random
import re
from typing import Sequence

# Words of one kind are interchangeable. Ambiguous words ("straight", "polish") are inserted but never replaced.
KINDS: tuple[tuple[str, ...], ...] = (
    ("gay", "lesbian", "bisexual", "queer", "homosexual", "heterosexual"),
    ("christian", "muslim", "jewish", "hindu", "buddhist", "sikh", "catholic", "atheist", "protestant", "mormon"),
    ("christians", "muslims", "jews", "hindus", "buddhists", "sikhs", "catholics", "atheists", "protestants", "mormons"),
    ("american", "british", "french", "german", "italian", "spanish", "russian", "chinese", "japanese", "korean", "indian", "pakistani", "iranian", "iraqi",
     "israeli", "palestinian", "egyptian", "nigerian", "kenyan", "somali", "mexican", "brazilian", "cuban", "canadian", "swedish", "polish", "turkish",
     "ukrainian", "arab", "african"),
    ("man", "woman"), ("men", "women"), ("boy", "girl"), ("boys", "girls"), ("guy", "girl"), ("he", "she"), ("husband", "wife"), ("father", "mother"),
    ("dad", "mum"), ("brother", "sister"), ("son", "daughter"),
)
ONLY_IN = {"polish"}
OTHERS: dict[str, tuple[str, ...]] = {}
for kind in KINDS:
    for word in kind:
        if word not in ONLY_IN and word not in OTHERS:
            OTHERS[word] = tuple(other for other in kind if other != word)
ANONYMISED = "[RELIGION]"  # as a source has it in the place of the word
PATTERN = re.compile(rf"\b({'|'.join(sorted(OTHERS, key=len, reverse=True))})\b", re.IGNORECASE)


def like(model: str, word: str) -> str:
    """The word in the case of the model word: lower case, capitalised or upper case."""
    return word.upper() if len(model) > 1 and model.isupper() else word.capitalize() if model[0].isupper() else word


def names_group(text: str) -> bool:
    return ANONYMISED in text or PATTERN.search(text) is not None


def of_another_group(text: str, rng: random.Random) -> str:
    """Every word of a group gives way to another of its kind, the same one wherever it stands in the text; anonymised ones to any."""
    chosen: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        word = found.group().lower()
        if word not in chosen:
            chosen[word] = rng.choice(OTHERS[word])
        return like(found.group(), chosen[word])
    told = articles(PATTERN.sub(other, text), text)
    return told.replace(ANONYMISED, rng.choice(KINDS[1]).capitalize()) if ANONYMISED in told else told


def articles(text: str, before: str) -> str:
    """Corrects `a` and `an` before words of groups, unless the original text had them wrong."""
    if re.search(r"\ba [aeiou]", before, re.IGNORECASE) or re.search(r"\ban [^aeiouh]", before, re.IGNORECASE):
        return text
    words: Sequence[str] = sorted({word for kind in KINDS for word in kind})
    vowel = [word for word in words if word[0] in "aeiou"]
    text = re.sub(rf"\b(a)( (?:{'|'.join(vowel)})\b)", lambda found: found.group(1) + "n" + found.group(2), text, flags=re.IGNORECASE)
    rest = [word for word in words if word not in vowel]
    return re.sub(rf"\b(a)n( (?:{'|'.join(rest)})\b)", lambda found: found.group(1) + found.group(2), text, flags=re.IGNORECASE)
