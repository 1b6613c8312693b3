"""test_arrow.py: Arrow, DLPack and Parquet in and out. What needs pyarrow is skipped without it; the wheel's test has it."""

import ctypes
import gc
import tracemalloc

import numpy as np
import pytest

import semid
from semid._arrow import Chunk, Schema, to_numpy
from semid._tables import is_table


@pytest.fixture(scope="session")
def pa():
    return pytest.importorskip("pyarrow", reason="SKIPPED: pyarrow is not installed")


@pytest.fixture(scope="session")
def pq(pa):
    return pytest.importorskip("pyarrow.parquet")


# ---- The C data interface, without pyarrow ----

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class FixedSizeList:
    """A producer as the specification describes one: rows (N, D) of float32 from `offset` on, with a validity bitmap."""

    def __init__(self, rows, offset=0, valid=None):
        self._rows, width = rows, rows.shape[1]
        self.bits = None if valid is None else np.packbits(valid, bitorder="little")
        inner, self._schema = Schema(format=b"f"), Schema(format=b"+w:%d" % width, n_children=1)
        values = (ctypes.c_void_p * 2)(None, rows.ctypes.data)
        numbers = Chunk(length=rows.size, n_buffers=2, buffers=values)
        self._schema.children = (ctypes.POINTER(Schema) * 1)(ctypes.pointer(inner))
        bitmap = (ctypes.c_void_p * 1)(None if valid is None else self.bits.ctypes.data)
        self.chunk = Chunk(length=len(rows) - offset, null_count=-1, offset=offset, n_buffers=1, buffers=bitmap)
        self.chunk.n_children, self.chunk.children = 1, (ctypes.POINTER(Chunk) * 1)(ctypes.pointer(numbers))
        self.kept = (inner, values, numbers, bitmap)

    def __arrow_c_array__(self, requested_schema=None):
        return (
            new_capsule(ctypes.addressof(self._schema), b"arrow_schema", None),
            new_capsule(ctypes.addressof(self.chunk), b"arrow_array", None),
        )


def test_protocol(catalog, X):
    """Fails when the layout is read otherwise than the specification says, or rows are copied."""
    column = FixedSizeList(X)
    rows = to_numpy(column)
    assert rows.ctypes.data == X.ctypes.data and not rows.flags.writeable
    assert np.array_equal(catalog.encode(column), catalog.encode(X))
    assert np.array_equal(to_numpy(FixedSizeList(X, offset=7)), X[7:])
    assert catalog.add([f"new-{i}" for i in range(600)], column)[0].item_id == "new-0"


def test_protocol_nulls(X):
    """Fails when a missing row is taken as a vector, or one that is not is refused."""
    valid = np.ones(600, dtype=bool)
    assert to_numpy(FixedSizeList(X, valid=valid)).shape == (600, 12)
    valid[13] = False
    with pytest.raises(semid.DataError, match="row 13 is null"):
        to_numpy(FixedSizeList(X, valid=valid))
    with pytest.raises(semid.DataError, match="row 3 is null"):
        to_numpy(FixedSizeList(X, offset=10, valid=valid))
    assert len(to_numpy(FixedSizeList(X, offset=14, valid=valid))) == 586


def test_dlpack(catalog, X):
    """Fails when an object with nothing but DLPack is refused, or a foreign device is no clear error."""
    if not hasattr(np, "from_dlpack"):
        pytest.skip("SKIPPED: numpy before 1.22 has no from_dlpack")

    class Tensor:
        def __dlpack__(self, **more):
            return X.__dlpack__()

        def __dlpack_device__(self):
            return X.__dlpack_device__()

    class Elsewhere(Tensor):
        def __dlpack__(self, **more):
            raise BufferError("device 2")

        def __dlpack_device__(self):
            return (2, 0)

    assert np.array_equal(catalog.encode(Tensor()), catalog.encode(X))
    with pytest.raises(TypeError, match="CPU's memory"):
        catalog.encode(Elsewhere())


# ---- pyarrow ----


