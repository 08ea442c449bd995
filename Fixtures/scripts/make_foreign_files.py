"""Makes Fixtures/foreign: small files of other programs, whose names say what they are.

usage: .venv/bin/python Fixtures/scripts/make_foreign_files.py

None of them needs the program that writes such files: each has the structure by which it is recognised, and little more.
"""

import gzip
import io
import json
import pathlib
import pickle
import struct
import tarfile
import zipfile

import h5py
import numpy

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "foreign"
DATE = (1980, 1, 1, 0, 0, 0)
TORCH_MAGIC = 0x1950A86A20F9469CFC6C


def archive(*names, contents=b"x"):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in names:
            file.writestr(zipfile.ZipInfo(name, DATE), contents)
    return data.getvalue()


def hdf5(fill, **options):
    """The bytes of an HDF5 file."""
    path = FOLDER / "work.h5"
    with h5py.File(path, "w", track_order=False, **options) as file:
        fill(file)
    data = path.read_bytes()
    path.unlink()
    return data


def numbers(file):
    file.create_dataset("numbers", data=numpy.arange(4, dtype=numpy.float32), track_times=False)


def keras(file):
    file.attrs["keras_version"] = "2.11.0"
    file.attrs["backend"] = "tensorflow"
    file.attrs["model_config"] = json.dumps({"class_name": "Sequential"})
    numbers(file.create_group("model_weights/dense"))


def keras_weights(file):
    numbers(file.create_group("_layer_checkpoint_dependencies/dense/vars"))


def tar():
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as file:
        entry = tarfile.TarInfo("weights")
        entry.size = 1
        file.addfile(entry, io.BytesIO(b"x"))
    return data.getvalue()


def array(save, *values):
    data = io.BytesIO()
    save(data, *values)
    return data.getvalue()


def onnx():
    def field(number, contents):
        return bytes([number << 3 | 2]) + bytes([len(contents)]) + contents

    return b"\x08\x08" + field(2, b"pytorch") + field(3, b"2.1") + field(7, field(2, b"main")) + field(8, b"\x10\x11")


def safetensors():
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


FILES = {
    "keras.h5": hdf5(keras, libver="earliest"),
    "keras-weights.h5": hdf5(keras_weights, libver="earliest"),
    "hdf5.h5": hdf5(numbers, libver="earliest"),
    "hdf5-newer.h5": hdf5(numbers, libver="latest"),
    "hdf5-user-block.h5": hdf5(numbers, libver="earliest", userblock_size=1024),
    "keras.keras": archive("metadata.json", "config.json", "model.weights.h5"),
    "pytorch.pt": archive("model/data.pkl", "model/byteorder", "model/data/0", "model/version"),
    "torchscript.pt": archive("model/data.pkl", "model/code/__torch__.py", "model/constants.pkl"),
    "pytorch-older.pt": pickle.dumps(TORCH_MAGIC, 2) + pickle.dumps(1001, 2),
    "stable-baselines3.zip": archive(
        "data", "pytorch_variables.pth", "policy.pth", "policy.optimizer.pth", "_stable_baselines3_version",
        "system_info.txt"),
    "archive.zip": archive("readme.txt"),
    "safetensors.safetensors": safetensors(),
    "onnx.onnx": onnx(),
    "numpy.npz": archive("a.npy", "b.npy"),
    "numpy.npy": array(numpy.save, numpy.zeros(2, numpy.float32)),
    "pickle.pkl": pickle.dumps({"weights": [1.0]}, 4),
    "tar.tar": tar(),
    "gzip.gz": gzip.compress(b"x", mtime=0),
    "git-lfs.h5": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "page.h5": b"<!DOCTYPE html>\n<html><body>Not found</body></html>\n",
    "json.h5": b'{"configuration": {}}\n',
    "text.h5": b"step,return\n1,2\n",
    "zeros.h5": bytes(1024),
    "empty.h5": b"",
}

for name, contents in FILES.items():
    (FOLDER / name).write_bytes(contents)
