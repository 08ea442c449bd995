"""Makes Fixtures/hdf5/hostile.h5, with one object for each feature that the HDF5 layer must refuse, and
sound-headers-*.h5, whose datasets have all kinds of headers that it must accept.

Needs h5py and NumPy. Run it from anywhere.
"""

import pathlib

import h5py
import numpy as np

folder = pathlib.Path(__file__).resolve().parent.parent / "hdf5"
folder.mkdir(exist_ok=True)

with h5py.File(folder / "hostile.h5", "w", libver=("v108", "v108")) as file:
    good = file.create_group("good")
    good["values"] = np.arange(4, dtype="<f4")

    # Links other than hard ones, as the last and as a middle component of a path.
    file["soft"] = h5py.SoftLink("/good/values")
    file["soft_group"] = h5py.SoftLink("/good")
    file["external"] = h5py.ExternalLink("elsewhere.h5", "/values")
    # A second hard link to an object, and a cycle.
    file["twice"] = good["values"]
    good["cycle"] = file["/"]

    # Types.
    file["big_endian"] = np.arange(4, dtype=">f4")
    file["half"] = np.arange(4, dtype="<f2")
    file["compound"] = np.zeros(4, dtype=[("a", "<f4"), ("b", "<i4")])
    file["fixed_text"] = np.array([b"abc"], dtype="S3")
    file.create_dataset("variable_text", data=["abc", "defgh"], dtype=h5py.string_dtype())
    file.create_dataset("variable_floats", (2,), dtype=h5py.vlen_dtype(np.float32))
    file.create_dataset("references", data=[good.ref], dtype=h5py.ref_dtype)
    file.create_dataset("enumeration", (2,), dtype=h5py.enum_dtype({"A": 0, "B": 1}, basetype="u1"))
    file["opaque"] = np.array([b"1234"], dtype="V4")
    file["named_type"] = np.dtype("<f4")
    file.create_dataset("of_named_type", data=np.arange(4, dtype="<f4"), dtype=file["named_type"])

    # Layout and storage.
    file.create_dataset("chunked", data=np.arange(4, dtype="<f4"), chunks=(2,))
    file.create_dataset("deflated", data=np.arange(4, dtype="<f4"), chunks=(2,), compression="gzip")
    file.create_dataset("fletcher", data=np.arange(4, dtype="<f4"), chunks=(2,), fletcher32=True)
    file.create_dataset("shuffled", data=np.arange(4, dtype="<f4"), chunks=(2,), shuffle=True)
    file.create_dataset("extendible", data=np.arange(4, dtype="<f4"), maxshape=(8,), chunks=(2,))
    file.create_dataset("never_written", (4,), dtype="<f4")
    file.create_dataset("huge", (1 << 40,), dtype="<f4")
    file.create_dataset("huge_product", (1 << 20, 1 << 20, 1 << 20), dtype="<f4", chunks=(1, 1, 1))
    file.create_dataset(
        "stored_elsewhere", (4,), dtype="<f4", external=[("elsewhere.bin", 0, 16)]
    )
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((4,))
    h5py.h5d.create(file.id, b"compact", h5py.h5t.IEEE_F32LE, space, compact)
    file["null"] = h5py.Empty("<f4")

    # Attributes.
    file.attrs["variable_text"] = "a text of variable length"
    file.attrs["array"] = np.arange(3, dtype="<i8")
    file.attrs["small"] = np.int16(3)
    file.attrs["zero_inside"] = np.array(b"a\0b", dtype="S3")
    file.attrs["not_text"] = np.array(b"\xff\xfe", dtype="S2")

# A virtual dataset needs the 1.10 format.
with h5py.File(folder / "virtual.h5", "w", libver=("v110", "v110")) as file:
    layout = h5py.VirtualLayout(shape=(4,), dtype="<f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "values", shape=(4,))
    file.create_virtual_dataset("virtual", layout)

# Both versions of headers, after a user block.
for name, libver in [("first", ("earliest", "v108")), ("second", ("v108", "v108"))]:
    with h5py.File(folder / f"sound-headers-{name}.h5", "w", libver=libver, userblock_size=512) as file:
        values = np.arange(4, dtype="<f4")
        file.create_dataset("filled", data=values, fillvalue=9)
        file.create_dataset("filtered", data=values, chunks=(2,), shuffle=True, compression=5, fletcher32=True)
        # The attributes do not fit into the first part of the header.
        file.create_dataset("continued", data=values)
        for part in range(3):
            file["continued"].attrs[f"a{part}"] = np.bytes_("x" * 500)
            file["filled"].attrs[f"a{part}"] = np.int64(part)