def columns_of(pa, X):
    """The same rows in every layout that holds them, and whether each is read in place."""
    flat = pa.array(X.reshape(-1))
    fixed = pa.FixedSizeListArray.from_arrays(flat, 12)
    offsets = np.arange(601, dtype=np.int32) * 12
    lists = pa.ListArray.from_arrays(pa.array(offsets), flat)
    large = pa.LargeListArray.from_arrays(pa.array(offsets.astype(np.int64)), flat)
    yield fixed, True
    yield lists, True
    yield large, True
    yield pa.chunked_array([fixed]), True
    yield pa.chunked_array([fixed.slice(0, 7), fixed.slice(7, 0), lists.cast(fixed.type).slice(7)]), False
    yield pa.FixedShapeTensorArray.from_numpy_ndarray(X), True


def test_layouts(pa, catalog, X):
    """Fails when a layout of pyarrow is read wrongly, or copied where it need not be."""
    wanted = catalog.encode(X)
    for column, in_place in columns_of(pa, X):
        rows = to_numpy(column)
        assert rows.dtype == np.float32 and np.array_equal(rows, X), column.type
        tracemalloc.start()
        again = to_numpy(column)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (peak < X.nbytes // 2) == in_place, (column.type, peak)
        assert np.array_equal(catalog.encode(column), wanted) and np.array_equal(again, X)
    sliced = next(columns_of(pa, X))[0].slice(5, 9)
    assert np.array_equal(to_numpy(sliced), X[5:14])
    doubles = pa.FixedSizeListArray.from_arrays(pa.array(X.astype(np.float64).reshape(-1)), 12)
    assert np.array_equal(catalog.encode(doubles), wanted)
    codes = pa.FixedSizeListArray.from_arrays(pa.array(wanted.reshape(-1)), 3)
    assert semid.format(codes) == semid.format(wanted)


def test_memory_outlives_the_column(pa, X):
    """Fails when the rows' memory goes with the column that they came from."""
    rows = [
        to_numpy(pa.chunked_array([pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1) + i), 12)]))
        for i in range(50)
    ]
    gc.collect()
    assert all(np.array_equal(found, X + np.float32(i)) for i, found in enumerate(rows))


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda pa: pa.array([[1.0, 2.0], [3.0]]), semid.DataError, "row 1 holds 1 numbers"),
        (lambda pa: pa.array([[1.0], None]), semid.DataError, "row 1 is null"),
        (lambda pa: pa.array([[1.0], [None]]), semid.DataError, "number 1 is null"),
        (lambda pa: pa.array(["a", "b"]), TypeError, "no numbers"),
        (lambda pa: pa.array([["a"], ["b"]]), TypeError, "no numbers"),
        (lambda pa: pa.array([[1], [2]]), TypeError, "dtype int64"),
        (lambda pa: pa.array([1.0, 2.0]), semid.DataError, "shape (2,)"),
        (lambda pa: pa.chunked_array([], pa.list_(pa.float32())), semid.DataError, "shape (0,)"),
    ],
)
def test_bad_columns(pa, catalog, make, error, words):
    """Fails when a column that holds no vectors is taken, or the message does not say what it holds."""
    with pytest.raises(error) as caught:
        catalog.encode(make(pa))
    assert words in str(caught.value)


def test_ids_and_keys(pa, catalog, X):
    """Fails when ids, keys or codes in Arrow columns are not taken."""
    vectors = next(columns_of(pa, X))[0].slice(0, 2)
    for ids in (
        pa.array(["a", "b"]),
        pa.chunked_array([["c"], ["d"]]),
        pa.array([7, 8]),
        pa.array(["e", "f"]).dictionary_encode(),
    ):
        assert [item.item_id for item in catalog.add(ids, vectors)] == [str(one) for one in ids.to_pylist()]
    with pytest.raises(TypeError, match="row 1 is None"):
        catalog.add(pa.array(["x", None]), vectors)
    table = semid.Table(4)
    table.visit(pa.array([3, 5], pa.uint64()))
    assert len(table) == 2


