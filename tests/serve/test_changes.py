"""Items that come and go, bundles that are exchanged, servers that end: nothing acknowledged is lost, nothing mixed."""
import os
import random
import shutil
import signal
import threading
import time

from conftest import Server, semid, write_items


def test_put_get_delete(own, start):
    """Fails when a change is not seen by the next request, or answered with another status than its kind."""
    server = start(own / "a", "--model", own / "model")
    status, made = server.post("/v1/items/new", {"fields": {"title": "red lipstick", "brand": "brand9"}}, "PUT")
    assert status == 201 and made["version"]["catalog"]["version"] == 2
    item = server.get("/v1/items/new")[1]
    assert item["sid"] == made["sid"] and item["fields"] == {"title": "red lipstick", "brand": "brand9"}
    assert item["version"] == made["version"]
    count = server.get("/v1/tree")[1]["items"]
    assert count == 241
    assert server.post("/v1/items/new", {"text": "steel knife"}, "PUT")[0] == 200
    assert server.get("/v1/items/new")[1]["title"] == "steel knife"
    found = server.post("/v1/neighbors", {"text": "steel knife", "k": 1000})[1]["results"]
    assert "new" in [hit["item_id"] for hit in found]
    first = server.post("/v1/recommend", {"history": ["i1"], "k": 1})[1]["results"][0]["item_id"]
    status, _, body = server.ask("DELETE", "/v1/items/" + first)
    assert status == 204 and body == b""
    assert server.get("/v1/items/" + first)[0] == 404
    again = server.post("/v1/recommend", {"history": ["i1"], "k": 1})[1]
    assert again["results"][0]["item_id"] != first and again["version"]["catalog"]["version"] == 4
    assert server.ask("DELETE", "/v1/items/" + first)[0] == 404
    assert server.end() == 0
    assert "new" in semid("show", own / "a", "new").stdout
    assert semid("verify", own / "a").returncode == 0


def test_retrieve_sees_changes(own, start):
    """Fails when an item that was added or removed is not seen by the next who asks for candidates."""
    server = start(own / "a")
    body = {"history": ["i1", "twin"], "k": 1000, "budget": "10x1000"}
    before = server.post("/v1/retrieve", body)[1]
    assert before["unknown"] == 1 and "i5" in {hit["item_id"] for hit in before["results"]}  # i1, i5: the same kind
    assert server.post("/v1/items/twin", {"text": "blue cotton shirt number 1"}, "PUT")[0] == 201
    assert server.ask("DELETE", "/v1/items/i5")[0] == 204
    after = server.post("/v1/retrieve", body)[1]
    assert after["unknown"] == 0 and "i5" not in {hit["item_id"] for hit in after["results"]}


def test_post_is_all_or_none(own, start):
    """Fails when a batch with one bad item stores another, or a conflict is not 409 with its place."""
    server = start(own / "a")
    both = [{"item_id": "n1", "text": "red"}, {"item_id": "i1", "text": "blue"}]
    status, problem = server.post("/v1/items", {"items": both})
    assert status == 409 and problem["errors"][0]["pointer"] == "/items/1/item_id"
    assert server.get("/v1/items/n1")[0] == 404
    status, answer = server.post("/v1/items", {"items": both, "if_exists": "skip"})
    assert status == 200 and answer["skipped"] == 1 and [each["item_id"] for each in answer["results"]] == ["n1"]
    status, answer = server.post("/v1/items", {"items": both, "if_exists": "replace"})
    assert status == 200 and len(answer["results"]) == 2
    for bad in ([{"text": "a"}], [{"item_id": "n2"}], []):
        assert server.post("/v1/items", {"items": bad})[0] == 400
    for bad in ("x" * 256, "a\nb", ""):
        assert server.post("/v1/items", {"items": [{"item_id": bad, "text": "a"}]})[0] == 422
    assert server.post("/v1/items", {"items": [{"item_id": "n3", "vector": [1, 2]}]})[0] == 422
    assert server.post("/v1/items", {"items": [{"item_id": "n4", "text": "a"}] * 2})[0] == 422
    assert server.get("/v1/items/n4")[0] == 404


