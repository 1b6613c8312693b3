"""The structs and functions of rankers and of the retriever as ctypes sees them: what _native.py is for semid.h.

tests/python/test_layout.py holds them against semid_rank.h and semid_model.h.
"""

from __future__ import annotations

from ctypes import CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_int, c_int64, c_uint64, c_void_p
from typing import Any

from ._native import SID_TEXT_MAX, _fields, declare, sid_error, sid_family, sid_read_options

SLICES = ("all", "new", "head", "torso", "tail")  # SID_RANK_SLICE_LIST


class sid_impressions_options(Structure):
    _fields_ = [
        ("read", sid_read_options),
        *_fields(c_char_p, "label positive"),
        ("dense", c_void_p),
        *_fields(c_int, "dense_count days"),
        ("sort", c_bool),
        ("implicit", c_char_p),
        ("seed", c_uint64),
        ("columns", c_void_p),
        ("reserved", c_void_p * 1),
    ]


class sid_impressions_info(Structure):
    _fields_ = [
        *_fields(c_int64, "count clicks users items skipped"),
        ("days", c_int),
        ("last_day_count", c_int64),
        ("has_time", c_bool),
        ("ignored", c_int64),
        ("alpha", c_double),
        ("seed", c_uint64),
    ]


class sid_rank_score(Structure):
    _fields_ = [*_fields(c_int64, "impressions clicks"), *_fields(c_double, "auc gauc log_loss ne")]


class sid_ranker_options(Structure):
    _fields_ = [("batch", c_int), ("rate", c_double), ("seed", c_uint64), ("reserved", c_void_p * 4)]


class sid_ranker_day(Structure):
    _fields_ = [
        ("day", c_int64),
        ("days", c_int),
        ("score", sid_rank_score * len(SLICES)),
        *_fields(c_int64, "items_without_sid rows dropped"),
        ("train_s", c_double),
    ]


REPORT_FN = CFUNCTYPE(c_int, c_void_p, POINTER(sid_ranker_day), POINTER(sid_error))  # sid_ranker_report_fn


class sid_ranker_days(Structure):
    _fields_ = [
        ("from", c_int),
        ("to", c_int),
        ("skip_seen", c_bool),
        ("report", REPORT_FN),
        ("user", c_void_p),
        ("reserved", c_void_p * 4),
    ]


class sid_ranker_info(Structure):
    _fields_ = [
        ("family", c_char_p),
        *_fields(c_int64, "impressions clicks steps users items last_day"),
        ("tables", c_int),
        *_fields(c_int64, "rows parameters"),
    ]


class sid_retriever_options(Structure):
    _fields_ = [
        *_fields(c_void_p, "impressions events"),
        *_fields(c_char_p, "quality birth"),
        ("half_life_days", c_double),
        ("vectors", c_void_p),
        ("reserved", c_void_p * 3),
    ]


class sid_retriever_vectors(Structure):
    _fields_ = [
        *_fields(c_void_p, "item_id vector"),
        ("count", c_int64),
        *_fields(c_int, "dim depth"),
        *_fields(c_void_p, "request user"),
        ("reserved", c_void_p * 4),
    ]


class sid_retriever_change(Structure):
    _fields_ = [
        ("item_id", c_char_p),
        ("remove", c_bool),
        *_fields(c_char_p, "sid title"),
        *_fields(c_double, "quality birth"),
        ("has_birth", c_bool),
        ("vector", c_void_p),
        ("reserved", c_void_p * 1),
    ]


class sid_retriever_info(Structure):
    _fields_ = [
        *_fields(c_int64, "items unseen"),
        ("levels", c_int),
        ("half_life_days", c_double),
        ("size", c_uint64),
        ("dim", c_int),
        *_fields(c_int64, "partitions vectors"),
    ]


class sid_retrieve_request(Structure):
    _fields_ = [
        ("history", c_void_p),
        ("history_count", c_int64),
        ("age_days", c_void_p),
        ("half_life_days", c_double),
        *_fields(c_int64, "k prefixes items"),
        ("depth", c_int),
        ("gamma", c_double),
        ("seed", c_uint64),
        ("resolver", c_char_p),
        ("keep_history", c_bool),
        *_fields(c_void_p, "deny allow"),
        *_fields(c_int64, "deny_count allow_count"),
        *_fields(c_void_p, "within without"),
        *_fields(c_int64, "within_count without_count"),
        ("query", c_void_p),
        ("probe", c_int64),
        ("reserved", c_void_p * 2),
    ]


class sid_retrieved_prefix(Structure):
    _fields_ = [("prefix", c_char * SID_TEXT_MAX), ("weight", c_double)]


class sid_retrieved_item(Structure):
    _fields_ = [*_fields(c_char_p, "item_id sid title"), ("score", c_double), ("prefix", c_int64)]


class sid_retrieved(Structure):
    _fields_ = [
        ("prefix", POINTER(sid_retrieved_prefix)),
        ("row", POINTER(sid_retrieved_item)),
        *_fields(c_int64, "prefix_count count unknown"),
        ("memory", c_void_p),
    ]


STRUCTS = [
    value
    for value in list(globals().values())
    if isinstance(value, type) and issubclass(value, Structure) and value.__module__ == __name__
]

_P, _S = c_void_p, c_char_p
_OUT = POINTER(c_void_p)
FALLIBLE: "dict[str, list[Any]]" = {
    "sid_impressions_read": [_P, _S, POINTER(sid_impressions_options), _OUT],
    "sid_ranker_create": [_P, _S, POINTER(sid_ranker_options), _OUT],
    "sid_ranker_save": [_P, _S, c_bool],
    "sid_ranker_open": [_P, _S, _OUT],
    "sid_ranker_check": [_P, _S],
    "sid_ranker_read": [_P, _S, POINTER(sid_impressions_options), _OUT],
    "sid_ranker_train": [_P, _P, POINTER(sid_ranker_days)],
    "sid_ranker_eval": [_P, _P, POINTER(sid_ranker_days), POINTER(sid_ranker_day), _P],
    "sid_retriever_create": [_P, POINTER(sid_retriever_options), _OUT],
    "sid_retriever_update": [_P, POINTER(sid_retriever_change), c_int64],
    "sid_retrieve": [_P, POINTER(sid_retrieve_request), POINTER(sid_retrieved)],
}
PLAIN: "dict[str, tuple[Any, list[Any]]]" = {
    "sid_impressions_free": (None, [_P]),
    "sid_impressions_get_info": (None, [_P, POINTER(sid_impressions_info)]),
    "sid_ranker_free": (None, [_P]),
    "sid_ranker_get_info": (None, [_P, POINTER(sid_ranker_info)]),
    "sid_ranker_family_count": (c_int, []),
    "sid_ranker_family": (POINTER(sid_family), [c_int]),
    "sid_retriever_free": (None, [_P]),
    "sid_retriever_get_info": (None, [_P, POINTER(sid_retriever_info)]),
    "sid_retrieved_drop": (None, [POINTER(sid_retrieved)]),
    "sid_resolver_count": (c_int, []),
    "sid_resolver": (POINTER(sid_family), [c_int]),
}

lib: Any = declare(FALLIBLE, PLAIN)
