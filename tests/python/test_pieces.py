"""test_pieces.py: SIDs to rows of an embedding table."""

import pickle

import numpy as np
import pytest

import semid


def test_values_of_the_specification():
    """Fails when rows are not those of the C library's table, or k is not passed on."""
    pieces = semid.Pieces.train([[5, 7, 9]], "prefix-ngram", k=2048, rows=1000)
    rows, offsets = pieces.rows(np.array([[5, 7, 9]], dtype=np.uint16))
    assert rows.tolist() == [146, 988, 252] and offsets.tolist() == [0, 3]
    assert rows.dtype == np.uint64 and offsets.dtype == np.int64
    exact = semid.Pieces.train([[1, 2, 1]], "prefix-ngram", k=(4, 3, 2), hash="none")
    assert exact.rows([[1, 2, 1]])[0].tolist() == [1, 9, 27] and exact.row_count == 40
    assert semid.Pieces.train([[1, 2]], "unigram", k=4, hash="key").row_count is None


@pytest.mark.parametrize("scheme", sorted(semid.piece_schemes()))
def test_every_scheme(catalog, tmp_path, scheme):
    """Fails when a scheme cannot be made of a catalogue, kept, opened, or gives other rows then."""
    pieces = semid.Pieces.train(catalog, scheme, rows=200)
    rows, offsets = pieces.rows(catalog)
    assert len(offsets) == len(catalog) + 1 and rows.max() < 200
    with pytest.raises(TypeError, match="save"):
        pickle.dumps(pieces)
    pieces.save(tmp_path / "pieces")
    with pytest.raises(semid.ExistsError):
        pieces.save(tmp_path / "pieces")
    pieces.save(tmp_path / "pieces", force=True)
    back = semid.Pieces.open(tmp_path / "pieces")
    assert (back.scheme, back.codes, back.fingerprint) == (scheme, (16, 16, 16), catalog.fingerprint)
    assert np.array_equal(back.rows(catalog)[0], rows)
    for kept in (back, pieces):
        assert np.array_equal(pickle.loads(pickle.dumps(kept)).rows(catalog)[0], rows)
    assert scheme in repr(back)


def test_as_the_program_does(catalog, program, tmp_path):
    """Fails when the command line and Python make other bytes, or other rows."""
    semid.Pieces.train(catalog, rows=120).save(tmp_path / "ours")
    program("pieces", "train", catalog.path, "--rows", "120", "-o", str(tmp_path / "theirs"))
    for name in ("manifest.json", "pieces.model"):
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()


def test_weights(catalog):
    """Fails when weights are not joined by id, or do not count."""
    ids = list(catalog)
    heavy = {item_id: 1000 for item_id in ids[:5]}
    pieces = semid.Pieces.train(catalog, rows=100, weights=heavy)
    rows, offsets = pieces.rows(catalog)
    assert (np.diff(offsets)[:5] == 1).all()
    array = np.array([heavy.get(item_id, 0) for item_id in ids])
    again = semid.Pieces.train(catalog, rows=100, weights=array)
    assert np.array_equal(again.rows(catalog)[0], rows)


def test_unknown_items():
    """Fails when an item without a SID has rows, or its codes are looked at."""
    pieces = semid.Pieces.train([[1, 2]], "unigram", k=4, hash="none")
    rows, offsets = pieces.rows([[1, 2], [9, 9], [3, 0]], known=[True, False, True])
    assert rows.tolist() == [1, 6, 3, 4] and offsets.tolist() == [0, 2, 2, 4]
    assert pieces.rows(np.zeros((0, 2), dtype=np.uint16))[1].tolist() == [0]


def test_refused(catalog, tmp_path, X, ids):
    """Fails when a wrong call passes, or its message does not say what to do."""
    with pytest.raises(TypeError, match="did you mean rows"):
        semid.Pieces.train(catalog, row=5)
    with pytest.raises(semid.UsageError, match="spm-bpe"):
        semid.Pieces.train(catalog, "bpe")
    with pytest.raises(semid.UsageError, match="pass k=256"):
        semid.Pieces.train([[1, 2]])
    with pytest.raises(semid.UsageError, match="2 levels"):
        semid.Pieces.train([[1, 2]], k=(4, 4, 4))
    with pytest.raises(semid.UsageError, match="leave them out"):
        semid.Pieces.train(catalog, k=16)
    with pytest.raises(semid.DataError, match="one an item"):
        semid.Pieces.train(catalog, weights=[1, 2])
    with pytest.raises(TypeError, match="whole numbers"):
        semid.Pieces.train([[1, 2]], k=4, weights=[0.5])
    with pytest.raises(semid.UsageError, match="need a catalogue"):
        semid.Pieces.train([[1, 2]], k=4, weights={"a": 1})
    with pytest.raises(semid.UsageError, match="48 codes"):
        semid.Pieces.train(catalog, rows=48)
    pieces = semid.Pieces.train(catalog, "unigram", seed=3)
    with pytest.raises(semid.DataError, match="level 2"):
        pieces.rows([[1, 16, 1]])
    with pytest.raises(semid.DataError, match="one an item"):
        pieces.rows([[1, 1, 1]], known=[True, True])
    with semid.Catalog.fit(X, ids=ids, path=tmp_path / "other", codes=16, seed=7) as other:
        with pytest.raises(semid.DataError, match="other codebooks"):
            pieces.rows(other)
    with pytest.raises(semid.NotFoundError):
        semid.Pieces.open(tmp_path / "nowhere")


def test_models(catalog, tmp_path):
    """Fails when a model that was written for SentencePiece does not come back."""
    pieces = semid.Pieces.train(catalog, "spm-bpe", rows=100)
    pieces.export(tmp_path / "p.model")
    for back in (
        semid.Pieces.read_model(tmp_path / "p.model", catalog),
        semid.Pieces.read_model(tmp_path / "p.model", k=(16, 16, 16)),
    ):
        assert back.scheme == "spm-bpe" and np.array_equal(back.rows(catalog)[0], pieces.rows(catalog)[0])
    pieces.export(tmp_path / "p.tsv", "tsv")
    assert (tmp_path / "p.tsv").read_text().startswith("row\tlevel\tcodes\tscore\n")
    with pytest.raises(semid.UsageError, match="k="):
        semid.Pieces.read_model(tmp_path / "p.model")


def test_sentencepiece(catalog, tmp_path):
    """Fails when SentencePiece cuts a SID otherwise than we do, or we read its models otherwise."""
    spm = pytest.importorskip("sentencepiece", reason="SKIPPED: no sentencepiece for this Python; pip install it")
    codes = semid.parse(list(catalog.sids().values()))
    texts = ["".join(chr(0xF0000 + 16 * level + code) for level, code in enumerate(row)) for row in codes.tolist()]
    for scheme in ("spm-unigram", "spm-bpe"):
        pieces = semid.Pieces.train(catalog, scheme, rows=120)
        pieces.export(tmp_path / "p.model")
        theirs = spm.SentencePieceProcessor(model_file=str(tmp_path / "p.model")).encode(texts)
        rows, offsets = pieces.rows(codes)
        assert [rows[a:b].tolist() for a, b in zip(offsets, offsets[1:])] == theirs
