import random

import numpy as np
import pytest

from training.windows import long_scores, sentences, together, windows


def words(text):
    return len(text.split())


def test_sentences_end_at_marks_and_lines_and_nothing_is_lost():
    text = 'It was "fine." Really? Yes!\nWe paid 3.50 for it, e.g. twice.\n\n Bye'
    assert [part.strip() for part in sentences(text)] == ['It was "fine."', "Really?", "Yes!", "We paid 3.50 for it, e.g.", "twice.", "Bye"]
    assert "".join(sentences(text)) == text


@pytest.mark.parametrize("seed", range(20))
def test_windows_hold_the_whole_text_within_the_limit(seed):
    rng = random.Random(seed)
    text = " ".join("word" + rng.choice(["", "", "", ",", ".", "?", "!\n"]) for _ in range(rng.randrange(1, 400)))
    cut = windows(text, 30, words)
    assert "".join(cut) == text and max(map(words, cut)) <= 30


def test_a_text_that_fits_is_one_window_and_an_empty_one_too():
    assert windows("One. Two. Three.", 3, words) == ["One. Two. Three."]
    assert windows("", 3, words) == [""] and windows(" \n ", 3, words) == [" \n "]


def test_windows_end_at_sentence_ends_and_are_even():
    text = " ".join(f"Here are five words {n}." for n in range(9))
    assert [words(window) for window in windows(text, 30, words)] == [25, 20]


def test_a_sentence_without_an_end_is_cut_between_words_and_a_word_is_not():
    assert [words(window) for window in windows("on and on " * 10, 12, words)] == [12, 12, 6]
    assert windows("a" * 50 + " b", 10, len) == ["a" * 50 + " ", "b"]


def test_windows_weigh_by_length_and_by_place():
    scores = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert together(scores, [2, 1, 1]) == pytest.approx([0.5, 0.5])
    assert together(scores, [2, 1, 1], last=4.0) == pytest.approx([2 / 7, 5 / 7])
    assert together(scores[:1], [7], first=3.0, last=2.0) == pytest.approx([1.0, 0.0])


def test_long_texts_are_read_with_short_ones():
    def score(texts):
        return np.array([[1.0, 0.0] if "bad" in text else [0.0, 1.0] for text in texts])
    long = "It was bad from the start. " * 4 + "We came back and it was good. " * 8
    found = long_scores(["good", long, ""], score, 30, words)
    assert found[0] == pytest.approx([0, 1]) and found[2] == pytest.approx([0, 1])
    assert 0.2 < found[1][0] < 0.5 and found.sum(axis=1) == pytest.approx([1, 1, 1])
