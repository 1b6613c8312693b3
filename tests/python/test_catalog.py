"""test_catalog.py: a catalogue from Python: made, read, changed, compared, checked."""

import os
import warnings

import numpy as np
import pytest

import semid

COLORS = ("red", "pink", "dark red")


def test_fit_gives_what_the_program_gives(tmp_path, X, ids, program):
    """Fails when an option is lost or changed on its way into C, so that SIDs differ from the command line's."""
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "ids.txt").write_text("\n".join(ids) + "\n")
    flags = [
        "--levels",
        4,
        "--codes",
        "16,8,8,4",
        "--seed",
        7,
        "--beam",
        3,
        "--normalize",
        "l2",
        "--collisions",
        "digit",
        "--digit-style",
        "grid",
    ]
    program("fit", "--vectors", tmp_path / "x.npy", "--ids", tmp_path / "ids.txt", "-o", tmp_path / "cli", *flags)
    with semid.Catalog.fit(
        X,
        ids=ids,
        path=tmp_path / "py",
        levels=4,
        codes=(16, 8, 8, 4),
        seed=7,
        beam=3,
        normalize="l2",
        collisions="digit",
        digit_style="grid",
    ) as catalog:
        rows = [line.split("\t")[:2] for line in program("export", tmp_path / "cli", "--as", "tsv").splitlines()[1:]]
        assert catalog.sids() == dict(rows)
        assert semid.format(catalog.encode(X)) == [sid.rsplit("-", 1)[0] for _, sid in rows]
        assert catalog.report() == {**program.json("inspect", tmp_path / "cli"), "id": catalog.info.id}


def test_text_is_embedded_as_by_the_program(tmp_path, shop, program):
    """Fails when encoder options, fields or the text's way differ from the command line's."""
    program("fit", shop, "-o", tmp_path / "cli", "--codes", 8, "--encoder-dim", 16, "--fields", "title:3")
    with semid.Catalog.fit(shop, path=tmp_path / "py", codes=8, encoder_dim=16, fields="title:3") as catalog:
        rows = [line.split("\t")[:2] for line in program("export", tmp_path / "cli", "--as", "tsv").splitlines()[1:]]
        assert catalog.sids() == dict(rows)
        near = program.json("neighbors", tmp_path / "cli", "--text", "green tea", "-k", 4)
        assert [hit["item_id"] for hit in near] == [hit.item_id for hit in catalog.neighbors(text="green tea", k=4)]


@pytest.mark.parametrize("dtype", ["float16", "float64", ">f4"])
def test_other_floats_are_converted(catalog, X, dtype):
    """Fails when another float type is read as if it were float32."""
    other = X.astype(dtype)
    assert np.array_equal(catalog.encode(other), catalog.encode(other.astype(np.float32)))


def test_strided_rows_and_lists(catalog, X):
    """Fails when rows that are not contiguous are read as if they were."""
    wide = np.empty((600, 24), dtype=np.float32)
    wide[:, ::2] = X
    for same in (wide[:, ::2], np.asfortranarray(X), X.tolist(), X[::-1][::-1]):
        assert np.array_equal(catalog.encode(same), catalog.encode(X))


def test_rows_are_not_copied(X):
    """Fails when float32 rows that lie well are copied."""
    from semid._arrays import rows_of

    assert rows_of(X) is X
    assert np.shares_memory(rows_of(X[100:300]), X)


def test_encode(catalog, X):
    """Fails when shapes, types or the empty case are wrong, or fitted rows get other codes than stored."""
    codes = catalog.encode(X)
    assert codes.shape == (600, 3) and codes.dtype == np.uint16 and codes.flags.owndata
    assert semid.format(codes) == list(catalog.sids().values())
    assert catalog.encode(X[:0]).shape == (0, 3)
    assert catalog.encode(np.empty((0, 12))).shape == (0, 3)


def test_encode_files_and_texts(tmp_path, catalog, X, shop):
    """Fails when a file of vectors or items is encoded otherwise than what it holds."""
    np.save(tmp_path / "x.npy", X)
    assert np.array_equal(catalog.encode(tmp_path / "x.npy"), catalog.encode(X))
    with semid.Catalog.fit(shop, path=tmp_path / "shop", codes=8) as texts:
        sids = texts.sids()
        assert semid.format(texts.encode(shop)) == list(sids.values())
        vectors = texts.embed(shop)
        assert vectors.dtype == np.float32 and vectors.shape == (64, texts.info.dim)
        assert np.array_equal(texts.encode(vectors), texts.encode(shop))
        assert texts.encode(["green tea", "steel pan"]).shape == (2, 3)