def test_read_only_sees_others(own, start):
    """Fails when a server that only reads changes something, or never sees what another process changed."""
    server = start(own / "a", "--read-only")
    assert server.post("/v1/items/new", {"text": "red"}, "PUT")[0] == 403
    assert server.get("/v1/items/late")[0] == 404
    (own / "late.tsv").write_text("item_id\ttitle\nlate\tred lipstick\n")
    semid("encode", own / "a", own / "late.tsv", "--add")
    for _ in range(40):
        if server.get("/v1/items/late")[0] == 200:
            break
        time.sleep(0.1)
    assert server.get("/v1/items/late")[0] == 200
    assert server.get("/v1/tree")[1]["items"] == 241


def test_one_writer(own, start):
    """Fails when a second writer is let in beside the server."""
    start(own / "a")
    write_items(own / "late.tsv", 900, 1)
    refused = semid("encode", own / "a", own / "late.tsv", "--add", ok=False)
    assert refused.returncode == 1 and "writ" in refused.stderr, refused.stderr


# ---- Exchanged under load


class Load:
    """Threads that ask until they are told to end; `ask` gives a problem or None."""

    def __init__(self, count, ask):
        self.problems, self.asked, self.is_ending = [], 0, False
        self.threads = [threading.Thread(target=self.run, args=(ask, i)) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, ask, number):
        while not self.is_ending and len(self.problems) < 5:
            try:
                problem = ask(number)
            except Exception as error:  # a failed request is what the test looks for
                problem = repr(error)
            self.asked += 1
            if problem:
                self.problems.append(problem)

    def end(self):
        self.is_ending = True
        for thread in self.threads:
            thread.join()


def wait_for_swap(server, number, failed_before=False):
    for _ in range(6000):  # 30 s: a disk that is busy with others holds a swap up for seconds
        info = server.get("/v1/info")[1]
        if info["bundle"] >= number:
            return info
        assert failed_before or info["swap"]["state"] != "failed", info["swap"]
        time.sleep(0.005)
    raise AssertionError(info)


def test_hundred_swaps(own, start):
    """Fails when a request fails during an exchange, or an answer holds the SID of one catalogue and the name of another."""
    server = start(own / "a", "--root", own, "--client-max", 1000, "--deadline-ms", 30000)
    ids = {server.get("/v1/items/i1")[1]["version"]["catalog"]["id"]: "a"}
    sids = {"a": server.get("/v1/items/i1")[1]["sid"]}
    assert server.post("/v1/admin/bundle", {"catalog": "b"}, "PUT")[0] == 202
    wait_for_swap(server, 2)
    ids[server.get("/v1/items/i1")[1]["version"]["catalog"]["id"]] = "b"
    sids["b"] = server.get("/v1/items/i1")[1]["sid"]
    assert len(ids) == 2
    lines = [server.connect() for _ in range(4)]

    def ask(number):
        if number % 2:
            status, _, answer = server.ask("GET", "/v1/items/i1", connection=lines[number])
            sid = answer.get("sid")
        else:
            body = {"items": [{"text": "red matte lipstick number 3"}]}
            status, _, answer = server.ask("POST", "/v1/encode", body, connection=lines[number])
            sid = answer["results"][0]["sid"] if status == 200 else None
        if status != 200:
            return answer
        name = ids[answer["version"]["catalog"]["id"]]
        if number % 2:
            return None if sid == sids[name] else (name, sid)
        with_text.setdefault(name, sid)
        return None if with_text[name] == sid else (name, sid)

    with_text = {}
    load = Load(4, ask)
    swaps = int(os.environ.get("SEMID_SWAPS", "100"))
    for i in range(swaps):
        name = "a" if i % 2 == 0 else "b"
        status, answer = server.post("/v1/admin/bundle", {"catalog": name}, "PUT")
        assert status == 202, answer
        info = wait_for_swap(server, 3 + i)
        assert info["catalog"]["name"] == name
    load.end()
    assert load.problems == [] and load.asked > 100
    assert server.metric("swaps_total") == swaps + 1
    assert len(os.listdir("/proc/%d/fd" % server.child.pid)) < 60


