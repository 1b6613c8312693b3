"""test_adapters.py: what the adapters promise, with numpy and pyarrow; engines.sh runs them in the frameworks themselves."""

import json

import numpy as np
import pytest

import semid
from semid.adapters.huggingface import SidProcessor, codes_of_tokens, save_tokenizer, token_ids, tokens_of
from semid.adapters.ray import Encode
from semid.adapters.spark import encode_in_arrow
from semid.adapters.torch import Histories


class Tensor(np.ndarray):
    """As much of a torch tensor as the processor uses."""

    def new_full(self, shape, value):
        return np.full(shape, value).view(Tensor)

    def new_tensor(self, values):
        return np.array(values).view(Tensor)

    def long(self):
        return self.astype(np.int64)


EOS, FIRST = 1, 4


def generate(processor, rows, steps, random, vocabulary):
    """Greedy steps over random scores, from a start token."""
    ids = np.zeros((rows, 1), dtype=np.int64).view(Tensor)
    for _ in range(steps):
        scores = processor(ids, random.normal(size=(rows, vocabulary)).view(Tensor))
        ids = np.hstack([ids, scores.argmax(axis=1)[:, None]]).view(Tensor)
    return ids


@pytest.fixture
def level_ids():
    return [list(range(FIRST + 16 * level, FIRST + 16 * (level + 1))) for level in range(3)]


def test_processor_writes_items(catalog, level_ids):
    """Fails when a SID that no item has can be written, or some item cannot."""
    processor = SidProcessor(catalog, level_ids, eos_token_id=EOS)
    ids = generate(processor, 2000, 5, np.random.default_rng(1), FIRST + 48)
    assert set(ids[:, 4:].ravel().tolist()) == {EOS}
    written = {"-".join(map(str, codes)) for codes in codes_of_tokens(ids, level_ids)}
    sids = set(catalog.sids().values())
    assert written <= sids and len(written) > 0.8 * len(sids)


def test_processor_masks_the_rest(catalog, level_ids):
    """Fails when a score that may stand is changed, or one that may not is left; or when rows depend on each other."""
    processor, random = SidProcessor(catalog.prefixes(), level_ids, eos_token_id=EOS), np.random.default_rng(2)
    scores = random.normal(size=(2, FIRST + 48)).view(Tensor)
    code = int(catalog["item-0"].sid.split("-")[0])
    ids = np.array([[0, FIRST + code], [0, 2]]).view(Tensor)  # the second left the trie
    masked = processor(ids, scores)
    allowed = {FIRST + 16 + int(child) for child in catalog.prefixes().children((code,))[0]}
    assert set(np.flatnonzero(np.isfinite(masked[0]))) == allowed
    assert all(masked[0][token] == scores[0][token] for token in allowed)
    assert np.flatnonzero(np.isfinite(masked[1])).tolist() == [EOS]
    assert np.array_equal(processor(ids[::-1], scores[::-1]), masked[::-1])


def test_processor_of_several(catalog, level_ids):
    """Fails when the second SID of a row is not one, or a decoder's prompt is taken for codes."""
    processor = SidProcessor(catalog, level_ids, begin=1, sids=2, eos_token_id=EOS)
    ids = generate(processor, 50, 7, np.random.default_rng(3), FIRST + 48)
    sids = set(catalog.sids().values())
    for begin in (1, 4):
        assert {"-".join(map(str, codes)) for codes in codes_of_tokens(ids, level_ids, begin)} <= sids
    assert set(ids[:, 7].tolist()) == {EOS}
    open_end = SidProcessor(catalog, level_ids, begin=1)
    scores = np.ones((1, FIRST + 48)).view(Tensor)
    assert np.array_equal(open_end(ids[:1, :4], scores), scores)


class Words:
    """A tokenizer as transformers has them."""

    unk_token_id = 2

    def __init__(self, words):
        self.ids = {word: i for i, word in enumerate(words)}

    def convert_tokens_to_ids(self, tokens):
        return [self.ids.get(token, self.unk_token_id) for token in tokens]

    def add_tokens(self, tokens):
        for token in tokens:
            self.ids.setdefault(token, len(self.ids))


def test_tokens(catalog, tmp_path, X, ids):
    """Fails when tokens are others than `semid export` writes, a level's ids have gaps, or a digit has no token."""
    save_tokenizer(catalog, tmp_path / "tokenizer")
    vocabulary = json.loads((tmp_path / "tokenizer" / "tokenizer.json").read_text())["model"]["vocab"]
    assert [vocabulary[token] for tokens in tokens_of(catalog) for token in tokens] == list(range(FIRST, FIRST + 48))
    assert token_ids(Words(vocabulary), catalog)[2] == list(range(FIRST + 32, FIRST + 48))
    with pytest.raises(semid.DataError, match="<a_0>"):
        token_ids(Words(["a", "b", "c"]), catalog)
    assert token_ids(Words(["a", "b", "c"]), catalog, add=True)[0] == list(range(3, 19))
    with pytest.raises(FileExistsError):
        save_tokenizer(catalog, tmp_path / "tokenizer")
    catalog.export(tmp_path / "tokens.txt", "tokens", digit="none")
    exported = set("".join((tmp_path / "tokens.txt").read_text().split()).replace("><", "> <").split())
    assert exported <= set(vocabulary)
    with semid.Catalog.fit(X, ids=ids, path=tmp_path / "d", codes=8, levels=2, collisions="digit") as digits:
        levels = tokens_of(digits)
        most = max(int(sid.split("-")[2]) for sid in digits.sids().values())
        assert len(levels) == 3 and len(levels[2]) == most + 1
        numbers = token_ids(Words(["a", "b", "c"]), digits, add=True)
        rows = generate(
            SidProcessor(digits, numbers, eos_token_id=EOS), 300, 4, np.random.default_rng(4), 3 + 16 + most + 1
        )
        assert {"-".join(map(str, codes)) for codes in codes_of_tokens(rows, numbers)} <= set(digits.sids().values())


def test_histories(catalog):
    """Fails when a row holds other codes than the items', or padding stands behind them."""
    sids = catalog.sids()
    data = Histories([["item-1", "gone", "item-2", "item-3"], ["item-4"], ["item-5", "item-6"]], sids, length=3)
    assert len(data) == 2
    before, target = data[0]
    assert semid.format(before[1:]) == [sids["item-1"], sids["item-2"]] and (before[0] == -1).all()
    assert semid.format(target) == sids["item-3"]


def test_spark_and_ray(catalog, X, ids):
    """Fails when a batch gives other SIDs than encode, or columns get lost between engines' types."""
    pa = pytest.importorskip("pyarrow", reason="SKIPPED: pyarrow is not installed")
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), 12)
    table = pa.table({"item_id": ids, "vector": vectors, "brand": ["b"] * 600})
    wanted = semid.format(catalog.encode(X))
    made = pa.Table.from_batches(encode_in_arrow(catalog.path)(iter(table.to_batches(max_chunksize=77))))
    assert made.column_names == ["item_id", "sid", "codes"] and made["codes"].type == pa.list_(pa.int32())
    assert made["sid"].to_pylist() == wanted and made["item_id"].to_pylist() == ids
    encode = Encode(catalog.path, keep=["brand"])
    batch = encode(table)
    assert batch["sid"].to_pylist() == wanted and batch.column_names == ["item_id", "brand", "sid", "codes"]
    arrays = encode({"item_id": np.array(ids), "vector": X, "brand": np.array(["b"] * 600)})
    assert arrays["sid"].tolist() == wanted and arrays["brand"][5] == "b" and arrays["codes"].dtype == np.uint16
