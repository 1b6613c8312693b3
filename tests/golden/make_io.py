"""Makes tests/golden/io: small files written by NumPy, zipfile and (by its published layout) safetensors.

Run with any NumPy: python3 tests/golden/make_io.py
The arrays are x[i, j] = (i - 1) * 1.5 + j * 0.25, which float16 holds exactly.
"""
import io, json, os, struct, zipfile
import numpy as np

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "io")
os.makedirs(here, exist_ok=True)
at = lambda name: os.path.join(here, name)
x = (np.arange(3)[:, None] - 1) * 1.5 + np.arange(2)[None, :] * 0.25

for code in ("f2", "f4", "f8", "u2", "i4", "i8", "u1"):
    values = x if code[0] == "f" else np.arange(6).reshape(3, 2)
    np.save(at(f"c_{code}.npy"), values.astype("<" + code))
np.save(at("fortran_f4.npy"), np.asfortranarray(x.astype("<f4")))
np.save(at("fortran_f8.npy"), np.asfortranarray(x))
for version in ((2, 0), (3, 0)):
    with open(at(f"version{version[0]}.npy"), "wb") as f:
        np.lib.format.write_array(f, x.astype("<f4"), version=version)
np.save(at("big_endian.npy"), x.astype(">f4"))
np.save(at("object.npy"), np.array([[1, None]], dtype=object), allow_pickle=True)
np.save(at("structured.npy"), np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.save(at("complex.npy"), x.astype("<c8"))
np.save(at("one_axis.npy"), np.arange(3, dtype="<f4"))
np.save(at("scalar.npy"), np.float32(1))

# NumPy stamps members with 1980-01-01, so that the bytes are the same each time.
np.savez(at("stored.npz"), x=x.astype("<f4"))
np.savez_compressed(at("deflated.npz"), x=x.astype("<f8"))
np.savez_compressed(at("two.npz"), x=x.astype("<f4"), y=np.asfortranarray(2 * x.astype("<f4")))

def safetensors(name, tensors, metadata=None):
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for key, dtype, shape, raw in tensors:
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(at(name), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)

bf16 = (x.astype("<f4").view("<u4") >> 16).astype("<u2")
safetensors("set.safetensors", [
    ("f32", "F32", [3, 2], x.astype("<f4").tobytes()), ("f16", "F16", [3, 2], x.astype("<f2").tobytes()),
    ("bf16", "BF16", [3, 2], bf16.tobytes()), ("f64", "F64", [3, 2], x.astype("<f8").tobytes()),
    ("scalar", "I64", [], struct.pack("<q", -7)), ("none", "U8", [0, 4], b""),
    ("na\u00efve \"q\"", "I32", [2], struct.pack("<2i", 1, -2)), ("u16", "U16", [1], b"\x01\x02")],
    {"format": "pt"})
safetensors("other_dtype.safetensors", [("mask", "BOOL", [3], b"\1\0\1"), ("x", "F32", [3, 2], x.astype("<f4").tobytes())])
