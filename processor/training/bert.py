"""The encoder in plain PyTorch: post-norm BERT with a linear head on `[CLS]` or on the mean of its tokens."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F


class Dropout(nn.Module):
    """Drops features for a whole text at once: drawing a mask for each token cost a fifth of the step on
    CPU, and did not measure better."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0.0:
            return x
        shape = (x.shape[0], *[1] * (x.dim() - 2), x.shape[-1])
        keep = torch.rand(shape) >= self.rate
        return x * (keep / (1.0 - self.rate)).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, hidden: int, heads: int, inner: int, dropout: float, eps: float) -> None:
        super().__init__()
        self.heads, self.drop = heads, Dropout(dropout)
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.norm1 = nn.LayerNorm(hidden, eps=eps)
        self.up = nn.Linear(hidden, inner)
        self.down = nn.Linear(inner, hidden)
        self.norm2 = nn.LayerNorm(hidden, eps=eps)

    def forward(self, x: Tensor, bias: Tensor, asking: int | None = None) -> Tensor:
        """(n, length, hidden) → the same; with `asking` only the first so many tokens are worked out, from all of them."""
        n, length, hidden = x.shape
        asked = length if asking is None else asking
        weight, offset = self.qkv.weight, self.qkv.bias
        query = F.linear(x[:, :asked], weight[:hidden], offset[:hidden])
        key, value = F.linear(x, weight[hidden:], offset[hidden:]).split(hidden, dim=-1)
        query, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, key, value))
        scores = query @ key.transpose(-1, -2) * (hidden // self.heads) ** -0.5
        mixed = torch.softmax(scores + bias.to(scores.dtype), -1).to(x.dtype) @ value.to(x.dtype)
        mixed = self.out(mixed.transpose(1, 2).reshape(n, asked, hidden))
        x = self.norm1(x[:, :asked] + self.drop(mixed))
        inner = self.down(F.gelu(self.up(x), approximate="tanh"))
        return self.norm2(x + self.drop(inner))


class Bert(nn.Module):
    """(ids, mask) of shape (n, length) → logits (n, classes). GELU is the tanh form throughout, so the
    exported graph computes exactly what was trained. A teacher may also know the source of a text
    (`sources` > 0) and, being MPNet, add a relative position bias (`buckets` > 0). `pool` is what the head reads:
    `cls`, the first token, for which alone the last layer then works, or `mean`, the mean of all."""

    def __init__(self, layers: int = 6, hidden: int = 384, heads: int = 12, inner: int = 1536,
                 vocabulary: int = 30522, positions: int = 512, classes: int = 3, sources: int = 0,
                 buckets: int = 0, dropout: float = 0.1, eps: float = 1e-12, pool: str = "mean") -> None:
        super().__init__()
        self.drop, self.heads, self.pool = Dropout(dropout), heads, pool
        self.tokens = nn.Embedding(vocabulary, hidden)
        self.positions = nn.Embedding(positions, hidden)  # holds position + the constant token type
        self.sources = nn.Embedding(sources, hidden) if sources else None
        self.relative = nn.Embedding(buckets, heads) if buckets else None
        self.norm = nn.LayerNorm(hidden, eps=eps)
        self.layers = nn.ModuleList(Layer(hidden, heads, inner, dropout, eps) for _ in range(layers))
        self.head = nn.Linear(hidden, classes)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        if self.sources is not None:
            nn.init.zeros_(self.sources.weight)

    def embed(self, ids: Tensor, mask: Tensor, source: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(what the first layer reads, what is added to the scores of every layer)."""
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        if self.sources is not None and source is not None:
            x = x + self.sources(source)[:, None, :]
        x = self.drop(self.norm(x))
        bias = torch.zeros(mask.shape).masked_fill(mask == 0, -1e4)[:, None, None, :]
        if self.relative is not None:
            bias = bias + self.relative(relative_buckets(ids.shape[1])).permute(2, 0, 1)[None]
        return x, bias

    def token_states(self, ids: Tensor, mask: Tensor, source: Tensor | None = None) -> Tensor:
        """States of all tokens after the last layer, (n, length, hidden)."""
        x, bias = self.embed(ids, mask, source)
        for layer in self.layers:
            x = layer(x, bias)
        return x

    def encode(self, ids: Tensor, mask: Tensor, source: Tensor | None = None) -> Tensor:
        x, bias = self.embed(ids, mask, source)
        for layer in self.layers[:-1]:
            x = layer(x, bias)
        if self.pool == "cls":
            return self.layers[-1](x, bias, asking=1)[:, 0]
        x = self.layers[-1](x, bias)
        weights = mask.to(x.dtype)[:, :, None]
        return (x * weights).sum(1) / weights.sum(1)

    def forward(self, ids: Tensor, mask: Tensor, source: Tensor | None = None) -> Tensor:
        return self.head(self.drop(self.encode(ids, mask, source)))


def relative_buckets(length: int, buckets: int = 32, furthest: int = 128) -> Tensor:
    """T5's bucketed distances as MPNet uses them: (length, length) bucket numbers."""
    place = torch.arange(length)
    distance = place[:, None] - place[None, :]  # query − key
    half = buckets // 2
    result = (distance < 0).long() * half
    distance = distance.abs()
    exact = half // 2
    large = exact + (torch.log(distance.clamp(min=1).float() / exact)
                     / math.log(furthest / exact) * (half - exact)).long()
    return result + torch.where(distance < exact, distance, large.clamp(max=half - 1))


def load_encoder(weights: Path | dict[str, Tensor], keep: tuple[int, ...] | None = None, **options) -> Bert:
    """A `Bert` with the weights of a Hugging Face BERT or MPNet checkpoint (its file, or its tensors by name); `keep` names the
    layers to take."""
    source = weights if isinstance(weights, dict) else load_file(str(weights))
    mpnet = "encoder.relative_attention_bias.weight" in source
    names = ("attn.q", "attn.k", "attn.v") if mpnet else ("self.query", "self.key", "self.value")
    out, norm = ("attn.o", "LayerNorm") if mpnet else ("output.dense", "output.LayerNorm")
    count = 1 + max(int(key.split(".")[2]) for key in source if key.startswith("encoder.layer."))
    keep = tuple(range(count)) if keep is None else keep
    vocabulary, hidden = source["embeddings.word_embeddings.weight"].shape
    places = source["embeddings.position_embeddings.weight"]
    # MPNet numbers positions from 2 and has no token type
    places = places[2:] if mpnet else places + source["embeddings.token_type_embeddings.weight"][0]
    model = Bert(layers=len(keep), hidden=hidden, inner=4 * hidden, vocabulary=vocabulary, positions=len(places),
                 buckets=32 if mpnet else 0, **options)
    state = model.state_dict()
    state["tokens.weight"], state["positions.weight"] = source["embeddings.word_embeddings.weight"], places
    if mpnet:
        state["relative.weight"] = source["encoder.relative_attention_bias.weight"]
    for part in ("weight", "bias"):
        state[f"norm.{part}"] = source[f"embeddings.LayerNorm.{part}"]
        for target, layer in enumerate(keep):
            old, new = f"encoder.layer.{layer}.", f"layers.{target}."
            state[f"{new}qkv.{part}"] = torch.cat([source[f"{old}attention.{name}.{part}"] for name in names])
            state[f"{new}out.{part}"] = source[f"{old}attention.{out}.{part}"]
            state[f"{new}norm1.{part}"] = source[f"{old}attention.{norm}.{part}"]
            state[f"{new}up.{part}"] = source[f"{old}intermediate.dense.{part}"]
            state[f"{new}down.{part}"] = source[f"{old}output.dense.{part}"]
            state[f"{new}norm2.{part}"] = source[f"{old}output.LayerNorm.{part}"]
    model.load_state_dict(state)
    return model
