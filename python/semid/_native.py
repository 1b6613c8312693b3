"""The C library: where it is found, the structs and functions of semid.h as ctypes sees them.

One table of prototypes; tests/python/test_layout.py compares sizes and offsets with what a C compiler says of semid.h,
and the table with the functions declared there. Nothing else in the package names a C type. ctypes releases the GIL
while a function runs.
"""

from __future__ import annotations

import ctypes as c
import os
from ctypes import POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint64, c_void_p
from typing import Any

LIBRARY_NAME = "libsemid.so.0"
SID_TEXT_MAX = 400  # SID_SID_TEXT_MAX
LEVELS_MAX = 64  # SID_LEVELS_MAX
SIZE_BINS = 40  # SID_SIZE_BINS
IF_EXISTS = ("fail", "skip", "replace")  # sid_if_exists
ON_ERROR = ("fail", "skip", "quarantine")  # sid_on_error
OPEN_READ, OPEN_WRITE = 0, 1  # sid_open_mode
OPTION_TYPES = ("int", "float", "flag", "choice", "text")  # sid_option_type
LOG_WARNING = 1  # sid_log_level


def _fields(kind: Any, names: str) -> "list[tuple[str, Any]]":
    return [(name, kind) for name in names.split()]


class sid_error(Structure):
    _fields_ = [
        ("status", c_int),
        ("row", c_int64),
        ("byte", c_int64),
        ("file", c_char * 256),
        ("message", c_char * 1024),
    ]


class sid_progress(Structure):
    _fields_ = [
        ("stage", c_char_p),
        ("done", c_int64),
        ("total", c_int64),
        ("unit", c_char_p),
        ("loss", c_double),
        ("note", c_char_p),
    ]


class sid_read_options(Structure):
    _fields_ = [("on_error", c_int), ("quarantine_path", c_char_p), ("reserved", c_void_p * 4)]


class sid_encoder_options(Structure):
    _fields_ = [
        ("encoder", c_char_p),
        ("fields", c_char_p),
        ("options", c_char_p),
        ("seed", c_uint64),
        ("reserved", c_void_p * 4),
    ]


class sid_modality(Structure):
    _fields_ = [("name", c_char_p), ("vectors", c_void_p), ("weight", c_double), ("reserved", c_void_p * 2)]


class sid_fusion_options(Structure):
    _fields_ = [("method", c_char_p), ("dim", c_int), ("seed", c_uint64), ("reserved", c_void_p * 4)]


class sid_fit_options(Structure):
    _fields_ = [
        ("quantizer", c_char_p),
        ("levels", c_int),
        ("codes", c_char_p),
        ("options", c_char_p),
        ("seed", c_uint64),
        ("collisions", c_char_p),
        ("digit_style", c_char_p),
        ("items", c_void_p),
        ("encoder", c_void_p),
        ("fit_rows_path", c_char_p),
        ("parent", c_char_p),
        ("init_from", c_char_p),
        ("drop_vectors", c_bool),
        ("force", c_bool),
        ("collision_options", c_char_p),
        ("fusion", c_void_p),
        ("resume", c_bool),
        ("reserved", c_void_p * 1),
    ]


class sid_catalog_info(Structure):
    _fields_ = [
        ("id", c_char_p),
        ("parent", c_char_p),
        ("quantizer", c_char_p),
        ("collisions", c_char_p),
        ("digit_style", c_char_p),
        ("encoder", c_char_p),
        ("version", c_int64),
        ("items", c_int64),
        ("dim", c_int),
        ("levels", c_int),
        ("codes", POINTER(c_int)),
        ("has_vectors", c_bool),
        ("ordered", c_bool),
        ("fitted_items", c_int64),
        ("fusion", c_char_p),
        ("fingerprint", c_char_p),
    ]


class sid_item(Structure):
    _fields_ = [
        ("item_id", c_char_p),
        ("sid", c_char_p),
        ("title", c_char_p),
        ("metadata", c_char_p),
        ("state", c_char_p),
        ("assigned", c_char_p),
        ("row", c_int64),
        ("distance", c_double),
        ("shared", c_int),
    ]


