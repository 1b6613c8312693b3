"""advise: several quantizers tried on a sample of the items, and the one to take."""

from __future__ import annotations

import ctypes
import json
import re
from contextlib import ExitStack
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from . import _inputs, _options
from ._arrays import int_of, text_of
from ._context import Context, Progress
from ._fit import embed
from ._native import lib, sid_advice, sid_advice_row, sid_advise_options, sid_encoder_options, sid_trial

by = ctypes.byref


class Trial(NamedTuple):
    """A quantizer as it was tried. ``refused``: why it cannot be fitted here; what follows it is then empty.

    report: figures of health, as ``Catalog.report``. fit_s: fitting and encoding all items, a guess from sample_fit_s;
    encode_rate: items a second; sid_bits: of a SID packed; quantizer_size: bytes of what encoding needs.
    """

    quantizer: str
    levels: int
    codes: Tuple[int, ...]
    options: str
    refused: Optional[str]
    is_ordered: bool
    report: Dict[str, Any]
    sample_fit_s: float
    fit_s: float
    encode_rate: float
    sid_bits: int
    quantizer_size: int

    @property
    def keywords(self) -> Dict[str, Any]:
        """What :meth:`semid.Catalog.fit` takes to make it."""
        pairs = re.findall(r"([a-z0-9-]+)=(\([^)]*\)|[^,]*)", self.options)
        options = {name.replace("-", "_"): value.strip("()") for name, value in pairs}
        return {"quantizer": self.quantizer, "levels": self.levels, "codes": self.codes, **options}


class Advice(NamedTuple):
    """``chosen``: the one to take, None where none is of use; ``why``: a sentence. counted: the items that all encoded."""

    chosen: Optional[Trial]
    why: str
    trials: List[Trial]
    items: int
    sample: int
    counted: int


def _report(context: Context, row: sid_advice_row) -> Dict[str, Any]:
    text = ctypes.c_void_p()
    context.call(lib.sid_report_json, by(row.report), by(text))
    try:
        found: Dict[str, Any] = json.loads(ctypes.string_at(text))
        return found
    finally:
        lib.sid_text_free(text)


def _trial(context: Context, row: sid_advice_row) -> Trial:
    refused = None if row.refused is None else row.refused.decode()
    codes = tuple(int(k) for k in (row.codes or b"").decode().split(",") if k)
    return Trial(
        row.quantizer.decode(),
        row.levels,
        codes * row.levels if len(codes) == 1 else codes,
        (row.options or b"").decode(),
        refused,
        row.is_ordered,
        {} if refused is not None else _report(context, row),
        row.sample_fit_s,
        row.fit_s,
        row.encode_rate,
        row.sid_bits,
        row.quantizer_size,
    )


def _advice(context: Context, a: sid_advice) -> Advice:
    trials = [_trial(context, a.row[i]) for i in range(a.row_count)]
    chosen = trials[a.chosen] if a.chosen >= 0 else None
    return Advice(chosen, (a.why or b"").decode(), trials, a.items, a.sample, a.counted)


def _trials_of(trials: Sequence[Dict[str, Any]]) -> Any:
    made = (sid_trial * max(len(trials), 1))()
    for at, given in zip(made, trials):
        rest = dict(given)
        quantizer, levels, codes = rest.pop("quantizer", "rkmeans"), rest.pop("levels", 0), rest.pop("codes", None)
        at.options = _options.split("advise", rest, {"quantizer": quantizer}, ("quantizer", "levels", "codes"))[
            "quantizer"
        ]
        at.quantizer, at.levels = text_of(quantizer, "quantizer"), int_of(levels, "levels", 0)
        at.codes = _options.codes_text(codes)
    return made


def _vectors(context: Context, X: Any, ids: Any, items: Any, on_error: str, stack: ExitStack) -> "Tuple[Any, Any]":
    """Vectors, and the items that they are of, where they have texts."""
    if not _inputs.is_items(X):
        given = stack.enter_context(_inputs.items(context, items, on_error))
        return stack.enter_context(_inputs.vectors(context, X, ids, given, on_error)), given
    given = stack.enter_context(_inputs.items(context, X, on_error, ids))
    own = stack.enter_context(_inputs.vectors_from_items(context, given))
    return own or embed(context, sid_encoder_options(), given, stack)[1], given


def advise(
    X: Any,
    *,
    ids: Any = None,
    items: Any = None,
    trials: Sequence[Dict[str, Any]] = (),
    sample: int = 0,
    seed: int = 42,
    any_order: bool = False,
    category: Optional[str] = None,
    category_separator: Optional[str] = None,
    on_error: str = "fail",
    threads: int = 0,
    memory_limit: int = 0,
    progress: Optional[Progress] = None,
) -> Advice:
    """Tries quantizers on a sample, encodes all items and says which to take; writes nothing.

    X, ids, items: as in :meth:`semid.Catalog.fit`, one vector or text an item. trials: what to try, a dict of fit's keywords
    each; none: a list that suits the number of items. sample: rows to fit on; 0: 20,000. any_order: codes without order
    will do too. Raises TypeError or UsageError (a trial's option); a trial that the data refuses says why.

    >>> advice = semid.advise(X)
    >>> semid.Catalog.fit(X, path="catalog", **advice.chosen.keywords)
    """
    context, a = Context(threads, memory_limit, progress), sid_advice()
    try:
        with ExitStack() as stack:
            vectors, given = _vectors(context, X, ids, items, on_error, stack)
            options = sid_advise_options(
                trial=_trials_of(trials),
                trial_count=len(trials),
                sample=int_of(sample, "sample", 0, 2**62),
                seed=int_of(seed, "seed", 0, 2**63 - 1),
                any_order=bool(any_order),
                items=given,
                category=text_of(category, "category"),
                category_separator=text_of(category_separator, "category_separator"),
            )
            context.call_long(lib.sid_advise, context.pointer, vectors, by(options), by(a))
            return _advice(context, a)
    finally:
        lib.sid_advice_drop(by(a))
        context.free()
