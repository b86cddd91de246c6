import json

import numpy as np
import pytest
from exported import VOCABULARY, Exported
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from training.aspects import ASPECT_LABELS, AspectPlace, AspectRow, encode_pairs, main, parse_aspect, run
from training.data import DataError
from training.metrics import evaluate

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "food", "staff", "noise", "good", "bad", "was", "the", "and", "so"]


@pytest.fixture
def tokenizer():
    made = Tokenizer(models.WordPiece({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)])
    return made


@pytest.fixture
def place(tmp_path, tokenizer):
    work = tmp_path / "work"
    (work / "tiny").mkdir(parents=True)
    Exported().write(work / "tiny" / "model.onnx")
    tokenizer.save(str(work / "tiny" / "tokenizer.json"))
    rows = [{"text": f"the food was {food} and so the staff was {staff} {n}", "aspect": aspect, "label": label} for n in range(8)
            for food, staff in (("good", "bad"), ("bad", "good"))
            for aspect, label in (("food", "positive" if food == "good" else "negative"), ("staff", "negative" if food == "good" else "positive"), ("noise", "absent"))]
    for folder in ("train", "dev"):
        (tmp_path / folder).mkdir()
        for source in ("a", "b"):
            (tmp_path / folder / f"{source}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    stages = {"one": {"start": "tiny", "epochs": 1.0, "rate": 3e-3, "batch_tokens": 200, "prior": 0.5}, "two": {"like": "one", "sources": ["a"], "sample": {"a": 5}}}
    return AspectPlace(tmp_path, work, {"weights": {"tiny": {"artifact": "g:a:1"}}, "data": {"held_out": 0.0}, "aspects": stages})


@pytest.mark.parametrize(("line", "complaint"), [
    ('{"text": "x", "label": "neutral"}', "aspect must be"), ('{"text": "x", "aspect": " ", "label": "neutral"}', "aspect must be"),
    ('{"text": "x", "aspect": "y", "label": "none"}', "label must be one of negative, neutral, positive, absent"),
])
def test_a_malformed_row_is_named_by_file_and_line(line, complaint):
    with pytest.raises(DataError, match=f"f.jsonl:3: {complaint}"):
        parse_aspect(line, "f.jsonl:3", "s")


def test_text_and_aspect_are_one_pair_and_the_aspect_is_never_cut(tokenizer):
    rows = [AspectRow("the food was good", 2, "s", "food"), AspectRow("the staff was so bad and the food was good", 0, "s", "staff")]
    found = encode_pairs(rows, tokenizer, ["s"], 9)
    said = [" ".join(WORDS[token] for token in ids) for ids in found.ids]
    assert said == ["[CLS] the food was good [SEP] food [SEP]", "[CLS] the staff was so bad [SEP] staff [SEP]"]


def test_a_stage_trains_once_and_scores_every_dev_set(place, monkeypatch):
    record = run(place, "one")
    assert record["rows"] == 96 and set(record["dev"]) == {"a", "b"} and {"accuracy", "macroF1"} <= set(record["dev"]["a"])
    monkeypatch.setattr("training.aspects.fit", None)
    assert run(place, "one") == record
    with pytest.raises(DataError, match="other settings"):
        run(AspectPlace(place.data, place.work, {**place.config, "aspects": {"one": {"start": "tiny", "epochs": 2.0}}}), "one")


def test_a_domain_can_be_left_out(place):
    assert run(place, "two")["rows"] == 5


def test_a_missing_folder_or_stage_is_said(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--work", str(tmp_path / "w"), "--stage", "nowhere"]) == 1
    assert "no stage 'nowhere' under [aspects]" in capsys.readouterr().err


def test_a_set_without_a_class_is_not_judged_by_it():
    labels, scores = np.array([0, 0, 2, 2]), np.eye(4)[[0, 3, 2, 2]]
    result = evaluate(labels, scores, ASPECT_LABELS)
    assert result["macroRecall"] == pytest.approx(0.75) and result["macroF1"] == pytest.approx((2 / 3 + 1) / 2)
    assert VOCABULARY > len(WORDS)
