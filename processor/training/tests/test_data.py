import json
import random

import pytest

from training.data import DataError, Row, hold_out, length_batches, read_file, read_folder, without_parts


def write(path, *lines):
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_reads_rows_with_their_source(tmp_path):
    path = write(tmp_path / "tickets.jsonl", '{"text": "thank you", "label": "positive"}', "", '{"text": "hm", "label": "neutral"}')
    assert read_file(path) == [Row("thank you", 2, "tickets"), Row("hm", 1, "tickets")]


@pytest.mark.parametrize(("line", "complaint"), [
    ("{", "not JSON"), ("[]", "expected an object"), ('{"text": "", "label": "neutral"}', "non-empty"),
    ('{"text": "x", "label": "meh"}', "label must be one of negative, neutral, positive, not 'meh'"), ('{"label": "neutral"}', "text must be"),
])
def test_malformed_row_is_named_by_file_and_line(tmp_path, line, complaint):
    path = write(tmp_path / "bad.jsonl", '{"text": "fine", "label": "neutral"}', line)
    with pytest.raises(DataError, match="bad.jsonl:2: ") as error:
        read_file(path)
    assert complaint in str(error.value)


def test_missing_folder_and_empty_folder(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no .jsonl file"):
        read_folder(tmp_path)


def test_hold_out_is_stable_and_keeps_edits_together():
    rows = [Row(f"the soup number {n} was {word}", 0, "s") for n in range(400) for word in ("fine", "cold", "salty")]
    kept, held = hold_out(rows, 0.2)
    assert hold_out(rows, 0.2) == (kept, held)
    assert 0.1 < len(held) / len(rows) < 0.3
    assert not {row.text.rsplit(" ", 1)[0] for row in kept} & {row.text.rsplit(" ", 1)[0] for row in held}


def test_batches_hold_every_row_once_within_the_budget():
    lengths = [random.Random(n).randrange(3, 90) for n in range(500)]
    batches = list(length_batches(lengths, 300, random.Random(1)))
    assert sorted(index for batch in batches for index in batch) == list(range(500))
    assert all(max(lengths[i] for i in batch) * len(batch) <= 300 for batch in batches)
    assert json.dumps(batches) == json.dumps(list(length_batches(lengths, 300, random.Random(1))))


def test_parts_of_other_texts_are_left_out():
    rows = [Row(text, 2, "parts") for text in ("one of the best", "one of the  best films", "the best", "of the best films ever")]
    assert [row.text for row in without_parts(rows, [Row("it is one of the best films", 2, "whole")])] == ["the best", "of the best films ever"]
