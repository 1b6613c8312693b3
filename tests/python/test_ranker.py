"""test_ranker.py: Ranker and Retriever against the command line, and their errors."""

import json
import os
import pickle
import threading

import numpy as np
import pytest

import semid


@pytest.fixture(scope="module")
def world(tmp_path_factory, program):
    """A small synthetic world, its catalogue and pieces."""
    folder = tmp_path_factory.mktemp("world")
    program(
        "synth", "impressions", "-o", folder, *"--item-count 200 --user-count 150 --impressions 1500 --days 4".split()
    )
    vectors = np.load(folder / "vectors.npy")
    ids = (folder / "vectors.ids.txt").read_text().split()
    semid.Catalog.fit(vectors, ids=ids, path=folder / "catalog", codes=8, items=str(folder / "items.tsv")).close()
    with semid.Catalog.open(folder / "catalog") as catalog:
        pieces = semid.Pieces.train(catalog, "ngram")
        pieces.save(folder / "pieces")
    return folder


def features(folder):
    return semid.Ranker.default_features("dcnv2", folder / "catalog", folder / "pieces", dim=8, cross=1, mlp=(16, 8))


def test_as_command_line(world, tmp_path, program):
    """Fails when a ranker learns or answers otherwise than `semid rank` by the same feature file."""
    with open(tmp_path / "features.json", "w") as file:
        json.dump(features(world), file)
    impressions = str(world / "impressions.tsv")
    asked = ["rank", "train", "--features", tmp_path / "features.json", "--impressions", impressions, "--to-day", "-2"]
    days = program.json(*asked, "-o", tmp_path / "theirs")
    with semid.Ranker.train(
        "dcnv2",
        impressions=impressions,
        catalog=world / "catalog",
        pieces=world / "pieces",
        dim=8,
        cross=1,
        mlp=(16, 8),
        last=-2,
        path=tmp_path / "ours",
    ) as ranker:
        assert len(ranker.learned) == 3 and ranker.info.impressions == sum(day["impressions"] for day in ranker.learned)
        rows = days if isinstance(days, list) else days["days"] if "days" in days else [days]
        for mine, row in zip(ranker.learned, rows):
            assert mine["auc"] == pytest.approx(row["auc"], abs=1e-8) and mine["ne"] == pytest.approx(
                row["ne"], abs=1e-8
            )
        found = ranker.evaluate(impressions, first=-1)
        assert 0.5 < found["auc"] < 1 and found["slices"]["new"]["impressions"] > 0
        p = ranker.predict(impressions, first=-1)
        assert len(p) == found["impressions"] and ((p > 0) & (p < 1)).all()
    for name in sorted(os.listdir(tmp_path / "theirs")):
        if name not in ("manifest.json", "lock"):  # the feature file's text differs in its blanks
            assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes(), name


