"""Makes Fixtures/checkpoints/hostile/*.h5 from the golden sample: one file for each invalid feature that h5py can write
and our writer cannot. Everything else in a file is consistent. Its name contains the rule of docs/format.md that it
breaks.

Needs h5py. Run it from anywhere.
"""

import pathlib
import shutil

import h5py
import numpy as np

checkpoints = pathlib.Path(__file__).resolve().parent.parent / "checkpoints"
folder = checkpoints / "hostile"
folder.mkdir(exist_ok=True)
BIAS = "parameters/online/head/bias"


def soft_link(file):
    move_away(file)
    file[BIAS] = h5py.SoftLink("/parameters/target/head/bias")


def external_link(file):
    move_away(file)
    file[BIAS] = h5py.ExternalLink("elsewhere.h5", "/bias")


def soft_group(file):
    file.move("parameters/online", "parameters/elsewhere")
    file["parameters/online"] = h5py.SoftLink("/parameters/elsewhere")


def second_link(file):
    del file[BIAS]
    file[BIAS] = file["parameters/target/head/bias"]


def cycle(file):
    file["workers/0/again"] = file["workers"]


def dataset_attribute(file):
    file[BIAS].attrs["note"] = 1


def named_type(file):
    file["workers/0/type"] = np.dtype("<f4")


def big_endian(file):
    replace(file, dtype=">f4")


def compact(file):
    values = take(file)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple(values.shape)
    dataset = h5py.h5d.create(file["parameters/online/head"].id, b"bias", h5py.h5t.IEEE_F32LE, space, properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values)


def checksummed(file):
    replace(file, chunks=(2,), fletcher32=True)


def extendible(file):
    replace(file, chunks=(2,), maxshape=(None,))


def stored_elsewhere(file):
    values = take(file)
    file.create_dataset(BIAS, shape=values.shape, dtype="<f4", external=[("elsewhere.bin", 0, values.nbytes)])


def compound(file):
    take(file)
    file[BIAS] = np.zeros(2, dtype=[("real", "<f4")])


def variable_text_attribute(file):
    del file.attrs["writer"]
    file.attrs["writer"] = "swift-dqn"


def take(file):
    values = file[BIAS][()]
    del file[BIAS]
    return values


def move_away(file):
    del file[BIAS]


def replace(file, **how):
    values = take(file)
    file.create_dataset(BIAS, data=values, **({"dtype": "<f4"} | how))


CASES = {
    2: [variable_text_attribute],
    6: [soft_link, external_link, soft_group, second_link, cycle, dataset_attribute, named_type],
    8: [big_endian, compact, checksummed, extendible, stored_elsewhere, compound],
}

for rule, changes in CASES.items():
    for change in changes:
        path = folder / f"rule-{rule}-{change.__name__.replace('_', '-')}.h5"
        shutil.copyfile(checkpoints / "1.0" / "sample-vector.h5", path)
        with h5py.File(path, "r+", libver=("v108", "v108")) as file:
            change(file)
