"""For transformers: a logits processor that lets a model write SIDs of items and nothing else; a tokenizer of SIDs comes along.

processor = SidProcessor(catalog, token_ids(tokenizer, catalog), begin=1, eos_token_id=tokenizer.eos_token_id)
model.generate(**inputs, num_beams=20, logits_processor=[processor])
"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple, Union

from ..catalog import Catalog
from ..prefixes import Prefixes
from .tokens import save_tokenizer, token_ids, tokens_of

__all__ = ["SidProcessor", "codes_of_tokens", "save_tokenizer", "token_ids", "tokens_of"]


class SidProcessor:
    """Masks the scores of all tokens that lead to no item. Stateless: rows may be reordered, as beams are.

    source: a catalogue, or its prefixes. token_ids: of each level's codes; one level less: SIDs without the added digit.
    begin: tokens of a row before the first SID: 1 of an encoder-decoder, the prompt's length of a decoder.
    sids: how many are written; then ``eos_token_id`` comes, without which the last SID's row is left as it is.
    """

    def __init__(
        self,
        source: Union[Catalog, Prefixes],
        token_ids: Sequence[Sequence[int]],
        *,
        begin: int = 1,
        eos_token_id: Any = None,
        sids: int = 1,
    ) -> None:
        import numpy as np

        self._prefixes = source.prefixes() if isinstance(source, Catalog) else source
        self._ids = [np.asarray(ids, dtype=np.int64) for ids in token_ids]
        self._codes = [{int(token): code for code, token in enumerate(ids)} for ids in self._ids]
        self._begin, self._eos, self._length = begin, eos_token_id, sids * len(self._ids)

    def _allowed(self, row: Sequence[int], kept: Dict[Tuple[int, ...], Any]) -> Any:
        """Ids of the tokens that may follow; a row that left the trie, such as one that has ended, gets none."""
        depth = len(row) % len(self._ids)
        try:
            prefix = tuple(self._codes[level][token] for level, token in enumerate(row[len(row) - depth :]))
        except KeyError:
            return []
        if prefix not in kept:
            codes, _ = self._prefixes.children(prefix)
            kept[prefix] = self._ids[depth][codes]
        return kept[prefix]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        written = input_ids[:, self._begin :].tolist()
        masked = scores.new_full(scores.shape, float("-inf"))
        kept: Dict[Tuple[int, ...], Any] = {}
        for number, row in enumerate(written):
            allowed = self._allowed(row, kept) if len(row) < self._length else []
            if len(allowed):
                at = scores.new_tensor(allowed).long()
                masked[number, at] = scores[number, at]
            elif self._eos is not None:
                masked[number, self._eos] = 0
            else:
                masked[number] = scores[number]
        return masked


def codes_of_tokens(rows: Any, token_ids: Sequence[Sequence[int]], begin: int = 1) -> List[Tuple[int, ...]]:
    """What ``generate`` gave, as codes: the first SID of each row."""
    places = [{int(token): code for code, token in enumerate(ids)} for ids in token_ids]
    cut = [row[begin : begin + len(places)] for row in rows.tolist()]
    return [tuple(level[token] for level, token in zip(places, row)) for row in cut]
