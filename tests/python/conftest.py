"""conftest.py: what the tests of the Python package share: small vectors, a catalogue, the program, real data.

The package is the one that Python finds: run.sh points to the tree, wheel.sh to what pip installed. SEMID_PROGRAM names
the command line to compare with; tests that need it are skipped without it.
"""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest

import semid

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="session")
def X():
    """(600, 12) float32 around 20 centres."""
    random = np.random.default_rng(7)
    centers = random.normal(size=(20, 12))
    return (centers[random.integers(20, size=600)] + 0.3 * random.normal(size=(600, 12))).astype(np.float32)


@pytest.fixture(scope="session")
def ids():
    return [f"item-{i}" for i in range(600)]


@pytest.fixture(scope="session")
def fitted(tmp_path_factory, X, ids):
    """The folder of a catalogue of X; copy it before changing it."""
    path = tmp_path_factory.mktemp("fitted") / "catalog"
    semid.Catalog.fit(X, ids=ids, path=path, codes=16).close()
    return path


@pytest.fixture
def catalog(tmp_path, fitted):
    shutil.copytree(fitted, tmp_path / "catalog")
    with semid.Catalog.open(tmp_path / "catalog") as opened:
        yield opened


@pytest.fixture
def shop():
    return os.path.join(TREE, "examples", "shop.tsv")


@pytest.fixture(scope="session")
def program():
    """Runs the command line and gives what it prints."""
    path = os.environ.get("SEMID_PROGRAM")
    if not path:
        pytest.skip("SKIPPED: SEMID_PROGRAM does not name the program to compare with")

    def run(*arguments):
        done = subprocess.run([path, *map(str, arguments), "--quiet"], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.json = lambda *arguments: json.loads(run(*arguments, "--format", "json"))
    return run


@pytest.fixture(scope="session")
def beauty():
    folder = os.path.join(os.environ.get("SEMID_DATA", os.path.join(TREE, "..", "shared", "data")), "beauty")
    if not os.path.isdir(folder):
        pytest.skip(f"SKIPPED: real data is not there: {folder}")
    return folder


@pytest.fixture(scope="session")
def events():
    """(user, item, time) of 60 users who walk around in the neighbourhood of an item; no times are equal for a user."""
    random = np.random.default_rng(3)
    return [
        (f"u{user}", f"item-{(user * 10 + int(step)) % 600}", 1000 + 60 * place + user)
        for user in range(60)
        for place, step in enumerate(random.permutation(25)[: random.integers(2, 12)])
    ]