def test_hangup_follows_a_link(own, start):
    """Fails when SIGHUP does not take what `semid use` points to, or a bundle that is damaged is taken."""
    semid("use", own / "current", own / "a")
    server = start(own / "current")
    old = server.get("/v1/info")[1]["version"]["catalog"]["id"]
    assert server.post("/v1/items/kept", {"text": "red"}, "PUT")[0] == 201
    server.child.send_signal(signal.SIGHUP)
    assert wait_for_swap(server, 2)["version"]["catalog"]["id"] == old
    assert server.get("/v1/items/kept")[0] == 200
    assert server.post("/v1/items/more", {"text": "red"}, "PUT")[0] == 201
    shutil.copytree(own / "b", own / "damaged")
    with open(own / "damaged" / "quantizer.safetensors", "r+b") as file:
        file.seek(-1, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([byte[0] ^ 1]))
    os.unlink(own / "current")
    os.symlink(own / "damaged", own / "current")
    server.child.send_signal(signal.SIGHUP)
    for _ in range(500):
        swap = server.get("/v1/info")[1]["swap"]
        if swap["state"] == "failed":
            break
        time.sleep(0.01)
    assert swap["state"] == "failed" and server.get("/v1/items/kept")[0] == 200
    semid("use", own / "current", own / "b")
    server.child.send_signal(signal.SIGHUP)
    assert wait_for_swap(server, 3, failed_before=True)["version"]["catalog"]["id"] != old
    assert server.get("/v1/items/kept")[0] == 404


def test_bundle_names(own, start):
    """Fails when a bundle can be taken from outside of the root."""
    server = start(own / "a", "--root", own, "--model", own / "model")
    (own.parent / "outside").mkdir()
    os.symlink(own.parent / "outside", own / "link")
    for name, status in (("../a", 422), ("/etc", 422), (".hidden", 422), ("", 422), ("link", 422), ("none", 404)):
        assert server.post("/v1/admin/bundle", {"catalog": name}, "PUT")[0] == status, name
    assert server.post("/v1/admin/bundle", {"model": None}, "PUT")[0] == 202
    assert wait_for_swap(server, 2)["model"] is None
    assert server.post("/v1/recommend", {"history": ["i1"]})[0] == 404


# ---- Ends


def test_drain(own, start):
    """Fails when a request that runs at SIGTERM is cut off, or the exit code is not 0."""
    server = start(own / "a", "--client-max", 1000, "--deadline-ms", 30000)
    outcome = []

    def ask():
        outcome.append(server.post("/v1/neighbors", {"text": "red", "k": 200})[0])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    while server.metric("connections") < 2:
        time.sleep(0.001)
    code = server.end()
    for thread in threads:
        thread.join()
    assert code == 0
    assert all(status in (200, 503) for status in outcome), outcome


def test_kill_loses_nothing(own):
    """Fails when an item whose PUT was answered is gone after kill -9, or one whose DELETE was answered is back."""
    cycles = int(os.environ.get("SEMID_SERVE_KILLS", "6"))
    chance = random.Random(5)
    there, gone = set(), set()
    for cycle in range(cycles):
        server = Server(own / "a")
        lock = threading.Lock()

        def write(number):
            line = server.connect()
            for i in range(1000):
                name = "k%d-%d-%d" % (cycle, number, i)
                try:
                    status = server.ask("PUT", "/v1/items/" + name, {"text": "red lipstick %d" % i}, connection=line)[0]
                    if status == 201:
                        with lock:
                            there.add(name)
                    if i % 3 == 0:
                        with lock:
                            there.discard(name)  # from here on either is right, until it is answered
                        if server.ask("DELETE", "/v1/items/" + name, connection=line)[0] == 204:
                            with lock:
                                gone.add(name)
                except Exception:
                    return

        threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.1 + chance.random() * 0.4)
        server.child.kill()
        server.child.communicate()
        for thread in threads:
            thread.join()
    assert len(there) > cycles and len(gone) > 0
    server = Server(own / "a")
    for name in there:
        assert server.get("/v1/items/" + name)[0] == 200, name
    for name in gone:
        assert server.get("/v1/items/" + name)[0] == 404, name
    assert server.end() == 0
    assert semid("verify", own / "a").returncode == 0