class sid_hits(Structure):
    _fields_ = [("row", POINTER(sid_item)), ("count", c_int64), ("memory", c_void_p)]


class sid_add_options(Structure):
    _fields_ = [("if_exists", c_int), ("items", c_void_p), ("commit_every", c_int64), ("reserved", c_void_p * 4)]


class sid_query(Structure):
    _fields_ = [
        ("item", c_char_p),
        ("prefix", c_char_p),
        ("vector", c_void_p),
        ("vector_dim", c_int),
        ("text", c_char_p),
        ("k", c_int),
        ("reserved", c_void_p * 4),
    ]


class sid_label_options(Structure):
    _fields_ = [("depth", c_int), ("category", c_char_p), ("category_separator", c_char_p), ("reserved", c_void_p * 4)]


class sid_label(Structure):
    _fields_ = [("prefix", c_char_p), ("words", c_char_p), ("items", c_int64), ("depth", c_int), ("purity", c_double), ("category", c_char_p)]


class sid_labels(Structure):
    _fields_ = [("row", POINTER(sid_label)), ("count", c_int64), ("memory", c_void_p)]


class sid_level_report(Structure):
    _fields_ = [
        *_fields(c_int, "index codes used dead"),
        *_fields(c_double, "perplexity entropy entropy_given_prefix gini gini_used top_rate top1pct_rate"),
        ("prefixes", c_int64),
        *_fields(c_double, "relative_mse cosine residual_ratio knn_recall knn_lift"),
        *_fields(c_double, "purity purity_shuffled nmi ami"),
    ]


class sid_check(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("value", c_double),
        ("verdict", c_char_p),
        ("next", c_char_p),
        ("healthy", c_double),
        ("look", c_double),
        ("is_at_least", c_bool),
    ]


class sid_report(Structure):
    _fields_ = [
        *_fields(c_char_p, "id parent quantizer collisions verdict"),
        *_fields(c_int64, "version items items_without_text"),
        *_fields(c_int, "dim levels codes"),
        ("unique_sids", c_int64),
        *_fields(c_double, "unique_rate colliding_items_rate colliding_distinct_rate"),
        ("duplicate_vectors", c_int64),
        ("largest_bucket", c_int64),
        ("largest_bucket_sid", c_char_p),
        *_fields(c_double, "bucket_seen bucket_p50 bucket_p99 mse relative_mse lcp_ratio"),
        ("level", POINTER(sid_level_report)),
        ("checks", POINTER(sid_check)),
        ("check_count", c_int),
        ("warnings", POINTER(c_char_p)),
        ("warning_count", c_int),
        ("at_creation", POINTER(c_char_p)),
        ("at_creation_count", c_int),
        ("added_items", c_int64),
        ("added_residual_ratio", c_double),
        ("added_largest_bucket_growth", c_double),
        ("added_advice", c_char_p),
        ("changed_items", c_int64),
        ("resolved_by", c_char_p),
        ("memory", c_void_p),
    ]


class sid_report_options(Structure):
    _fields_ = [("category", c_char_p), ("category_separator", c_char_p), ("reserved", c_void_p * 4)]


class sid_compare_options(Structure):
    _fields_ = [("map_path", c_char_p), ("codes_path", c_char_p), ("events_path", c_char_p), ("reserved", c_void_p * 4)]


class sid_compare_level(Structure):
    _fields_ = [("depth", c_int), ("raw", c_double), ("level", c_double), ("prefix", c_double), ("ami", c_double)]


class sid_comparison(Structure):
    _fields_ = [
        ("old_id", c_char_p),
        ("new_id", c_char_p),
        ("is_child", c_bool),
        ("is_weighted", c_bool),
        ("common", c_int64),
        ("added", c_int64),
        ("removed", c_int64),
        ("sid_changed", c_double),
        ("levels", c_int),
        ("level", POINTER(sid_compare_level)),
        ("memory", c_void_p),
    ]


class sid_child(Structure):
    _fields_ = [("code", c.c_uint16), *_fields(c_int64, "items prefixes")]


