"""Writes shapes.json: records of stock serialisers, with what Valence has to read from them.

In a virtual environment with `confluent-kafka[avro,protobuf,json]`, `fastavro`, `grpcio-tools` and `cloudevents`:
    python make_shapes.py
"""
import base64
import datetime
import decimal
import json
import pathlib
import sys
import tempfile
import uuid

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from cloudevents.core.v1.event import CloudEvent
from cloudevents.core.bindings.kafka import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from grpc_tools import protoc

here = pathlib.Path(__file__).parent
generated = tempfile.TemporaryDirectory()
protos = [path.name for path in here.glob("*.proto")]
assert protoc.main(["protoc", f"-I{here}", f"-I{pathlib.Path(protoc.__file__).parent / '_proto'}", f"--python_out={generated.name}", *protos]) == 0
sys.path.insert(0, generated.name)
import author_pb2  # noqa: E402
import mapped_pb2  # noqa: E402
import old_pb2  # noqa: E402
import review_pb2  # noqa: E402

registry = SchemaRegistryClient.new_client({"url": "mock://"})
shapes = []
b64 = lambda raw: None if raw is None else base64.b64encode(raw).decode()



def case(name, settings, value, expected, headers=()):
    shapes.append({"name": name, "settings": {f"VALENCE_{k}": v for k, v in settings.items()}, "value": b64(value),
                   "headers": [[k, b64(v if isinstance(v, bytes) else str(v).encode())] for k, v in headers], "expected": expected})

n = 0
def context(headers=None):
    global n
    n += 1
    return SerializationContext(f"t{n}", MessageField.VALUE, headers)

UTC = datetime.timezone.utc
when = datetime.datetime(2024, 5, 6, 7, 8, 9, 123000, UTC)
ms = 1714979289123
BIG = 2**53 + 1

def j(name, settings, document, **expected):
    raw = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    case("json: " + name, settings, raw, expected)

T = lambda path, **more: {"TEXT_FIELD": path, **more}
j("text at the root under another name", T("body"), {"body": "fine"}, text="fine")
j("nested", T("after.comment", ID_FIELD="after.id"), {"after": {"comment": "fine", "id": 7}}, text="fine", id="7")
j("id beyond 2^53", T("t"), b'{"t":"x","id":%d}' % BIG, text="x", id=str(BIG))
j("id of thirty digits", T("t"), b'{"t":"x","id":123456789012345678901234567890}', text="x", id="123456789012345678901234567890")
j("id as decimal", T("t"), b'{"t":"x","id":12.50}', text="x", id="12.50")
j("id with a zero fraction", T("t"), b'{"t":"x","id":1.0}', text="x", id="1")
j("id just below 2^53 with a fraction", T("t"), b'{"t":"x","id":9007199254740990.7}', text="x", id="9007199254740990.7")
j("dots in names", T("['a.b']['c d']"), {"a.b": {"c d": "fine"}}, text="fine")
j("array by index", T("items[1].body"), {"items": [{"body": "no"}, {"body": "yes"}]}, text="yes")
j("several texts", T("title,body,missing"), {"title": "Good", "body": "Very."}, text="Good\n\nVery.")
j("null and absent options", T("t"), {"t": "x", "source": None, "lang": 5}, text="x", source=None, lang="5")
j("attributes of scalars", T("t", ATTRIBUTES_FIELD="m"), {"t": "x", "m": {"a": 1, "b": True, "c": None, "d": {"e": 1}}}, text="x", attributes={"a": "1", "b": "true"})
j("boolean text", T("t"), {"t": True}, text="true")
j("ISO time", T("t", OCCURRED_AT_FIELD="at"), {"t": "x", "at": when.isoformat()}, text="x", occurredAt=ms)
j("duplicate key, the last counts", T("t"), b'{"t":"a","t":"b"}', text="b")
j("duplicate key, digits of the last", T("t"), b'{"t":"a","id":9007199254740993,"id":9007199254740995}', text="a", id="9007199254740995")
j("key __proto__", T("__proto__.t"), b'{"__proto__":{"t":"fine"}}', text="fine")
j("key __proto__ and a large id", T("t"), b'{"__proto__":{"t":"no"},"t":"fine","id":9007199254740993}', text="fine", id="9007199254740993")
j("an array for a root", T("[0].t"), [{"t": "fine"}], text="fine")
j("Connect's schema and payload", T("payload.body", ID_FIELD="payload.id"), {"schema": {"type": "struct"}, "payload": {"body": "fine", "id": 3}}, text="fine", id="3")
j("Debezium insert", T("payload.after.comment", ID_FIELD="payload.after.id", OCCURRED_AT_FIELD="payload.ts_ms"), {"schema": None, "payload": {"before": None, "after": {"id": 1, "comment": "fine"}, "op": "c", "ts_ms": ms}}, text="fine", id="1", occurredAt=ms)
j("Debezium delete", T("payload.after.comment", MISSING_TEXT="pass"), {"payload": {"before": {"id": 1}, "after": None, "op": "d"}}, kind="passed")
j("wrong path", T("nowhere"), {"text": "x"}, code="VAL_TEXT_MISSING")
j("object for a text", T("t"), {"t": {"de": "gut"}}, code="VAL_RECORD_INVALID")

