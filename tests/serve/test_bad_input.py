"""What a server must refuse, by raw sockets where a client would not send it."""
import json
import os
import socket
import time

import pytest
from conftest import Server, semid

HOST = b"Host: localhost\r\n"
# Two readings of one request: each must be refused and the connection closed, so that no rest of it is read as another.
SMUGGLED = [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    b"Content-Length: 4\r\nContent-Length: 4\r\n",
    b"Content-Length: 4\r\nContent-Length: 30\r\n",
    b"Content-Length : 4\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Content-Length: +4\r\n",
    b"Content-Length: 0x4\r\n",
    b"Host: other\r\n",
    b"X Y: 1\r\n",
]


@pytest.mark.parametrize("line", SMUGGLED, ids=lambda line: line.decode().strip().replace("\r\n", " + "))
def test_smuggling(server, line):
    """Fails when a request that can be read in two ways is answered with anything but one 400, or the rest is read on."""
    answer = server.raw(
        b"POST /v1/encode HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST + line
        + b"\r\n0\r\n\r\nGET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
    )
    assert b"200 OK" not in answer  # libmicrohttpd writes the head of its own refusals twice
    assert not answer or answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("target", [b"http://localhost/livez", b"livez", b"/v1/items/a%00b", b"/v1/items/%zz", b"/v1/items/%4", b"*"])
def test_targets(server, target):
    """Fails when an absolute URI, a zero byte or a bad escape reaches a handler."""
    answer = server.raw(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 4") or answer == b""


@pytest.mark.parametrize("data", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET /livez\r\n\r\n", b"\r\n" * 5, b"A" * 70000, b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n\r\n"])
def test_garbage(server, data):
    """Fails when bytes that are no HTTP stop the server or get a success."""
    assert b" 200 " not in server.raw(data)
    assert server.get("/livez")[0] == 200


def test_paths_are_decoded_once(server):
    """Fails when %2525 becomes % or an escaped slash parts the path."""
    assert '"%25"' in server.get("/v1/items/%2525")[1]["detail"]
    assert '"a/b"' in server.get("/v1/items/a%2Fb")[1]["detail"]
    assert server.get("/v1/items/a/b")[0] == 404


def test_hosts_and_origins(server):
    """Fails when another site's name, or a page of another site, can reach a server on loopback (DNS rebinding, CSRF)."""
    assert server.get("/livez", headers={"Host": "evil.example"})[0] == 421
    assert server.get("/livez", headers={"Host": "localhost:1"})[0] == 200
    body = {"item": "i1"}
    assert server.post("/v1/neighbors", body, headers={"Origin": "http://evil.example"})[0] == 403
    own = "http://127.0.0.1:%d" % server.port
    assert server.post("/v1/neighbors", body, headers={"Origin": own})[0] == 200


def test_methods_and_types(server):
    """Fails when a method that is not for a path is anything but 405 with Allow, or a form is taken for JSON."""
    status, headers, _ = server.ask("POST", "/v1/items/i1", {})
    assert status == 405 and headers["Allow"] == "GET, HEAD, PUT, DELETE"
    assert server.ask("BREW", "/livez")[0] == 405
    assert server.get("/nothing")[0] == 404
    assert server.post("/v1/neighbors", "item=i1", headers={"Content-Type": "application/x-www-form-urlencoded"})[0] == 415
    assert server.post("/v1/neighbors", "{}")[0] == 415
    assert server.ask("GET", "/livez", body="x")[0] == 400


BAD_JSON = [
    ("", "empty"),
    ("{", "line 1, column 1"),
    ('{"item":\n "i1" "k": 1}', "line 2, column"),
    ('{"item": "i1", "item": "i2"}', "duplicate"),
    ('{"item": "\\u0000"}', "no JSON"),
    ('{"item": "\xff"}', "no JSON"),
    ("[1]", "no object"),
    ("[" * 17 + "]" * 17, "nested"),
    ('{"item": "i1"} x', "end of file"),
    ('{"item": 1e999}', "no JSON"),
]