# ---- Too much


def test_refusals(made, start):
    """Fails when a full queue or a client's share is not refused with Retry-After, or a passed deadline is worked on."""
    server = start(made / "a", "--read-only", "--queue-max", 2, "--workers", 1, "--client-max", 3, "--deadline-ms", 30000)
    seen, lock = {}, threading.Lock()

    def ask(number):
        body = {"items": [{"text": "red lipstick %d" % i} for i in range(2000)]}
        status, headers, _ = server.ask("POST", "/v1/encode", body)
        with lock:
            seen.setdefault(status, []).append(headers.get("Retry-After"))

    load = Load(12, ask)
    time.sleep(1.5)
    load.end()
    assert load.problems == [] and set(seen) <= {200, 429, 503} and seen.get(200)
    refused = seen.get(429, []) + seen.get(503, [])
    assert refused and all(int(wait) >= 1 for wait in refused)
    assert server.metric("refused_full_total") + server.metric("refused_share_total") > 0


def test_shared_refusals(made, start, tmp_path):
    """Fails when a refusal that many share says another's id, lacks Retry-After, or hides who is logged or named himself."""
    for words in ((), ("--access-log", tmp_path / "log")):
        server = start(made / "a", "--read-only", "--queue-max", 1, "--workers", 1, "--deadline-ms", 30000, *words)
        big = {"items": [{"text": "red lipstick %d" % i} for i in range(2000)]}
        load = Load(4, lambda number: server.ask("POST", "/v1/encode", big) and None)
        refused, named = [], []
        for turn in range(400):
            headers = {"X-Request-Id": "mine-%d" % turn} if turn % 2 else {}
            status, got, problem = server.ask("POST", "/v1/encode", {"items": [{"text": "red"}]}, headers)
            assert status in (200, 503)
            if status == 503:
                assert problem["status"] == 503 and "ask again after" in problem["detail"]
                assert int(got["Retry-After"]) >= 1 and got["Content-Type"] == "application/problem+json" and "Date" in got
                (named if turn % 2 else refused).append((problem["request_id"], got.get("X-Request-Id"), turn))
        load.end()
        assert load.problems == [] and refused and named
        assert all(inner == outer == "mine-%d" % turn for inner, outer, turn in named)
        if words:
            assert len({inner for inner, outer, _ in refused if inner == outer}) == len(refused)
        else:
            assert {pair[:2] for pair in refused} == {("-", None)}


def test_encoded_together(made, start):
    """Fails when requests that were encoded together answer other than alone, or one that is wrong spoils the others."""
    server = start(made / "a", "--read-only", "--workers", 1, "--deadline-ms", 30000)
    dim = server.get("/v1/info")[1]["catalog"]["dim"]
    bodies = [{"items": [{"text": "red matte lipstick %d" % i, "item_id": "x%d" % i}, {"text": ""}]} for i in range(20)]
    bodies += [{"items": [{"vector": [0.25 * (i + d % 3) for d in range(dim)]}, {"text": "knife"}]} for i in range(3)]
    bodies += [{"items": [{"vector": [1.0] * (dim + 1)}]}, {"items": []}, {"items": [{"text": "hose"}], "margins": True}]
    alone = [server.post("/v1/encode", body) for body in bodies]
    assert {status for status, _ in alone} == {200, 400, 422}
    before = server.metric("batched_requests_total") - server.metric("batches_total")
    big = {"items": [{"text": "red lipstick %d" % i} for i in range(4000)]}
    blocker = threading.Thread(target=lambda: server.post("/v1/encode", big))
    blocker.start()
    time.sleep(0.005)
    together = [None] * len(bodies)

    def ask(i):
        together[i] = server.post("/v1/encode", bodies[i])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(bodies))]
    for thread in [*threads, blocker]:
        if thread is not blocker:
            thread.start()
    for thread in [*threads, blocker]:
        thread.join()
    for one, other in zip(alone, together):
        for problem in (one[1], other[1]):
            problem.pop("request_id", None)
        assert one == other
    assert server.metric("batched_requests_total") - server.metric("batches_total") > before
