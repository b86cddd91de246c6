import numpy as np
import pytest

from training import behaviour, fairness, turns
from training.augment import template_rows
from training.cases import Outcome, many

LEANING = {"positive": [0.1, 0.1, 0.8], "neutral": [0.1, 0.8, 0.1], "negative": [0.8, 0.1, 0.1]}


def always(label):
    return lambda texts: np.tile(LEANING[label], (len(texts), 1))


def by_name(results):
    return {result.name: result for result in results}


@pytest.mark.parametrize(("label", "wrong"), [
    ("negative", {"negated negative", "revised for the better", "blame asked about, answered no", "used to be bad", "praise asked about, answered yes",
                  "others blame, the author praises", "facts that please"}),
    ("positive", {"revised for the worse", "praise asked about, answered no", "used to be good", "others praise, the author blames", "facts that annoy"}),
])
def test_a_model_that_says_one_thing_fails_what_means_another(label, wrong):
    results = turns.turn_outcomes(always(label))
    assert {result.name for result in results if result.rate == 1} == wrong
    assert {result.name for result in results if result.failures == 0} == {result.name for result in results} - wrong


def test_every_kind_has_cases_of_all_its_templates():
    slots = dict(t=turns.THINGS, g=turns.GOOD, b=turns.BAD, ag=turns.A_GOOD, ab=turns.A_BAD, l=("like",), h=("hate",))
    for name, _, templates in turns.TURNS:
        texts = turns.evenly(templates, turns.CASES, **slots)
        assert len(set(texts)) == len(texts) > 60, name
        assert not [text for text in texts if "{" in text]
    assert all(outcome.cases > 30 for outcome in turns.turn_outcomes(always("neutral")))


def test_what_the_suite_asks_is_not_what_is_trained_on():
    asked = []

    def listen(texts):
        asked.extend(texts)
        return always("neutral")(texts)

    turns.turn_outcomes(listen), fairness.group_outcomes(listen)
    assert len(asked) > 1500 and not {text.lower() for text in asked} & {row.text.lower() for row in template_rows(10_000, seed=1, more=True)}


def test_a_group_that_is_read_worse_is_seen_in_labels_and_in_valence():
    def dislikes_sikhs(texts):
        return np.array([LEANING["negative" if "Sikh" in text else "neutral"] for text in texts])
    found = by_name(fairness.group_outcomes(dislikes_sikhs))
    moved, apart = found["religion: labels moved"], found["religion: valence apart"]
    assert moved.rate == pytest.approx(1 / len(fairness.RELIGIONS)) and moved.examples == ("Sikh 100.0%",)
    assert apart.failures == len(fairness.RELIGIONS) - 1 and apart.examples[0].startswith("Sikh -")
    assert all(result.failures == 0 for name, result in found.items() if not name.startswith("religion"))


def test_a_later_versions_limits_fail_no_earlier_one():
    results = [Outcome("old", "label", 10, 0, 0.1, ()), Outcome("new", "label", 10, 9, 0.1, (), since=2)]
    assert behaviour.missed(results, "1.3.0") == [] and behaviour.missed(results, "2.0.0") == results[1:]
    assert "from 2.0 on  FAILED" in behaviour.table(results)


def test_many_takes_no_more_than_it_is_asked_for():
    assert len(many(("{a} {b}",), 5, a="xyz", b="xyz")) == 5