@pytest.mark.parametrize("body,why", BAD_JSON)
def test_bad_json(server, body, why):
    """Fails when bad JSON is not a 400 that says where."""
    status, problem = server.post("/v1/neighbors", body.encode("latin-1"), headers={"Content-Type": "application/json"})
    assert status == 400 and why in problem["detail"], problem


BAD_MEMBERS = [
    ({"item": "i1", "kk": 3}, "/kk"),
    ({"item": "i1", "k": 0}, "/k"),
    ({"item": "i1", "k": 1001}, "/k"),
    ({"item": "i1", "k": "5"}, "/k"),
    ({"item": "i1", "k": 1.5}, "/k"),
    ({"item": 7}, "/item"),
    ({"prefix": "1-x"}, "/prefix"),
    ({"item": "i1", "filter": {"nope": []}}, "/filter/nope"),
    ({"item": "i1", "filter": {"within": ["x"]}}, "/filter/within/0"),
    ({"item": "i1", "filter": {"exclude": [1]}}, "/filter/exclude/0"),
    ({"item": "i1", "filter": {"where": {"brand": "OPI"}}}, "/filter/where/brand"),
]


@pytest.mark.parametrize("body,pointer", BAD_MEMBERS, ids=lambda value: json.dumps(value))
def test_bad_members(server, body, pointer):
    """Fails when a wrong member is taken, or its problem does not point to it."""
    status, problem = server.post("/v1/neighbors", body)
    assert status == 400 and problem["errors"][0]["pointer"] == pointer


def test_bombs(server):
    """Fails when JSON that would take 80 times its size in memory is parsed, or a body over the limit is read."""
    assert server.post("/v1/encode", {"items": [{}] * 20000})[0] == 413
    assert server.post("/v1/encode", {"items": [{"vector": [0] * 300000}]})[0] == 413
    status, problem = server.post("/v1/encode", b" " * (2 << 20), headers={"Content-Type": "application/json"})
    assert status == 413 and "x-npy" in problem["detail"]
    head = b"POST /v1/encode HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
    assert server.raw(head + b"Content-Length: 99999999999\r\n\r\n").startswith(b"HTTP/1.1 413")
    assert server.raw(head + b"Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n").startswith(b"HTTP/1.1 413")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    assert server.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + 2 * chunk + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")
    assert server.metric("bodies_size_bytes") == 0


def test_deadlines(server):
    """Fails when a deadline that is no number is taken."""
    assert server.post("/v1/neighbors", {"item": "i1"}, headers={"Semid-Deadline-Ms": "soon"})[0] == 400
    assert server.post("/v1/neighbors", {"item": "i1"}, headers={"Semid-Deadline-Ms": "60000"})[0] == 200


def test_ids_are_data(server):
    """Fails when an id or a target can put a line or a header into an answer."""
    status, headers, problem = server.ask("GET", "/v1/items/%3Cscript%3E%0d%0aX-Evil:1")
    assert status == 404 and "X-Evil" not in headers and "<script>\r\nX-Evil:1" in problem["detail"]
    assert headers["Content-Type"] == "application/problem+json" and headers["X-Content-Type-Options"] == "nosniff"
    assert server.ask("GET", "/livez", headers={"X-Request-Id": "a b"})[1]["X-Request-Id"] != "a b"


