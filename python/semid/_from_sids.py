"""Catalog.from_sids: SIDs and codebooks in memory become the files that the library imports."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional

from . import _inputs, _native, _options
from ._arrays import codes_of, ids_of, optional_path, path_of, rows_of, text_of
from ._context import Context
from ._errors import DataError, UsageError
from ._native import lib
from .sids import format as format_sids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tensors = Dict[str, NDArray[np.float32]]


class FromSids(NamedTuple):
    """What Catalog.from_sids was given, as it was given."""

    sids: Any
    X: Any
    path: Any
    ids: Any
    items: Any
    form: Optional[str]
    codebooks: Any
    mean: Any
    codes: Any
    digit_column_last: bool
    token_form: Optional[str]
    template: Optional[str]
    force: bool
    on_error: str


def write_safetensors(tensors: "Tensors", path: str) -> None:
    """float32 tensors, in order, without metadata."""
    header, at = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


def _tensors(codebooks: Any, mean: Any) -> "Tensors":
    import numpy as np

    tensors = {f"codebook.{level + 1}": rows_of(one, f"codebooks[{level}]") for level, one in enumerate(codebooks)}
    if mean is not None:
        tensors["mean"] = np.ascontiguousarray(mean, dtype=np.float32)
    return tensors


def _codebooks_file(given: FromSids, folder: str) -> Optional[bytes]:
    if given.codebooks is None or _inputs.is_path(given.codebooks):
        if given.mean is not None:
            raise UsageError("mean= belongs to codebooks that are arrays; a file holds its own")
        return optional_path(given.codebooks, "codebooks")
    path = os.path.join(folder, "codebooks.safetensors")
    write_safetensors(_tensors(given.codebooks, given.mean), path)
    return os.fsencode(path)


def _sids_file(given: FromSids, folder: str) -> Optional[bytes]:
    """A file as it is; codes and texts as a TSV, with the ids of the rows."""
    if given.sids is None:
        if given.codebooks is None:
            raise UsageError("SIDs are needed, or codebooks that choose them")
        return None
    if _inputs.is_path(given.sids):
        return path_of(given.sids, "sids")
    is_text = isinstance(given.sids, (list, tuple)) and len(given.sids) > 0 and isinstance(given.sids[0], str)
    texts = list(given.sids) if is_text else format_sids(codes_of(given.sids))
    ids = [str(row).encode() for row in range(len(texts))] if given.ids is None else ids_of(given.ids)
    if len(ids) != len(texts):
        raise DataError(f"{len(texts)} SIDs for {len(ids)} ids; row i has id i, so the counts must be equal")
    path = os.path.join(folder, "sids.tsv")
    with open(path, "wb") as file:
        file.write(
            b"item_id\tsid" + b"".join(b"\tc%d" % (i + 1) for i in range(texts[0].count("-") + 1)) + b"\n"
            if texts
            else b""
        )
        for item_id, sid in zip(ids, texts):
            file.write(item_id + b"\t" + sid.encode() + b"\t" + sid.replace("-", "\t").encode() + b"\n")
    return os.fsencode(path)


def from_sids(context: Context, given: FromSids) -> ctypes.c_void_p:
    """The catalogue, open for changes."""
    if given.X is None:
        raise UsageError("X is needed: the vectors that the SIDs were made of")
    out = ctypes.c_void_p()
    with tempfile.TemporaryDirectory(prefix="semid-") as folder, ExitStack() as stack:
        file = _sids_file(given, folder)
        is_own = given.sids is None or _inputs.is_path(given.sids)
        items = stack.enter_context(_inputs.items(context, given.items, given.on_error))
        options = _native.sid_import_options(
            form=text_of(given.form if is_own else "tsv", "form"),
            vectors=stack.enter_context(_inputs.vectors(context, given.X, given.ids, items, given.on_error)),
            items=items,
            digit_column_last=bool(given.digit_column_last),
            codes=_options.codes_text(given.codes),
            token_form=text_of(given.token_form, "token_form"),
            template_text=text_of(given.template, "template"),
            codebooks=_codebooks_file(given, folder),
            force=bool(given.force),
        )
        context.call_long(
            lib.sid_catalog_import,
            context.pointer,
            file,
            ctypes.byref(options),
            os.path.abspath(path_of(given.path, "path")),
            ctypes.byref(out),
        )
    return out
