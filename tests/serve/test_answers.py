"""What each endpoint answers, compared with what the program prints."""
import email.utils
import json
import time

from conftest import semid


def rows(*words):
    return [line.split("\t") for line in semid(*words, "--format", "tsv").stdout.splitlines()]


def test_health(server):
    """Fails when the process is not said to be up and ready."""
    assert server.get("/livez") == (200, {"status": "up"})
    assert server.get("/readyz") == (200, {"status": "ready"})
    assert server.get("/healthz") == (200, {"status": "ready"})


def test_health_for_everybody(server):
    """Fails when the response that health checks share has no date of today, or somebody else's id."""
    headers = server.ask("GET", "/livez")[1]
    sent = email.utils.parsedate_to_datetime(headers["Date"]).timestamp()
    assert abs(sent - time.time()) < 5 and "X-Request-Id" not in headers
    for name in ("mine-1", "mine-2"):
        assert server.ask("GET", "/livez", headers={"X-Request-Id": name})[1]["X-Request-Id"] == name
    time.sleep(1.1)  # another second, another response
    later = server.ask("GET", "/livez")[1]["Date"]
    assert email.utils.parsedate_to_datetime(later).timestamp() > sent


def test_head_has_no_body(server):
    """Fails when HEAD is refused, or followed by a body that the next answer on the connection would begin with."""
    line = server.connect()
    assert server.ask("HEAD", "/livez", connection=line)[0] == 200
    assert server.ask("GET", "/livez", connection=line)[2] == {"status": "up"}


def test_item(server, made):
    """Fails when an item's answer differs from what `semid show` says, or has no version."""
    status, item = server.get("/v1/items/i7")
    assert status == 200
    shown = rows("show", made / "a", "i7")[0]
    assert item["item_id"] == "i7" and item["sid"] == shown[1]
    assert item["fields"] == {"title": item["title"], "brand": "brand2"}
    assert item["version"]["catalog"]["id"] == json.loads(semid("inspect", made / "a", "--format", "json").stdout)["id"]
    assert len(item["version"]["model"]["id"]) == 32
    assert server.get("/v1/items/i7") == (status, item)  # from the cache


def test_unknown_item(server):
    """Fails when an unknown id is anything but 404, or its problem lacks the request's id."""
    status, headers, problem = server.ask("GET", "/v1/items/no%20such", headers={"X-Request-Id": "abc-1"})
    assert status == 404 and headers["Content-Type"] == "application/problem+json"
    assert problem["code"] == "SID_ENOTFOUND" and "no such" in problem["detail"]
    assert problem["request_id"] == "abc-1" and headers["X-Request-Id"] == "abc-1"


def test_prefix_pages(server):
    """Fails when pages repeat or lose items, or give others than those of the prefix."""
    code = server.get("/v1/items/i1")[1]["sid"].split("-")[0]
    seen, cursor, count = [], "0", None
    while cursor:
        status, page = server.get("/v1/prefix/%s?limit=7&cursor=%s" % (code, cursor))
        assert status == 200 and len(page["items"]) <= 7
        seen += [item["item_id"] for item in page["items"]]
        assert all(item["sid"].split("-")[0] == code for item in page["items"])
        count, cursor = page["count"], page["next"]
    assert len(seen) == len(set(seen)) == count > 7
    assert code in [str(each["code"]) for each in page["siblings"]]
    assert server.get("/v1/prefix/999")[0] == 404
    assert server.get("/v1/prefix/1-x")[0] == 400
    assert server.get("/v1/prefix/1?limit=0")[0] == 400
    assert server.get("/v1/prefix/1?unknown=1")[0] == 400
    assert server.get("/v1/prefix/1?limit=1&limit=2")[0] == 400


def test_tree(server):
    """Fails when the children of the root do not hold all items, or the page of one level does not end."""
    status, tree = server.get("/v1/tree")
    assert status == 200 and tree["items"] == 240
    assert sum(child["items"] for child in tree["children"]) == 240 and tree["next"] is None
    first = server.get("/v1/tree?limit=1")[1]
    assert first["children"] == tree["children"][:1] and first["next"] == tree["children"][1]["code"]
    below = server.get("/v1/tree?prefix=%d" % tree["children"][0]["code"])[1]
    assert below["items"] == tree["children"][0]["items"]
    assert len(below["children"]) == tree["children"][0]["prefixes"]


