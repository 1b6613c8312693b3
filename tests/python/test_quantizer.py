"""test_quantizer.py: vectors to codes and back without a catalogue, and SIDs as text."""

import pickle
import threading

import numpy as np
import pytest

import semid

# What learned quantizers train with here: shapes and determinism need no long training.
QUICK = {"steps": 20, "tune_steps": 5, "warm_steps": 5, "warmup": 2, "hidden": 16, "dim": 8, "batch": 128}


def test_round_trip(X, catalog):
    """Fails when codes are not those of a catalogue of the same options, or reconstructions not the codebooks' sums."""
    q = semid.Quantizer("rkmeans", codes=16).fit(X)
    codes = q.transform(X)
    assert np.array_equal(codes, catalog.encode(X))
    assert (q.dim, q.levels, q.codes) == (12, 3, (16, 16, 16))
    back = q.inverse_transform(codes)
    assert back.dtype == np.float32 and back.shape == X.shape
    errors = [np.square(X - q.inverse_transform(codes, depth)).sum() for depth in (1, 2, 3)]
    assert errors[0] > errors[1] > errors[2]
    assert np.array_equal(back, q.inverse_transform(codes, 3))


@pytest.mark.parametrize("name", sorted(semid.quantizers()))
def test_every_family(X, name):
    """Fails when a quantizer of the tables cannot be fitted, or gives other shapes or other codes the second time."""
    options = {"fsq": {}, "opq": {"levels": 4, "codes": 8}, "pq": {"levels": 4, "codes": 8}}.get(name, {"codes": 8})
    keywords = {option.keyword for option in semid.quantizers()[name].options}
    options.update({keyword: value for keyword, value in QUICK.items() if keyword in keywords})
    q = semid.Quantizer(name, **options)
    codes = q.fit_transform(X)
    assert codes.shape == (600, q.levels) and codes.dtype == np.uint16
    assert np.array_equal(codes, semid.Quantizer(name, **options, threads=1).fit(X).transform(X))
    assert all(codes[:, level].max() < q.codes[level] for level in range(q.levels))
    assert q.inverse_transform(codes).shape == X.shape


def test_margins(X):
    """Fails when margins are not second best minus best of the first level."""
    q = semid.Quantizer(codes=8, levels=1).fit(X)
    books = q.inverse_transform(np.arange(8, dtype=np.uint16)[:, None]).astype(np.float64)
    scores = np.sort(((X[:, None, :] - books[None]) ** 2).sum(axis=2) / 2, axis=1)
    assert q.margins(X)[:, 0] == pytest.approx(scores[:, 1] - scores[:, 0], abs=1e-4)


def test_parameters(X):
    """Fails when what scikit-learn asks of an estimator is not there, or set_params does not count."""
    q = semid.Quantizer("rkmeans", codes=16, beam=2)
    assert q.get_params()["beam"] == 2 and repr(q) == "semid.Quantizer('rkmeans', codes=16, seed=42, beam=2)"
    assert semid.Quantizer(**q.get_params()).get_params() == q.get_params()
    assert q.set_params(codes=4).fit(X).codes == (4, 4, 4)
    assert pickle.loads(pickle.dumps(semid.Quantizer(codes=16))).get_params()["codes"] == 16


def test_fit_beside_transform(X):
    """Fails when a fit frees what another thread encodes with."""
    q, done = semid.Quantizer(codes=4, levels=2, iters=1).fit(X), threading.Event()
    rows, errors = np.tile(X, (20, 1)), []

    def encode():
        while not done.is_set():
            try:
                assert q.transform(rows).shape == (len(rows), 2)
            except BaseException as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=encode) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        q.fit(X)
    done.set()
    for thread in threads:
        thread.join()
    assert not errors


def test_bad_input(X):
    """Fails when wrong input passes, or with words that do not help."""
    q = semid.Quantizer(codes=16).fit(X)
    for attempt, kind, words in (
        (lambda: semid.Quantizer().transform(X), semid.UsageError, "not fitted"),
        (lambda: semid.Quantizer(beem=3), TypeError, "did you mean beam="),
        (lambda: semid.Quantizer("rqvea"), semid.UsageError, "not known"),
        (lambda: q.set_params(beem=3), TypeError, "did you mean beam="),
        (lambda: q.transform(X[:, :3]), semid.DataError, r"\(N, 12\)"),
        (lambda: q.transform(X * np.nan), semid.DataError, "row 0, column 0 is NaN"),
        (lambda: q.fit(X * np.nan), semid.DataError, "row 0, column 0 is -?nan"),
        (lambda: q.fit(X[:0]), semid.DataError, "no vectors"),
        (lambda: q.inverse_transform([[0, 0, 16]]), semid.DataError, "code 16 at level 3; 0 to 15"),
        (lambda: q.inverse_transform([[0, 0]]), semid.DataError, r"shape \(1, 2\)"),
        (lambda: pickle.dumps(q), TypeError, "a fitted Quantizer cannot be pickled"),
    ):
        with pytest.raises(kind, match=words):
            attempt()
    assert np.array_equal(q.transform(X), semid.Quantizer(codes=16).fit(X).transform(X))
    assert q.transform(X[:0]).shape == (0, 3) and q.inverse_transform(np.zeros((0, 3), int)).shape == (0, 12)


def test_texts():
    """Fails when SIDs do not go to text and back, one or many."""
    codes = np.array([[12, 153, 87], [0, 65535, 1]], dtype=np.uint16)
    assert semid.format(codes) == ["12-153-87", "0-65535-1"]
    assert semid.format(codes[0]) == semid.format([12, 153, 87]) == "12-153-87"
    assert np.array_equal(semid.parse(semid.format(codes)), codes) and semid.parse(["1"]).dtype == np.uint16
    assert semid.parse("12-153-87").tolist() == [12, 153, 87]
    assert semid.format([]) == [] and semid.parse([]).shape[0] == 0


def test_tables():
    """Fails when the option tables of the library do not reach Python."""
    assert "rkmeans" in semid.quantizers() and "keep" in semid.collision_policies() and "lsa" in semid.encoders()
    beam = {option.keyword: option for option in semid.quantizers()["rkmeans"].options}["beam"]
    assert (beam.type, beam.default, beam.min) == ("int", "1", 1) and beam.help
    assert all(option.keyword.startswith("encoder_") for option in semid.encoders()["lsa"].options)