event = CloudEvent(attributes={"id": "e-1", "source": "/shop", "type": "review", "time": when, "specversion": "1.0", "datacontenttype": "application/json"}, data={"text": "fine", "n": 1})
m = to_structured(event, JSONFormat())
case("CloudEvents structured", T("data.text"), m.value, {"text": "fine", "id": "e-1", "occurredAt": ms, "source": "/shop"}, list(m.headers.items()))
case("CloudEvents structured, without a content type", T("data.text"), m.value, {"text": "fine", "id": "e-1", "occurredAt": ms, "source": "/shop"})
case("CloudEvents structured, another id by path", T("data.text", ID_FIELD="data.n"), m.value, {"text": "fine", "id": "1", "occurredAt": ms}, list(m.headers.items()))
m = to_binary(event, JSONFormat())
case("CloudEvents binary", T("text"), m.value, {"text": "fine", "id": "e-1", "occurredAt": ms, "source": "/shop"}, list(m.headers.items()))

def avro(name, settings, schema, value, references=(), headers=None, conf=None, **expected):
    s = AvroSerializer(registry, Schema(json.dumps(schema), "AVRO", list(references)), conf=conf)
    ctx = context(headers)
    raw = s(value, ctx)
    case("avro: " + name, settings, raw, expected, ctx.headers or [])

rec = lambda *fields, name="shop.Review": {"type": "record", "name": name.split(".")[-1], "namespace": ".".join(name.split(".")[:-1]), "fields": [{"name": a, "type": t} for a, t in fields]}
S = "string"
avro("any name and namespace", T("body"), rec(("body", S)), {"body": "fine"}, text="fine")
avro("nullable text", T("body"), rec(("body", ["null", S])), {"body": "fine"}, text="fine")
avro("null text passes", T("body", MISSING_TEXT="pass"), rec(("body", ["null", S])), {"body": None}, kind="passed")
avro("long id", T("body"), rec(("body", S), ("id", "long")), {"body": "x", "id": BIG}, text="x", id=str(BIG))
avro("nullable long id", T("body"), rec(("body", S), ("id", ["null", "long"])), {"body": "x", "id": 2**62}, text="x", id=str(2**62))
avro("int, float, double and boolean", T("body", SOURCE_FIELD="f", LANG_FIELD="b"), rec(("body", S), ("id", "int"), ("f", "double"), ("b", "boolean")), {"body": "x", "id": 5, "f": 0.1, "b": True}, text="x", id="5", source="0.1", lang="true")
avro("nested nullable records", T("after.comment", ID_FIELD="after.id"), rec(("after", ["null", rec(("comment", ["null", S]), ("id", "long"), name="x.V")])), {"after": {"comment": "fine", "id": 3}}, text="fine", id="3")
avro("union of two records", T("v.a,v.b"), rec(("v", [rec(("a", S), name="x.A"), rec(("b", S), name="x.B")])), {"v": ("x.B", {"b": "from b"})}, text="from b")
avro("ambiguous numbers in a union", T("t"), rec(("t", S), ("id", ["null", "int", "long", "double"])), {"t": "x", "id": BIG}, text="x", id=str(BIG))
avro("string or bytes", T("t"), rec(("t", [S, "bytes"])), {"t": b"s\xc3\xbc\xc3\x9f"}, text="süß")
avro("enum", T("t", LANG_FIELD="l"), rec(("t", S), ("l", {"type": "enum", "name": "L", "symbols": ["DE", "EN"]})), {"t": "x", "l": "EN"}, text="x", lang="EN")
avro("array of records", T("items[1].t"), rec(("items", {"type": "array", "items": rec(("t", S), name="I")})), {"items": [{"t": "a"}, {"t": "b"}]}, text="b")
avro("map", T("m.t", ATTRIBUTES_FIELD="m"), rec(("m", {"type": "map", "values": S})), {"m": {"t": "x", "k": "v"}}, text="x", attributes={"t": "x", "k": "v"})
for unit in ("millis", "micros"):
    avro(f"timestamp-{unit}", T("t"), rec(("t", S), ("occurredAt", {"type": "long", "logicalType": f"timestamp-{unit}"})), {"t": "x", "occurredAt": when}, text="x", occurredAt=ms)