def test_neighbors(server, made):
    """Fails when neighbours differ from the program's, or a filter lets others through or gives fewer than there are."""
    status, answer = server.post("/v1/neighbors", {"item": "i7", "k": 5})
    assert status == 200
    printed = rows("neighbors", made / "a", "--item", "i7", "-k", 5)
    assert [[hit["item_id"], hit["sid"], str(hit["shared"])] for hit in answer["results"]] == [row[:3] for row in printed]
    by_text = server.post("/v1/neighbors", {"text": "red lipstick", "k": 3})[1]["results"]
    assert len(by_text) == 3 and all("lipstick" in hit["title"] for hit in by_text)
    where = {"item": "i7", "k": 20, "filter": {"where": {"brand": ["brand1"]}, "exclude": ["i11"]}}
    found = [hit["item_id"] for hit in server.post("/v1/neighbors", where)[1]["results"]]
    assert len(found) == 20 and "i11" not in found and all(int(each[1:]) % 5 == 1 for each in found)
    code = server.get("/v1/items/i7")[1]["sid"].split("-")[0]
    within = {"item": "i7", "k": 500, "filter": {"within": [code]}}
    all_within = server.post("/v1/neighbors", within)[1]["results"]
    assert len(all_within) == server.get("/v1/prefix/" + code)[1]["count"] - 1
    far = server.post("/v1/neighbors", {"item": "i7", "k": 500, "min_shared": 1})[1]["results"]
    assert {hit["item_id"] for hit in far} == {hit["item_id"] for hit in all_within}
    assert server.post("/v1/neighbors", {"item": "no"})[0] == 404
    assert server.post("/v1/neighbors", {"item": "i7", "text": "x"})[0] == 400


def test_encode(server):
    """Fails when a text encodes to another SID than the item with that title has, or a row is lost."""
    item = server.get("/v1/items/i7")[1]
    body = {"items": [{"item_id": "x", "text": "red lipstick"}, {"text": "zzzz"}, {"text": "red lipstick"}]}
    status, answer = server.post("/v1/encode", body)
    assert status == 200
    assert [each["item_id"] for each in answer["results"]] == ["x", None, None]
    assert answer["results"][0]["sid"] == answer["results"][2]["sid"]
    assert answer["results"][0]["codes"] == [int(code) for code in answer["results"][0]["sid"].split("-")]
    assert answer["results"][1]["state"] == "no_text" and item["state"] == "ok"


def test_margins(made, start):
    """Fails when a level has no margin, one names the code that was taken, or they come unasked, for too many or as text."""
    server = start(made / "plain", "--read-only")
    items = [{"vector": [0.25 * i, 1, 0, 0, -1, 0, 0, i]} for i in range(64)]
    plain = server.post("/v1/encode", {"items": items})[1]
    status, answer = server.post("/v1/encode", {"items": items, "margins": True})
    assert status == 200 and all("margins" not in each for each in plain["results"])
    for each, bare in zip(answer["results"], plain["results"]):
        assert each["codes"] == bare["codes"] and len(each["margins"]) == len(each["codes"])
        for code, margin in zip(each["codes"], each["margins"]):
            assert margin["runner_up"] not in (None, code) and margin["residual"] >= 0
            assert margin["gap"] >= -1e-6
    status, problem = server.post("/v1/encode", {"items": items + items[:1], "margins": True})
    assert status == 422 and problem["errors"][0]["pointer"] == "/margins"
    assert server.post("/v1/encode", {"items": items, "margins": "yes"})[0] == 400


