"""The structs and functions of semid_model.h as ctypes sees them: what _native.py is for semid.h.

tests/python/test_layout.py holds both against the headers.
"""

from __future__ import annotations

from ctypes import POINTER, Structure, c_bool, c_char_p, c_double, c_int, c_int64, c_uint64, c_void_p
from typing import Any

from ._native import _fields, declare, sid_family, sid_read_options

CUTOFFS_MAX = 8  # SID_CUTOFFS_MAX
SEGMENTS_MAX = 16  # SID_SEGMENTS_MAX
METRICS = ("recall", "hit_rate", "ndcg", "mrr")  # SID_METRIC_LIST


class sid_events_options(Structure):
    _fields_ = [
        ("read", sid_read_options),
        *_fields(c_void_p, "catalog items vectors"),
        ("item_ids", c_void_p),
        ("item_count", c_int64),
        ("repeats", c_char_p),
        ("core", c_int64),
        ("reserved", c_void_p * 4),
    ]


class sid_events_info(Structure):
    _fields_ = [
        *_fields(c_int64, "users items events skipped duplicates repeats filtered shortest longest"),
        *_fields(c_bool, "has_time has_split"),
    ]


class sid_split_options(Structure):
    _fields_ = [
        *_fields(c_char_p, "split ties targets"),
        ("seed", c_uint64),
        ("cold_fraction", c_double),
        ("reserved", c_void_p * 3),
    ]


class sid_split_info(Structure):
    _fields_ = [
        *_fields(c_int64, "train_events valid_events test_events valid_users test_users test_targets"),
        *_fields(c_int64, "users_without_history users_excluded cold_items cold_events cold_targets"),
        *_fields(c_double, "tied_events_rate tied_targets_rate"),
    ]


class sid_train_options(Structure):
    _fields_ = [
        *_fields(c_char_p, "family options"),
        ("seed", c_uint64),
        ("split", sid_split_options),
        ("vectors", c_void_p),
        ("force", c_bool),
        ("catalog", c_void_p),
        ("resume", c_bool),
        ("checkpoint_steps", c_int64),
        ("dry_run", c_bool),
        ("reserved", c_void_p * 3),
    ]


class sid_model_info(Structure):
    _fields_ = [
        *_fields(c_char_p, "id family options split ties"),
        ("seed", c_uint64),
        *_fields(c_int64, "items train_events"),
        ("dim", c_int),
        ("catalog_id", c_char_p),
        ("levels", c_int),
        ("items_without_sid", c_int64),
    ]


class sid_search_options(Structure):
    _fields_ = [("beam", c_int), *_fields(c_char_p, "search normalize cold"), ("reserved", c_void_p * 1)]


class sid_request(Structure):
    _fields_ = [
        ("history", c_void_p),
        ("history_count", c_int64),
        ("k", c_int),
        ("keep_history", c_bool),
        *_fields(c_void_p, "deny allow"),
        *_fields(c_int64, "deny_count allow_count"),
        ("search", sid_search_options),
        *_fields(c_void_p, "within without"),
        *_fields(c_int64, "within_count without_count"),
        *_fields(c_void_p, "trace user quota"),
        ("reserved", c_void_p * 1),
    ]


class sid_recommendation(Structure):
    _fields_ = [("item_id", c_char_p), ("row", c_int64), ("score", c_double), ("sid", c_char_p)]


class sid_recommendations(Structure):
    _fields_ = [
        ("row", POINTER(sid_recommendation)),
        *_fields(c_int64, "count unknown"),
        ("is_exact", c_bool),
        ("memory", c_void_p),
    ]


class sid_eval_options(Structure):
    _fields_ = [
        ("split", sid_split_options),
        ("k", c_int * CUTOFFS_MAX),
        ("keep_history", c_bool),
        ("bootstrap", c_int),
        ("seed", c_uint64),
        ("vectors", c_void_p),
        ("no_baselines", c_bool),
        ("catalog", c_void_p),
        ("search", sid_search_options),
        ("part", c_char_p),
        ("reserved", c_void_p * 2),
    ]


class sid_interval(Structure):
    _fields_ = _fields(c_double, "mean low high")


_Values = (c_double * CUTOFFS_MAX) * len(METRICS)
_Intervals = (sid_interval * CUTOFFS_MAX) * len(METRICS)


class sid_segment(Structure):
    _fields_ = [("name", c_char_p), ("targets", c_int64), ("mean", _Values)]


class sid_eval_row(Structure):
    _fields_ = [
        *_fields(c_char_p, "family options id"),
        ("is_baseline", c_bool),
        ("seed", c_uint64),
        ("value", _Intervals),
        *_fields(c_double * CUTOFFS_MAX, "coverage gini novelty diversity"),
        ("cold_items", c_int64 * CUTOFFS_MAX),
        ("cold_share", c_double * CUTOFFS_MAX),
        ("segment", sid_segment * SEGMENTS_MAX),
        ("segment_count", c_int),
        *_fields(c_double, "exact_rate invalid_rate"),
        ("sid_value", _Values),
        ("collisions", c_double),
        *_fields(c_char_p, "sid_version options_hash"),
        *_fields(c_double, "train_s eval_s"),
        ("seeds", c_int),
        ("seed_deviation", _Values),
    ]


class sid_eval_pair(Structure):
    _fields_ = [("a", c_int), ("b", c_int), ("difference", _Intervals)]


class sid_evaluation(Structure):
    _fields_ = [
        ("split", sid_split_info),
        *_fields(c_int64, "users candidates"),
        ("k", c_int * CUTOFFS_MAX),
        ("k_count", c_int),
        ("keep_history", c_bool),
        ("part", c_char_p),
        *_fields(c_int64, "targets cold_targets"),
        ("tied_targets_rate", c_double),
        ("row", POINTER(sid_eval_row)),
        ("row_count", c_int),
        ("pair", POINTER(sid_eval_pair)),
        ("pair_count", c_int),
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
    "sid_events_read": [_P, _S, POINTER(sid_events_options), _OUT],
    "sid_model_train": [_P, POINTER(sid_train_options), _P, _S, _OUT],
    "sid_model_open": [_P, _S, _OUT],
    "sid_model_use_catalog": [_P, _P],
    "sid_model_use_vectors": [_P, _P],
    "sid_model_recommend": [_P, POINTER(sid_request), POINTER(sid_recommendations)],
    "sid_model_recommend_many": [_P, POINTER(sid_request), c_int64, POINTER(sid_recommendations)],
    "sid_evaluate": [_P, _P, POINTER(sid_eval_options), _OUT, c_int, POINTER(sid_evaluation)],
}
PLAIN: "dict[str, tuple[Any, list[Any]]]" = {
    "sid_events_free": (None, [_P]),
    "sid_events_get_info": (None, [_P, POINTER(sid_events_info)]),
    "sid_model_close": (None, [_P]),
    "sid_model_get_info": (None, [_P, POINTER(sid_model_info)]),
    "sid_model_item_ids": (POINTER(c_char_p), [_P]),
    "sid_recommendations_drop": (None, [POINTER(sid_recommendations)]),
    "sid_model_family_count": (c_int, []),
    "sid_model_family": (POINTER(sid_family), [c_int]),
    "sid_evaluation_drop": (None, [POINTER(sid_evaluation)]),
}

lib: Any = declare(FALLIBLE, PLAIN)