avro("nullable timestamp", T("t"), rec(("t", S), ("occurredAt", ["null", {"type": "long", "logicalType": "timestamp-millis"}])), {"t": "x", "occurredAt": when}, text="x", occurredAt=ms)
u = uuid.UUID(int=7)
avro("uuid", T("t"), rec(("t", S), ("id", {"type": "string", "logicalType": "uuid"})), {"t": "x", "id": u}, text="x", id=str(u))
avro("decimal among the attributes", T("t", ATTRIBUTES_FIELD="m"), rec(("t", S), ("m", rec(("price", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}), ("n", "int"), name="M"))), {"t": "x", "m": {"price": decimal.Decimal("12.50"), "n": 1}}, text="x", attributes={"price": "12.50", "n": "1"})
avro("negative decimal id", T("t"), rec(("t", S), ("id", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2})), {"t": "x", "id": decimal.Decimal("-1.28")}, text="x", id="-1.28")
avro("string for a root", T("."), {"type": "string"}, "fine", text="fine")
avro("union for a root", T("a,b"), [rec(("a", S), name="x.A"), rec(("b", S), name="x.B")], ("x.A", {"a": "fine"}), text="fine", conf={"auto.register.schemas": True})
registry.register_schema("author", Schema(json.dumps(rec(("name", S), name="shop.Author")), "AVRO"))
avro("a referenced schema", T("t", SOURCE_FIELD="by.name"), rec(("t", S), ("by", "shop.Author")), {"t": "x", "by": {"name": "Ann"}}, references=[SchemaReference("shop.Author", "author", 1)], text="x", source="Ann")
avro("schema id in a header", T("body"), rec(("body", S), ("z", "int")), {"body": "fine", "z": 1}, headers=[], conf={"schema.id.serializer": header_schema_id_serializer}, text="fine")

def proto(name, settings, message, headers=None, conf=None, **expected):
    s = ProtobufSerializer(type(message), registry, {"use.deprecated.format": False, "reference.subject.name.strategy": lambda c, r: r.name if hasattr(r, "name") else str(r), **(conf or {})})
    ctx = context(headers)
    raw = s(message, ctx)
    case("protobuf: " + name, settings, raw, expected, ctx.headers or [])