def test_days_go_on(world, tmp_path):
    """Fails when a ranker that goes on, from memory or its folder, is not that of one run; or a day counts twice."""
    impressions, made = str(world / "impressions.tsv"), features(world)
    whole = semid.Ranker.train(features=made, impressions=impressions, path=tmp_path / "whole")
    with semid.Ranker.train(features=made, impressions=impressions, last=2, path=tmp_path / "parts") as parts:
        with pytest.raises(semid.UsageError):
            parts.learn(impressions, first=2)
    parts = semid.Ranker.train(impressions=impressions, path=tmp_path / "parts", resume=True)
    assert [day["day"] for day in parts.learned] == [day["day"] for day in whole.learned[2:]]
    assert np.array_equal(parts.predict(impressions), whole.predict(impressions))
    with pytest.raises(semid.ExistsError):
        semid.Ranker.train(features=made, impressions=impressions, path=tmp_path / "parts")
    copy = pickle.loads(pickle.dumps(parts))
    assert copy.info == whole.info and copy.path == str(tmp_path / "parts")
    memory = semid.Ranker.train(features=made, impressions=impressions, last=2)
    with pytest.raises(TypeError, match="save"):
        pickle.dumps(memory)
    assert len(memory.learn(impressions, skip_seen=True)) == 2
    memory.save(tmp_path / "memory")
    for name in set(os.listdir(tmp_path / "whole")) - {"lock"}:
        assert (tmp_path / "memory" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    memory.close()
    with pytest.raises(semid.UsageError, match="closed"):
        memory.predict(impressions)


def test_columns_in_memory(world, tmp_path):
    """Fails when columns are read otherwise than their file, or a wrong row is not named."""
    names, *lines = (line.split("\t") for line in (world / "impressions.tsv").read_text().splitlines())
    columns = {name: list(column) for name, column in zip(names, zip(*lines))}
    ranker = semid.Ranker.train(features=features(world), impressions=columns, last=2)
    again = semid.Ranker.train(features=features(world), impressions=str(world / "impressions.tsv"), last=2)
    assert np.array_equal(ranker.predict(columns), again.predict(str(world / "impressions.tsv")))
    shown = {"user_id": ["u1"] * 3, "item_id": columns["item_id"][:3], "timestamp": [10**9] * 3, "day": [99] * 3}
    assert ranker.predict(shown).shape == (3,)
    with pytest.raises(semid.DataError, match="row 1"):
        ranker.evaluate({**shown, "label": [0, 7, 1]})
    with pytest.raises(semid.DataError, match="unequal length"):
        ranker.predict({**shown, "day": [1]})
    with pytest.raises(TypeError, match="a file, or a DataFrame"):
        ranker.predict(7)


def test_ranker_refusals(world, tmp_path):
    """Fails when what cannot be is taken, or refused without what to do."""
    impressions, both = str(world / "impressions.tsv"), {"catalog": world / "catalog", "pieces": world / "pieces"}
    with pytest.raises(TypeError, match="did you mean cross"):
        semid.Ranker.train("dcnv2", impressions=impressions, **both, cros=2)
    with pytest.raises(semid.UsageError, match="'dcnv2'"):
        semid.Ranker.train("dcnv", impressions=impressions, **both)
    with pytest.raises(semid.UsageError, match="catalog= and pieces="):
        semid.Ranker.train("dcnv2", impressions=impressions)
    with pytest.raises(semid.UsageError, match="leave those"):
        semid.Ranker.train("dcnv2", impressions=impressions, features=features(world))
    with pytest.raises(semid.UsageError, match="kind"):
        semid.Ranker.train(features={**features(world), "features": [{"name": "x"}]}, impressions=impressions)
    with pytest.raises(semid.UsageError, match="stand in no folder"):
        with semid.Catalog.open(world / "catalog") as catalog:
            semid.Ranker.train(
                "lr", impressions=impressions, catalog=catalog, pieces=semid.Pieces.train(catalog, "ngram")
            )
    with pytest.raises(semid.NotFoundError):
        semid.Ranker.open(tmp_path / "nowhere")
    assert "dcnv2" in semid.ranker_families()


def test_retriever(world, program):
    """Fails when candidates are not those of `semid retrieve`, masks do not hold, or threads get others' answers."""
    impressions = str(world / "impressions.tsv")
    history = [line.split("\t")[1] for line in open(impressions).read().splitlines()[1:40]]
    asked = ["retrieve", world / "catalog", "--history", ",".join(history), "-k", "20", "--impressions", impressions]
    theirs = [row.split("\t") for row in program(*asked).splitlines()]
    retriever = semid.Retriever(world / "catalog", impressions=impressions)
    found = retriever.retrieve(history, k=20)
    assert [(c.item_id, c.sid, c.prefix) for c in found] == [(row[0], row[1], row[-1]) for row in theirs]
    assert found.unknown == 0 and found.prefixes[0][1] >= found.prefixes[-1][1] > 0
    first = found[0].sid.split("-")[0]
    assert all(c.sid.split("-")[0] == first for c in retriever.retrieve(history, within=[first]))
    assert found[0].item_id not in [c.item_id for c in retriever.retrieve(history, deny=[found[0].item_id])]
    assert retriever.retrieve(["nobody"]) == [] and retriever.retrieve(["nobody"]).unknown == 1
    assert retriever.retrieve(history, gamma=1, seed=5) == retriever.retrieve(history, gamma=1, seed=5)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(retriever.retrieve(history, k=20))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [found] * 8
    assert retriever.info.items == 200 or retriever.info.items > 0
    with pytest.raises(semid.UsageError, match="resolver"):
        retriever.retrieve(history, resolver="best")
    with pytest.raises(semid.DataError, match="one an item"):
        retriever.retrieve(history, age_days=[1, 2])
    with pytest.raises(semid.UsageError, match="give one"):
        semid.Retriever(world / "catalog", impressions=impressions, events=impressions)
    with pytest.raises(semid.Error, match="nothing_such"):
        semid.Retriever(world / "catalog", quality="nothing_such")
    retriever.close()
    with pytest.raises(semid.UsageError, match="closed"):
        retriever.retrieve(history)


def test_update(world):
    """Fails when what changed is not what answers have, one bad change of many is kept, or a mistake passes."""
    history = [line.split("\t")[1] for line in open(world / "impressions.tsv").read().splitlines()[1:9]]
    retriever = semid.Retriever(world / "catalog")
    before, items = retriever.retrieve(history, k=20), retriever.info.items
    sid = before[0].sid
    retriever.update(
        [
            {"item_id": "brand new", "sid": sid, "title": "N", "quality": 9.0},
            {"item_id": before[0].item_id, "remove": True},
            {"item_id": before[1].item_id, "quality": 2, "birth": 0, "title": "T"},
        ]
    )
    after = retriever.retrieve(history, k=20)
    found = {candidate.item_id: candidate for candidate in after}
    assert retriever.info.items == items and before[0].item_id not in found
    assert found["brand new"].score == pytest.approx(9) and found["brand new"].title == "N" and found["brand new"].sid == sid
    assert found[before[1].item_id].title == "T"
    for bad, error, words in [
        ({"item_id": "nobody", "remove": True}, semid.NotFoundError, "nobody"),
        ({"item_id": "x"}, semid.UsageError, "its SID is expected"),
        ({"item_id": "x", "colour": 1}, semid.UsageError, "colour"),
        ({"item_id": "x", "sid": "1-2-x"}, semid.UsageError, "not a SID"),
        ({"item_id": before[2].item_id, "vector": [1]}, semid.DataError, "shape"),
    ]:
        with pytest.raises(error, match=words):
            retriever.update([{"item_id": before[2].item_id, "remove": True}, bad])
    assert retriever.retrieve(history, k=20) == after
    retriever.update([])
    retriever.close()


def test_vectors(world):
    """Fails when probing all is not numpy's exact search, a partition holds others than its prefix's, or a mistake passes."""
    with semid.Catalog.open(world / "catalog") as catalog:
        ids = list(catalog)
    rng = np.random.default_rng(5)
    vectors, query = rng.integers(-4, 5, (len(ids), 6)) / 4, rng.integers(-4, 5, 6) / 2
    retriever = semid.Retriever(world / "catalog", vectors=(ids, vectors), vectors_depth=1)
    info = retriever.info
    assert info.dim == 6 and info.vectors == len(ids) and 1 < info.partitions <= 8
    found = retriever.retrieve([], k=30, query=query, probe=10**6)
    best = np.argsort(-(vectors @ query), kind="stable")[:30]
    assert [c.item_id for c in found] == [ids[i] for i in best]
    assert [c.score for c in found] == list((vectors @ query)[best])
    one = retriever.retrieve([], k=30, query=query, probe=1)
    assert {c.sid.split("-")[0] for c in one} == {one.prefixes[0][0]} and len(one.prefixes) == 1
    new = [c.item_id for c in found[:1]]
    by_tower = retriever.retrieve(new, query=query, resolver="tower", depth=1)
    assert [c.score for c in by_tower] == sorted((c.score for c in by_tower), reverse=True)
    retriever.update([{"item_id": "brand new", "sid": found[0].sid, "vector": query}])
    assert retriever.retrieve([], k=1, query=query, probe=10**6)[0].item_id == "brand new"
    with pytest.raises(semid.DataError, match="query has shape"):
        retriever.retrieve([], query=query[:2], probe=1)
    with pytest.raises(semid.DataError, match="one an id"):
        semid.Retriever(world / "catalog", vectors=(ids, vectors[:3]))
    with pytest.raises(semid.DataError, match="in its vector"):
        semid.Retriever(world / "catalog", vectors=(ids, vectors * 99))
    retriever.close()


def test_after_fork(world):
    """Fails when a child made by fork hangs on a ranker or retriever, or gets other answers."""
    impressions = str(world / "impressions.tsv")
    ranker = semid.Ranker.train(features=features(world), impressions=impressions, threads=2)
    retriever = semid.Retriever(world / "catalog", impressions=impressions, threads=2)
    history = [line.split("\t")[1] for line in open(impressions).read().splitlines()[1:9]]
    wanted, found = ranker.predict(impressions), retriever.retrieve(history, k=9)
    child = os.fork()
    if child == 0:
        is_equal = np.array_equal(ranker.predict(impressions), wanted) and retriever.retrieve(history, k=9) == found
        os._exit(0 if is_equal else 1)
    assert os.waitpid(child, 0)[1] == 0
