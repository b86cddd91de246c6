"""Asks a server through tritonclient, in every way in which tensors can travel; prints what came back as JSON."""

import json
import sys

import numpy
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

address, model = sys.argv[1:]
client = http.InferenceServerClient(address)
texts = numpy.array([b"I love it", "Das ist schrecklich \N{WHITE FROWNING FACE}".encode()], dtype=object)
names = ["label", "probabilities", "valence", "tokens"]


def infer(texts, binary_in, binary_out):
    tensor = http.InferInput("text", list(texts.shape), "BYTES")
    tensor.set_data_from_numpy(texts, binary_data=binary_in)
    outputs = None
    if binary_out is not None:
        outputs = [http.InferRequestedOutput(name, binary_data=binary_out) for name in names]
    result = client.infer(model, [tensor], outputs=outputs, request_id="r1")
    return {
        "id": result.get_response()["id"],
        "binary": "data" not in result.get_output("valence"),
        **{name: [item.decode() if isinstance(item, bytes) else item for item in result.as_numpy(name).ravel().tolist()] for name in names},
    }


def refusal(call):
    try:
        call()
    except InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}


report = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready() and client.is_model_ready(model),
    "metadata": client.get_model_metadata(model),
    "answers": [infer(texts, into, out) for into in (True, False) for out in (True, False, None)],
    "nested": infer(texts.reshape(2, 1), True, True),
    "unknown": refusal(lambda: client.get_model_metadata("other")),
}
json.dump(report, sys.stdout)
