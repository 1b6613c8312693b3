"""Keywords that are options of a family (quantizer, encoder, collision policy), as the tables in the library list them.

A keyword is the command line's flag with `_` for `-`: quantizers' options as they are, `encoder_dim`, `collisions_cap`.
"""

from __future__ import annotations

import ctypes
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ._arrays import text_of
from ._errors import UsageError
from ._native import OPTION_TYPES
from ._native_model import lib


class Option(NamedTuple):
    """A row of an option table. `keyword` is what it is called in Python; `type` one of int, float, flag, choice,
    text.
    """

    keyword: str
    name: str
    type: str
    default: str
    min: float
    max: float
    choices: str
    help: str


class Family(NamedTuple):
    """A quantizer, encoder or collision policy."""

    name: str
    summary: str
    paper: str
    options: "tuple[Option, ...]"


OWN_KEYWORDS = ("levels", "codes", "seed", "style")  # these have keywords of their own, named elsewhere
_families: Dict[str, Dict[str, Family]] = {}


def _text(value: Optional[bytes]) -> str:
    return (value or b"").decode()


def _family(pointer: Any, prefix: str) -> Family:
    f = pointer.contents
    rows = (f.options[i] for i in range(f.option_count))
    options = tuple(
        Option(
            prefix + _text(o.name).replace("-", "_"),
            _text(o.name),
            OPTION_TYPES[o.type],
            _text(o.default_text),
            o.min,
            o.max,
            _text(o.choices),
            _text(o.help),
        )
        for o in rows
        if _text(o.name) not in OWN_KEYWORDS
    )
    return Family(_text(f.name), _text(f.summary), _text(f.paper), options)


def _read(kind: str) -> Dict[str, Family]:
    if kind == "ranker":
        from . import _native_rank  # noqa: F401  declares what is asked below
    prefix = {"quantizer": "", "encoder": "encoder_", "policy": "collisions_", "pieces": "", "model": "", "ranker": ""}[
        kind
    ]
    count = getattr(lib, f"sid_{kind}_family_count")()
    families = [_family(getattr(lib, f"sid_{kind}_family")(i), prefix) for i in range(count)]
    if kind == "quantizer":
        common = _family(lib.sid_quantizer_common(), prefix).options
        families = [f._replace(options=common + f.options) for f in families]
    return {f.name: f for f in families}


def families(kind: str) -> Dict[str, Family]:
    """By name; kind is quantizer, encoder, policy, pieces, model or ranker."""
    if kind not in _families:
        _families[kind] = _read(kind)
    return _families[kind]


def quantizers() -> Dict[str, Family]:
    """The quantizers there are, by name, each with its options: what ``quantizer=`` and its keywords can be."""
    return dict(families("quantizer"))


def encoders() -> Dict[str, Family]:
    """The text encoders there are, by name: what ``encoder=`` and its keywords can be."""
    return dict(families("encoder"))


def collision_policies() -> Dict[str, Family]:
    """The collision policies there are, by name: what ``collisions=`` and its keywords can be."""
    return dict(families("policy"))


def piece_schemes() -> Dict[str, Family]:
    """The schemes of pieces there are, by name: what ``scheme=`` and its keywords can be."""
    return dict(families("pieces"))


def model_families() -> Dict[str, Family]:
    """The families of recommenders there are, by name: what ``family=`` and its keywords can be."""
    return dict(families("model"))


def ranker_families() -> Dict[str, Family]:
    """The families of rankers there are, by name: what ``family=`` of a ranker and its keywords can be."""
    return dict(families("ranker"))


def _closest(word: str, names: Sequence[str]) -> Optional[str]:
    array = (ctypes.c_char_p * len(names))(*(name.encode() for name in names))
    found = lib.sid_closest(word.encode("utf-8", "replace"), array, len(names))
    return found.decode() if found else None


def _value_text(keyword: str, value: Any) -> str:
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # a number of numpy's
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (tuple, list)):
        return ",".join(_value_text(keyword, part) for part in value)
    if not isinstance(value, str):
        raise TypeError(f"{keyword} is {value!r}; a number, a str, a bool or a tuple of them is expected")
    text_of(value, keyword)
    return value


def _refuse_family(kind: str, name: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{kind} is {name!r}; a str is expected")
    near = _closest(name, list(families(kind)))
    advice = f"did you mean {near!r}? " if near else ""
    raise UsageError(f"{kind} {name!r} is not known; {advice}there are: {', '.join(families(kind))}")


def _unknown(function: str, keyword: str, known: List[str], chosen: str, kinds: Dict[str, Optional[str]]) -> TypeError:
    for kind in kinds:
        owners = [f.name for f in families(kind).values() if any(o.keyword == keyword for o in f.options)]
        if owners:
            return TypeError(f"{function}() got {keyword}=, an option of {', '.join(owners)}; chosen: {chosen}")
    near = _closest(keyword, known)
    advice = f"did you mean {near}=?" if near else f"for {chosen} there are: {', '.join(sorted(known))}"
    return TypeError(f"{function}() got an unexpected keyword {keyword}=; {advice}")


def split(
    function: str, given: Dict[str, Any], kinds: Dict[str, Optional[str]], keywords: Sequence[str] = ()
) -> Dict[str, Optional[bytes]]:
    """The option text of each kind, as C takes it, from the keywords given.

    kinds: kind -> the family chosen; None: not known here, so that any family's will do; the library then judges.
    keywords: others the function has, for did-you-mean. An unknown keyword is a TypeError.
    """
    for kind, chosen in kinds.items():
        if chosen is not None and chosen not in families(kind):
            _refuse_family(kind, chosen)
    texts: Dict[str, List[str]] = {kind: [] for kind in kinds}
    known: Dict[str, "tuple[str, str]"] = {}
    for kind, chosen in kinds.items():
        for family in families(kind).values():
            if chosen in (None, family.name):
                known.update({o.keyword: (kind, o.name) for o in family.options})
    for keyword, value in given.items():
        if keyword not in known:
            chosen_names = ", ".join(f"{kind} {name}" for kind, name in kinds.items() if name)
            raise _unknown(function, keyword, [*known, *keywords], chosen_names, kinds)
        if value is not None:
            kind, name = known[keyword]
            text = _value_text(keyword, value)
            texts[kind].append(f"{name}=({text})" if "," in text else f"{name}={text}")
    return {kind: ",".join(parts).encode() if parts else None for kind, parts in texts.items()}


def codes_text(codes: Any) -> Optional[bytes]:
    """256, (256, 256, 128) or "256,256,128"."""
    return None if codes is None else _value_text("codes", codes).replace(" ", "").encode()
