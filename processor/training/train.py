"""One training run: batches of similar length, bf16 if the CPU supports it, weights averaged over the end of the run."""

from __future__ import annotations

import copy
import math
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from .bert import Bert
from .data import Row, length_batches
from .onnx_model import pad


def halved() -> torch.autocast:
    """Uses bf16 products if the CPU supports them; otherwise they would be emulated, and fp32 is faster."""
    return torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


@dataclass(frozen=True)
class FitOptions:
    epochs: float = 2.0
    rate: float = 1e-4
    fresh: float = 1.0  # how many times faster the parts learn that start from nothing (head, source tags)
    layer_decay: float = 0.9  # each layer learns this much slower than the one above it
    batch_tokens: int = 1500
    weight_decay: float = 0.01
    warm_up: float = 0.06
    smoothing: float = 0.0
    prior: float = 0.0  # logit adjustment: 1 trains for equal classes within each source
    distil: float = 0.0  # share of the loss that follows the soft labels
    heat: float = 1.0  # temperature of the soft labels
    consistency: float = 0.0  # weight of what a text and its altered copy, then drawn side by side, say differently
    stop: float = 1.0  # ends at this share of the steps, the rate falling as if all were to come
    ema: float = 0.0  # decay of the weight average; 0 keeps the last weights
    seed: int = 1
    share: dict[str, float] = field(default_factory=dict)  # rows of a source seen an epoch, 1 by default
    frozen: tuple[str, ...] = ()  # parts of the model that do not learn, by how their names begin


@dataclass
class Encoded:
    """Training texts; `soft` are teacher probabilities, (n, classes)."""

    ids: list[list[int]]
    labels: np.ndarray
    sources: np.ndarray
    names: list[str]
    soft: np.ndarray | None = None
    twins: dict[int, int] = field(default_factory=dict)  # a row's altered copy, seen in its stead every other time

    @staticmethod
    def of(rows: Sequence[Row], tokenizer, names: Sequence[str]) -> Encoded:
        ids = [encoding.ids for encoding in tokenizer.encode_batch([row.text for row in rows])]
        index = {name: place for place, name in enumerate(names)}
        return Encoded(ids, np.array([row.label for row in rows]),
                       np.array([index.get(row.source, 0) for row in rows]), list(names))


def parameter_groups(model: Bert, options: FitOptions) -> list[dict]:
    depth = len(model.layers)
    groups = []
    for name, parameter in model.named_parameters():
        if name.startswith(tuple(options.frozen)):
            parameter.requires_grad_(False)
            continue
        if name.startswith("layers."):
            level = int(name.split(".")[1]) + 1
        else:
            level = depth + 1 if name.startswith(("head", "sources")) else 0
        faster = options.fresh if level == depth + 1 else 1.0
        groups.append({"params": [parameter], "rate": faster * options.rate * options.layer_decay ** (depth + 1 - level),
                       "weight_decay": options.weight_decay if parameter.dim() > 1 else 0.0})
    return groups


