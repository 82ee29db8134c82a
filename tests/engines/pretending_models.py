"""Archives that pretend to be skops: they call, name, promise or tell what an honest one never does."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest
from foreign_models import archive, npz, objects, pickled, python
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

from pavedroad.engines.skops import model as skops

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), RNG.normal(size=60)


def schema(node, files=None, protocol=2):
    document = {**node, "protocol": protocol, "_skops_version": "0.16.0"}
    return archive({"schema.json": json.dumps(document).encode(), **(files or {})})


def node(loader, kind, **more):
    module, _, name = kind.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def text(value):
    return node("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def pair(*items):
    return node("TupleNode", "builtins.tuple", content=list(items))


def names(*types):
    return node("ListNode", "builtins.list", content=[node("TypeNode", kind) for kind in types])


def attributes(**values):
    return node("DictNode", "builtins.dict", key_types=names(*["builtins.str"] * len(values)), content=values)


def call(kind):
    return lambda at: schema(node("ConstructorFromReduceNode", kind, content=pair(text(str(at)), text("w"))))


def construct(kind):
    return lambda at: schema(node("ObjectNode", kind, content=attributes(path=text(str(at)))))


def name_function(kind):
    return lambda _at: schema(node("FunctionNode", kind))


def name_type(kind):
    return lambda _at: schema(node("TypeNode", kind))


def partial(kind):
    empty = node("DictNode", "builtins.dict", key_types=names(), content={})
    return lambda at: schema(
        node(
            "PartialNode",
            "functools.partial",
            content={
                "func": node("FunctionNode", kind),
                "args": pair(text(str(at)), text("w")),
                "kwds": empty,
                "namespace": empty,
            },
        )
    )


def caller(at):
    return schema(node("OperatorFuncNode", "operator.methodcaller", attrs=pair(text("touch"))))


def method(at):
    owner = node("ObjectNode", "sklearn.linear_model._ridge.Ridge", content=attributes(alpha=text(1.0)))
    return schema(
        node("MethodNode", "sklearn.linear_model._ridge.Ridge", content={"func": "__class__", "obj": owner}),
    )


def key_that_calls(at):
    return schema(
        node(
            "DictNode", "builtins.dict", key_types=names("builtins.exec"), content={f"open({str(at)!r}, 'w')": text(1)}
        )
    )


def factory(at):
    return schema(
        node(
            "DefaultDictNode",
            "collections.defaultdict",
            content={"main": attributes(), "default_factory": node("FunctionNode", "os.abort")},
        )
    )


def generator(at):
    state = attributes(bit_generator=text("seed"))
    return schema(
        node(
            "RandomGeneratorNode",
            "numpy.random._generator.Generator",
            content={"bit_generator": state, "seed_seq": state},
        )
    )


def old_protocol(at):
    return schema(node("OperatorFuncNode", "builtins.open", attrs=pair(text(str(at)), text("w"))), protocol=0)


def own_module(at):
    """A module beside the model, hoping that reading the model imports it."""
    return schema(node("ObjectNode", "evil.Model"), {"evil.py": python(at)})


def object_array(at):
    return schema(node("NdArrayNode", "numpy.ndarray", type="numpy", file="1.npy"), {"1.npy": objects(at)})


def sparse_objects(at):
    return schema(
        node("SparseMatrixNode", "scipy.sparse._csr.csr_matrix", type="scipy", file="1.npz"), {"1.npz": npz(at)}
    )


def long_promise(at):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }".ljust(117) + b"\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 8
    return schema(node("NdArrayNode", "numpy.ndarray", type="numpy", file="1.npy"), {"1.npy": content})


def header_that_is_code(at):
    header = f"__import__('os').system('touch {at}')".encode().ljust(117) + b"\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    return schema(node("NdArrayNode", "numpy.ndarray", type="numpy", file="1.npy"), {"1.npy": content})


def slip(name):
    return lambda _at: schema(node("BytesNode", "builtins.bytes", file=name), {name: b"x"})


def bomb(at):
    files = {"1.bin": b"\0" * (300 * 1024 * 1024)}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("1.bin", files["1.bin"])
        target.writestr("schema.json", json.dumps({**node("BytesNode", "builtins.bytes", file="1.bin"), "protocol": 2}))
    return made.getvalue()


def deep(at):
    opening = '{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": ['
    return archive({"schema.json": (opening * 3000 + "]}" * 2999 + '], "protocol": 2}').encode()})


def round_and_round(at):
    return schema(node("ListNode", "builtins.list", __id__=1, content=[node("CachedNode", "builtins.list", __id__=1)]))


def hidden_entry(at):
    return schema(text(1), {"payload.pkl": pickled(at, 2)})


def same_name_twice(at):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("schema.json", json.dumps({**text(1), "protocol": 2}))
        with pytest.warns(UserWarning, match="Duplicate"):
            target.writestr("schema.json", "{}")
    return made.getvalue()


def locked_up(at):
    content = bytearray(schema(text(1)))
    content[6] |= 1  # encrypted, says the local header
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def two_ends(at):
    """A second directory behind the first: two readers, two models."""
    return schema(text(1)) + archive({"schema.json": b"[]"})


def unknown_loader(at):
    return schema(node("PickleNode", "builtins.object", content=str(at)))


# --- models of trusted types whose numbers lead outside -------------------------------------------------------------


def tampered(model, change):
    """A model as skops writes it, with the content of its arrays changed."""

    def build(at):
        path = at.parent / "honest.skops"
        skops.save(model.fit(X, Y), path, [])
        made = io.BytesIO()
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w") as target:
            for name in source.namelist():
                target.writestr(name, change(name, source.read(name)))
        path.unlink()
        return made.getvalue()

    return build


def change_field(field, value):
    def change(name, content):
        if not name.endswith(".npy"):
            return content
        table = np.load(io.BytesIO(content))
        if table.dtype.names is None or field not in table.dtype.names or not table.size:
            return content
        table[field][0] = value
        made = io.BytesIO()
        np.save(made, table)
        return made.getvalue()

    return change


def change_schema(old, new):
    def change(name, content):
        return content.replace(old, new) if name == "schema.json" else content

    return change


def change_order(name, content):
    """Rows of a tree of neighbours that are none of its own."""
    if not name.endswith(".npy"):
        return content
    array = np.load(io.BytesIO(content))
    if array.dtype != np.int64 or array.shape != (60,):
        return content
    made = io.BytesIO()
    np.save(made, array + 10**9)
    return made.getvalue()


CALLED = ("builtins.open", "os.system", "subprocess.Popen", "builtins.eval", "pathlib.Path")
MADE = ("subprocess.Popen", "logging.FileHandler", "joblib.memory.Memory")
NAMED = ("os.system", "builtins.exec", "pickle.loads", "joblib.load", "os.abort")
BOOSTED, TREES = HistGradientBoostingRegressor(max_iter=2), RandomForestRegressor(2, max_depth=3)
PRETENDERS = {
    **{f"calls {kind}": call(kind) for kind in CALLED},
    **{f"makes {kind}": construct(kind) for kind in MADE},
    **{f"names {kind}": name_function(kind) for kind in NAMED},
    **{f"holds the type {kind}": name_type(kind) for kind in ("subprocess.Popen", "os._exit", "types.FunctionType")},
    **{f"a partial {kind}": partial(kind) for kind in ("builtins.open", "os.system")},
    "calls a method": caller,
    "takes a method": method,
    "a key that calls": key_that_calls,
    "a factory that calls": factory,
    "a generator that calls": generator,
    "an old protocol": old_protocol,
    "a module of its own": own_module,
    "an array of objects": object_array,
    "sparse objects": sparse_objects,
    "an array longer than memory": long_promise,
    "a header that is code": header_that_is_code,
    "an entry above": slip("../1.bin"),
    "an absolute entry": slip("/1.bin"),
    "an entry below": slip("folder/1.bin"),
    "a bomb": bomb,
    "too deep": deep,
    "round and round": round_and_round,
    "a hidden entry": hidden_entry,
    "one name twice": same_name_twice,
    "encrypted": locked_up,
    "two directories": two_ends,
    "an unknown loader": unknown_loader,
    "a tree with a child far away": tampered(DecisionTreeRegressor(max_depth=3), change_field("left_child", 10**9)),
    "a tree with a child before it": tampered(DecisionTreeRegressor(max_depth=3), change_field("right_child", -7)),
    "a tree that goes round": tampered(DecisionTreeRegressor(max_depth=3), change_field("left_child", 0)),
    "a tree of a far column": tampered(DecisionTreeRegressor(max_depth=3), change_field("feature", 10**6)),
    "a tree of a column before the first": tampered(DecisionTreeRegressor(max_depth=3), change_field("feature", -3)),
    "a forest of a far column": tampered(TREES, change_field("feature", 10**6)),
    "a forest that does not say its columns": tampered(
        TREES, change_schema(b'"n_features_in_"', b'"n_features_on_"')
    ),
    "a boosted tree with a far child": tampered(BOOSTED, change_field("left", 10**9)),
    "a boosted tree that goes round": tampered(BOOSTED, change_field("right", 0)),
    "a boosted tree of a far column": tampered(BOOSTED, change_field("feature_idx", 10**6)),
    "neighbours far away": tampered(KNeighborsRegressor(algorithm="kd_tree", leaf_size=5), change_order),
    "neighbours in no order": tampered(
        KNeighborsRegressor(algorithm="kd_tree", leaf_size=5), change_field("idx_end", 10**9)
    ),
}  # fmt: skip


WHY = {
    "an old protocol": "the protocol 0",
    "a module of its own": "does not name",
    "an array of objects": "holds objects",
    "sparse objects": "holds objects",
    "an array longer than memory": "the length that it promises",
    "a header that is code": "damaged",
    **dict.fromkeys(("an entry above", "an absolute entry", "an entry below"), "not a plain file name"),
    "a bomb": "would unpack to",
    "too deep": "recursion",
    "round and round": "recursion",
    "a hidden entry": "does not name",
    "one name twice": "same name",
    "encrypted": "encrypted",
    "two directories": "not an object",
    "an unknown loader": "PickleNode",
    **{name: "leads outside it or back" for name in PRETENDERS if "child" in name or "goes round" in name},
    **{name: "a column that the table does not have" for name in PRETENDERS if "column" in name},
    "a forest that does not say its columns": "n_features_in_",
    "neighbours far away": "outside its rows",
    "neighbours in no order": "outside its rows",
}
"""What the refusal says; of all others, that a type is not trusted."""

HONEST = {
    "a tree": DecisionTreeRegressor(max_depth=3),
    "a forest": RandomForestRegressor(2, max_depth=3),
    "a boosted model": HistGradientBoostingRegressor(max_iter=2),
    "neighbours": KNeighborsRegressor(algorithm="kd_tree", leaf_size=5),
    "a line": Ridge(),
}