def test_items(catalog, ids):
    """Fails when one item, all items or the view as a mapping of ids disagree."""
    assert len(catalog) == 600 and list(catalog) == ids
    assert "item-5" in catalog and "nothing" not in catalog
    items = catalog.items()
    assert [item.item_id for item in items] == ids and items[5].row == 5
    assert catalog["item-5"] == items[5] and items[5].sid == catalog.sids()["item-5"]
    assert items[5].codes == tuple(semid.parse(items[5].sid)) and items[5].distance is None
    assert [item.item_id for item in catalog.show("item-5")][0] == "item-5"


def test_neighbors(catalog, X):
    """Fails when the four ways to ask do not agree where they must, or distances are not those of numpy."""
    near = catalog.neighbors("item-5", k=7)
    assert len(near) == 7 and all(hit.item_id != "item-5" for hit in near)
    assert near == catalog.neighbors(item="item-5", k=7)
    by_vector = catalog.neighbors(vector=X[5].astype(np.float64), k=8)
    assert by_vector[0].item_id == "item-5" and by_vector[1:] == near
    for hit in near:
        assert hit.distance == pytest.approx(np.linalg.norm(X[hit.row].astype(np.float64) - X[5]), rel=1e-6)
    code = semid.parse(near[0].sid)[0]
    below = catalog.neighbors(prefix=(code,), k=600)
    assert below == catalog.neighbors(prefix=str(code), k=600)
    exact, nearest = catalog.decode(str(code), k=3)
    assert {hit.item_id for hit in exact} == {hit.item_id for hit in below} and len(nearest) == 3


def test_add_and_remove(catalog, X):
    """Fails when a change is lost, moves old SIDs, or a refused one leaves something."""
    before = catalog.sids()
    version = catalog.info.version
    added = catalog.add(["new-1", "new-2"], X[:2] + 0.01, items=[{"item_id": "new-2", "title": "second"}])
    assert [item.item_id for item in added] == ["new-1", "new-2"] and added[1].metadata == {"title": "second"}
    assert len(catalog) == 602 and catalog.info.version > version
    assert {k: v for k, v in catalog.sids().items() if k in before} == before
    with pytest.raises(semid.DataError, match='if_exists="skip"'):
        catalog.add(["new-3", "new-1"], X[:2])
    assert "new-3" not in catalog
    assert [item.item_id for item in catalog.add(["new-3", "new-1"], X[:2], if_exists="skip")]
    with pytest.raises(KeyError, match="new-9"):
        catalog.remove(["new-1", "new-9"])
    assert "new-1" in catalog
    catalog.remove("new-1")
    catalog.remove(np.array(["new-2", "new-3"]))
    assert catalog.sids() == before
    assert catalog.verify(full=True)["items_walked"] == 600


def test_ids_may_be_numbers(tmp_path, X):
    """Fails when whole numbers, also numpy's, are refused as ids or written otherwise than in decimal."""
    with semid.Catalog.fit(X, ids=np.arange(600) * 3, path=tmp_path / "c", codes=4) as catalog:
        assert list(catalog)[:3] == ["0", "3", "6"] and catalog[3].row == 1
        catalog.remove([3])
        catalog.remove(6)
        assert 3 not in catalog and len(catalog) == 598


