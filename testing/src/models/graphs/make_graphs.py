"""Writes tiny-int32.onnx and tiny-int64.onnx: a classifier of a few hundred bytes whose answer is known by heart.

A token is worth id - 100; logits = [-0.1, 0, 0.1] * sum of the worths that the attention mask lets through.
Id 1000 and above: the graph fails (out of range). Each 998 spins for about a quarter of a second inside one run.

    pip install onnx==1.20.0 && python make_graphs.py
"""

from pathlib import Path

from onnx import TensorProto, checker, helper, save

HERE = Path(__file__).parent
SPINS_PER_TOKEN = 400_000


def constant(name: str, dtype: int, shape: list[int], values: list) -> object:
    return helper.make_tensor(name, dtype, shape, values)


def spin_body() -> object:
    """A loop that only counts."""
    return helper.make_graph(
        [
            helper.make_node("Identity", ["keep"], ["keep_out"]),
            helper.make_node("Add", ["state", "one"], ["state_out"]),
        ],
        "spin",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("keep", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("keep_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state_out", TensorProto.FLOAT, []),
        ],
    )


def tiny(id_type: int) -> object:
    nodes = [
        # Worth of each token; Gather refuses an id outside the range.
        helper.make_node("Range", ["first", "last", "one"], ["worths"]),
        helper.make_node("Gather", ["worths", "input_ids"], ["worth"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["worth", "mask"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "axis"], ["sum"], keepdims=1),
        helper.make_node("Mul", ["sum", "weights"], ["plain"]),
        # Turns of the loop: SPINS_PER_TOKEN for each 998.
        helper.make_node("Equal", ["input_ids", "slow_id"], ["is_slow"]),
        helper.make_node("Cast", ["is_slow"], ["slow_ones"], to=TensorProto.INT64),
        helper.make_node("ReduceSum", ["slow_ones"], ["slow_count"], keepdims=0),
        helper.make_node("Mul", ["slow_count", "spins"], ["turns"]),
        helper.make_node("Loop", ["turns", "yes", "zero"], ["spun"], body=spin_body()),
        helper.make_node("Mul", ["spun", "zero"], ["nothing"]),
        helper.make_node("Add", ["plain", "nothing"], ["logits"]),
    ]
    initializers = [
        constant("first", TensorProto.FLOAT, [], [-100.0]),
        constant("last", TensorProto.FLOAT, [], [900.0]),
        constant("one", TensorProto.FLOAT, [], [1.0]),
        constant("zero", TensorProto.FLOAT, [], [0.0]),
        constant("axis", TensorProto.INT64, [1], [1]),
        constant("weights", TensorProto.FLOAT, [1, 3], [-0.1, 0.0, 0.1]),
        constant("slow_id", id_type, [], [998]),
        constant("spins", TensorProto.INT64, [], [SPINS_PER_TOKEN]),
        constant("yes", TensorProto.BOOL, [], [True]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("input_ids", id_type, ["rows", "width"]),
            helper.make_tensor_value_info("attention_mask", id_type, ["rows", "width"]),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", 3])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model)
    return model


if __name__ == "__main__":
    save(tiny(TensorProto.INT32), HERE / "tiny-int32.onnx")
    save(tiny(TensorProto.INT64), HERE / "tiny-int64.onnx")