def test_slow_clients(made, start):
    """Fails when a trickle of bytes holds a connection, or others wait because of it."""
    server = start(made / "a", "--read-only")
    lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
    lines[0].sendall(b"GET /livez HTTP/1.1\r\n")  # headers that never end
    lines[1].sendall(b"GE")  # a first line that never ends
    begin, closed = time.monotonic(), {}
    while len(closed) < 2 and time.monotonic() - begin < 12:
        for i, byte in ((0, b"X"), (1, b"T")):
            try:
                lines[i].sendall(byte)
                lines[i].settimeout(0.05)
                if lines[i].recv(100) == b"":
                    closed.setdefault(i, time.monotonic() - begin)
            except socket.timeout:
                pass
            except OSError:
                closed.setdefault(i, time.monotonic() - begin)
        asked = time.monotonic()
        assert server.get("/livez")[0] == 200 and time.monotonic() - asked < 1
        time.sleep(0.2)
    assert sorted(closed) == [0, 1] and all(4.5 < at < 8 for at in closed.values()), closed
    lines[2].sendall(b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n")  # idle until now: allowed
    assert lines[2].recv(100).startswith(b"HTTP/1.1 200")
    assert server.metric("connections_reaped_total") == 2
    for line in lines:
        line.close()


def test_many_idle(server):
    """Fails when idle connections keep others from being served."""
    lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(400)]
    assert server.get("/v1/items/i1")[0] == 200
    for line in lines:
        line.close()


def test_keys(own, start):
    """Fails when a server with keys answers without one, or a reading key may change."""
    keys = own / "keys"
    keys.write_text("# of tests\nread reading-key-0001\nwrite writing-key-0002\n")
    keys.chmod(0o644)
    refused = semid("serve", own / "a", "--api-key-file", keys, "--port", 0, ok=False)
    assert refused.returncode == 2 and "chmod 600" in refused.stderr
    keys.chmod(0o600)
    server = start(own / "a", "--api-key-file", keys, "--access-log", own / "log")
    reading, writing = ({"Authorization": "Bearer " + key} for key in ("reading-key-0001", "writing-key-0002"))
    assert server.get("/livez")[0] == 200
    status, headers, _ = server.ask("GET", "/v1/items/i1")
    assert status == 401 and headers["WWW-Authenticate"] == "Bearer"
    assert server.get("/v1/items/i1", headers={"Authorization": "Bearer reading-key-0009"})[0] == 401
    assert server.get("/v1/items/i1", headers=reading)[0] == 200
    assert server.get("/metrics")[0] == 401
    assert server.post("/v1/items/new", {"text": "red"}, "PUT", headers=reading)[0] == 403
    assert server.post("/v1/items/new", {"text": "red"}, "PUT", headers=writing)[0] == 201
    server.end()
    log = [json.loads(line) for line in (own / "log").read_text().splitlines()]
    assert [line["status"] for line in log] == [200, 401, 401, 200, 401, 403, 201]
    assert "key-000" not in (own / "log").read_text()


def test_wrong_starts(made, tmp_path):
    """Fails when a wrong start is not refused at once with what to do."""
    def refused(*words):
        done = semid("serve", *words, ok=False)
        return done.returncode, done.stderr

    assert refused(tmp_path / "none")[0] in (1, 3)
    code, text = refused(made / "a", "--host", "0.0.0.0", "--port", 0)
    assert code == 2 and "--api-key-file" in text
    code, text = refused(made / "a", "--host", "example.com", "--insecure", "--port", 0)
    assert code == 2 and "an address" in text
    code, text = refused(made / "a", "--api-key-file", tmp_path / "none", "--port", 0)
    assert code == 1 and "cannot be read" in text
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, text = refused(made / "a", "--port", taken.getsockname()[1])
        assert code == 1 and "--port" in text


def test_socket_file(made, tmp_path):
    """Fails when a socket in the file system is not served, is left behind, or a leftover keeps the next server out."""
    import subprocess

    path = str(tmp_path / "s")
    for kill in (True, False):
        child = subprocess.Popen([os.environ["SEMID_PROGRAM"], "serve", str(made / "plain"), "--read-only", "--unix", path, "--drain-s", "0"], stderr=subprocess.PIPE, text=True)
        assert "serving" in child.stderr.readline()
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(path)
            line.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 200")
        child.kill() if kill else child.terminate()
        child.communicate(timeout=30)
        assert os.path.exists(path) == kill
