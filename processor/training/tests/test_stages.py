import json

import pytest

from training.data import LABELS, DataError, Row
from training.stages import Workplace, names_of, sample, tags_of, train_rows


@pytest.fixture
def place(tmp_path):
    (tmp_path / "train").mkdir()

    def source(name, *texts):
        (tmp_path / "train" / f"{name}.jsonl").write_text("".join(
            json.dumps({"text": text, "label": LABELS[i % 3]}) + "\n" for i, text in enumerate(texts)), encoding="utf-8")

    source("films", *(f"film number {n} is one of the best there are" for n in range(60)))
    source("phrases", *(f"number {n} is one of the best" for n in range(60)), "none of them is one")
    source("posts", *(f"post {n}" for n in range(40)))
    config = {"data": {"sources": ["films", "posts"], "more": ["phrases", "unknown"], "parts": {"phrases": "films"}, "held_out": 0.3},
              "weights": {}, "stages": {"a": {"epochs": 1.0, "sources": ["films", "phrases"]}, "b": {"like": "a", "rate": 2e-4}, "c": {"like": "b", "epochs": 0.5}}}
    return Workplace(tmp_path, tmp_path, config)


def test_a_stage_takes_what_it_does_not_say_from_the_one_it_is_like(place):
    assert place.stage("c") == {"epochs": 0.5, "sources": ["films", "phrases"], "rate": 2e-4}
    assert place.stage("a") == place.config["stages"]["a"]


def test_only_stages_that_name_them_draw_from_the_other_sources(place):
    assert {row.source for row in train_rows(place, {})[0]} == {"films", "posts"}
    assert {row.source for row in train_rows(place, place.stage("a"))[0]} == {"films", "phrases"}


def test_no_part_of_a_held_out_row_is_trained_on(place):
    held = [row.text for row in place.split["films"][1]]
    phrases = [row.text for row in place.split["phrases"][0]]
    assert 0 < len(held) < 60 and place.split["phrases"][1] == []
    assert len(phrases) == 61 - len(held) and not [part for part in phrases for text in held if part in text]


def test_the_mix_is_calibrated_on_its_own_held_out_rows(place):
    assert {row.source for row in place.held} == {"films", "posts"}


def test_a_source_that_is_not_there_is_named_by_its_file(place):
    with pytest.raises(DataError, match=r"a stage needs unknown\.jsonl"):
        train_rows(place, {"sources": ["films", "unknown"]})


def test_a_sample_is_the_same_every_time(place):
    rows = [Row(str(n), 0, "s") for n in range(50)]
    assert sample(rows, 7) == sample(rows, 7) and len(set(sample(rows, 7))) == 7
    assert sample(rows, None) == rows and len(sample(rows, 99)) == 50
    assert len(train_rows(place, {"sources": ["posts"], "sample": {"posts": 5}})[0]) == 5


def test_tags_of_the_first_mix_stay_where_they_were(place):
    assert names_of(place)[:3] == ["films", "posts", "templates"]
    assert tags_of(place, {}) == 2 and tags_of(place, {"sources": ["films"]}) == len(names_of(place)) == 5
