"""A tiny random encoder through the whole way: PyTorch → ONNX fp32 → int8 → manifest."""

import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from training.bert import Bert, relative_buckets
from training.dequantise import load_packaged
from training.export import GOLDEN, pinned
from training.graph import GraphOptions, write_graph
from training.onnx_model import logits_of, open_session, pad
from training.package import file_entry, manifest
from training.ranges import choose, measure
from training.stages import kept_layers
from training.train import Encoded, FitOptions, beside, disagreement, epoch_indices, fit, swap_twins

PROCESSOR = Path(__file__).resolve().parents[2]
SMALL = dict(layers=2, hidden=32, heads=4, inner=64, vocabulary=50, positions=64)
CPU = Path("/proc/cpuinfo")
# without VNNI sums of products overflow 16 bits unless the weights leave room for it, which is what reduce_range is for
REDUCED = [False, True] if CPU.is_file() and "vnni" in CPU.read_text(encoding="utf-8") else [True]
TEXTS = [[random.Random(n * 100 + i).randrange(50) for i in range(3 + n)] for n in range(12)]


@pytest.fixture(params=["mean", "cls"])
def model(request):
    torch.manual_seed(3)
    model = Bert(**SMALL, pool=request.param).eval()
    torch.nn.init.normal_(model.head.weight, std=1.0)
    return model


def torch_logits(model):
    ids, mask = pad(TEXTS)
    with torch.no_grad():
        return model(torch.from_numpy(ids).long(), torch.from_numpy(mask)).numpy()


def test_fp32_graph_computes_what_pytorch_does(model, tmp_path):
    write_graph(model.state_dict(), 4, 1e-12, tmp_path / "m.onnx", GraphOptions(int8=False, max_tokens=64, pool=model.pool))
    assert np.abs(logits_of(open_session(tmp_path / "m.onnx"), TEXTS, batch=5) - torch_logits(model)).max() < 1e-4


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("reduce_range", REDUCED)
def test_int8_stays_close(model, tmp_path, static, reduce_range):
    ranges = choose(measure(model.state_dict(), 4, 1e-12, TEXTS, model.pool), 1.0) if static else None
    options = GraphOptions(static=static, reduce_range=reduce_range, max_tokens=64, pool=model.pool)
    write_graph(model.state_dict(), 4, 1e-12, tmp_path / "m.onnx", options, ranges)
    expected = torch_logits(model)
    assert np.abs(logits_of(open_session(tmp_path / "m.onnx"), TEXTS, batch=4) - expected).mean() < 0.06 * np.abs(expected).mean() + 0.05


def test_a_packaged_file_is_read_back(model, tmp_path):
    ranges = choose(measure(model.state_dict(), 4, 1e-12, TEXTS, model.pool), 1.0)
    write_graph(model.state_dict(), 4, 1e-12, tmp_path / "m.onnx", GraphOptions(static=True, max_tokens=64, pool=model.pool), ranges)
    read = load_packaged(tmp_path / "m.onnx", heads=4)
    assert read.pool == model.pool
    assert np.abs(torch_logits(read) - torch_logits(model)).max() < 0.1


def test_a_first_token_asked_alone_reads_what_it_reads_among_all(model):
    ids, mask = (torch.from_numpy(array) for array in pad(TEXTS))
    bias = torch.zeros(mask.shape).masked_fill(mask == 0, -1e4)[:, None, None, :]
    x = torch.randn(*ids.shape, SMALL["hidden"])
    assert torch.allclose(model.layers[0](x, bias, asking=1), model.layers[0](x, bias)[:, :1], atol=1e-5)


def test_training_learns_and_repeats():
    rng = random.Random(1)
    ids = [[1, word, rng.randrange(10, 50), 2] for word in (5, 6, 7) for _ in range(60)]
    data = Encoded(ids, np.repeat([0, 1, 2], 60), np.zeros(180, np.int64), ["s"], twins={})
    options = FitOptions(epochs=12, rate=3e-3, batch_tokens=64, ema=0.9)
    states = []
    for _ in range(2):
        torch.manual_seed(0)
        model = Bert(**SMALL)
        fit(model, data, options)
        states.append(model.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(states[0].values(), states[1].values()))
    with torch.no_grad():
        predicted = model(*(torch.from_numpy(array) for array in pad(ids))).argmax(1).numpy()
    assert (predicted == data.labels).mean() > 0.95


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path, monkeypatch):
    data = Encoded([[1, word, 2] for word in range(5, 44)], np.array([0, 1, 2] * 13), np.zeros(39, np.int64), ["s"])
    options = FitOptions(epochs=2, batch_tokens=9, ema=0.9)

    def trained(interrupted: bool) -> dict:
        torch.manual_seed(0)
        model = Bert(**SMALL)
        if interrupted:
            with monkeypatch.context() as patch:
                ticks, steps = itertools.count(step=200), itertools.count()
                patch.setattr("training.train.time.monotonic", lambda: next(ticks))  # a checkpoint after every step
                clip = torch.nn.utils.clip_grad_norm_

                def cut_off(*given, **named):
                    if next(steps) == 11:
                        raise KeyboardInterrupt
                    return clip(*given, **named)

                patch.setattr("torch.nn.utils.clip_grad_norm_", cut_off)
                with pytest.raises(KeyboardInterrupt):
                    fit(model, data, options, tmp_path / "run.checkpoint")
            model = Bert(**SMALL)
        fit(model, data, options, tmp_path / "run.checkpoint" if interrupted else None)
        return model.state_dict()

    assert all(torch.equal(a, b) for a, b in zip(trained(True).values(), trained(False).values()))


