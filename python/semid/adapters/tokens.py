"""A token a code, "<a_12>" for code 12 of level 1: their ids in a tokenizer, and a tokenizer of nothing else, for transformers."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, List

from .._errors import DataError, ExistsError, UsageError
from ..catalog import Catalog

if TYPE_CHECKING:
    from .._arrays import PathLike

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SPECIAL = ("<pad>", "</s>", "<unk>", "<s>")  # ids 0 to 3 of a tokenizer made here


def tokens_of(catalog: Catalog) -> List[List[str]]:
    """The tokens of each level, by code: "<a_0>", "<a_1>", .. of level 1, "<b_0>", .. of level 2. An added digit's follow."""
    k = list(catalog.info.codes)
    digits = [sid.split("-")[len(k) :] for sid in catalog.sids().values()]
    for place in range(max(map(len, digits), default=0)):
        k.append(1 + max(int(one[place]) for one in digits if len(one) > place))
    if len(k) > len(LETTERS):
        raise UsageError(f"SIDs have {len(k)} codes; tokens with a letter a level serve {len(LETTERS)}")
    return [[f"<{letter}_{code}>" for code in range(count)] for letter, count in zip(LETTERS, k)]


def token_ids(tokenizer: Any, catalog: Catalog, add: bool = False) -> List[List[int]]:
    """The ids that a tokenizer gives to the tokens of each level. add: those that it lacks are added to it (call
    ``model.resize_token_embeddings(len(tokenizer))`` then). Raises DataError: it lacks one.
    """
    levels = tokens_of(catalog)
    if add:
        tokenizer.add_tokens([token for tokens in levels for token in tokens])
    ids = [list(tokenizer.convert_tokens_to_ids(tokens)) for tokens in levels]
    for tokens, found in zip(levels, ids):
        for token, number in zip(tokens, found):
            if number is None or number == tokenizer.unk_token_id:
                raise DataError(f"the tokenizer has no token {token}; pass add=True, or make one with save_tokenizer")
    return ids


def save_tokenizer(catalog: Catalog, path: "PathLike", *, force: bool = False) -> None:
    """Writes a folder that ``AutoTokenizer.from_pretrained`` reads: SIDs as words of a vocabulary, ids of a level without
    gaps, level 1 first, behind <pad> </s> <unk> <s>. A text is tokens such as "<a_12><b_153><c_87>", spaces between or not.
    """
    words = [*SPECIAL, *(token for tokens in tokens_of(catalog) for token in tokens)]
    if os.path.lexists(path) and not force:
        raise ExistsError(f"{os.fspath(path)}: exists already; name another place or pass force=True to replace it")
    os.makedirs(path, exist_ok=True)
    special = [
        {
            "id": i,
            "content": w,
            "special": True,
            **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
        }
        for i, w in enumerate(SPECIAL)
    ]
    tokenizer = {
        "version": "1.0",
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Split", "pattern": {"Regex": "<[a-z]_[0-9]+>"}, "behavior": "Isolated", "invert": False},
            ],
        },
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": {"type": "WordLevel", "vocab": {word: i for i, word in enumerate(words)}, "unk_token": "<unk>"},
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "bos_token": "<s>",
    }
    for name, content in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        with open(os.path.join(path, name), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