class sid_page_options(Structure):
    _fields_ = [*_fields(c_char_p, "name category category_separator"), ("reserved", c_void_p * 4)]


class sid_bucket(Structure):
    _fields_ = [("sid", c_char_p), *_fields(c_int64, "size distinct measured"), ("spread", c_double)]


class sid_buckets(Structure):
    _fields_ = [
        ("row", POINTER(sid_bucket)),
        *_fields(c_int64, "count shared"),
        ("by_size", c_int64 * SIZE_BINS),
        ("resolved_by", c_char_p),
        ("memory", c_void_p),
    ]


class sid_map_options(Structure):
    _fields_ = [("prefix", c_char_p), ("max", c_int64), ("seed", c_uint64), ("reserved", c_void_p * 4)]


class sid_map(Structure):
    _fields_ = [
        ("items", sid_hits),
        ("xy", c_void_p),
        ("of", c_int64),
        ("share", c_double * 2),
        ("spread", c_double),
        ("is_decoded", c_bool),
    ]


class sid_trial(Structure):
    _fields_ = [("quantizer", c_char_p), ("levels", c_int), *_fields(c_char_p, "codes options")]


class sid_advise_options(Structure):
    _fields_ = [
        ("trial", POINTER(sid_trial)),
        ("trial_count", c_int),
        ("sample", c_int64),
        ("seed", c_uint64),
        ("any_order", c_bool),
        ("items", c_void_p),
        *_fields(c_char_p, "category category_separator"),
        ("reserved", c_void_p * 4),
    ]


class sid_advice_row(Structure):
    _fields_ = [
        *_fields(c_char_p, "quantizer codes options"),
        ("levels", c_int),
        ("refused", c_char_p),
        ("is_ordered", c_bool),
        ("report", sid_report),
        *_fields(c_double, "sample_fit_s fit_s encode_rate"),
        ("sid_bits", c_int),
        ("quantizer_size", c_size_t),
    ]


class sid_advice(Structure):
    _fields_ = [
        *_fields(c_int64, "items sample counted"),
        ("row", POINTER(sid_advice_row)),
        *_fields(c_int, "row_count chosen"),
        ("why", c_char_p),
        ("memory", c_void_p),
    ]


class sid_verify_result(Structure):
    _fields_ = [
        ("files_checked", c_int),
        ("items_walked", c_int64),
        ("items_reencoded", c_int64),
        ("items_without_vector", c_int64),
        ("index_rebuilt", c_bool),
    ]


class sid_export_options(Structure):
    _fields_ = [
        ("form", c_char_p),
        ("digit", c_char_p),
        ("token_form", c_char_p),
        ("template_text", c_char_p),
        ("reserved", c_void_p * 4),
    ]


class sid_quantizer_options(Structure):
    _fields_ = [
        ("quantizer", c_char_p),
        ("levels", c_int),
        ("codes", c_char_p),
        ("options", c_char_p),
        ("seed", c_uint64),
        ("reserved", c_void_p * 4),
    ]


class sid_option(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("type", c_int),
        ("default_text", c_char_p),
        ("min", c_double),
        ("max", c_double),
        ("choices", c_char_p),
        ("help", c_char_p),
        ("offset", c_size_t),
    ]


class sid_import_options(Structure):
    _fields_ = [
        ("form", c_char_p),
        *_fields(c_void_p, "vectors items"),
        ("digit_column_last", c_bool),
        *_fields(c_char_p, "codes token_form template_text codebooks"),
        ("force", c_bool),
        ("reserved", c_void_p * 4),
    ]


class sid_family(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("summary", c_char_p),
        ("paper", c_char_p),
        ("options", POINTER(sid_option)),
        ("option_count", c_int),
    ]


class sid_slice(Structure):
    _fields_ = [
        ("dim", c_int),
        ("initializer", c_char_p),
        ("range", c_double),
        *_fields(c_char_p, "optimizer options serving"),
        ("reserved", c_void_p * 2),
    ]


