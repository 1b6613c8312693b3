"""Catalog.fit, step by step: items, their vectors, the options, the fit."""

from __future__ import annotations

import ctypes
import os
import tempfile
from contextlib import ExitStack
from typing import Any, Dict, NamedTuple, Optional, Tuple

from . import _inputs, _options
from ._arrays import ids_of, int_of, optional_path, path_of, text_of
from ._context import Context, warn
from ._errors import ExistsError, UsageError
from ._native import OPEN_READ, lib, sid_encoder_options, sid_fit_options, sid_fusion_options

KEYWORDS = (
    "path",
    "ids",
    "items",
    "quantizer",
    "levels",
    "codes",
    "seed",
    "collisions",
    "digit_style",
    "encoder",
    "fields",
    "fuse",
    "fuse_weights",
    "fuse_dim",
    "fit_rows",
    "parent",
    "init_from",
    "drop_vectors",
    "force",
    "resume",
    "on_error",
    "threads",
    "memory_limit",
    "progress",
)


class FitArguments(NamedTuple):
    """What Catalog.fit was given, as it was given."""

    data: Any
    path: Any
    ids: Any
    items: Any
    quantizer: Optional[str]
    levels: Optional[int]
    codes: Any
    seed: int
    collisions: Optional[str]
    digit_style: Optional[str]
    encoder: Optional[str]
    fields: Optional[str]
    fuse: Optional[str]
    fuse_weights: Optional[Dict[str, float]]
    fuse_dim: int
    fit_rows: Any
    parent: Optional[str]
    init_from: Any
    drop_vectors: bool
    force: bool
    resume: bool
    on_error: str
    options: Dict[str, Any]


def _chosen(given: Optional[str], default: str, a: FitArguments) -> Optional[str]:
    """None: as it was in init_from, which the library knows."""
    return given if given is not None else None if a.init_from is not None else default


def _split_options(a: FitArguments) -> Dict[str, Optional[bytes]]:
    kinds = {
        "quantizer": _chosen(a.quantizer, "rkmeans", a),
        "policy": _chosen(a.collisions, "keep", a),
        "encoder": a.encoder or "lsa",
    }
    return _options.split("fit", a.options, kinds, KEYWORDS)


def _check(a: FitArguments, texts: Dict[str, Optional[bytes]]) -> None:
    """What can be refused before anything is read."""
    _inputs.read_options(a.on_error)
    embeds = a.encoder is not None or a.fields is not None or texts["encoder"] is not None
    if embeds and not _inputs.is_items(a.data):
        raise UsageError("vectors are used as they are; leave out encoder=, fields= and encoder_..=, or pass items")
    if embeds and a.init_from is not None:
        raise UsageError(
            "the codebooks of init_from go with the encoder it holds; leave out encoder=, fields= and encoder_..="
        )
    fuses = a.fuse is not None or a.fuse_weights is not None or a.fuse_dim != 0
    if fuses and not (isinstance(a.data, dict) and len(a.data) > 1):
        raise UsageError(
            'fuse=, fuse_weights= and fuse_dim= have a meaning with several vectors an item: X = {"image": .., '
            '"text": ..}'
        )
    if a.items is not None and _inputs.is_items(a.data):
        raise UsageError("items are given twice, as data and as items=; give one")
    if not a.force and os.path.lexists(a.path):  # the library says so too, after minutes of embedding
        raise ExistsError(f"{os.fspath(a.path)}: exists already; name another place or pass force=True to replace it")


def fit_options(a: FitArguments, texts: Dict[str, Optional[bytes]]) -> sid_fit_options:
    return sid_fit_options(
        quantizer=text_of(a.quantizer, "quantizer"),
        levels=0 if a.levels is None else int_of(a.levels, "levels", 1),
        codes=_options.codes_text(a.codes),
        options=texts["quantizer"],
        seed=int_of(a.seed, "seed", 0, 2**63 - 1),
        collisions=text_of(a.collisions, "collisions"),
        digit_style=text_of(a.digit_style, "digit_style"),
        parent=text_of(a.parent, "parent"),
        init_from=optional_path(a.init_from, "init_from"),
        drop_vectors=bool(a.drop_vectors),
        force=bool(a.force),
        resume=bool(a.resume),
        collision_options=texts["policy"],
    )


def _rows_file(rows: Any, stack: ExitStack) -> bytes:
    """fit_rows: a file, or ids that go into one."""
    if _inputs.is_path(rows):
        return path_of(rows, "fit_rows")
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="semid-"))
    path = os.path.join(folder, "fit_rows.txt")
    with open(path, "wb") as file:
        file.write(b"\n".join(ids_of(rows, "fit_rows")) + b"\n")
    return os.fsencode(path)


def _warn_no_text(count: int) -> None:
    if count:
        warn(f"{count} items without a word that the encoder knows: all of those get the same SID")


