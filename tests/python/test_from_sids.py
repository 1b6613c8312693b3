"""test_from_sids.py: catalogues of SIDs and codebooks that were made elsewhere, FAISS's among them."""

import numpy as np
import pytest

import semid


def nearest(X, codebooks, mean=0.0):
    """Codes of residual quantisation, greedily, by numpy; with the gap that decides each, relative."""
    rest, codes, sure = X.astype(np.float64) - mean, [], np.ones(len(X), bool)
    for book in codebooks:
        far = ((rest[:, None, :] - book[None].astype(np.float64)) ** 2).sum(-1)
        codes.append(far.argmin(1))
        two = np.partition(far, 1, axis=1)
        sure &= two[:, 1] - two[:, 0] > 1e-4 * two[:, 1]
        rest = rest - book[codes[-1]]
    return np.stack(codes, 1), sure


def test_codebooks_choose(X, ids, tmp_path):
    """Fails when codebooks in memory are written otherwise than they are, or the mean is left out."""
    books = [np.random.default_rng(level).normal(size=(16, 12)).astype(np.float32) for level in range(3)]
    mean = X.mean(0)
    with semid.Catalog.from_sids(None, X, ids=ids, path=tmp_path / "c", codebooks=books, mean=mean) as catalog:
        codes, sure = nearest(X, books, mean)
        found = semid.parse([catalog.sids()[item] for item in ids])
        assert sure.mean() > 0.9 and np.array_equal(found[sure], codes[sure])
        assert np.array_equal(catalog.encode(X), found)


def test_sids_stay(catalog, X, ids, tmp_path):
    """Fails when SIDs as codes, texts or a file do not stay as they are."""
    sids = list(catalog.sids().values())
    catalog.export(tmp_path / "sids.jsonl")
    for number, given in enumerate((semid.parse(sids), sids, tmp_path / "sids.jsonl")):
        more = {} if number < 2 else {"items": [{"item_id": item, "title": f"the {item}"} for item in ids]}
        with semid.Catalog.from_sids(given, X, ids=ids, path=tmp_path / f"c{number}", **more) as made:
            assert list(made.sids().values()) == sids and made.encode(X).shape == (600, 3)
            assert made["item-3"].title == ("the item-3" if more else "")


def test_refusals(X, ids, tmp_path):
    """Fails when what cannot be is taken, or something is left behind."""
    codes = np.zeros((600, 2), np.uint16)
    for words, error, arguments, more in (
        ("needed, or codebooks", semid.UsageError, (None, X), {}),
        ("X is needed", semid.UsageError, (codes,), {}),
        ("3 ids", semid.DataError, (codes, X), {"ids": ids[:3]}),
        ("file holds its own", semid.UsageError, (codes, X), {"codebooks": "x.safetensors", "mean": [0]}),
        ("codebook", semid.DataError, (codes + 5, X), {"codebooks": [np.eye(4, 12, dtype=np.float32)] * 2}),
    ):
        with pytest.raises(error, match=words):
            semid.Catalog.from_sids(*arguments, path=tmp_path / "c", **{"ids": ids, **more})
        assert not (tmp_path / "c").exists()


def test_faiss(X, ids, tmp_path):
    """Fails when FAISS's codebooks or packed codes are read otherwise than FAISS decodes them."""
    faiss = pytest.importorskip("faiss", reason="SKIPPED: no faiss for this Python; pip install faiss-cpu")
    from semid.adapters.faiss import codes_of, from_faiss

    rq = faiss.ResidualQuantizer(12, 3, 5)  # 15 bits: codes cross the borders of bytes
    rq.max_beam_size = 4
    rq.train(X)
    packed = rq.compute_codes(X)
    with from_faiss(rq, X, ids=ids, path=tmp_path / "own", own_codes=True) as catalog:
        codes = semid.parse(list(catalog.sids().values()))
        assert np.array_equal(codes, codes_of(rq, packed)) and catalog.info.codes == (32, 32, 32)
    with from_faiss(rq, X, ids=ids, path=tmp_path / "greedy") as catalog:
        codes, sure = nearest(X, [np.ascontiguousarray(b) for b in books_of(faiss, rq)])
        assert np.array_equal(catalog.encode(X)[sure], codes[sure])
    back = sum(book[code] for book, code in zip(books_of(faiss, rq), codes_of(rq, packed).T))
    assert np.allclose(back, rq.decode(packed), atol=1e-5)
    with pytest.raises(TypeError, match="ProductQuantizer"):
        from_faiss(faiss.ProductQuantizer(12, 3, 4), X, path=tmp_path / "pq")
    with pytest.raises(semid.DataError, match="not trained"):
        from_faiss(faiss.ResidualQuantizer(12, 3, 5), X, path=tmp_path / "none")


def books_of(faiss, rq):
    flat = faiss.vector_to_array(rq.codebooks).reshape(-1, rq.d)
    begin = faiss.vector_to_array(rq.codebook_offsets)
    return [flat[a:b] for a, b in zip(begin, begin[1:])]