class sid_table_options(Structure):
    _fields_ = [
        ("kind", c_char_p),
        ("rows", c_int64),
        ("slice", POINTER(sid_slice)),
        ("slice_count", c_int),
        ("seed", c_uint64),
        ("hash_seed", c_uint64),
        ("by_row", c_bool),
        ("admit_count", c_int),
        ("admit_cells", c_int64),
        ("admit_prob", c_int),
        ("ttl_days", c_double),
        ("half_life_days", c_double),
        ("reserved", c_void_p * 4),
    ]


class sid_table_info(Structure):
    _fields_ = [
        ("kind", c_char_p),
        ("dim", c_int),
        *_fields(c_int64, "rows row_size memory_size sights steps"),
        ("is_serving", c_bool),
    ]


class sid_pieces_options(Structure):
    _fields_ = [
        ("scheme", c_char_p),
        ("options", c_char_p),
        ("codes", POINTER(c_int)),
        ("levels", c_int),
        ("fingerprint", c_char_p),
        ("reserved", c_void_p * 4),
    ]


class sid_pieces_info(Structure):
    _fields_ = [
        ("scheme", c_char_p),
        ("options", c_char_p),
        ("fingerprint", c_char_p),
        ("levels", c_int),
        ("codes", POINTER(c_int)),
        ("rows", c_int64),
        ("item_rows_max", c_int),
        ("pieces", c_int64),
        ("has_same_size", c_bool),
    ]


STRUCTS = [
    value
    for value in list(globals().values())
    if isinstance(value, type) and issubclass(value, Structure) and value is not Structure
]

PROGRESS_FN = c.CFUNCTYPE(None, c_void_p, POINTER(sid_progress))
LOG_FN = c.CFUNCTYPE(None, c_void_p, c_int, c_char_p)