def test_items_of_other_kinds(tmp_path, X):
    """Fails when dicts or a DataFrame-like give other items than a file of the same."""

    class Frame:  # what a pandas DataFrame shows of itself
        columns = ["item_id", "title", "price"]

        def to_dict(self, how):
            assert how == "records"
            return [
                {"item_id": f"i{row}", "title": f"{COLORS[row % 3]} lipstick {row}", "price": float("nan")}
                for row in range(40)
            ]

    rows = [{"item_id": f"i{row}", "title": f"{COLORS[row % 3]} lipstick {row}"} for row in range(40)]
    (tmp_path / "items.tsv").write_text(
        "item_id\ttitle\n" + "".join(f"i{r}\t{COLORS[r % 3]} lipstick {r}\n" for r in range(40))
    )
    sids = []
    for number, source in enumerate((tmp_path / "items.tsv", rows, Frame())):
        with semid.Catalog.fit(source, path=tmp_path / str(number), codes=4) as catalog:
            sids.append(catalog.sids())
            assert catalog["i7"].title == "pink lipstick 7" and catalog["i7"].metadata == {"title": "pink lipstick 7"}
    assert sids[0] == sids[1] == sids[2]
    with semid.Catalog.fit(X[:40], items=rows, path=tmp_path / "joined", codes=4) as catalog:
        assert list(catalog) == [f"i{row}" for row in range(40)] and catalog["i3"].title == "red lipstick 3"


def test_several_vectors_an_item(tmp_path, X, ids, program):
    """Fails when fused vectors are not the command line's, or new items are not fused as the fit's were."""
    other = (X[:500, ::2] ** 2).copy()
    np.save(tmp_path / "a.npy", X)
    np.save(tmp_path / "b.npy", other)
    (tmp_path / "a.txt").write_text("\n".join(ids) + "\n")
    (tmp_path / "b.txt").write_text("\n".join(ids[:500]) + "\n")
    program(
        "fit",
        "--vectors",
        f"a={tmp_path}/a.npy:{tmp_path}/a.txt",
        "--vectors",
        f"b={tmp_path}/b.npy:{tmp_path}/b.txt",
        "--fuse-weights",
        "b:2",
        "--fuse-dim",
        9,
        "--codes",
        16,
        "-o",
        tmp_path / "cli",
    )
    both = {"a": X, "b": (other, ids[:500])}
    with semid.Catalog.fit(both, ids=ids, fuse_weights={"b": 2}, fuse_dim=9, codes=16, path=tmp_path / "py") as catalog:
        rows = [line.split("\t")[:2] for line in program("export", tmp_path / "cli", "--as", "tsv").splitlines()[1:]]
        assert catalog.sids() == dict(rows) and catalog.info.dim == 9 and "b:2" in catalog.info.fusion
        assert semid.format(catalog.encode({"a": X[:500], "b": other})) == list(catalog.sids().values())[:500]
        added = catalog.add(["n1", "n2"], {"a": X[:2], "b": other[:2]})
        assert [item.sid for item in added] == [catalog["item-0"].sid, catalog["item-1"].sid]
        with pytest.raises(semid.DataError, match=r"\(N, 9\) is expected"):
            catalog.encode(X)
        with pytest.raises(semid.UsageError, match="'c'"):
            semid.Catalog.fit(both, ids=ids, fuse_weights={"c": 2}, path=tmp_path / "q")
        with pytest.raises(semid.UsageError, match="a number above 0"):
            semid.Catalog.fit(both, ids=ids, fuse_weights={"b": -2}, path=tmp_path / "q")
        with pytest.raises(semid.UsageError, match="several vectors an item"):
            semid.Catalog.fit(X, fuse="sum", path=tmp_path / "q")
    with semid.Catalog.fit({"a": X}, ids=ids, codes=16, path=tmp_path / "one") as catalog:
        assert catalog.info.fusion is None and catalog.info.dim == 12


def test_versions(tmp_path, catalog, X, ids):
    """Fails when compare's figures are not of these two, or init_from and parent get lost."""
    with semid.Catalog.fit(X, ids=ids, path=tmp_path / "same", codes=16) as same:
        assert same.compare(catalog)["sid_changed"] == 0
    with semid.Catalog.fit(X[:500], ids=ids[:500], path=tmp_path / "next", init_from=catalog.path) as child:
        assert child.info.parent == catalog.info.id
        found = child.compare(catalog.path, map_path=tmp_path / "map.tsv")
        assert found["is_child"] and found["common"] == 500 and found["removed"] == 100
        assert [level["depth"] for level in found["level"]] == [1, 2, 3]
        assert len((tmp_path / "map.tsv").read_text().splitlines()) == 501


