"""The training stages of config.toml: rows → weights, each stage resumable and skipped when done."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer

from . import starts
from .augment import telling_words, template_rows, twins
from .bert import Bert
from .data import LABELS, DataError, Row, hold_out, read_folder, without_parts
from .metrics import evaluate
from .normalise import load_tokenizer, write_tokenizer
from .onnx_model import softmax
from .train import Encoded, FitOptions, fit, plan_batches, predict

FIT_NAMES = {field.name for field in fields(FitOptions)}
TEMPLATES = "templates"


@dataclass(frozen=True)
class Workplace:
    """Paths of the labelled data and the work files, and the configuration."""

    data: Path
    work: Path
    config: dict

    @cached_property
    def sources(self) -> list[str]:
        return list(self.config["data"]["sources"])

    @cached_property
    def more(self) -> list[str]:
        return list(self.config["data"].get("more", []))

    @cached_property
    def split(self) -> dict[str, tuple[list[Row], list[Row]]]:
        """source → (rows to train on, rows held out for calibration). Parts of held-out sentences are in neither."""
        share, parts = self.config["data"]["held_out"], self.config["data"].get("parts", {})
        there = [name for name in self.more if (self.data / "train" / f"{name}.jsonl").is_file()]
        read = read_folder(self.data / "train", [*self.sources, *there])
        split = {name: hold_out(rows, share) for name, rows in read.items()}
        return split | {name: (without_parts(read[name], split[whole][1]), []) for name, whole in parts.items() if name in read}

    @property
    def held(self) -> list[Row]:
        """The held-out rows of the mix."""
        return [row for name in self.sources for row in self.split[name][1]]

    @cached_property
    def dev(self) -> dict[str, list[Row]]:
        return read_folder(self.data / "dev")

    def stage(self, name: str) -> dict:
        """The settings of a stage; missing ones are inherited from its `like` stage."""
        own = dict(self.config["stages"][name])
        return {**self.stage(own.pop("like")), **own} if "like" in own else own

    def checkpoint(self, role: str) -> Path:
        """Folder of the pretrained weights for `student`, `teacher`, or another start of config.toml."""
        return starts.checkpoint(self.config["weights"], role, self.work)

    def tokenizer(self, role: str, max_tokens: int) -> Tokenizer:
        path = self.work / f"tokenizer-{role}.json"
        write_tokenizer(self.checkpoint(role) / "tokenizer.json", path, self.config["model"]["max_tokens"])
        return load_tokenizer(path, max_tokens)


def train_rows(place: Workplace, settings: dict) -> tuple[list[Row], dict[int, int]]:
    """The rows of a stage and their altered copies."""
    chosen = settings.get("sources", place.sources)
    missing = [name for name in chosen if name not in place.split]
    if missing:
        raise DataError(f"{place.data / 'train'}: a stage needs {', '.join(f'{name}.jsonl' for name in missing)}")
    rows = [row for name in chosen for row in sample(place.split[name][0], settings.get("sample", {}).get(name))]
    if not settings.get("augment"):
        return rows, {}
    data = {**place.config["data"], **settings}
    telling = telling_words(rows) if settings.get("telling") else None
    second = bool(settings.get("second"))
    rows += template_rows(data["templates"], seed=1, source=TEMPLATES, more=second)
    return twins(rows, data["twins"], seed=1, telling=telling, groups=second)


def sample(rows: list[Row], count: int | None) -> list[Row]:
    """A deterministic sample of the rows, or all."""
    return rows if count is None else random.Random(1).sample(rows, min(count, len(rows)))


def names_of(place: Workplace) -> list[str]:
    return [*place.sources, TEMPLATES, *place.more]


def start_of(settings: dict) -> str:
    return settings.get("start", "teacher" if settings.get("teacher") else "student")


def tags_of(place: Workplace, settings: dict) -> int:
    """Number of source tags of a teacher: those of the mix, or all if a stage lists its sources."""
    return len(names_of(place)) if "sources" in settings else len(place.sources)


def soft_labels(place: Workplace, stage: str, rows: Sequence[Row], pairs: dict[int, int], drawn: Sequence[int],
                retag: dict[str, str]) -> np.ndarray:
    """What a finished stage says of the drawn rows, cached; an altered copy gets what its original got, and rows of
    our own templates their rule's label. Rows that are not drawn get nothing of use."""
    originals = len(rows) - len(pairs)
    back = np.arange(len(rows))
    back[list(pairs.values())] = list(pairs)
    wanted = np.unique(back[list(drawn)])
    asked = [rows[index] for index in wanted]
    digest = hashlib.sha256("\0".join(f"{row.source}\1{row.text}" for row in asked).encode()).hexdigest()[:12]
    cache = place.work / f"soft-{stage}-{digest}.npy"
    if cache.is_file():
        return np.load(cache)
    settings = place.stage(stage)
    data = encode(place, asked, settings)
    tags = np.array([names_of(place).index(retag.get(row.source, row.source)) for row in asked])
    data.sources = np.minimum(tags, tags_of(place, settings) - 1)
    soft = np.full((originals, len(LABELS)), 1 / len(LABELS), np.float32)
    soft[wanted] = softmax(predict(load_stage(place, stage), data, title=f"{stage} labels"))
    ruled = [index for index in wanted if rows[index].source == TEMPLATES]
    soft[ruled] = 0.04
    soft[ruled, [rows[index].label for index in ruled]] = 0.92
    soft = soft[back]
    np.save(cache, soft)
    return soft


