"""A server on a small catalogue, and a client that shows raw answers."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

PROGRAM = os.environ["SEMID_PROGRAM"]
KINDS = ["red matte lipstick", "blue cotton shirt", "steel kitchen knife", "garden hose reel"]
ITEMS = 240


def semid(*words, ok=True):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
    assert not ok or done.returncode == 0, done.stderr
    return done


class Server:
    """`semid serve` as a child; `say` asks it one thing on a connection of its own."""

    def __init__(self, *words, port=0):
        self.child = subprocess.Popen(
            [PROGRAM, "serve", *map(str, words), "--port", str(port), "--drain-s", "0"],
            stderr=subprocess.PIPE, text=True,
        )
        self.lines = []
        while True:
            line = self.child.stderr.readline()
            self.lines.append(line)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                return
            assert line, "the server did not start: " + "".join(self.lines)

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, connection=None):
        """(status, headers, body as JSON, else as bytes)"""
        line = connection or self.connect()
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        line.request(method, path, body=body, headers=headers)
        answer = line.getresponse()
        data = answer.read()
        if not connection:
            line.close()
        if "json" in (answer.getheader("Content-Type") or ""):
            data = json.loads(data) if data else None
        return answer.status, dict(answer.getheaders()), data

    def get(self, path, **more):
        status, _, body = self.ask("GET", path, **more)
        return status, body

    def post(self, path, body, method="POST", **more):
        status, _, answer = self.ask(method, path, body, **more)
        return status, answer

    def raw(self, data, timeout=10, shut=False):
        """All bytes that come back until the server closes or nothing comes for a second."""
        out = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as line:
            line.sendall(data)
            if shut:
                line.shutdown(socket.SHUT_WR)
            line.settimeout(1)
            try:
                while chunk := line.recv(65536):
                    out += chunk
            except (socket.timeout, ConnectionResetError):
                pass
        return out

    def metric(self, name):
        for line in self.ask("GET", "/metrics")[2].decode().splitlines():
            if line.startswith("semid_" + name + " "):
                return float(line.split()[1])
        raise KeyError(name)

    def end(self, number=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(number)
        try:
            rest = self.child.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise
        self.lines.append(rest)
        return self.child.returncode


def write_items(path, first=1, count=ITEMS):
    with open(path, "w") as out:
        out.write("item_id\ttitle\tbrand\n")
        for i in range(first, first + count):
            out.write("i%d\t%s number %d\tbrand%d\n" % (i, KINDS[i % 4], i % 7, i % 5))


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Two catalogues of the same items, models of both, and one without an encoder."""
    root = tmp_path_factory.mktemp("made")
    write_items(root / "items.tsv")
    with open(root / "events.tsv", "w") as out:
        out.write("user_id\titem_id\ttimestamp\n")
        for user in range(60):
            for step in range(6):
                out.write("u%d\ti%d\t%d\n" % (user, (user * 7 + step * 4) % ITEMS + 1, step))
    semid("fit", root / "items.tsv", "-o", root / "a", "--codes", 8, "--seed", 1)
    semid("fit", root / "items.tsv", "-o", root / "b", "--codes", 8, "--seed", 2)
    semid("synth", "vectors", "-o", root / "v", "--item-count", 100, "--dim", 8)
    semid("fit", "--vectors", next((root / "v").glob("*.npy")), "-o", root / "plain", "--codes", 8)
    semid("train", "itemknn", "--catalog", root / "a", "--events", root / "events.tsv", "-o", root / "model")
    return root


@pytest.fixture
def own(made, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(made, tmp_path / "own")
    return tmp_path / "own"


@pytest.fixture(scope="module")
def server(made, tmp_path_factory):
    """One for those who only read, of the catalogue `a` with its model."""
    copy = tmp_path_factory.mktemp("shared") / "own"
    shutil.copytree(made, copy)
    running = Server(copy / "a", "--model", copy / "model", "--root", copy)
    yield running
    assert running.end() == 0


@pytest.fixture
def start():
    running = []

    def run(*words):
        running.append(Server(*words))
        return running[-1]

    yield run
    for each in running:
        each.end()