def test_fit_rows(tmp_path, X, ids):
    """Fails when fit_rows as ids is not what a file of them is."""
    (tmp_path / "rows.txt").write_text("\n".join(ids[:200]) + "\n")
    with semid.Catalog.fit(X, ids=ids, path=tmp_path / "a", codes=8, fit_rows=tmp_path / "rows.txt") as a:
        with semid.Catalog.fit(X, ids=ids, path=tmp_path / "b", codes=8, fit_rows=ids[:200]) as b:
            assert a.sids() == b.sids()


def test_info_and_repr(catalog):
    """Fails when the words a user sees first are wrong."""
    info = catalog.info
    assert (info.quantizer, info.levels, info.codes, info.dim, info.items) == ("rkmeans", 3, (16, 16, 16), 12, 600)
    assert "600 items, rkmeans, 3 levels of 16 codes" in repr(catalog)
    catalog.close()
    assert repr(catalog).endswith(", closed>")


def test_labels_and_export(tmp_path, shop, program):
    """Fails when labels or exports differ from the program's."""
    with semid.Catalog.fit(shop, path=tmp_path / "shop", codes=8) as catalog:
        labels = catalog.labels(1)
        assert {label.depth for label in labels} == {1} and all(label.words for label in labels)
        catalog.export(tmp_path / "out.jsonl")
        catalog.export(tmp_path / "letters.json", "letters", digit="tiger")
        assert program("export", tmp_path / "shop", "--as", "jsonl") == (tmp_path / "out.jsonl").read_text()
        assert (tmp_path / "letters.item2id.tsv").exists() or any("item2id" in name for name in os.listdir(tmp_path))


def test_warnings(tmp_path, X, shop):
    """Fails when what the library warns of does not reach Python's warnings."""
    with pytest.warns(semid.SemidWarning, match="spare codes stay dead") as seen:
        semid.Catalog.fit(X[:20], path=tmp_path / "few", codes=64).close()
    assert seen[0].filename == __file__
    with semid.Catalog.fit(shop, path=tmp_path / "shop", codes=8) as catalog:
        with pytest.warns(semid.SemidWarning, match="qwertz"):
            catalog.neighbors(text="green qwertz tea")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            catalog.neighbors(text="green tea")


def test_progress(tmp_path, X):
    """Fails when progress is not told, or what it raises does not end the fit and reach the caller."""
    seen = []
    semid.Catalog.fit(X, path=tmp_path / "c", codes=16, progress=lambda *at: seen.append(at)).close()
    assert seen and all(isinstance(stage, str) and done >= 0 for stage, done, *_ in seen)

    def stop(*at):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        semid.Catalog.fit(X, path=tmp_path / "d", codes=16, progress=stop)
    assert not (tmp_path / "d").exists()


def test_threads_read_together(catalog, X):
    """Fails when calls from many threads disturb each other, or a close does not wait for them."""
    from concurrent.futures import ThreadPoolExecutor

    wanted = catalog.encode(X)
    near = catalog.neighbors("item-5")

    def work(number):
        if number % 10 == 3:
            catalog.add([f"t-{number}"], X[number : number + 1])
            catalog.remove([f"t-{number}"])
        return (
            np.array_equal(catalog.encode(X), wanted)
            and catalog.neighbors("item-5", k=3)[0].distance <= near[0].distance
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(60)))
        jobs = [pool.submit(catalog.encode, X) for _ in range(20)]
        catalog.close()
        for job in jobs:
            try:
                job.result()
            except semid.UsageError as error:
                assert "is closed" in str(error)


def test_beauty(tmp_path, beauty, program):
    """Fails when SIDs of real data differ from the command line's, in a fit or in encoding."""
    vectors, items = os.path.join(beauty, "text_minilm.npy"), os.path.join(beauty, "items.tsv")
    program("fit", "--vectors", vectors, "--items", items, "-o", tmp_path / "cli")
    X = np.load(vectors)
    with semid.Catalog.fit(X, items=items, path=tmp_path / "py") as catalog:
        rows = [line.split("\t")[:2] for line in program("export", tmp_path / "cli", "--as", "tsv").splitlines()[1:]]
        assert catalog.sids() == dict(rows) and len(rows) == 12101
        printed = program("encode", tmp_path / "cli", "--vectors", vectors)
        assert semid.format(catalog.encode(X)) == [line.split("\t")[1] for line in printed.splitlines()]