def test_encode_vectors(made, start):
    """Fails when vectors as JSON and as npy encode differently, or a wrong dimension is not told with its place."""
    import numpy

    server = start(made / "plain", "--read-only")
    x = numpy.load(next((made / "v").glob("*.npy"))).astype("<f4")
    status, answer = server.post("/v1/encode", {"items": [{"vector": row.tolist()} for row in x[:10]]})
    assert status == 200
    header = {"Content-Type": "application/x-npy"}
    import io

    for kind in ("<f4", "<f8"):
        out = io.BytesIO()
        numpy.save(out, x[:10].astype(kind))
        bulk = server.post("/v1/encode", out.getvalue(), headers=header)[1]
        assert [each["sid"] for each in bulk["results"]] == [each["sid"] for each in answer["results"]]
    for i in range(10):
        assert server.get("/v1/items/%d" % i)[1]["sid"] == answer["results"][i]["sid"]
    status, problem = server.post("/v1/encode", {"items": [{"vector": [0] * 8}] * 3 + [{"vector": [0] * 7}]})
    assert status == 422 and problem["errors"] == [{"pointer": "/items/3/vector", "detail": problem["detail"]}]
    assert problem["detail"] == "7 numbers, the catalogue takes 8"
    assert server.post("/v1/encode", {"items": [{"text": "x"}]})[0] == 422
    assert server.post("/v1/encode", out.getvalue()[:-1], headers=header)[0] == 400
    assert server.post("/v1/encode", b"\x93NUMPY\x01\x00\xff\xff{", headers=header)[0] == 400


def test_trace(server, made, tmp_path, start):
    """Fails when a trace is not of the answer, or its shares are none; when a model without beams has steps."""
    body = {"history": ["i1", "i5"], "k": 5}
    answer = server.post("/v1/recommend", {**body, "trace": True})[1]
    assert answer["trace"] == {"steps": []}
    assert "trace" not in server.post("/v1/recommend", {**body, "trace": False})[1]
    assert server.post("/v1/recommend", {**body, "trace": 1})[0] == 400
    options = "epochs=1,layers=1,dim=16,heads=2,hidden=32".split(",")
    flags = [word for option in options for word in ("--" + option.split("=")[0], option.split("=")[1])]
    semid("train", "sidgpt", "--catalog", made / "a", "--events", made / "events.tsv", "-o", tmp_path / "m", *flags)
    running = start(made / "a", "--model", tmp_path / "m", "--read-only")
    plain = running.post("/v1/recommend", {**body, "beam": 8})[1]
    traced = running.post("/v1/recommend", {**body, "beam": 8, "trace": True})[1]
    steps = traced.pop("trace")["steps"]
    assert traced == plain
    assert len(steps) == len(plain["results"][0]["sid"].split("-"))
    for depth, step in enumerate(steps, 1):
        scores = [beam["score"] for beam in step["beams"]]
        assert len(scores) <= 8 and scores == sorted(scores, reverse=True)
        assert all(len(beam["prefix"].split("-")) == depth for beam in step["beams"])
        assert step["candidates"] >= len(scores) and 0 <= step["masked"] <= 1 and 0 <= step["left_out"] <= 1
    best = plain["results"][0]
    assert best["score"] in [beam["score"] for beam in steps[-1]["beams"] if beam["prefix"] == best["sid"]]


def test_recommend(server, made):
    """Fails when recommendations differ from the program's, or a filter is not kept or costs results."""
    status, answer = server.post("/v1/recommend", {"history": ["i1", "i5"], "k": 5})
    assert status == 200
    printed = rows("recommend", made / "model", "--history", "i1,i5", "-k", 5, "--catalog", made / "a")
    assert [hit["item_id"] for hit in answer["results"]] == [row[0] for row in printed]
    assert all(hit["title"] for hit in answer["results"])
    body = {"history": ["i1"], "k": 30, "filter": {"where": {"brand": ["brand1"]}}}
    found = [hit["item_id"] for hit in server.post("/v1/recommend", body)[1]["results"]]
    assert len(found) == 30 and all(int(each[1:]) % 5 == 1 for each in found)
    denied = answer["results"][0]
    body = {"history": ["i1", "i5"], "k": 5, "filter": {"exclude": [denied["item_id"]]}}
    rest = server.post("/v1/recommend", body)[1]["results"]
    assert len(rest) == 5 and denied["item_id"] not in [hit["item_id"] for hit in rest]
    code = denied["sid"].split("-")[0]
    body = {"history": ["i1", "i5"], "k": 5, "filter": {"without": [code]}}
    assert all(hit["sid"].split("-")[0] != code for hit in server.post("/v1/recommend", body)[1]["results"])
    assert server.post("/v1/recommend", {"history": ["no"]})[0] == 404
    assert server.post("/v1/recommend", {"history": []})[0] == 400