# (result, arguments before `err`); what gives c_int as a status takes a sid_error last.
_P, _S, _ERR = c_void_p, c_char_p, POINTER(sid_error)
_OUT = POINTER(c_void_p)
FALLIBLE: "dict[str, list[Any]]" = {
    "sid_ctx_create": [_OUT],
    "sid_ctx_set_threads": [_P, c_int],
    "sid_items_read": [_P, _S, POINTER(sid_read_options), _OUT],
    "sid_vectors_read_with": [_P, _S, _S, _P, POINTER(sid_read_options), _OUT, POINTER(c_int64)],
    "sid_vectors_wrap": [_P, _P, c_int64, c_int, POINTER(c_char_p), _OUT],
    "sid_vectors_set_ids": [_P, _P],
    "sid_vectors_from_items": [_P, _P, _OUT],
    "sid_vectors_rows": [_P, c_int64, c_int64, _P],
    "sid_encoder_fit": [_P, _P, POINTER(sid_encoder_options), _OUT],
    "sid_encoder_encode": [_P, _P, _P, _OUT, POINTER(c_int64)],
    "sid_fusion_fit": [_P, POINTER(sid_fusion_options), POINTER(sid_modality), c_int, _OUT],
    "sid_fusion_apply": [_P, _P, POINTER(sid_modality), c_int, _OUT],
    "sid_catalog_fit": [_P, POINTER(sid_fit_options), _P, _S, _OUT],
    "sid_catalog_open": [_P, _S, c_int, _OUT],
    "sid_catalog_encode": [_P, _P, c_int64, c_int, _P],
    "sid_catalog_margins": [_P, _P, c_int64, c_int, _P, _P],
    "sid_catalog_encode_vectors": [_P, _P, _P],
    "sid_catalog_embed": [_P, _P, _OUT, POINTER(c_int64)],
    "sid_catalog_fuse": [_P, POINTER(sid_modality), c_int, _OUT],
    "sid_catalog_add": [_P, _P, POINTER(sid_add_options), POINTER(sid_hits)],
    "sid_catalog_remove": [_P, POINTER(c_char_p), c_int64],
    "sid_catalog_show": [_P, _S, POINTER(sid_hits)],
    "sid_catalog_items": [_P, POINTER(sid_hits)],
    "sid_catalog_decode": [_P, _S, c_int, POINTER(sid_hits), POINTER(sid_hits)],
    "sid_catalog_neighbors": [_P, POINTER(sid_query), POINTER(sid_hits)],
    "sid_catalog_unknown_words": [_P, _S, _OUT],
    "sid_catalog_labels": [_P, POINTER(sid_label_options), POINTER(sid_labels)],
    "sid_catalog_report_with": [_P, POINTER(sid_report_options), POINTER(sid_report)],
    "sid_report_json": [POINTER(sid_report), _OUT],
    "sid_catalog_compare": [_P, _P, POINTER(sid_compare_options), POINTER(sid_comparison)],
    "sid_catalog_verify": [_P, _S, c_bool, POINTER(sid_verify_result)],
    "sid_catalog_prefixes": [_P, _OUT],
    "sid_catalog_page": [_P, POINTER(sid_page_options), _S, POINTER(c_int64)],
    "sid_catalog_buckets": [_P, c_int64, c_int64, POINTER(sid_buckets)],
    "sid_catalog_map": [_P, POINTER(sid_map_options), POINTER(sid_map)],
    "sid_advise": [_P, _P, POINTER(sid_advise_options), POINTER(sid_advice)],
    "sid_catalog_export_as": [_P, POINTER(sid_export_options), _S],
    "sid_catalog_import": [_P, _S, POINTER(sid_import_options), _S, _OUT],
    "sid_parse": [_S, c_int, _P, POINTER(c_int)],
    "sid_quantizer_fit": [_P, POINTER(sid_quantizer_options), _P, c_int64, c_int, _OUT],
    "sid_quantizer_encode": [_P, _P, _P, c_int64, _P, _P],
    "sid_quantizer_decode": [_P, _P, c_int64, c_int, _P],
    "sid_pieces_train": [_P, POINTER(sid_pieces_options), _P, _P, _P, c_int64, _OUT],
    "sid_pieces_read_model": [_P, POINTER(sid_pieces_options), _S, _OUT],
    "sid_pieces_save": [_P, _S, c_bool],
    "sid_pieces_open": [_P, _S, _OUT],
    "sid_pieces_check": [_P, _S, POINTER(c_int), c_int],
    "sid_pieces_export": [_P, _S, _S],
    "sid_pieces_rows": [_P, _P, _P, c_int64, _P, _P],
    "sid_table_create": [_P, POINTER(sid_table_options), _OUT],
    "sid_table_visit": [_P, _P, c_int64, c_int64, _P],
    "sid_table_lookup": [_P, _P, c_int64, c_int, _P],
    "sid_table_gather_sum": [_P, _P, _P, c_int64, c_int, _P],
    "sid_table_touch": [_P, _P, c_int64, c_int64],
    "sid_table_apply": [_P, _P, c_int64, _P],
    "sid_table_apply_sum": [_P, _P, _P, c_int64, _P],
    "sid_table_expire": [_P, c_int64, POINTER(c_int64)],
    "sid_table_evict": [_P, _P, c_int64, POINTER(c_int64)],
    "sid_table_keys": [_P, _P, c_int64, POINTER(c_int64)],
    "sid_table_save": [_P, _S],
    "sid_table_restore": [_P, _S],
    "sid_table_save_serving": [_P, _S],
    "sid_table_open_serving": [_P, _S, _OUT],
}
PLAIN: "dict[str, tuple[Any, list[Any]]]" = {
    "sid_version": (_S, []),
    "sid_status_name": (_S, [c_int]),
    "sid_status_message": (_S, [c_int]),
    "sid_ctx_free": (None, [_P]),
    "sid_ctx_threads": (c_int, [_P]),
    "sid_ctx_set_memory_limit": (None, [_P, c_size_t]),
    "sid_ctx_on_progress": (None, [_P, PROGRESS_FN, _P]),
    "sid_ctx_on_log": (None, [_P, LOG_FN, _P]),
    "sid_ctx_cancel": (None, [_P]),
    "sid_ctx_resume": (None, [_P]),
    "sid_items_free": (None, [_P]),
    "sid_vectors_free": (None, [_P]),
    "sid_vectors_count": (c_int64, [_P]),
    "sid_vectors_dim": (c_int, [_P]),
    "sid_encoder_free": (None, [_P]),
    "sid_fusion_free": (None, [_P]),
    "sid_catalog_close": (None, [_P]),
    "sid_catalog_get_info": (None, [_P, POINTER(sid_catalog_info)]),
    "sid_hits_drop": (None, [POINTER(sid_hits)]),
    "sid_labels_drop": (None, [POINTER(sid_labels)]),
    "sid_report_drop": (None, [POINTER(sid_report)]),
    "sid_buckets_drop": (None, [POINTER(sid_buckets)]),
    "sid_map_drop": (None, [POINTER(sid_map)]),
    "sid_advice_drop": (None, [POINTER(sid_advice)]),
    "sid_prefixes_free": (None, [_P]),
    "sid_prefixes_version": (c_int64, [_P]),
    "sid_prefixes_count": (c_int64, [_P]),
    "sid_prefixes_find": (c_int64, [_P, _P, c_int, c_int64, c_int64, _P]),
    "sid_prefixes_children": (c_int64, [_P, _P, c_int, c_int, c_int64, _P]),
    "sid_comparison_drop": (None, [POINTER(sid_comparison)]),
    "sid_text_free": (None, [_P]),
    "sid_format": (None, [_P, c_int, c_char_p]),
    "sid_quantizer_free": (None, [_P]),
    "sid_quantizer_levels": (c_int, [_P]),
    "sid_quantizer_codes": (c_int, [_P, c_int]),
    "sid_quantizer_dim": (c_int, [_P]),
    "sid_quantizer_family_count": (c_int, []),
    "sid_quantizer_family": (POINTER(sid_family), [c_int]),
    "sid_quantizer_common": (POINTER(sid_family), []),
    "sid_encoder_family_count": (c_int, []),
    "sid_encoder_family": (POINTER(sid_family), [c_int]),
    "sid_policy_family_count": (c_int, []),
    "sid_policy_family": (POINTER(sid_family), [c_int]),
    "sid_table_free": (None, [_P]),
    "sid_table_get_info": (None, [_P, POINTER(sid_table_info)]),
    "sid_pieces_close": (None, [_P]),
    "sid_pieces_get_info": (None, [_P, POINTER(sid_pieces_info)]),
    "sid_pieces_family_count": (c_int, []),
    "sid_pieces_family": (POINTER(sid_family), [c_int]),
    "sid_closest": (_S, [_S, POINTER(c_char_p), c_int]),
}


