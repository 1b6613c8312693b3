"""test_table.py: embedding tables from Python: arrays in and out, errors, threads, files."""

import threading

import numpy as np
import pytest

import semid


@pytest.fixture
def keys():
    return np.random.default_rng(1).integers(2**63, size=500, dtype=np.uint64)


def test_rows_are_read_and_stepped(keys):
    """Fails when arrays are passed in another order or shape than the library takes."""
    table = semid.Table(8, optimizer="sgd", options="rate=0.5")
    first = table.visit(keys, 100)
    assert first.shape == (500, 8) and first.dtype == np.float32 and np.abs(first).max() <= 0.05
    assert np.array_equal(first, table.lookup(keys))
    gradients = np.random.default_rng(2).normal(size=(500, 8)).astype(np.float32)
    table.apply(keys, gradients)
    assert np.allclose(table.lookup(keys), first - 0.5 * gradients, atol=1e-6)
    assert len(table) == 500 and np.array_equal(table.keys(), np.unique(keys))
    assert table.info.steps == 1 and table.info.sights == 500
    assert "growing: 500 rows of 8 floats" in repr(table)


def test_lists_are_summed(keys):
    """Fails when borders of lists slip, or a list's gradient misses its keys."""
    table = semid.Table(4, optimizer="sgd", options="rate=1")
    rows = table.visit(keys)
    begin = np.array([0, 3, 3, 10, 500])
    sums = table.gather_sum(keys, begin)
    assert sums.shape == (4, 4) and (sums[1] == 0).all()
    assert np.allclose(sums[2], rows[3:10].sum(0), atol=1e-6)
    table.apply(keys, np.ones((4, 4), np.float32), begin)
    assert np.allclose(table.lookup(keys), rows - 1, atol=1e-6)


def test_tables_forget_and_restore(tmp_path, keys):
    """Fails when expiry, eviction, snapshots or serving do not reach the library as meant."""
    table = semid.Table(
        [semid.Slice(6, "adam", serving="int8"), semid.Slice(1, "ftrl", "l1=0.01", initializer="zero")], ttl_days=1
    )
    table.visit(keys, 0)
    table.touch(keys[:50], 90000)
    table.apply(keys, np.ones((500, 7), np.float32))
    assert table.expire(86400) == 450 and len(table) == 50
    table.save(tmp_path / "a")
    assert table.evict(keys[:10]) == 10
    table.restore(tmp_path / "a")
    table.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    table.save_serving(tmp_path / "served")
    served = semid.Table.open_serving(tmp_path / "served")
    assert np.abs(served.lookup(keys) - table.lookup(keys)).max() < 0.0005
    assert np.array_equal(served.lookup([123], unseen="init"), table.lookup([123], unseen="init"))
    with pytest.raises(semid.ReadOnlyError):
        served.visit(keys)
    with pytest.raises(semid.DataError, match="other options"):
        semid.Table(7, ttl_days=1).restore(tmp_path / "a")
    damaged = bytearray((tmp_path / "a").read_bytes())
    damaged[900] ^= 1
    (tmp_path / "a").write_bytes(damaged)
    with pytest.raises(semid.CorruptError):
        table.restore(tmp_path / "a")
    assert len(table) == 50


def test_what_is_wrong_is_refused(keys):
    """Fails when a wrong argument reaches the library, or its refusal is no exception."""
    table = semid.Table(2)
    table.visit(keys)
    before = table.lookup(keys)
    bad = np.ones((500, 2), np.float32)
    bad[7, 1] = np.nan
    with pytest.raises(semid.DataError, match="gradient 7"):
        table.apply(keys, bad)
    assert np.array_equal(before, table.lookup(keys))
    for wrong, error in (
        (lambda: table.lookup([0.5]), TypeError),
        (lambda: table.lookup([-1]), semid.DataError),
        (lambda: table.lookup(np.zeros((2, 2), np.uint64)), semid.DataError),
        (lambda: table.lookup([1], unseen="zeros"), semid.UsageError),
        (lambda: table.apply(keys, bad[:3]), semid.DataError),
        (lambda: table.gather_sum(keys, [0, 501]), semid.DataError),
        (lambda: table.gather_sum(keys, [3, 1]), semid.UsageError),
        (lambda: table.visit(keys, -1), semid.UsageError),
        (lambda: semid.Table(2, kind="grown"), semid.UsageError),
        (lambda: semid.Table(2, optimizer="adagard"), semid.UsageError),
        (lambda: semid.Table(0), semid.UsageError),
    ):
        with pytest.raises(error):
            wrong()
    small = semid.Table(64, memory_limit=12 << 20)
    with pytest.raises(semid.OutOfMemoryError, match="nothing was changed"):
        small.visit(np.arange(100000))
    assert len(small) == 0


def test_threads_read_beside_a_writer(keys):
    """Fails when a reader sees half a step: all elements of a row take the same steps."""
    table = semid.Table([semid.Slice(32, "sgd", initializer="zero")])
    table.visit(keys)
    torn, over = [], threading.Event()

    def read():
        while not over.is_set():
            rows = table.lookup(keys)
            torn.append(bool((rows != rows[:, :1]).any()))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(100):
        table.apply(keys, np.ones((500, 32), np.float32))
    over.set()
    for reader in readers:
        reader.join()
    assert torn and not any(torn)


def test_slots():
    """Fails when fields of a shared table meet."""
    from semid.table import slot_key

    assert slot_key(3, [7]).tolist() == [3 << 56 | 7]


def test_other_names():
    """Fails when dim= and update are not what a number and apply are."""
    one, other = semid.Table(dim=4), semid.Table(4)
    for table, step in ((one, one.update), (other, other.apply)):
        table.visit([7, 8])
        step([7, 8], np.ones((2, 4), np.float32))
    assert np.array_equal(one.lookup([7, 8]), other.lookup([7, 8])) and one.lookup([7]).any()
    with pytest.raises(semid.UsageError, match="give one"):
        semid.Table(4, dim=4)
    with pytest.raises(semid.UsageError, match="give one"):
        semid.Table()