def encode(place: Workplace, rows: Sequence[Row], settings: dict) -> Encoded:
    tokenizer = place.tokenizer(start_of(settings), settings.get("max_tokens", place.config["data"]["max_tokens"]))
    return Encoded.of(rows, tokenizer, names_of(place))


def new_model(place: Workplace, settings: dict) -> Bert:
    torch.manual_seed(settings.get("seed", 1))
    folder = place.checkpoint(start_of(settings))
    if settings.get("teacher"):
        return starts.load_start(folder, sources=tags_of(place, settings), eps=1e-5 if start_of(settings) == "teacher" else 1e-12)
    keep = tuple(settings["keep"]) if "keep" in settings else None
    model = starts.load_start(folder, keep, pool=settings.get("pool", place.config["model"]["pool"]))
    if "from" in settings:
        model.load_state_dict(kept_layers(load_state(place, settings["from"]), keep))
    return model


def kept_layers(state: dict, keep: tuple[int, ...] | None) -> dict:
    """The weights with only the listed encoder layers, renumbered."""
    if keep is None:
        return state
    result = {name: value for name, value in state.items() if not name.startswith("layers.")}
    for target, layer in enumerate(keep):
        prefix = f"layers.{layer}."
        result.update({f"layers.{target}." + name.removeprefix(prefix): value
                       for name, value in state.items() if name.startswith(prefix)})
    return result


def load_state(place: Workplace, stage: str) -> dict:
    path = place.work / f"{stage}.pt"
    if not path.is_file():
        raise DataError(f"stage {stage} has not been trained yet: {path} is missing")
    return torch.load(path, weights_only=True)


def load_stage(place: Workplace, stage: str) -> Bert:
    settings = place.stage(stage)
    model = new_model(place, {key: value for key, value in settings.items() if key != "from"})
    model.load_state_dict(load_state(place, stage))
    return model.eval()


def run_stage(place: Workplace, stage: str) -> dict:
    """Trains a stage unless its weights are there already; returns its record (settings, minutes, dev figures)."""
    record_path, weights = place.work / f"{stage}.json", place.work / f"{stage}.pt"
    settings = place.stage(stage)
    if record_path.is_file() and weights.is_file():
        record = json.loads(record_path.read_text(encoding="utf-8"))
        if record["settings"] == settings:
            return record
        raise DataError(f"{weights} was trained with other settings: remove it and {record_path.name} to train again")
    if "mean" in settings:
        model, count, minutes = mean_of(place, settings["mean"]), 0, 0.0
    else:
        model, count, minutes = trained(place, stage, settings)
    torch.save(model.state_dict(), weights)
    (place.work / f"{stage}.checkpoint").unlink(missing_ok=True)
    record = {"stage": stage, "settings": settings, "rows": count, "minutes": round(minutes, 1), "dev": dev_figures(place, stage, model)}
    record_path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def mean_of(place: Workplace, stages: Sequence[str]) -> Bert:
    """The mean of the weights of several stages, which must have the same start."""
    states = [load_state(place, stage) for stage in stages]
    model = load_stage(place, stages[0])
    model.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    return model


def trained(place: Workplace, stage: str, settings: dict) -> tuple[Bert, int, float]:
    """(model, rows, minutes) of a stage's training run."""
    rows, pairs = train_rows(place, settings)
    data = encode(place, rows, settings)
    data.twins = pairs
    options = FitOptions(**{key: value for key, value in settings.items() if key in FIT_NAMES})
    if settings.get("soft"):
        drawn = sorted({row for batch in plan_batches(data, options) for row in batch})
        retag = settings.get("retag", {})
        data.soft = np.mean([soft_labels(place, teacher, rows, pairs, drawn, retag) for teacher in settings["soft"]], axis=0)
    model = new_model(place, settings)
    minutes = fit(model, data, options, place.work / f"{stage}.checkpoint", stage)
    return model, len(rows), minutes


def dev_figures(place: Workplace, stage: str, model: Bert) -> dict:
    settings = place.stage(stage)
    figures = {}
    for name, rows in place.dev.items():
        data = encode(place, rows[: settings.get("dev_rows")], settings)
        tag = dev_tag(place, settings, name) if settings.get("teacher") else None
        result = evaluate(data.labels, softmax(predict(model, data, tag)))
        figures[name] = {"macroRecall": round(result["macroRecall"], 4), "ece": round(result["ece"], 4)}
    return figures


def dev_tag(place: Workplace, settings: dict, name: str) -> int:
    """The tag a dev set is read under; a set of a source that the teacher was not told of, under that of the tweets."""
    tag = names_of(place).index("tweets" if name.startswith("tweets") else name)
    return tag if tag < tags_of(place, settings) else names_of(place).index("tweets")
