"""test_model.py: semid.Model, semid.evaluate and semid.metrics against the command line, definitions and bad input."""

import datetime
import pickle
import shutil
import threading

import numpy as np
import pytest

import semid

TINY = {"epochs": 2, "dim": 16, "heads": 2, "layers": 1, "depth_layers": 1, "hidden": 32, "valid_users": 20}


@pytest.fixture(scope="module")
def events_path(tmp_path_factory, events):
    path = tmp_path_factory.mktemp("events") / "events.tsv"
    path.write_text("user_id\titem_id\ttimestamp\n" + "".join(f"{u}\t{i}\t{t}\n" for u, i, t in events))
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory, events_path, fitted):
    path = tmp_path_factory.mktemp("trained") / "model"
    semid.Model.train("itemknn", events=events_path, catalog=fitted, path=path).close()
    return path


@pytest.fixture(scope="module")
def generator(tmp_path_factory, events_path, fitted):
    path = tmp_path_factory.mktemp("generator") / "model"
    semid.Model.train("sidgpt", events=events_path, catalog=fitted, path=path, **TINY).close()
    return path


@pytest.fixture
def model(trained):
    with semid.Model.open(trained) as opened:
        yield opened


# ---- Training and opening ----


def test_train_is_the_command_line(trained, events_path, fitted, program, tmp_path):
    """Fails when Python passes other options, events or items than the command line."""
    program("train", "itemknn", "--events", events_path, "--catalog", fitted, "-o", tmp_path / "cli")
    with semid.Model.open(trained) as ours, semid.Model.open(tmp_path / "cli") as theirs:
        assert ours.info == theirs.info and ours.item_ids == theirs.item_ids


def test_info(model, trained, ids):
    """Fails when a field of the struct stands in another's place."""
    info = model.info
    assert (info.family, info.split, info.ties, info.seed, info.items) == ("itemknn", "loo", "file", 42, 600)
    assert (info.dim, info.levels, info.items_without_sid, len(info.id)) == (12, 0, 0, 32)
    assert model.item_ids == ids and model.path == str(trained)
    assert repr(model).endswith(f"itemknn of 600 items, {info.train_events} events>")


def as_rows(events):
    yield list(events)
    yield [{"user_id": u, "item_id": i, "timestamp": t} for u, i, t in events]
    users, items, times = map(list, zip(*events))
    yield {"user_id": np.array(users), "item_id": items, "timestamp": np.array(times)}
    begin = datetime.datetime(1970, 1, 1)
    yield {"user_id": users, "item_id": items, "timestamp": [begin + datetime.timedelta(seconds=t) for t in times]}
    yield {"user_id": users, "item_id": items, "timestamp": np.array(times, dtype="datetime64[s]")}


def test_events_in_memory(model, events, fitted):
    """Fails when events in memory are not those of the file."""
    for rows in as_rows(events):
        with semid.Model.train("itemknn", events=rows, catalog=fitted) as trained:
            assert trained.info.id == model.info.id and trained.path is None


@pytest.mark.parametrize(
    "rows, error, words",
    [
        ([("a", "b", None)], TypeError, "row 0: timestamp is None"),
        ([("a", "b\tc")], semid.DataError, "row 0: item_id is"),
        ([("a",)], semid.DataError, "(user, item)"),
        ([("a", "b"), ("a", "b", 3)], semid.DataError, "all of one length"),
        ({"user_id": ["a"]}, semid.DataError, "no column item_id"),
        ({"user_id": ["a"], "item_id": ["b", "c"]}, semid.DataError, "1, 2 rows"),
        ([{"user_id": "a", "item_id": "b"}, {"user_id": "a"}], semid.DataError, "lacks 'item_id'"),
        ([("u", "item-1", 1), ("u", "nobody", 2)], semid.DataError, "events: row 1: item_id"),
        (7, TypeError, "events is a int"),
        ("/nonexistent.tsv", FileNotFoundError, "nonexistent"),
    ],
)
def test_bad_events(rows, error, words, fitted):
    """Fails when bad events are taken, or the message does not say which row of what was passed."""
    with pytest.raises(error) as caught:
        semid.Model.train("itemknn", events=rows, catalog=fitted)
    assert words in str(caught.value) and "semid-" not in str(caught.value)


