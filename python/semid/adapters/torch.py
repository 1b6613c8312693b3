"""For PyTorch: embeddings of items by pieces or by rows of a semid.Table, and a data set of histories."""

from __future__ import annotations

import importlib
from typing import Any, Dict, List, Sequence, Tuple

from ..pieces import Pieces
from ..table import Table


def embedding(pieces: Pieces, source: Any, dim: int) -> Any:
    """A module: numbers of items (any shape) to vectors (.., dim), each the sum of its pieces' rows, which are learned.

    source: codes (N, L), or a catalogue, in the order of its ``sids()``. Gradients are sparse: take SparseAdam or SGD.
    """
    torch: Any = importlib.import_module("torch")
    rows, offsets = pieces.rows(source)
    if pieces.row_count is None:
        raise ValueError("pieces of the scheme all-bigrams have no fixed number of rows; look them up in a semid.Table")

    class PieceEmbedding(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rows = torch.nn.EmbeddingBag(pieces.row_count, dim, mode="sum", sparse=True)
            self.register_buffer("row", torch.from_numpy(rows.astype("int64")), persistent=False)
            self.register_buffer("begin", torch.from_numpy(offsets), persistent=False)

        def forward(self, items: Any) -> Any:
            flat = items.reshape(-1)
            first, count = self.begin[flat], self.begin[flat + 1] - self.begin[flat]
            ends = count.cumsum(0)
            within = torch.arange(int(count.sum()), device=flat.device) - (ends - count).repeat_interleave(count)
            chosen = self.row[first.repeat_interleave(count) + within]
            return self.rows(chosen, ends - count).reshape(*items.shape, dim)

    return PieceEmbedding()


def lookup(table: Table, keys: Any, time: int = 0) -> Any:
    """Rows of a table (N, dim) for a training step: ``backward`` gives the table its gradient, one step of its optimiser."""
    torch: Any = importlib.import_module("torch")

    class Lookup(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, anchor: Any) -> Any:
            return torch.from_numpy(table.visit(keys, time))

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> None:
            table.apply(keys, gradient.contiguous().numpy())

    return Lookup.apply(torch.zeros((), requires_grad=True))


class Histories:
    """A data set (``torch.utils.data.DataLoader`` takes it) of SIDs: of each user's items all but the last, and the last.

    users: a list of item ids, oldest first, a user. sids: ``catalog.sids()``; items without one are passed by. A row is
    (codes of the last ``length`` items before, (length, L), padded by -1 at the front; codes of the last one, (L,)).
    """

    def __init__(self, users: Sequence[Sequence[str]], sids: Dict[str, str], length: int = 20) -> None:
        codes = {item: [int(code) for code in sid.split("-")] for item, sid in sids.items()}
        known = [[codes[item] for item in items if item in codes] for items in users]
        self._rows: List[List[List[int]]] = [row for row in known if len(row) >= 2]
        self._length, self._levels = length, max(map(len, codes.values()), default=0)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Tuple[Any, Any]:
        import numpy as np

        *history, target = self._rows[index]
        history = history[-self._length :]
        before = np.full((self._length, self._levels), -1, dtype=np.int64)
        before[self._length - len(history) :] = history
        return before, np.asarray(target, dtype=np.int64)
