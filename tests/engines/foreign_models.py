"""Model files that are no skops archives: each runs something when the reader that it is made for reads it."""

import io
import json
import marshal
import pickle
import struct
import subprocess
import tarfile
import zipfile
import zlib

import joblib
import numpy as np


def archive(files, compression=zipfile.ZIP_STORED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return made.getvalue()


class Bomb:
    """What a hostile pickle holds: something to run while it is read."""

    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


def touch(canary):
    return Bomb(open, str(canary), "w")


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