def test_bad_options(events, fitted, trained, tmp_path):
    """Fails when an option that the family does not have, or a wrong value, is taken."""
    with pytest.raises(TypeError, match="did you mean decay=?"):
        semid.Model.train("itemknn", events=events, decai=0.5)
    with pytest.raises(TypeError, match="an option of"):
        semid.Model.train("itemknn", events=events, epochs=3)
    with pytest.raises(semid.UsageError, match="did you mean 'itemknn'"):
        semid.Model.train("itemkn", events=events)
    with pytest.raises(semid.UsageError, match="decay"):
        semid.Model.train("itemknn", events=events, decay=-1)
    with pytest.raises(semid.UsageError, match="given twice"):
        semid.Model.train("itemknn", events=events, catalog=fitted, items=[{"item_id": "a", "title": "b"}])
    with pytest.raises(FileExistsError, match="force=True"):
        semid.Model.train("itemknn", events=events, path=trained)
    with pytest.raises(FileNotFoundError):
        semid.Model.open(tmp_path / "none")
    with pytest.raises(TypeError, match="Model.train"):
        semid.Model(None)


def test_vectors_of_their_own(events, X, ids, fitted, model):
    """Fails when vectors given by id do not say which items there are, or what they are like."""
    with semid.Model.train("itemknn", events=events, vectors=X, ids=ids) as trained:
        assert (trained.info.items, trained.info.dim, trained.info.levels) == (600, 12, 0)
        ours, theirs = trained.recommend(["item-1"]), model.recommend(["item-1"])
        assert [r.item_id for r in ours] == [r.item_id for r in theirs] and ours[0].sid is None


# ---- Asking ----


def test_recommend_is_the_command_line(model, trained, program):
    """Fails when another question is asked, or the answer is read wrongly."""
    printed = program.json("recommend", trained, "--history", "item-1,item-7", "-k", 4, "--deny", "/dev/null")
    found = model.recommend(["item-1", "item-7"], k=4)
    assert [(r.item_id, r.sid, pytest.approx(r.score, rel=1e-6)) for r in found] == [
        (row["item_id"], row["sid"], row["score"]) for row in printed
    ]
    assert found.unknown == 0 and found.is_exact


def test_many_are_as_one(model, events):
    """Fails when histories asked together get other answers, or blocks of them are lost."""
    histories = [[item for user, item, _ in events if user == f"u{n % 60}"][: 1 + n % 5] for n in range(600)]
    together = model.recommend_many(histories, k=3)
    assert len(together) == 600 and all(len(found) == 3 for found in together)
    for n in (0, 255, 256, 599):
        assert together[n] == model.recommend(histories[n], k=3)
    assert model.recommend(histories[:2], k=3) == together[:2]
    assert model.recommend_many([["nobody"], ["item-1", "nobody"]])[0] == []
    assert model.recommend_many([]) == []


def test_filters(model, generator, catalog):
    """Fails when a mask lets an item through, or costs results."""
    plain = model.recommend(["item-1"], k=20)
    denied = model.recommend(["item-1"], k=20, deny=[r.item_id for r in plain[:5]])
    assert [r.item_id for r in denied[:15]] == [r.item_id for r in plain[5:]] and len(denied) == 20
    assert {r.item_id for r in model.recommend(["item-1"], allow=["item-2", "item-3"])} == {"item-2", "item-3"}
    assert model.recommend(["item-1"], allow=[]) == []
    prefix = catalog["item-9"].sid.split("-")[0]
    below = {item.item_id for item in catalog.decode(prefix, k=1)[0]}
    assert "item-1" in {r.item_id for r in model.recommend(["item-1"], k=600, keep_history=True)}
    with pytest.raises(semid.UsageError, match="SID"):
        model.recommend(["item-1"], within=[prefix])  # it learned none
    with semid.Model.open(generator) as writer:
        assert (writer.info.levels, writer.info.catalog_id) == (3, catalog.info.id)
        assert {r.item_id for r in writer.recommend(["item-1"], k=600, within=[prefix])} == below - {"item-1"}
        assert not {r.item_id for r in writer.recommend(["item-1"], k=600, without=[prefix])} & below
        with pytest.raises(semid.UsageError):
            writer.recommend(["item-1"], within=["12-x"])


