"""The packaged model in the forms that the peers read: a Hugging Face folder, and the usual int8 export of it.

The weights come out of the packaged int8 file, so that every peer computes the same function as Valence does, up to the
8 bits. `python model.py OUT` writes OUT/hf (fp32, with onnx/model_quantized.onnx beside it) and OUT/sentence (the encoder
alone, for sentence-transformers)."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from safetensors.torch import save_file
from torch import nn
from transformers import BertConfig, BertModel, BertPreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import SequenceClassifierOutput

PROCESSOR = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROCESSOR))
from training.dequantise import load_packaged  # noqa: E402

LABELS = ("negative", "neutral", "positive")


class HeadedBert(BertPreTrainedModel):
    """BERT with a linear head on `[CLS]`, or on the mean of the tokens (`config.pool`): (n, length) ids and mask → (n, 3) logits."""

    config_class = BertConfig

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(self, input_ids, attention_mask, **_):
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        if self.config.pool == "cls":
            return SequenceClassifierOutput(logits=self.classifier(hidden[:, 0]))
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return SequenceClassifierOutput(logits=self.classifier((hidden * weights).sum(1) / weights.sum(1)))


def hugging_face(source: Path) -> HeadedBert:
    packaged = load_packaged(source)
    ours = packaged.state_dict()
    layers = 1 + max(int(name.split(".")[1]) for name in ours if name.startswith("layers."))
    vocabulary, hidden = ours["tokens.weight"].shape
    config = BertConfig(vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=12,
                        intermediate_size=4 * hidden, hidden_act="gelu_new", type_vocab_size=1, num_labels=len(LABELS),
                        max_position_embeddings=len(ours["positions.weight"]), pool=packaged.pool,
                        id2label=dict(enumerate(LABELS)), label2id={label: i for i, label in enumerate(LABELS)})
    model = HeadedBert._from_config(config, attn_implementation="eager")  # the form whose export can be fused
    # Our positions already hold the constant token type.
    state = {"bert.embeddings.word_embeddings.weight": ours["tokens.weight"],
             "bert.embeddings.position_embeddings.weight": ours["positions.weight"],
             "bert.embeddings.token_type_embeddings.weight": torch.zeros(1, hidden)}
    for part in ("weight", "bias"):
        state[f"bert.embeddings.LayerNorm.{part}"] = ours[f"norm.{part}"]
        state[f"classifier.{part}"] = ours[f"head.{part}"]
        for i in range(layers):
            theirs = f"bert.encoder.layer.{i}"
            for name, value in zip(("query", "key", "value"), ours[f"layers.{i}.qkv.{part}"].chunk(3)):
                state[f"{theirs}.attention.self.{name}.{part}"] = value.clone()
            state[f"{theirs}.attention.output.dense.{part}"] = ours[f"layers.{i}.out.{part}"]
            state[f"{theirs}.attention.output.LayerNorm.{part}"] = ours[f"layers.{i}.norm1.{part}"]
            state[f"{theirs}.intermediate.dense.{part}"] = ours[f"layers.{i}.up.{part}"]
            state[f"{theirs}.output.dense.{part}"] = ours[f"layers.{i}.down.{part}"]
            state[f"{theirs}.output.LayerNorm.{part}"] = ours[f"layers.{i}.norm2.{part}"]
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or [name for name in missing if "position_ids" not in name and "token_type_ids" not in name]:
        raise ValueError(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    return model.eval()


def tokenizer() -> PreTrainedTokenizerFast:
    about = json.loads((PROCESSOR / "model/model.json").read_text(encoding="utf-8"))
    return PreTrainedTokenizerFast(
        tokenizer_file=str(PROCESSOR / "model/tokenizer.json"), model_max_length=about["maxTokens"], pad_token="[PAD]",
        unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"])


class Outputs(nn.Module):
    """What an export needs: tensors in, one tensor out."""

    def __init__(self, model: HeadedBert, head: bool) -> None:
        super().__init__()
        self.model, self.head = model, head

    def forward(self, input_ids, attention_mask):
        if self.head:
            return self.model(input_ids, attention_mask).logits
        return self.model.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def export_int8(model: HeadedBert, target: Path, head: bool) -> None:
    """What the guides tell: export, fuse by onnxruntime's transformer optimizer, quantise dynamically."""
    target.parent.mkdir(parents=True, exist_ok=True)
    plain, fused = target.with_suffix(".fp32.onnx"), target.with_suffix(".fused.onnx")
    ids = torch.ones(2, 8, dtype=torch.int64)
    output = "logits" if head else "last_hidden_state"
    axes = {"input_ids": {0: "n", 1: "length"}, "attention_mask": {0: "n", 1: "length"}, output: {0: "n"}}
    torch.onnx.export(Outputs(model, head), (ids, ids), str(plain), input_names=["input_ids", "attention_mask"],
                      output_names=[output], dynamic_axes=axes, opset_version=17, dynamo=False)
    optimised = optimizer.optimize_model(str(plain), model_type="bert", num_heads=12, hidden_size=384, opt_level=1)
    optimised.save_model_to_file(str(fused))
    print("fused:", {name: count for name, count in optimised.get_fused_operator_statistics().items() if count})
    # Fused nodes have no shape inference: their outputs are floats.
    quantize_dynamic(str(fused), str(target), weight_type=QuantType.QInt8,
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    plain.unlink()
    fused.unlink()


def write(out: Path) -> None:
    model, words = hugging_face(PROCESSOR / "model/model.onnx"), tokenizer()
    folder = out / "hf"
    shutil.rmtree(out, ignore_errors=True)
    folder.mkdir(parents=True)
    model.config.save_pretrained(folder)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "model.safetensors",
              metadata={"format": "pt"})
    words.save_pretrained(folder)
    export_int8(model, folder / "onnx/model_quantized.onnx", head=True)
    sentence = out / "sentence"
    sentence.mkdir()
    model.config.save_pretrained(sentence)
    words.save_pretrained(sentence)
    export_int8(model, sentence / "onnx/model_quantized.onnx", head=False)
    np.savez(out / "head.npz", weight=model.classifier.weight.detach().numpy(), bias=model.classifier.bias.detach().numpy())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
