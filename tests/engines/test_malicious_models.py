"""Hostile model files: whatever they are and whatever they are called, each is refused and nothing in one ever runs."""

import io
import json
import marshal
import pickle
import pickletools
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import joblib
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

from pavedroad.engines.skops import model as skops
from pavedroad.errors import PackageError
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.package.folder import write_manifest

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), RNG.normal(size=60)


class Bomb:
    """What a hostile pickle holds: something to run while it is read."""

    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


def touch(canary):
    return Bomb(open, str(canary), "w")


# --- things that run when they are unpickled ------------------------------------------------------------------------


def pickled(canary, protocol):
    return pickle.dumps(touch(canary), protocol=protocol)


def system(canary):
    return b"cposix\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."


def evaluated(canary):
    return pickle.dumps(Bomb(eval, f"open({str(canary)!r}, 'w')"))


def executed(canary):
    return pickle.dumps(Bomb(exec, f"open({str(canary)!r}, 'w')"))


def process(canary):
    return pickle.dumps(Bomb(subprocess.call, ["touch", str(canary)]))


def by_stack(canary):
    """A pickle with the other opcodes that call: OBJ and INST, which scanners forget."""
    return b"(cbuiltins\nopen\nS'" + str(canary).encode() + b"'\nS'w'\no."


def by_instance(canary):
    return b"(S'" + str(canary).encode() + b"'\nS'w'\nibuiltins\nopen\n."


def broken_after(canary):
    """A pickle that runs and only then breaks off, which a scanner that reads to the end never judges."""
    return pickle.dumps(touch(canary))[:-1] + b"\xff"


def twice(canary):
    return pickle.dumps({"weights": [1, 2]}) + pickle.dumps(touch(canary))


def joblib_file(canary, compress):
    target = io.BytesIO()
    joblib.dump(touch(canary), target, compress=compress)
    return target.getvalue()


def objects(canary):
    target = io.BytesIO()
    np.save(target, np.array([touch(canary)], dtype=object), allow_pickle=True)
    return target.getvalue()


def npz(canary):
    return archive({"weights.npy": objects(canary)})


def torch(canary):
    return archive({"archive/data.pkl": pickled(canary, 2), "archive/version": b"3", "archive/data/0": b"\0" * 8})


def torch_legacy(canary):
    numbers = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    return numbers + pickled(canary, 2)


def nemo(canary):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        content = pickled(canary, 2)
        entry = tarfile.TarInfo("model_weights.ckpt")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def tar_out(canary):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        entry = tarfile.TarInfo(str(canary))
        tar.addfile(entry, io.BytesIO())
    return target.getvalue()


def zlib_pickle(canary):
    return zlib.compress(pickled(canary, 4))


def marshalled(canary):
    return marshal.dumps(compile(f"open({str(canary)!r}, 'w')", "x", "exec"))


def script(canary):
    return f"#!/bin/sh\ntouch {canary}\n".encode()


def python(canary):
    return f"open({str(canary)!r}, 'w')\n".encode()


def yaml_tag(canary):
    return f'!!python/object/apply:builtins.open ["{canary}", "w"]\n'.encode()


def keras(canary):
    layer = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": str(canary)}}}
    return archive({"config.json": json.dumps(layer).encode(), "model.weights.h5": hdf(canary)})


def hdf(canary):
    return b"\x89HDF\r\n\x1a\n" + b"\0" * 88 + pickled(canary, 2)


def saved_model(canary):
    return b"\x08\x01\x12" + bytes([40]) + b"ReadFile" + str(canary).encode()[:30] + b"\0" * 20


def onnx_outside(canary):
    """An ONNX model whose weights lie outside the package, by path."""
    entry = b"\x0a\x08location\x12" + bytes([len(str(canary).encode()[:100])]) + str(canary).encode()[:100]
    tensor = b"\x42\x01w" + b"\x6a" + bytes([len(entry)]) + entry + b"\x70\x01"
    graph = b"\x2a" + struct.pack("B", len(tensor) & 0x7F) + tensor
    return b"\x08\x08\x3a" + struct.pack("B", len(graph) & 0x7F) + graph


def pmml(canary):
    return f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{canary}">]><PMML>&e;</PMML>'.encode()


def gguf(canary):
    template = f"{{{{ ''.__class__.__mro__[1].__subclasses__() }}}}{canary}".encode()
    return b"GGUF\x03\0\0\0" + struct.pack("<QQ", 0, 1) + template


def safetensors(canary):
    return struct.pack("<Q", 1 << 60) + b"{}" + str(canary).encode()


def polyglot(canary):
    """An honest archive behind a pickle: what each reader sees depends on where it starts."""
    return pickled(canary, 2) + archive({"schema.json": b"{}"})