def test_generator(generator, catalog, events):
    """Fails when a model that writes SIDs answers with items that are none, or search does not reach it."""
    with semid.Model.open(generator) as model:
        found = model.recommend(["item-1", "item-2"], k=20)
        assert all(catalog[r.item_id].sid == r.sid and r.score < 0 for r in found)
        exact = model.recommend(["item-1", "item-2"], k=20, search="exact")
        assert exact.is_exact and exact[0].score >= found[0].score
        with pytest.raises(semid.UsageError, match="beam"):
            model.recommend(["item-1"], search="bream")
        trained_items = {item for _, item, _ in events}
        cold = [r.item_id not in trained_items for r in model.recommend(["item-1", "item-2"], k=5, cold="quota=2")]
        assert sum(cold) >= 2
        assert len(model.use_vectors(catalog).recommend(["item-1"], k=5, cold="rerank")) == 5
        catalog.remove([found[0].item_id])
        model.use_catalog(catalog)
        assert model.recommend(["item-1", "item-2"], k=20)[0].item_id == found[1].item_id
        again = pickle.loads(pickle.dumps(model))  # asks by the same catalogue
        assert again.recommend(["item-1", "item-2"], k=20) == model.recommend(["item-1", "item-2"], k=20)


def test_bad_questions(model, generator, tmp_path, X, ids):
    """Fails when a wrong question gets an answer."""
    with pytest.raises(KeyError, match="nobody"):
        model.recommend(["nobody"])
    assert model.recommend(["nobody", "item-1"]).unknown == 1
    with pytest.raises(semid.UsageError, match="k is 0"):
        model.recommend(["item-1"], k=0)
    with pytest.raises(TypeError, match="history: row 1"):
        model.recommend(["item-1", None])
    with pytest.raises(TypeError, match="history 1 is None"):
        model.recommend_many([["item-1"], None])
    with pytest.raises(TypeError, match="dney"):
        model.recommend(["item-1"], dney=["item-2"])
    with semid.Catalog.fit(X[:, ::-1] * 2, ids=ids, path=tmp_path / "other", codes=16) as other:
        with pytest.raises(semid.DataError, match="codebooks"):
            semid.Model.open(generator, catalog=other)
    model.close()
    model.close()
    with pytest.raises(semid.UsageError, match="is closed"):
        model.recommend(["item-1"])
    assert repr(model).endswith("closed>")


# ---- Judging ----


def without_times(found):
    if isinstance(found, dict):
        return {name: without_times(value) for name, value in found.items() if name not in ("train_s", "eval_s")}
    return [without_times(value) for value in found] if isinstance(found, list) else found