def test_events(pa, events, fitted):
    """Fails when an Arrow table of events is not the rows that it holds."""
    users, items, times = zip(*events)
    table = pa.table({"user_id": users, "item_id": items, "timestamp": pa.array(times, pa.timestamp("s"))})
    with semid.Model.train("last", events=table, catalog=fitted) as ours:
        with semid.Model.train("last", events=list(events), catalog=fitted) as theirs:
            assert ours.info.id == theirs.info.id


# ---- Tables and Parquet ----


@pytest.fixture
def table(pa, X, ids):
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), 12)
    return pa.table({"item_id": ids, "title": [f"title {i}" for i in range(600)], "vector": vectors})


def test_fit_a_table(pa, pq, table, fitted, tmp_path):
    """Fails when a table or its Parquet file gives other items than arrays, or its titles are lost."""
    pq.write_table(table, tmp_path / "items.parquet", row_group_size=100)
    with semid.Catalog.open(fitted) as wanted:
        for number, source in enumerate(
            (table, tmp_path / "items.parquet", pa.table(table).combine_chunks().to_batches()[0])
        ):
            assert is_table(source)
            with semid.Catalog.fit(source, path=tmp_path / str(number), codes=16) as found:
                assert found.sids() == wanted.sids() and found["item-7"].title == "title 7"
                assert np.array_equal(found.encode(source), wanted.encode(table.column("vector")))
                found.remove(["item-7"])
                assert found.add(table.slice(7, 1))[0].title == "title 7"


def test_tables_of_texts(pa, tmp_path):
    """Fails when a table without vectors is not embedded as the same rows are."""
    rows = [
        {"item_id": f"i{n}", "title": f"{a} {b}"}
        for n, (a, b) in enumerate((a, b) for a in "red blue dark".split() for b in "lipstick polish oil".split())
    ]
    given = {"levels": 2, "codes": 3, "encoder_dim": 2}
    with semid.Catalog.fit(pa.Table.from_pylist(rows), path=tmp_path / "a", **given) as ours:
        with semid.Catalog.fit(rows, path=tmp_path / "b", **given) as theirs:
            assert ours.sids() == theirs.sids()
            assert np.array_equal(ours.encode(pa.Table.from_pylist(rows)), theirs.encode(rows))
            assert ours.add(pa.table({"item_id": ["x"], "title": ["red oil"]}))[0].sid
    with pytest.raises(semid.DataError, match="neither"):
        semid.Catalog.fit(pa.table({"item_id": ["a"]}), path=tmp_path / "c")


def test_encode_parquet(pa, pq, table, catalog, program, tmp_path, X, ids):
    """Fails when SIDs in a Parquet file are not the command line's, in its order, for any size of batch."""
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "ids.txt").write_text("\n".join(ids) + "\n")
    printed = program(
        "encode", catalog.path, "--vectors", tmp_path / "x.npy", "--ids", tmp_path / "ids.txt"
    ).splitlines()
    wanted = [tuple(line.split("\t")[:2]) for line in printed if not line.startswith("item_id")]
    pq.write_table(table, tmp_path / "items.parquet")
    assert (
        semid.encode_parquet(catalog, tmp_path / "items.parquet", tmp_path / "o.parquet", keep=["title"], batch_rows=77)
        == 600
    )
    found = pq.read_table(tmp_path / "o.parquet")
    assert found.schema.field("codes").type == pa.list_(pa.uint16()) and found.column_names == [
        "item_id",
        "title",
        "sid",
        "codes",
    ]
    assert list(zip(found["item_id"].to_pylist(), found["sid"].to_pylist())) == wanted
    assert semid.format(found["codes"]) == [sid for _, sid in wanted]
    with pytest.raises(FileExistsError):
        semid.encode_parquet(catalog, tmp_path / "items.parquet", tmp_path / "o.parquet")
    semid.encode_parquet(catalog, tmp_path / "items.parquet", tmp_path / "o.parquet", force=True, vector="vector")
    catalog.to_parquet(tmp_path / "c.parquet")
    stored = pq.read_table(tmp_path / "c.parquet").to_pylist()
    assert {row["item_id"]: row["sid"] for row in stored} == catalog.sids() and stored[3]["codes"] == list(
        catalog["item-3"].codes
    )