FOREIGN = {
    **{f"pickle {protocol}.pkl": (lambda at, p=protocol: pickled(at, p)) for protocol in range(6)},
    "a call of the system.pickle": system,
    "eval.pkl": evaluated,
    "exec.p": executed,
    "a process.pkl": process,
    "by its stack.pkl": by_stack,
    "by an instance.pkl": by_instance,
    "broken afterwards.pkl": broken_after,
    "the second of two.pkl": twice,
    "compressed.pkl": zlib_pickle,
    "joblib.joblib": lambda at: joblib_file(at, 0),
    "joblib compressed.joblib": lambda at: joblib_file(at, 3),
    "an array of objects.npy": objects,
    "arrays of objects.npz": npz,
    "torch.pt": torch,
    "torch.bin": torch,
    "torch as it was.pth": torch_legacy,
    "checkpoint.ckpt": torch,
    "nemo.nemo": nemo,
    "a tar that leaves its folder.tar": tar_out,
    "compiled.pyc": marshalled,
    "a script.sh": script,
    "python.py": python,
    "yaml.yaml": yaml_tag,
    "keras.keras": keras,
    "hdf.h5": hdf,
    "hdf.hdf5": hdf,
    "saved.pb": saved_model,
    "weights elsewhere.onnx": onnx_outside,
    "pmml.pmml": pmml,
    "gguf.gguf": gguf,
    "a header that promises too much.safetensors": safetensors,
    "polyglot.zip": polyglot,
}
RUNS = [name for name in FOREIGN if name.endswith((".pkl", ".pickle", ".p")) and name != "compressed.pkl"]


# --- archives that pretend to be skops ------------------------------------------------------------------------------


def archive(files, compression=zipfile.ZIP_STORED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return made.getvalue()


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


def pack(folder, name, content):
    folder.mkdir()
    (folder / name).write_bytes(content)
    write_manifest(folder, "evil")


def refuse(folder, canary):
    with pytest.raises(PackageError) as caught:
        open_package(folder).load_model()
    assert not canary.exists()
    assert caught.value.where
    return caught.value


def test_there_are_enough_of_them():
    assert len(FOREIGN) + len(PRETENDERS) >= 60


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_kind_is_refused_under_its_own_name_and_under_ours(tmp_path, name):
    canary = tmp_path / "canary"
    content = FOREIGN[name](canary)
    for number, suffix in enumerate((name.rpartition(".")[2], "skops", "onnx", "SKOPS", "skops.pkl")):
        pack(tmp_path / str(number), f"model.{suffix}", content)
        refuse(tmp_path / str(number), canary)
    canary.unlink(missing_ok=True)


@pytest.mark.parametrize("name", PRETENDERS)
def test_an_archive_that_pretends_is_refused_for_what_is_wrong_with_it(tmp_path, name):
    canary = tmp_path / "canary"
    pack(tmp_path / "package", "model.skops", PRETENDERS[name](canary))
    assert WHY.get(name, "not trusted") in refuse(tmp_path / "package", canary).what


@pytest.mark.parametrize("name", RUNS)
def test_the_twin_of_each_pickle_runs_when_somebody_unpickles_it(tmp_path, name):
    path, canary = tmp_path / "model.pkl", tmp_path / "canary"
    path.write_bytes(FOREIGN[name](canary))
    program = "import pickle, sys; file = open(sys.argv[1], 'rb')\nwhile True: pickle.load(file)"
    subprocess.run([sys.executable, "-c", program, str(path)], check=False, capture_output=True)
    assert canary.exists()


HONEST = {
    "a tree": DecisionTreeRegressor(max_depth=3),
    "a forest": RandomForestRegressor(2, max_depth=3),
    "a boosted model": HistGradientBoostingRegressor(max_iter=2),
    "neighbours": KNeighborsRegressor(algorithm="kd_tree", leaf_size=5),
    "a line": Ridge(),
}


@pytest.mark.parametrize("name", HONEST)
def test_the_twin_that_nobody_changed_is_read(tmp_path, name):
    content = tampered(HONEST[name], lambda _, content: content)(tmp_path / "canary")
    pack(tmp_path / "package", "model.skops", content)
    model = open_package(tmp_path / "package").load_model()
    assert model.predict(X).tolist() == HONEST[name].predict(X).tolist()


def test_two_model_files_are_one_too_many(tmp_path):
    pack(tmp_path / "package", "model.skops", b"x")
    (tmp_path / "package" / "model.pkl").write_bytes(b"x")
    write_manifest(tmp_path / "package", "evil")
    with pytest.raises(PackageError, match="2 model files"):
        open_package(tmp_path / "package").load_model()


def test_pickletools_agrees_that_the_pickles_are_pickles():
    for name in RUNS:
        if name not in {"broken afterwards.pkl"}:
            assert list(pickletools.genops(FOREIGN[name]("/nowhere")))
