"""Reads enriched.json with Python's libraries: each record is that of shapes.json and one field more.

pip install fastavro==1.13.1 protobuf==7.36.2 grpcio-tools jsonschema, then: python check_enriched.py
"""

import base64, io, json, pathlib, struct, sys, tempfile
import fastavro, jsonschema
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

here = pathlib.Path(__file__).parent
table = json.loads((here / "shapes.json").read_text())
enriched = json.loads((here / "enriched.json").read_text())
field = "mood"


def payload_of(shape):
    """Schema id and payload of a record as it was written."""
    value = base64.b64decode(shape["value"])
    for name, header in shape["headers"]:
        if name == "__value_schema_id":
            guid = base64.b64decode(header)
            import uuid
            return table["guids"][str(uuid.UUID(bytes=guid[1:17]))], guid[17:] + value
    return struct.unpack(">I", value[1:5])[0], value[5:]


def references(schema, found):
    for reference in schema["references"]:
        own = table["schemas"][str(table["subjects"][f"{reference['subject']}/{reference['version']}"])]
        references(own, found)
        found[reference["name"]] = own["schema"]
    return found


def read_avro(text, schema, payload):
    names = {}
    for own in references(schema, {}).values():
        fastavro.parse_schema(json.loads(own), named_schemas=names)
    stream = io.BytesIO(payload)
    record = fastavro.schemaless_reader(stream, fastavro.parse_schema(json.loads(text), named_schemas=names))
    assert stream.read() == b""
    return record


def read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return (number >> 1) ^ -(number & 1), at


def message_class(text, schema, indexes):
    pool = descriptor_pool.DescriptorPool()
    import google.protobuf.timestamp_pb2 as t, google.protobuf.wrappers_pb2 as w
    for known in (t, w):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    for own in references(schema, {}).values():
        if "google" not in base64.b64decode(own).decode("latin1")[:20]:
            pool.AddSerializedFile(base64.b64decode(own))
    file = descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(text))
    pool.Add(file)
    names, messages = [file.package] if file.package else [], file.message_type
    for index in indexes:
        names.append(messages[index].name)
        messages = messages[index].nested_type
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(".".join(names)))


def check_protobuf(shape_schema, text, before, after):
    count, at = read_varint(before, 0)
    indexes = []
    for _ in range(count):
        index, at = read_varint(before, at)
        indexes.append(index)
    indexes = indexes or [0]
    assert after.startswith(before)
    old = message_class(shape_schema["schema"], shape_schema, indexes).FromString(before[at:])
    new = message_class(text, shape_schema, indexes).FromString(after[at:])
    sentiment = getattr(new, field)
    assert (sentiment.label, sentiment.scored_at, list(sentiment.warnings)) == ("positive", 1735720201000, ["truncated"])
    assert dict(sentiment.scores)["positive"] == 0.7 and sentiment.model.version == "1.0.0"
    new.ClearField(field)
    assert new.SerializeToString(deterministic=True) == old.SerializeToString(deterministic=True)


counts = {}
for shape in table["shapes"]:
    row = enriched.get(shape["name"], {})
    value = base64.b64decode(row.get("value", ""))
    if not value:
        kind = row.get("code", "passed")
    elif "schema" not in row:
        kind = "JSON"
        before = json.loads(base64.b64decode(shape["value"]).decode("utf-8-sig"))
        after = json.loads(value.decode("utf-8-sig"))
        assert after.pop(field)["label"] == "positive" and after == before
    else:
        schema_id, before = payload_of(shape)
        schema = table["schemas"][str(schema_id)]
        kind, after = schema["schemaType"], value[5:]
        assert struct.unpack(">I", value[1:5])[0] == 1000
        if kind == "AVRO":
            assert after.startswith(before)
            record = read_avro(row["schema"], schema, after)
            assert record.pop(field)["scores"]["positive"] == 0.7
            assert record == read_avro(schema["schema"], schema, before)
        elif kind == "JSON":
            kind, record = "JSON Schema", json.loads(after)
            jsonschema.validate(record, json.loads(row["schema"]))
            assert record.pop(field)["label"] == "positive" and record == json.loads(before)
        else:
            check_protobuf(schema, row["schema"], before, after)
    counts[kind] = counts.get(kind, 0) + 1
print(counts)