def test_frozen_parts_do_not_learn():
    data = Encoded([[1, word, 2] for word in range(5, 44)], np.array([0, 1, 2] * 13), np.zeros(39, np.int64), ["s"])
    model = Bert(**SMALL)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fit(model, data, FitOptions(epochs=1, batch_tokens=9, frozen=("tokens", "layers.0")))
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before if name.startswith(("tokens", "layers.0.")))
    assert not torch.equal(before["layers.1.up.weight"], after["layers.1.up.weight"])


def test_a_run_ends_where_it_is_told_to(capsys):
    data = Encoded([[1, word, 2] for word in range(5, 44)], np.array([0, 1, 2] * 13), np.zeros(39, np.int64), ["s"])
    fit(Bert(**SMALL), data, FitOptions(epochs=1, batch_tokens=6, stop=0.3))
    assert "6/6" in capsys.readouterr().err


def test_an_epoch_takes_shares_and_twins():
    data = Encoded([[0]] * 12, np.zeros(12, np.int64), np.array([0] * 5 + [1] * 5 + [0, 1]), ["a", "b"], twins={0: 10, 5: 11})
    rows = epoch_indices(data, {"a": 2.0, "b": 0.4}, random.Random(2))
    assert len(rows) == 12 and sum(row in (5, 6, 7, 8, 9, 11) for row in rows) == 2


def test_a_text_gives_way_to_its_altered_copy_or_stands_beside_it():
    assert set(swap_twins([0, 1] * 50, {0: 10}, random.Random(2))) == {0, 1, 10}
    assert beside([4, 0, 5], {0: 10, 5: 11}) == ([4, 0, 5, 10, 11], [(1, 3), (2, 4)])


def test_disagreement_is_nought_for_the_same_words_and_grows():
    logits = torch.tensor([[2.0, 0.0, -1.0], [2.5, 0.5, -0.5], [0.0, 2.0, -1.0], [-1.0, 3.0, -1.0]])
    assert disagreement(logits, []) == 0
    assert disagreement(logits, [(0, 1)]).abs() < 1e-6
    assert 0.1 < disagreement(logits, [(0, 2)]) < disagreement(logits, [(0, 3)])
    assert torch.allclose(disagreement(logits, [(0, 2)]), disagreement(logits, [(2, 0)]))


@pytest.mark.parametrize(("weight", "closer"), [(0.0, False), (3.0, True)])
def test_consistency_draws_altered_copies_together(weight, closer):
    ids = [[1, 5 + label, 2] for label in range(3) for _ in range(20)] + [[1, 30 + label, 2] for label in range(3)]
    copies = {label * 20: 60 + label for label in range(3)}
    data = Encoded(ids, np.array([0] * 20 + [1] * 20 + [2] * 20 + [1, 2, 0]), np.zeros(63, np.int64), ["s"], twins=copies)
    torch.manual_seed(0)
    model = Bert(**SMALL, dropout=0.0)
    fit(model, data, FitOptions(epochs=15, rate=3e-3, batch_tokens=45, consistency=weight or 1e-9))
    with torch.no_grad():
        logits = model(*(torch.from_numpy(array) for array in pad(ids)))
    assert (disagreement(logits, list(copies.items())) < 0.5) == closer


def test_kept_layers_are_renumbered():
    state = {"head.bias": 1, "layers.0.a": 10, "layers.2.a": 12, "layers.4.a": 14, "layers.5.a": 15}
    assert kept_layers(state, (0, 2, 4)) == {"head.bias": 1, "layers.0.a": 10, "layers.1.a": 12, "layers.2.a": 14}


def test_relative_buckets_know_sides_and_distance():
    table = relative_buckets(40)
    assert table[0, 0] == 0 and table[3, 5] == 16 + 2 and table[5, 3] == 2
    assert table.max() < 32 and table[39, 0] > table[20, 0] > table[12, 0]


def test_manifest_states_the_files_as_they_are(tmp_path):
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes(name.encode())
    about = manifest(tmp_path, name="n", version="1.0.0", description="d", max_tokens=256, graph={}, calibration={"temperature": 1.0, "logitBias": [0, 0, 0]},
                     golden=[], golden_tolerance=0.02, quality={})
    assert about["files"]["model"] == file_entry(tmp_path / "model.onnx")
    assert about["files"]["model"]["bytes"] == 10 and len(about["files"]["model"]["sha256"]) == 64
    assert [label["polarity"] for label in about["labels"]] == [-1, 0, 1]
    assert json.loads(json.dumps(about)) == about


def test_no_golden_text_pins_a_wrong_label():
    found = pinned(lambda texts: np.tile([0.1, 0.2, 0.7], (len(texts), 1)))
    texts = {row["text"] for row in found}
    assert texts == {text for text, label in GOLDEN if label in ("positive", None)} and 0 < len(texts) < len(GOLDEN)
    assert found[0]["scores"] == {"negative": 0.1, "neutral": 0.2, "positive": 0.7}


@pytest.mark.parametrize("folder", ["model", "model/fast"])
def test_the_packaged_golden_texts_are_read_rightly(folder):
    golden = json.loads((PROCESSOR / folder / "model.json").read_text(encoding="utf-8"))["golden"]
    expected = dict(GOLDEN)
    assert len(golden) > 3
    for row in golden:
        assert expected[row["text"]] in (None, max(row["scores"], key=row["scores"].get)), row["text"]
