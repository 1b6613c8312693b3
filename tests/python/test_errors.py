"""test_errors.py: wrong input from Python: each failure is of a class one would catch, and says what, where and what
next.
"""

import os
import pickle

import numpy as np
import pytest

import semid

CASES = [
    # what is tried, the exception, a part of its words
    (lambda c, X, p: c.encode(X[:, :5]), semid.DataError, r"X has shape \(600, 5\); \(N, 12\) is expected"),
    (lambda c, X, p: c.encode(X[0]), semid.DataError, r"\(12,\).*X\[None, :\]"),
    (lambda c, X, p: c.encode(X[None]), semid.DataError, r"shape \(1, 600, 12\)"),
    (lambda c, X, p: c.encode((X * 9).astype(int)), TypeError, r"dtype int64; float32.*astype"),
    (lambda c, X, p: c.encode(X.astype(complex)), TypeError, "dtype complex128"),
    (lambda c, X, p: c.encode([["a"]]), semid.DataError, "cannot be made into an array of numbers"),
    (lambda c, X, p: c.encode(None), Exception, "X"),
    (lambda c, X, p: c.encode(spoiled(X, np.nan)), ValueError, "row 17, column 3 is NaN"),
    (lambda c, X, p: c.encode(spoiled(X, -np.inf)), semid.DataError, "row 17, column 3 is infinite"),
    (lambda c, X, p: c.encode(spoiled(X.astype(float), 1e300)), semid.DataError, "row 17, column 3 is infinite"),
    (lambda c, X, p: c.encode("nowhere.npy"), FileNotFoundError, "nowhere.npy"),
    (lambda c, X, p: c.encode("nowhere.tsv"), FileNotFoundError, "nowhere.tsv"),
    (lambda c, X, p: c.encode(["a text"]), semid.UsageError, "fitted from vectors"),
    (lambda c, X, p: c.add(["a"], X[:2]), semid.DataError, r"1 ids for X of shape \(2, 12\)"),
    (lambda c, X, p: c.add(["a", "a"], X[:2]), semid.DataError, 'id "a" of row 1 seen before at row 0'),
    (lambda c, X, p: c.add(["a", ""], X[:2]), semid.DataError, "empty id"),
    (lambda c, X, p: c.add(["a", "b\0c"], X[:2]), semid.UsageError, "row 1.*zero byte"),
    (lambda c, X, p: c.add(["a", "b\nc"], X[:2]), semid.DataError, "control"),
    (lambda c, X, p: c.add(["a", 1.5], X[:2]), TypeError, "row 1 is 1.5"),
    (lambda c, X, p: c.add(["a", "\ud800"], X[:2]), semid.UsageError, "no Unicode"),
    (lambda c, X, p: c.add(["a"]), semid.Error, "fitted from vectors"),
    (lambda c, X, p: c.add(None, X[:2]), semid.UsageError, "ids are needed"),
    (lambda c, X, p: c.add(["item-0"], X[:1]), semid.DataError, 'if_exists="skip"'),
    (lambda c, X, p: c.add(["a"], X[:1], if_exists="maybe"), semid.UsageError, "fail, skip, replace"),
    (lambda c, X, p: c.add(["a"], X[:1], commit_every=-1), semid.UsageError, "commit_every is -1"),
    (lambda c, X, p: c.remove(["item-0", "nope"]), semid.NotFoundError, "nope"),
    (lambda c, X, p: c["nope"], KeyError, 'no item "nope"'),
    (lambda c, X, p: c.neighbors("nope"), semid.NotFoundError, 'no item "nope"'),
    (lambda c, X, p: c.neighbors(), semid.UsageError, "exactly one"),
    (lambda c, X, p: c.neighbors("item-1", prefix="1"), semid.UsageError, "exactly one"),
    (lambda c, X, p: c.neighbors("item-1", k=-1), semid.UsageError, "k is -1"),
    (lambda c, X, p: c.neighbors("item-1", k=0), semid.UsageError, "k is 0; a whole number from 1"),
    (lambda c, X, p: c.neighbors("item-1", k=2.5), TypeError, "k is 2.5"),
    (lambda c, X, p: c.neighbors("item-1", k=2**40), semid.UsageError, "k is 1099511627776"),
    (lambda c, X, p: c.neighbors(vector=X[:2]), semid.DataError, "one vector"),
    (lambda c, X, p: c.neighbors(vector=X[0, :5]), semid.DataError, "5 numbers, the catalogue takes 12"),
    (lambda c, X, p: c.neighbors(vector=X[0] * np.nan), semid.DataError, "nan"),
    (lambda c, X, p: c.neighbors(prefix="1--2"), semid.UsageError, "not a SID"),
    (lambda c, X, p: c.neighbors(text=5), TypeError, "text is 5"),
    (lambda c, X, p: c.neighbors(text="tea"), semid.UsageError, "pass vector="),
    (lambda c, X, p: c.labels(-1), semid.UsageError, "depth is -1"),
    (lambda c, X, p: c.report(category="color"), semid.UsageError, "color"),
    (lambda c, X, p: c.compare(p / "nowhere"), FileNotFoundError, "nowhere"),
    (lambda c, X, p: c.export(p / "x.what", "what"), semid.UsageError, "what"),
    (lambda c, X, p: semid.Catalog.open(p / "nowhere"), FileNotFoundError, "nowhere: no such catalogue"),
    (lambda c, X, p: semid.Catalog.open(5), TypeError, "path is 5"),
    (lambda c, X, p: semid.Catalog.open(""), semid.UsageError, "path"),
    (lambda c, X, p: semid.Catalog.open(p), semid.Error, str),
    (lambda c, X, p: semid.Catalog(p), TypeError, "Catalog.open"),
    (lambda c, X, p: semid.Catalog.fit(X, path=c.path), FileExistsError, "force=True"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", refin=3), TypeError, "did you mean refine="),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", level=3), TypeError, "did you mean levels="),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", method="flow"), TypeError, "an option of balanced"),
    (
        lambda c, X, p: semid.Catalog.fit(X, path=p / "q", quantizer="rkmean"),
        semid.UsageError,
        "did you mean 'rkmeans'",
    ),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", collisions="kep"), semid.UsageError, "did you mean 'keep'"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", quantizer=5), TypeError, "quantizer is 5"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", beam="x"), semid.UsageError, 'beam is "x"; a whole number'),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", beam={}), TypeError, "beam is {}"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", levels=-3), semid.UsageError, "levels is -3"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", levels=65), semid.UsageError, "65"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", codes=1), semid.UsageError, "codes"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", codes=(4, 4)), semid.UsageError, "2 numbers for 3 levels"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", seed=-1), semid.UsageError, "seed is -1"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", threads=-1), semid.UsageError, "threads is -1"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", threads="2"), TypeError, "threads is '2'"),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", memory_limit=1000), MemoryError, "raise memory_limit="),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "q", on_error="ignore"), semid.UsageError, "on_error"),
    (lambda c, X, p: semid.Catalog.fit(X[:0], path=p / "q"), semid.DataError, "no vectors"),
    (lambda c, X, p: semid.Catalog.fit(spoiled(X, np.nan), path=p / "q"), semid.DataError, "row 17, column 3 is NaN"),
    (lambda c, X, p: semid.Catalog.fit(X, ids=["a"], path=p / "q"), semid.DataError, "1 ids for X of shape"),
    (lambda c, X, p: semid.Catalog.fit(X, ids=["a"] * 600, path=p / "q"), semid.DataError, "seen before at row 0"),
    (
        lambda c, X, p: semid.Catalog.fit(X, encoder="lsa", path=p / "q"),
        semid.UsageError,
        "vectors are used as they are",
    ),
    (
        lambda c, X, p: semid.Catalog.fit(X, encoder_dim=8, path=p / "q"),
        semid.UsageError,
        "vectors are used as they are",
    ),
    (lambda c, X, p: semid.Catalog.fit("nowhere.tsv", path=p / "q"), FileNotFoundError, "nowhere.tsv"),
    (lambda c, X, p: semid.Catalog.fit([{"a": 1}, 5], path=p / "q"), semid.Error, "row 1 is 5"),
    (lambda c, X, p: semid.Catalog.fit([{"a": object()}], path=p / "q"), semid.DataError, "cannot be written as JSON"),
    (
        lambda c, X, p: semid.Catalog.fit([{"item_id": "a", "t": "x"}, {"item_id": "a"}], path=p / "q"),
        semid.DataError,
        '^items: row 1: item_id "a" seen before',
    ),
    (lambda c, X, p: semid.Catalog.fit(X, path=p / "no" / "q"), OSError, "no"),
    (lambda c, X, p: semid.parse("1-x"), semid.UsageError, "'1-x'.*byte 2"),
    (lambda c, X, p: semid.parse(["1-2", "1-70000"]), semid.UsageError, "row 1.*at most 65535"),
    (lambda c, X, p: semid.parse(["1-2", "1-2-3"]), semid.DataError, "row 1 has 3 codes, row 0 has 2"),
    (lambda c, X, p: semid.parse([5]), TypeError, "row 0 is 5"),
    (lambda c, X, p: semid.format([[1.5]]), TypeError, "dtype float64"),
    (lambda c, X, p: semid.format([[1, 70000]]), semid.DataError, "row 0, column 1 is 70000"),
    (lambda c, X, p: semid.format([[1, -1]]), semid.DataError, "is -1; 0 to 65535"),
]