def test_retrieve(server, made):
    """Fails when candidates differ from the program's, come in spite of a filter, or a budget is not kept."""
    body = {"history": ["i1", "i5", "i6"], "k": 20}
    status, answer = server.post("/v1/retrieve", body)
    assert status == 200, answer
    printed = rows("retrieve", made / "a", "--history", "i1,i5,i6", "-k", 20)
    assert [(hit["item_id"], hit["sid"]) for hit in answer["results"]] == [tuple(row[:2]) for row in printed]
    assert answer["prefixes"] and answer["unknown"] == 0
    few = server.post("/v1/retrieve", {**body, "budget": "1x3"})[1]
    assert len(few["prefixes"]) == 1 and len(few["results"]) <= 3
    where = server.post("/v1/retrieve", {**body, "filter": {"where": {"brand": ["brand1"]}}})[1]["results"]
    assert where and all(int(hit["item_id"][1:]) % 5 == 1 for hit in where)
    assert server.post("/v1/retrieve", {"history": ["no"]})[0] == 404
    for bad in ("x", "0x3", "3x0", "3", "3x4x5", "9999x1"):
        assert server.post("/v1/retrieve", {**body, "budget": bad})[0] == 400, bad


def test_drawings(server):
    """Fails when map, level, collisions, report or comparison do not add up."""
    report = server.get("/v1/report")[1]["report"]
    assert report["items"] == 240 and report["levels"] == 3
    level = server.get("/v1/level/1")[1]
    assert sum(code["items"] for code in level["codes"]) == 240 and level["level"]["index"] == 1
    assert [code["items"] for code in level["codes"]] == sorted((code["items"] for code in level["codes"]), reverse=True)
    assert server.get("/v1/level/4")[0] == 404
    buckets = server.get("/v1/collisions?limit=3")[1]
    assert len(buckets["buckets"]) == 3 and buckets["buckets"][0]["size"] == report["largest_bucket"]
    points = server.get("/v1/map?limit=50")[1]
    assert len(points["points"]) == 50 and points["of"] == 240
    moved = server.get("/v1/compare?with=b")[1]
    assert moved["common"] == 240 and sum(flow["items"] for flow in moved["flow"]) == 240
    assert server.get("/v1/compare?with=..")[0] == 422
    assert server.get("/v1/compare?with=none")[0] == 404


def test_openapi_and_assets(server):
    """Fails when the description is no JSON, leaves a path out, or a file of /ui/ allows scripts that stand in a page."""
    api = server.get("/openapi.json")[1]
    assert api["openapi"] == "3.1.0" and "/v1/items/{id}" in api["paths"]
    assert set(api["paths"]["/v1/items/{id}"]) == {"get", "put", "delete"}
    status, headers, _ = server.ask("GET", "/ui")
    assert status == 308 and headers["Location"] == "/ui/"
    status, headers, page = server.ask("GET", "/ui/")
    assert status == 200 and headers["Content-Type"].startswith("text/html") and b"semid" in page
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert server.ask("GET", "/ui/", headers={"If-None-Match": headers["ETag"]})[0] == 304
    assert server.get("/ui/../serve.c")[0] == 404
    assert server.ask("POST", "/ui/")[0] == 405


def test_metrics(server):
    """Fails when a request is not counted under its route."""
    server.get("/v1/items/i3")
    text = server.ask("GET", "/metrics")[2].decode()
    assert 'semid_http_requests_total{method="GET",route="/v1/items/{id}",status="2xx"}' in text
    assert "semid_catalog_items 240" in text


def test_info(server):
    """Fails when a path of the server's disk is told."""
    info = server.get("/v1/info")[1]
    assert info["catalog"]["name"] == "a" and info["catalog"]["items"] == 240 and info["model"]["family"] == "itemknn"
    assert "/tmp" not in json.dumps(info)
