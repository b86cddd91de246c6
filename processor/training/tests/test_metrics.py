import numpy as np
import pytest

from training.calibrate import fit_temperature
from training.gate import failures, short_of
from training.metrics import evaluate, expected_calibration_error
from training.onnx_model import softmax


def test_macro_recall_weighs_classes_alike():
    labels = np.array([0, 0, 1, 1, 1, 1, 2])
    scores = np.eye(3)[[0, 1, 1, 1, 1, 1, 0]] * 0.9 + 0.1 / 3
    result = evaluate(labels, scores)
    assert result["macroRecall"] == pytest.approx((0.5 + 1.0 + 0.0) / 3)
    assert result["accuracy"] == pytest.approx(5 / 7)
    assert result["confusion"] == [[1, 1, 0], [0, 4, 0], [1, 0, 0]]
    assert result["perClass"]["negative"] == pytest.approx({"precision": 0.5, "recall": 0.5, "f1": 0.5})


def test_calibration_error_of_known_scores():
    scores = np.tile([0.8, 0.1, 0.1], (10, 1))
    assert expected_calibration_error(np.array([0] * 8 + [1] * 2), scores) == pytest.approx(0.0, abs=1e-9)
    assert expected_calibration_error(np.array([0] * 5 + [1] * 5), scores) == pytest.approx(0.3)


def test_temperature_undoes_a_known_sharpening():
    rng = np.random.default_rng(1)
    honest = rng.normal(size=(6000, 3)) * 1.5
    labels = np.array([rng.choice(3, p=row) for row in softmax(honest)])
    found = fit_temperature(honest * 2.0, labels, np.repeat([0, 1], 3000))
    assert found == pytest.approx(2.0, rel=0.08)


GATES = {"ece": {"any": 0.03}, "int8_loss": 0.003, "file_bytes": 100, "default": {"tweets": 0.7}, "fast": {"below_default": 0.025}}


def quality(recall=0.75, fp32=0.751, ece=0.02):
    return {"tweets": {"macroRecall": recall, "fp32MacroRecall": fp32, "ece": ece}}


@pytest.mark.parametrize(("kind", "row", "size", "complaint"), [
    ("default", quality(recall=0.69, fp32=0.69), 1, "macro-recall 0.6900 below 0.7"),
    ("default", quality(fp32=0.76), 1, "int8 loses 0.0100"),
    ("default", quality(ece=0.04), 1, "calibration error 0.0400"),
    ("fast", quality(recall=0.71, fp32=0.71), 1, "0.0400 below the default"),
    ("default", quality(), 101, "101 bytes"),
])
def test_each_gate_says_what_falls_short(kind, row, size, complaint):
    found = failures(kind, row, GATES, quality(), size)
    assert len(found) == 1 and complaint in found[0]


def test_a_good_model_passes_every_gate():
    assert failures("default", quality(), GATES, None, 100) == []
    assert failures("fast", quality(recall=0.74, fp32=0.74), GATES, quality(), 100) == []


def test_a_set_may_have_a_calibration_gate_of_its_own():
    assert failures("default", quality(ece=0.04), {**GATES, "ece": {"any": 0.03, "tweets": 0.05}}, None, 100) == []


def test_missed_aims_are_said():
    assert short_of({"tweets": 0.76, "unknown": 0.9}, quality()) == ["tweets: macro-recall 0.7500, aim 0.76"]
    assert short_of({"tweets": 0.75}, quality()) == []