def epoch_indices(data: Encoded, share: dict[str, float], rng: random.Random) -> list[int]:
    """Row numbers of one epoch: each source is subsampled or repeated to its share."""
    chosen: list[int] = []
    copies = set(data.twins.values())
    for place, name in enumerate(data.names):
        rows = [row for row in np.flatnonzero(data.sources == place).tolist() if row not in copies]
        want = share.get(name, 1.0) * len(rows)
        whole = int(want // max(len(rows), 1))
        chosen += rows * whole + rng.sample(rows, int(want) - whole * len(rows))
    return chosen


def swap_twins(rows: Sequence[int], twins: dict[int, int], rng: random.Random) -> list[int]:
    """Replaces every other text that has an altered copy by that copy."""
    return [twins[row] if row in twins and rng.random() < 0.5 else row for row in rows]


def beside(batch: Sequence[int], twins: dict[int, int]) -> tuple[list[int], list[tuple[int, int]]]:
    """(the batch with its texts' altered copies behind it, places of each text and its copy)."""
    paired = [place for place, row in enumerate(batch) if row in twins]
    return [*batch, *(twins[batch[place]] for place in paired)], [(place, len(batch) + i) for i, place in enumerate(paired)]


def log_priors(data: Encoded, classes: int) -> Tensor:
    """log P(class | source), (sources, classes)."""
    counts = np.ones((len(data.names), classes))
    np.add.at(counts, (data.sources, data.labels), 1)
    return torch.from_numpy(np.log(counts / counts.sum(axis=1, keepdims=True))).float()


def plan_batches(data: Encoded, options: FitOptions) -> list[list[int]]:
    rng = random.Random(options.seed)
    batches: list[list[int]] = []
    for epoch in range(math.ceil(options.epochs)):
        rows = epoch_indices(data, options.share, rng)
        if not options.consistency:
            rows = swap_twins(rows, data.twins, rng)
        one = [[rows[i] for i in batch]
               for batch in length_batches([len(data.ids[i]) for i in rows], options.batch_tokens, rng)]
        batches += one[: max(1, round(len(one) * min(1.0, options.epochs - epoch)))]
    return batches


def loss_of(logits: Tensor, labels: Tensor, soft: Tensor | None, prior: Tensor, options: FitOptions) -> Tensor:
    hard = F.cross_entropy(logits + options.prior * prior, labels, label_smoothing=options.smoothing)
    if soft is None or options.distil == 0.0:
        return hard
    target = torch.softmax(soft.clamp(min=1e-6).log() / options.heat, -1)
    follow = F.kl_div(torch.log_softmax(logits / options.heat, -1), target, reduction="batchmean") * options.heat ** 2
    return (1 - options.distil) * hard + options.distil * follow


def disagreement(logits: Tensor, pairs: Sequence[tuple[int, int]]) -> Tensor:
    """Symmetric divergence between the probabilities of a text and its altered copy, averaged over the pairs."""
    if not pairs:
        return logits.new_zeros(())
    said = torch.log_softmax(logits, -1)
    text, copied = said[[a for a, _ in pairs]], said[[b for _, b in pairs]]
    return ((text.exp() - copied.exp()) * (text - copied)).sum(-1).mean() / 2


def fit(model: Bert, data: Encoded, options: FitOptions, checkpoint: Path | None = None, title: str = "train") -> float:
    """Trains in place; returns the duration in minutes. With a checkpoint path, an interrupted run resumes."""
    started = time.monotonic()
    torch.manual_seed(options.seed)
    batches = plan_batches(data, options)
    optimizer = torch.optim.AdamW(parameter_groups(model, options), lr=options.rate, betas=(0.9, 0.98), fused=True)
    priors = log_priors(data, model.head.out_features)
    average = copy.deepcopy(model.state_dict()) if options.ema else None
    first, spent = 0, 0.0
    if checkpoint is not None and checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average, first, spent = saved["average"], saved["step"], saved["minutes"]
    model.train()
    total, seen, saved_at = len(batches), 0.0, time.monotonic()
    last = max(1, round(options.stop * total))
    bar = tqdm(range(first, last), initial=first, total=last, desc=title, mininterval=10, unit="step")
    for step in bar:
        torch.manual_seed(options.seed * 1_000_003 + step)  # a resumed run draws the same masks
        ramp = min(1.0, (step + 1) / max(1.0, options.warm_up * total)) * max(0.02, 1 - step / total)
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * ramp
        chosen, pairs = beside(batches[step], data.twins) if options.consistency else (batches[step], [])
        ids, mask = (torch.from_numpy(array) for array in pad([data.ids[i] for i in chosen]))
        source = torch.from_numpy(data.sources[chosen])
        with halved():
            logits = model(ids.long(), mask, source)
        soft = None if data.soft is None else torch.from_numpy(data.soft[chosen])
        loss = loss_of(logits.float(), torch.from_numpy(data.labels[chosen]), soft, priors[source], options)
        if pairs:
            loss = loss + options.consistency * disagreement(logits.float(), pairs)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if average is not None:
            decay = min(options.ema, (step + 1) / (step + 10))
            with torch.no_grad():
                torch._foreach_lerp_(list(average.values()), list(model.state_dict().values()), 1 - decay)
        seen = loss.item() if step == first else 0.98 * seen + 0.02 * loss.item()
        bar.set_postfix(loss=f"{seen:.3f}", refresh=False)
        if checkpoint is not None and time.monotonic() - saved_at > 120:
            saved_at = time.monotonic()
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average,
                        "step": step + 1, "minutes": spent + (saved_at - started) / 60}, checkpoint)
    if average is not None:
        model.load_state_dict(average)
    model.eval()
    return spent + (time.monotonic() - started) / 60


@torch.no_grad()
def predict(model: Bert, data: Encoded, source: int | None = None, tokens: int = 4000, title: str = "predict") -> np.ndarray:
    """Logits (n, classes); `source` overrides the source tag of all texts."""
    model.eval()
    result = np.zeros((len(data.ids), model.head.out_features), np.float32)
    batches = list(length_batches([len(ids) for ids in data.ids], tokens, random.Random(0)))
    for chosen in tqdm(batches, desc=title, mininterval=10, disable=len(batches) < 300):
        ids, mask = (torch.from_numpy(array) for array in pad([data.ids[i] for i in chosen]))
        tag = torch.from_numpy(data.sources[chosen]) if source is None else torch.full((len(chosen),), source)
        with halved():
            result[chosen] = model(ids.long(), mask, tag).float().numpy()
    return result