def _declare(library: Any, fallible: "dict[str, list[Any]]", plain: "dict[str, tuple[Any, list[Any]]]") -> Any:
    for name, arguments in fallible.items():
        function = getattr(library, name)
        function.restype, function.argtypes = c_int, [*arguments, _ERR]
    for name, (result, arguments) in plain.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _of_another_version(path: str, error: AttributeError) -> ImportError:
    return ImportError(
        f"semid: {path} is of another version than this Python package: {error}; install both from one release"
    )


def declare(fallible: "dict[str, list[Any]]", plain: "dict[str, tuple[Any, list[Any]]]") -> Any:
    """The library, with the functions of another header declared too."""
    try:
        return _declare(lib, fallible, plain)
    except AttributeError as error:
        raise _of_another_version(lib._name, error) from error


def _load() -> Any:
    """SEMID_LIBRARY, else the one beside this file (a wheel), else the system's."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), LIBRARY_NAME)
    named = os.environ.get("SEMID_LIBRARY")
    path = named or (beside if os.path.exists(beside) else LIBRARY_NAME)
    try:
        return _declare(c.CDLL(path), FALLIBLE, PLAIN)
    except OSError as error:
        advice = (
            "SEMID_LIBRARY names it; correct it or unset it"
            if named
            else "install the package again with pip, or libsemid0, or name the file in SEMID_LIBRARY"
        )
        raise ImportError(f"semid: the C library cannot be loaded: {error}; {advice}") from error
    except AttributeError as error:
        raise _of_another_version(path, error) from error


lib: Any = _load()
