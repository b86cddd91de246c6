"""A tiny made-up encoder in the form exporters write: products without the names of their matrices."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HIDDEN, HEADS, VOCABULARY, PLACES = 24, 12, 40, 32


class Exported:
    """Node by node what an exporter makes of a two-layer BERT."""

    def __init__(self, seed: int = 5) -> None:
        self.rng, self.nodes, self.held, self.count = np.random.default_rng(seed), [], [], 0

    def hold(self, name: str, *shape: int, scale: float = 0.3, around: float = 0.0) -> str:
        values = (around + scale * self.rng.standard_normal(shape)).astype(np.float32)
        self.held.append(numpy_helper.from_array(values, name))
        return name

    def constant(self, name: str, value, dtype) -> str:
        self.held.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes) -> str:
        self.count += 1
        self.nodes.append(helper.make_node(kind, inputs, [f"n{self.count}"], **attributes))
        return f"n{self.count}"

    def linear(self, x: str, name: str, wide: int, narrow: int) -> str:
        product = self.op("MatMul", x, self.hold(f"onnx::MatMul_{self.count}", wide, narrow))
        return self.op("Add", self.hold(f"{name}.bias", narrow), product)

    def norm(self, x: str, name: str) -> str:
        weight, bias = self.hold(f"{name}.weight", HIDDEN, around=1.0, scale=0.1), self.hold(f"{name}.bias", HIDDEN)
        return self.op("LayerNormalization", x, weight, bias, epsilon=1e-12)

    def heads(self, x: str) -> str:
        return self.op("Transpose", self.op("Reshape", x, "apart"), perm=[0, 2, 1, 3])

    def layer(self, x: str, bias: str, name: str) -> str:
        query, key, value = (self.heads(self.linear(x, f"{name}.attention.self.{part}", HIDDEN, HIDDEN)) for part in ("query", "key", "value"))
        scores = self.op("Div", self.op("MatMul", query, self.op("Transpose", key, perm=[0, 1, 3, 2])), "root")
        mixed = self.op("MatMul", self.op("Softmax", self.op("Add", scores, bias), axis=-1), value)
        mixed = self.op("Reshape", self.op("Transpose", mixed, perm=[0, 2, 1, 3]), "together")
        x = self.norm(self.op("Add", x, self.linear(mixed, f"{name}.attention.output.dense", HIDDEN, HIDDEN)), f"{name}.attention.output.LayerNorm")
        up = self.linear(x, f"{name}.intermediate.dense", HIDDEN, 4 * HIDDEN)
        gelu = self.op("Mul", up, self.op("Mul", self.op("Add", self.op("Erf", self.op("Div", up, "root2")), "one"), "half"))
        return self.norm(self.op("Add", x, self.linear(gelu, f"{name}.output.dense", 4 * HIDDEN, HIDDEN)), f"{name}.output.LayerNorm")

    def write(self, path) -> None:
        for name, value in (("root", np.sqrt(HIDDEN / HEADS)), ("root2", np.sqrt(2)), ("one", 1), ("half", 0.5), ("least", -1e4)):
            self.constant(name, value, np.float32)
        self.constant("apart", [0, 0, HEADS, HIDDEN // HEADS], np.int64)
        self.constant("together", [0, 0, HIDDEN], np.int64)
        self.constant("zero", [0], np.int64), self.constant("axes", [1, 2], np.int64), self.constant("first", 1, np.int64)
        words = self.op("Gather", self.hold("embeddings.word_embeddings.weight", VOCABULARY, HIDDEN), "input_ids")
        types = self.op("Gather", self.hold("embeddings.token_type_embeddings.weight", 2, HIDDEN), "token_type_ids")
        length = self.op("Unsqueeze", self.op("Gather", self.op("Shape", "input_ids"), "first"), "zero")
        places = self.op("Slice", self.hold("embeddings.position_embeddings.weight", PLACES, HIDDEN), "zero", length)
        x = self.norm(self.op("Add", self.op("Add", words, types), places), "embeddings.LayerNorm")
        unseen = self.op("Sub", "one", self.op("Cast", self.op("Unsqueeze", "attention_mask", "axes"), to=TensorProto.FLOAT))
        bias = self.op("Mul", unseen, "least")
        for layer in range(2):
            x = self.layer(x, bias, f"encoder.layer.{layer}")
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "length"]) for name in ("input_ids", "attention_mask", "token_type_ids")]
        output = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["n", "length", HIDDEN])
        graph = helper.make_graph(self.nodes, "bert", inputs, [output], self.held)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