def spoiled(X, value):
    out = X.copy()
    out[17, 3] = value
    return out


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(len(CASES)))
def test_bad_input(number, catalog, X, tmp_path):
    """Fails when wrong input passes, fails as another class, or with words that do not help."""
    attempt, kind, words = CASES[number]
    with pytest.raises(kind) as caught:
        attempt(catalog, X, tmp_path)
    if isinstance(words, str):
        import re

        assert re.search(words, str(caught.value)), str(caught.value)
    assert "--" not in str(caught.value).replace("1--2", "")
    assert len(catalog) == 600 and not (tmp_path / "q").exists()


def test_closed(catalog, X):
    """Fails when a closed handle is used, or closing twice fails."""
    catalog.close()
    catalog.close()
    for use in (
        lambda: catalog.encode(X),
        lambda: catalog.neighbors("item-1"),
        lambda: len(catalog),
        catalog.items,
        lambda: catalog.add(["a"], X[:1]),
        catalog.report,
        catalog.verify,
    ):
        with pytest.raises(semid.UsageError, match="is closed; open it again with semid.Catalog.open"):
            use()


def test_places_of_errors(tmp_path):
    """Fails when file and line of a bad row are not told as attributes."""
    (tmp_path / "twice.tsv").write_text("item_id\ttitle\na\tone\nb\ttwo\na\tthree\n")
    with pytest.raises(semid.DataError) as caught:
        semid.Catalog.fit(tmp_path / "twice.tsv", path=tmp_path / "c")
    assert caught.value.status == "SID_EDATA" and caught.value.row == 4 and caught.value.file.endswith("twice.tsv")
    assert 'on_error="skip"' in str(caught.value)
    with pytest.warns(semid.SemidWarning):
        with semid.Catalog.fit(tmp_path / "twice.tsv", path=tmp_path / "c", on_error="skip", codes=2) as catalog:
            assert len(catalog) == 2


def test_damage_is_named(catalog):
    """Fails when a flipped byte passes verify, or the exception does not name the file."""
    path = os.path.join(catalog.path, "quantizer.safetensors")
    with open(path, "r+b") as file:
        file.seek(-5, 2)
        byte = file.read(1)
        file.seek(-5, 2)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(semid.CorruptError, match="quantizer.safetensors"):
        catalog.verify()


def test_errors_can_be_pickled():
    """Fails when an error of a worker process cannot reach its parent."""
    for kind in (semid.DataError, semid.NotFoundError, semid.IoError, semid.OutOfMemoryError):
        copy = pickle.loads(pickle.dumps(kind("what, where, next")))
        assert type(copy) is kind and str(copy) == "what, where, next"