def test_bad_parquet(pa, pq, table, catalog, tmp_path):
    """Fails when something that cannot be encoded is, or leaves a file behind."""
    out = tmp_path / "o.parquet"
    (tmp_path / "bad.parquet").write_bytes(b"no parquet at all")
    pq.write_table(table, tmp_path / "good.parquet")
    pq.write_table(
        table.append_column("other", table["vector"]).rename_columns(["item_id", "title", "a", "b"]),
        tmp_path / "two.parquet",
    )
    pq.write_table(pa.table({"vector": [[1.0] * 12, None]}), tmp_path / "null.parquet")
    for name, error, words in (
        ("none.parquet", FileNotFoundError, "No such file"),
        ("bad.parquet", semid.DataError, "a Parquet file is expected"),
        ("two.parquet", semid.DataError, "a, b hold vectors"),
        ("null.parquet", semid.DataError, "row 1 is null"),
    ):
        with pytest.raises(error) as caught:
            semid.encode_parquet(catalog, tmp_path / name, out)
        assert words in str(caught.value)
    with pytest.raises(semid.DataError, match="no column 'x'"):
        semid.encode_parquet(catalog, tmp_path / "good.parquet", out, vector="x")
    with pytest.raises(semid.DataError, match="to keep"):
        semid.encode_parquet(catalog, tmp_path / "good.parquet", out, keep=["x"])
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("o.")) == []
    pq.write_table(table.slice(0, 0), tmp_path / "empty.parquet")
    assert semid.encode_parquet(catalog, tmp_path / "empty.parquet", out) == 0 and len(pq.read_table(out)) == 0


def test_without_pyarrow(catalog, tmp_path, monkeypatch):
    """Fails when what needs pyarrow does not say so."""
    import builtins

    plain = builtins.__import__

    def refuse(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.setattr("importlib.import_module", refuse)
    (tmp_path / "x.parquet").write_bytes(b"")
    for call in (lambda: catalog.to_parquet(tmp_path / "o"), lambda: catalog.encode(tmp_path / "x.parquet")):
        with pytest.raises(ImportError, match="pip install pyarrow"):
            call()


# ---- Prefixes ----


def test_prefixes(catalog, X):
    """Fails when the trie holds other SIDs than the catalogue, or does not outlive changes and the handle."""
    trie = catalog.prefixes()
    codes = semid.parse(list(catalog.sids().values()))
    assert len(trie) == 600 and trie.version == catalog.info.version
    found, counts = trie.children()
    wanted, totals = np.unique(codes[:, 0], return_counts=True)
    assert np.array_equal(found, wanted) and np.array_equal(counts, totals)
    first = tuple(int(code) for code in codes[0, :2])
    below = codes[(codes[:, :2] == first).all(axis=1)]
    assert np.array_equal(trie.children(first)[0], np.unique(below[:, 2]))
    rows, total = trie.rows(first, max=1)
    assert total == len(below) and len(rows) == 1 and trie.rows(first, first=total, max=5)[0].size == 0
    assert set(trie.rows(max=1000)[0]) == set(range(600)) and trie.children((9, 9, 9, 9))[0].size == 0
    catalog.remove(["item-0"])
    catalog.close()
    assert len(trie) == 600


def test_many_children(tmp_path):
    """Fails when codes beyond a page of children are lost."""
    X = np.random.default_rng(2).normal(size=(2000, 8)).astype(np.float32)
    with semid.Catalog.fit(X, path=tmp_path / "c", levels=1, codes=1024) as catalog:
        codes = catalog.prefixes().children()[0]
        assert len(codes) > 600 and np.array_equal(codes, np.unique(semid.parse(list(catalog.sids().values()))[:, 0]))