R = review_pb2.Review
proto("nested text, not the first message", T("body.the_text", ID_FIELD="body.review_id"), R(body=R.Body(the_text="fine", review_id=BIG)), text="fine", id=str(BIG))
proto("first message", T("a"), review_pb2.Noise(a="fine"), text="fine")
proto("nested message for a root", T("the_text"), R.Body(the_text="fine"), text="fine")
proto("message behind a map for a root", T("text"), mapped_pb2.Mapped.Inner(text="fine"), text="fine")
proto("imported message", T("body.the_text", SOURCE_FIELD="author.name", ID_FIELD="author.no"), R(body=R.Body(the_text="x"), author=author_pb2.Author(name="Ann", no=-5)), text="x", source="Ann", id="-5")
proto("enum, map and uint64", T("body.the_text", LANG_FIELD="kind", ATTRIBUTES_FIELD="labels", ID_FIELD="big"), R(body=R.Body(the_text="x"), kind=1, labels={"a": "b"}, big=2**64 - 1), text="x", lang="LONG", attributes={"a": "b"}, id=str(2**64 - 1))
stamp = R(body=R.Body(the_text="x"))
stamp.at.FromDatetime(when)
proto("Timestamp", T("body.the_text", OCCURRED_AT_FIELD="at"), stamp, text="x", occurredAt=ms)
wrapped = R()
wrapped.note.value = "fine"
wrapped.boxed.value = BIG
proto("wrappers", T("note", ID_FIELD="boxed"), wrapped, text="fine", id=str(BIG))
proto("wrappers by their value", T("note.value"), wrapped, text="fine")
proto("repeated by index", T("more[1].the_text"), R(more=[R.Body(the_text="a"), R.Body(the_text="b")]), text="b")
proto("oneof, string", T("spoken,written"), R(spoken="fine"), text="fine")
proto("oneof, bytes", T("spoken,written"), R(written="süß".encode()), text="süß")
proto("optional", T("maybe"), R(maybe="fine"), text="fine")
proto("optional, absent", T("maybe", MISSING_TEXT="pass"), R(big=1), kind="passed")
proto("epoch milliseconds", T("maybe", OCCURRED_AT_FIELD="at_ms"), R(maybe="x", at_ms=ms), text="x", occurredAt=ms)
proto("camel case stays", T("camelCase"), R(camelCase="fine"), text="fine")
proto("fixed64, sint64", T("maybe", ID_FIELD="fixed", SOURCE_FIELD="signed"), R(maybe="x", fixed=BIG, signed=-BIG), text="x", id=str(BIG), source=str(-BIG))
proto("float", T("maybe", ID_FIELD="stars"), R(maybe="x", stars=4.1), text="x", id=repr(R(stars=4.1).stars))
proto("proto2 with a group", T("text", LANG_FIELD="extra.lang"), old_pb2.Old(text="fine", id="7", extra=old_pb2.Old.Extra(lang="de")), text="fine", id="7", lang="de")
proto("schema id in a header", T("body.the_text"), R(body=R.Body(the_text="fine")), headers=[], conf={"schema.id.serializer": header_schema_id_serializer}, text="fine")

def schema(name, settings, js, value, **expected):
    s = JSONSerializer(Schema(json.dumps(js), "JSON"), registry)
    case("json-schema: " + name, settings, s(value, context()), expected)

obj = lambda **props: {"$schema": "http://json-schema.org/draft-07/schema#", "title": "R", "type": "object", "properties": props}
schema("nested", T("after.body"), obj(after={"type": "object", "properties": {"body": {"type": "string"}}}), {"after": {"body": "fine"}}, text="fine")
schema("id beyond 2^53", T("t"), obj(t={"type": "string"}, id={"type": "integer"}), {"t": "x", "id": BIG}, text="x", id=str(BIG))
schema("nullable", T("t", MISSING_TEXT="pass"), obj(t={"type": ["string", "null"]}), {"t": None}, kind="passed")

schemas = {}
for i in range(1, 400):
    try:
        s = registry.get_schema(i, fmt=None)
    except Exception:
        continue
    if s is not None:
        schemas[i] = {"schemaType": s.schema_type or "AVRO", "schema": s.schema_str, "references": [{"name": r.name, "subject": r.subject, "version": r.version} for r in s.references or []]}
subjects = {}
for subject in registry.get_subjects():
    for v in registry.get_versions(subject):
        r = registry.get_version(subject, v)
        subjects[f"{subject}/{v}"] = r.schema_id
guids = {}
for shape in shapes:
    for name, header in shape["headers"]:
        if name == "__value_schema_id":
            guid = str(uuid.UUID(bytes=base64.b64decode(header)[1:17]))
            found = registry.get_schema_by_guid(guid)
            guids[guid] = next(i for i, s in schemas.items() if s["schema"] == found.schema_str)
(here / "shapes.json").write_text(json.dumps({"schemas": schemas, "subjects": subjects, "guids": guids, "shapes": shapes}, indent=2, ensure_ascii=False) + "\n")
print(len(shapes), len(schemas))