def assert_within(ours, theirs, at=""):
    """Each member of ours is that of theirs."""
    if isinstance(ours, dict):
        for name, value in ours.items():
            assert_within(value, theirs[name], f"{at}.{name}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), at
        for number, (one, other) in enumerate(zip(ours, theirs)):
            assert_within(one, other, f"{at}[{number}]")
    elif isinstance(ours, float):
        assert ours == pytest.approx(theirs, rel=1e-6), at
    else:
        assert ours == theirs, at


def test_evaluate_is_the_command_line(generator, trained, events_path, program):
    """Fails when a figure is read from another field, or another question is asked."""
    printed = program.json("eval", trained, generator, "--events", events_path, "-k", "1,5", "--bootstrap", 50)
    with semid.Model.open(trained) as first, semid.Model.open(generator) as second:
        found = semid.evaluate(events_path, [first, second], k=(1, 5), bootstrap=50)
        assert_within(without_times(found), printed)
        alone = second.evaluate(events_path, k=(1, 5), bootstrap=0)
    assert alone["metrics"] == found["models"][1]["metrics"] and alone["invalid_rate"] == 0
    assert [row["family"] for row in alone["baselines"]] == ["pop", "last", "itemknn"] and alone["family"] == "sidgpt"
    assert "ci95" not in alone and alone["paired"] == []


def test_evaluate_refuses(model, events):
    """Fails when a model is asked what it may have seen, or a cut-off is nonsense."""
    with pytest.raises(semid.UsageError, match="split"):
        model.evaluate(events, split="time=0.8,0.1")
    with pytest.raises(semid.UsageError, match="rising"):
        model.evaluate(events, k=())
    with pytest.raises(semid.UsageError):
        model.evaluate(events, k=(5, 5))
    with pytest.raises(semid.UsageError, match="part"):
        model.evaluate(events, part="tets")


def test_metrics_are_evaluates(events, fitted):
    """Fails when a metric of lists is defined otherwise than in evaluate. item2vec: hardly two scores are equal."""
    with semid.Model.train("item2vec", events=events, catalog=fitted, dim=8, epochs=2) as model:
        found = model.evaluate(events, k=(3, 10), bootstrap=0, baselines=False)["metrics"]
        users = {}
        for user, item, _ in sorted(events, key=lambda row: row[2]):
            users.setdefault(user, []).append(item)
        asked = [items for items in users.values() if len(items) >= 3]
        lists = model.recommend_many([items[:-1] for items in asked], k=10)
        ours = semid.metrics.of_lists(lists, [items[-1] for items in asked], k=(3, 10))
    assert ours == pytest.approx(found)


def test_metrics_by_hand():
    """Fails when a metric departs from its definition with several targets, or takes what cannot be judged."""
    found = semid.metrics.of_lists([["a", "b", "c"], ["d"]], [{"b", "c", "x"}, ["e"]], k=2)
    ideal = 1 + 1 / np.log2(3)
    assert found == pytest.approx(
        {"recall@2": 1 / 6, "hit_rate@2": 0.5, "ndcg@2": 1 / np.log2(3) / ideal / 2, "mrr@2": 0.25}
    )
    assert semid.metrics.coverage([["a", "b"], ["a", "c"]], items=4, k=2) == 0.75
    for lists, targets in (([], []), ([["a"]], []), ([["a"]], [[]]), ([["a", "a"]], ["a"])):
        with pytest.raises(semid.DataError):
            semid.metrics.of_lists(lists, targets)


# ---- Threads, processes, interrupts ----


def test_threads_share_a_model(model):
    """Fails when questions at the same time get each other's answers."""
    wanted = {n: model.recommend([f"item-{n}"], k=5) for n in range(20)}
    wrong = []

    def ask():
        for n in range(20):
            if model.recommend([f"item-{n}"], k=5) != wanted[n]:
                wrong.append(n)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_pickle(model, events, fitted):
    """Fails when a copy is not of the same folder, or a model without one is sent."""
    copy = pickle.loads(pickle.dumps(model))
    assert copy.path == model.path and copy.recommend(["item-3"]) == model.recommend(["item-3"])
    with semid.Model.train("pop", events=events) as memory, pytest.raises(TypeError, match="path="):
        pickle.dumps(memory)


def test_training_is_interrupted_and_resumed(events, fitted, tmp_path):
    """Fails when what progress raises does not end a training, or what goes on from there is another model."""

    def stop(stage, done, *rest):
        if done > 2:
            raise KeyboardInterrupt

    given = {"events": events, "catalog": fitted, **TINY, "epochs": 6}
    with pytest.raises(KeyboardInterrupt):
        semid.Model.train("sidgpt", progress=stop, path=tmp_path / "cut", **given)
    assert not (tmp_path / "cut").exists() and (tmp_path / "cut.checkpoint").exists()
    with semid.Model.train("sidgpt", resume=True, path=tmp_path / "cut", **given) as resumed:
        with semid.Model.train("sidgpt", **given) as whole:
            assert resumed.info == whole.info


def test_damage_is_found(trained, tmp_path):
    """Fails when a damaged file is opened."""
    shutil.copytree(trained, tmp_path / "bad")
    largest = max((tmp_path / "bad").iterdir(), key=lambda file: file.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)
    with pytest.raises(semid.CorruptError, match=largest.name):
        semid.Model.open(tmp_path / "bad")
