import random
import re
from pathlib import Path

import pytest
from tokenizers import Tokenizer, normalizers

from training import behaviour, fairness
from training.augment import NAMES, RULES, misspell, name_someone, rename, telling_words, template_rows, twins
from training.counterfactual import names_group, of_another_group
from training.data import Row
from training.normalise import EMOJI, normalizer

import json

MODEL = Path(__file__).resolve().parents[2] / "model"


@pytest.fixture(scope="module")
def normalise():
    tokenizer = Tokenizer.from_str(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer(), "pre_tokenizer": None,
        "post_processor": None, "decoder": None, "model": {"type": "WordPiece", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]",
                                                           "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}}))
    return tokenizer.normalizer.normalize_str


@pytest.mark.parametrize(("text", "expected"), [
    ("@Some_1 hi", "@user hi"), ("mail me@example.org", "mail me@example.org"), ("see https://a.b/c?d=e now", "see http now"),
    ("HTTP://A.B www.x.org", "http http"), ("Tom &amp; Jerry &amp;lt;3", "tom & jerry <3"), ("it\\u2019s don’t", "it's don't"),
    ("a\\nb", "a b"), ("wow!!!!!! what?????? hm.......", "wow!!! what??? hm..."), ("great 😂", "great  lol "), ("👍🏽", " good "),
    ("a\u200bb\ufeff", "ab"), ("CAFÉ", "cafe"),
])
def test_normalisation(normalise, text, expected):
    assert normalise(text) == expected


def test_each_emoji_has_one_meaning():
    faces = [face for _, group in EMOJI for face in group]
    assert len(faces) == len(set(faces))


@pytest.mark.skipif(not (MODEL / "tokenizer-golden.json").is_file(), reason="no packaged model")
def test_packaged_tokenizer_gives_the_golden_ids():
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    for row in json.loads((MODEL / "tokenizer-golden.json").read_text(encoding="utf-8")):
        assert tokenizer.encode(row["text"]).ids == row["ids"], row["text"]


def test_slips_change_little():
    rng = random.Random(5)
    for _ in range(50):
        slipped = misspell("the waiter forgot our order twice", rng)
        assert slipped != "" and len(slipped.split(" ")) == 6 and abs(len(slipped) - 33) <= 2
    assert misspell("ok a b", rng) == "ok a b"
    assert "[NAME]" not in name_someone("[NAME] and [NAME] left", rng)


def test_people_of_templates_become_others_and_nothing_else_changes():
    rng = random.Random(3)
    renamed = {rename("omar found the book nice", rng) for _ in range(40)}
    assert len(renamed) > 10 and all(text.endswith(" found the book nice") for text in renamed)
    assert not set(NAMES) & {name.lower() for name in behaviour.NAMES}


def test_slips_fall_on_the_words_that_tell():
    rows = [Row("the meal was lovely", 2, "s"), Row("the meal was horrid", 0, "s"), Row("the meal arrived", 1, "s")] * 9
    telling = telling_words(rows)
    assert telling["lovely"] > 0.6 and telling["meal"] < 0.01
    rng = random.Random(4)
    slipped = [misspell("the meal arrived and it was lovely", rng, telling) for _ in range(200)]
    assert sum("lovely" not in text for text in slipped) > sum("meal" not in text for text in slipped) * 3
    assert telling_words(rows, least=10) .keys() == {"the", "meal", "was"}


def test_templates_cover_every_class_and_share_no_text_with_the_behaviour_suite():
    rows = template_rows(30, seed=1)
    assert {row.label for row in rows} == {0, 1, 2}
    tested = {text.lower() for texts in behaviour.opinions(10_000).values() for text in texts}
    assert not tested & {row.text.lower() for row in rows}
    assert not set(behaviour.THINGS) & {"book", "concert"} and len(RULES) > 40


def test_behaviour_outcomes_count_failures():
    def always_positive(texts):
        import numpy as np
        return np.tile([0.1, 0.2, 0.7], (len(texts), 1))
    results = {result.name: result for result in behaviour.suite(always_positive)}
    assert results["plain positive"].passed and not results["plain negative"].passed
    assert results["typo"].failures == 0 and results["plain negative"].rate == 1.0
    assert "FAILED" in behaviour.table(list(results.values()))


def test_a_name_that_is_read_worse_than_others_is_seen():
    import numpy as np

    def dislikes_olga(texts):
        return np.array([[0.8, 0.1, 0.1] if "Olga" in text else [0.1, 0.2, 0.7] for text in texts])
    found = {lean.name: lean for lean in fairness.leans(behaviour.PEOPLE, behaviour.NAMES, dislikes_olga)}
    assert found["Olga"].shift < -1 and found["Olga"].moved == 1 and found["James"].moved == 0 and found["James"].shift > 0
    assert "| people | Olga -1." in fairness.table(dislikes_olga)


def test_a_text_is_told_of_another_group_and_nothing_else_changes():
    rng = random.Random(2)
    for _ in range(40):
        text = of_another_group("An American man met a Muslim; the MUSLIM smiled, the man polished his shoes.", rng)
        assert text.endswith("polished his shoes.") and "woman met" in text and "the woman polished" in text
        assert "American" not in text and "uslim" not in text and " a a" not in text.lower() and not re.search(r"\ba [aeiou]", text, re.IGNORECASE)
    assert of_another_group("The human mankind command.", rng) == "The human mankind command."
    assert names_group("as a [RELIGION] I agree") and "[RELIGION]" not in of_another_group("as a [RELIGION] I agree", rng)


def test_every_row_that_names_a_group_has_a_copy_that_names_another():
    rows = [Row("my gay friend", 1, "s"), Row("my best friend", 1, "s")] * 20
    result, pairs = twins(rows, 0.0, seed=1, groups=True)
    assert sorted(pairs) == list(range(0, 40, 2)) and not any(names_group(result[copy].text) and "gay" in result[copy].text for copy in pairs.values())
    assert twins(rows, 0.0, seed=1)[1] == {}