def embed(
    context: Context, chosen: sid_encoder_options, items: Any, stack: ExitStack
) -> Tuple[ctypes.c_void_p, ctypes.c_void_p]:
    """Fits a sid_encoder on items and gives it and their vectors; both live as long as the stack."""
    encoder, vectors, no_text = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_int64()
    stack.callback(lambda: lib.sid_encoder_free(encoder))
    stack.callback(lambda: lib.sid_vectors_free(vectors))
    context.call_long(lib.sid_encoder_fit, context.pointer, items, ctypes.byref(chosen), ctypes.byref(encoder))
    context.call_long(
        lib.sid_encoder_encode, context.pointer, encoder, items, ctypes.byref(vectors), ctypes.byref(no_text)
    )
    _warn_no_text(no_text.value)
    return encoder, vectors


def _embed_as_before(context: Context, init_from: Any, items: Any, stack: ExitStack) -> ctypes.c_void_p:
    old, vectors, no_text = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_int64()
    context.call_long(
        lib.sid_catalog_open, context.pointer, path_of(init_from, "init_from"), OPEN_READ, ctypes.byref(old)
    )
    stack.callback(lambda: lib.sid_vectors_free(vectors))
    try:
        context.call_long(lib.sid_catalog_embed, old, items, ctypes.byref(vectors), ctypes.byref(no_text))
    finally:
        lib.sid_catalog_close(old)
    _warn_no_text(no_text.value)
    return vectors


def _fuse(context: Context, a: FitArguments, items: Any, options: sid_fit_options, stack: ExitStack) -> ctypes.c_void_p:
    fusion, vectors = ctypes.c_void_p(), ctypes.c_void_p()
    if not a.data:
        raise UsageError("X is an empty dict; {name: vectors} is expected")
    parts = stack.enter_context(_inputs.modalities(context, a.data, a.ids, items, a.on_error, a.fuse_weights))
    if len(parts) == 1:  # one needs no fusion
        return ctypes.c_void_p(parts[0].vectors)
    stack.callback(lambda: lib.sid_fusion_free(fusion))
    stack.callback(lambda: lib.sid_vectors_free(vectors))
    chosen = sid_fusion_options(method=text_of(a.fuse, "fuse"), dim=int_of(a.fuse_dim, "fuse_dim", 0), seed=a.seed)
    context.call_long(
        lib.sid_fusion_fit, context.pointer, ctypes.byref(chosen), parts, len(parts), ctypes.byref(fusion)
    )
    context.call_long(lib.sid_fusion_apply, context.pointer, fusion, parts, len(parts), ctypes.byref(vectors))
    options.fusion = fusion
    return vectors


def _vectors(
    context: Context,
    a: FitArguments,
    encoder_text: Optional[bytes],
    items: Any,
    options: sid_fit_options,
    stack: ExitStack,
) -> ctypes.c_void_p:
    """As the command line: vectors given, else "vector" members, else text."""
    if isinstance(a.data, dict):
        return _fuse(context, a, items, options, stack)
    if not _inputs.is_items(a.data):
        return stack.enter_context(_inputs.vectors(context, a.data, a.ids, items, a.on_error))
    if a.encoder is None and a.fields is None and encoder_text is None:
        vectors_of_items = stack.enter_context(_inputs.vectors_from_items(context, items))
        if vectors_of_items is not None:
            return vectors_of_items
    if a.init_from is not None:
        return _embed_as_before(context, a.init_from, items, stack)
    chosen = sid_encoder_options(
        encoder=text_of(a.encoder, "encoder"), fields=text_of(a.fields, "fields"), options=encoder_text, seed=a.seed
    )
    encoder, vectors = embed(context, chosen, items, stack)
    options.encoder = encoder
    return vectors


def fit(context: Context, a: FitArguments) -> ctypes.c_void_p:
    """The new sid_catalog, opened for writing; the caller's to close."""
    texts = _split_options(a)
    _check(a, texts)
    options = fit_options(a, texts)
    path, out = os.path.abspath(path_of(a.path, "path")), ctypes.c_void_p()
    with ExitStack() as stack:
        if a.fit_rows is not None:
            options.fit_rows_path = _rows_file(a.fit_rows, stack)
        source = a.data if _inputs.is_items(a.data) else a.items
        own_ids = a.ids if _inputs.is_items(a.data) else None
        items = stack.enter_context(_inputs.items(context, source, a.on_error, own_ids))
        options.items = items
        vectors = _vectors(context, a, texts["encoder"], items, options, stack)
        try:
            context.call_long(
                lib.sid_catalog_fit, context.pointer, ctypes.byref(options), vectors, path, ctypes.byref(out)
            )
        except BaseException:
            lib.sid_catalog_close(out)
            raise
    return out
