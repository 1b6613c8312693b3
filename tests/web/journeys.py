#!/usr/bin/env python3
"""journeys.py SEMID [PICTURES]: what people do in the explorer of `semid serve`, in a real browser, on a catalogue whose ids and
titles attack it. PICTURES: a folder for screenshots at 1440, 768 and 390 px. SEMID_AXE names axe.min.js, for its audit of every
view; without it that one part is skipped, which is said.

Exit 77: there is no Chromium to try it in.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import browser as web
from payloads import PAYLOADS

VIEWS = ["health", "codebook", "tree", "prefix/0", "collisions", "map", "encode/text/word3", "recommend", "compare", "item"]
passed = failed = 0


def check(what, holds, seen=""):
    global passed, failed
    passed += bool(holds)
    failed += not holds
    if not holds:
        print(f"FAILED {what} {seen}")


# ---- A catalogue, a model, a server --------------------------------------------------------------------------------------

def item_id(i):
    return f"{i} {PAYLOADS[i % 20]}"


def make_bundle(semid, folder):
    """400 items in 20 groups, with texts; four items of each group have the same text. Two catalogues and a model."""
    with open(folder / "items.tsv", "w", encoding="utf-8", newline="\n") as file:
        file.write("item_id\ttitle\tbrand\n")
        for i in range(400):
            more = f" shade{i % 7} size{i * 37 % 11} kind{i * i % 13}" if i >= 80 else ""
            file.write(f"{item_id(i)}\t{PAYLOADS[(i + 7) % 20]} word{i % 20} group{i % 20}{more}\tbrand{i % 3}\n")
    with open(folder / "events.tsv", "w", encoding="utf-8", newline="\n") as file:
        file.write("user_id\titem_id\ttimestamp\n")
        for user in range(120):
            for k in range(6):
                file.write(f"u{user}\t{item_id((user % 20 + 20 * ((user // 20 * 3 + k * k) % 20)) % 400)}\t{1000 + user * 10 + k}\n")
    fit = ["fit", "items.tsv", "--levels", "3", "--codes", "16", "--quiet", "--threads", "1", "-o"]
    for arguments in ([*fit, "served"], [*fit, "other", "--seed", "7"],
                      ["train", "itemknn", "--events", "events.tsv", "--split", "all", "--quiet", "-o", "model"],
                      ["train", "sidgpt", "--catalog", "served", "--events", "events.tsv", "--split", "all", "--epochs", "1", "--dim", "16",
                       "--layers", "1", "--threads", "1", "--quiet", "-o", "writer"]):
        subprocess.run([semid, *arguments], check=True, cwd=folder)


class Server:
    def __init__(self, semid, folder, *more, port=0):
        self.process = subprocess.Popen([semid, "serve", "served", "--model", "model", "--root", ".", "--category", "brand", "--port", str(port), "--drain-s", "0", *more],
                                        cwd=folder, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise RuntimeError(f"the server does not start: {line}{self.process.stderr.read()}")
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def ask(self, path, body=None, method=None, key=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers.update({"Authorization": f"Bearer {key}"} if key else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self.process.stderr.close()


# ---- What a page says ----------------------------------------------------------------------------------------------------

class Explorer:
    """The browser at one server: views by their addresses, texts and clicks by what people see."""

    def __init__(self, browser, server):
        self.browser, self.server = browser, server

    def open(self, view, width=1440, **look):
        self.browser.call("Page.navigate", url="about:blank")
        self.browser.open(f"{self.server.url}/ui/#/{view}", width, **look)
        self.wait_idle()

    def wait_idle(self):
        self.browser.wait("document.documentElement.dataset.drawn === 'yes' && !document.querySelector('main [aria-busy=true], main[aria-busy=true]')")

    def run(self, script):
        return self.browser.run(script)

    def text(self, selector):
        return self.run(f"(document.querySelector({json.dumps(selector)}) || {{ textContent: '' }}).textContent")

    def type(self, label, text):
        self.run(f"(() => {{ const name = [...document.querySelectorAll('label')].find((each) => each.textContent === {json.dumps(label)});"
                 f" const control = document.getElementById(name.htmlFor); control.value = {json.dumps(text)};"
                 " control.dispatchEvent(new Event('input', { bubbles: true })); })()")

    def press(self, words):
        """A button or link by its words, or by its name for those who do not see."""
        self.run(f"[...document.querySelectorAll('button, a')].find((each) => (each.getAttribute('aria-label') || each.textContent) === {json.dumps(words)}).click()")
        self.browser.run("new Promise((done) => setTimeout(done, 30))")
        self.wait_idle()

    def press_form(self, words):
        """The button that sends a form, where a link has the same words."""
        self.run(f"[...document.querySelectorAll('button[type=submit]')].find((each) => each.textContent === {json.dumps(words)}).click()")
        self.browser.run("new Promise((done) => setTimeout(done, 30))")
        self.wait_idle()

    def rows(self, name):
        """The cells of a table by its name."""
        return self.run(f"[...(document.querySelector('[aria-label={json.dumps(name)}]')?.querySelectorAll('tbody tr') ?? [])].map((row) => [...row.cells].map((cell) => cell.textContent))")

    def complained(self, what, allowed=()):
        """Fails on anything the browser complained of; refusals that a journey provokes are named by their status."""
        rest = [each for each in self.browser.complaints if not any(f"status of {status}" in each for status in allowed)]
        check(f"{what}: no complaint", not rest, rest)
        self.browser.complaints.clear()


# ---- Ten journeys --------------------------------------------------------------------------------------------------------

def journey_health(e):
    """Fails when the report of the server is not what is drawn."""
    e.open("")
    e.browser.wait("performance.getEntriesByType('resource').some((each) => each.name.includes('view_compare'))")  # asked for when idle
    report = e.server.ask("/v1/report")["report"]
    check("health: the verdict", e.text(".verdict-card b").endswith(report["verdict"]), e.text(".verdict-card b"))
    check("health: every check", e.run("document.querySelectorAll('table.checks tbody tr').length") == len(report["checks"]))
    check("health: gauges", e.run("document.querySelectorAll('.gauge').length") > 3)
    check("health: bucket sizes", e.run("document.querySelectorAll('#sizes svg rect').length") > 0)
    check("health: the items", "400" in e.text(".tiles dd"), e.text(".tiles dd"))
    files = e.run("performance.getEntriesByType('resource').filter((each) => each.name.includes('/ui/')).map((each) => each.decodedBodySize)")
    check("health: all files together are small", len(files) > 20 and sum(files) <= 150000, sum(files))
    e.press("Codebook")
    check("health: a link leads on", e.run("location.hash") == "#/codebook" and e.run("document.activeElement.tagName") == "H2")
    e.complained("health")


def journey_codebook(e):
    """Fails when a level's codes are not all there, or cannot be read by keys or as a table."""
    e.open("codebook")
    e.press("level 2")
    level = e.server.ask("/v1/level/2")
    check("codebook: the title", e.text("#codes h2") == "The codes of level 2", e.text("#codes h2"))
    e.run("document.querySelector('.cells canvas').focus()")
    e.browser.key("End")
    e.browser.wait("document.querySelector('.tip') && !document.querySelector('.tip').hidden")
    check("codebook: the last cell", e.text(".tip b") == f"code {level['level']['codes'] - 1}", e.text(".tip b"))
    rows = e.rows("codes of level 2")
    check("codebook: the table", [(int(row[0]), int(row[1])) for row in rows] == [(each["code"], each["items"]) for each in level["codes"]][:100], rows[:3])
    e.complained("codebook")


def journey_tree(e):
    """Fails when the tree cannot be walked by keys to an item and back, or more than one row takes the keyboard."""
    e.open("tree")
    focused = "document.activeElement.dataset.prefix || document.activeElement.className"
    e.run("document.querySelector('[role=tree] [tabindex=\"0\"]').focus()")
    prefixes, slowest = [], 0
    for _ in range(3):
        prefixes.append(e.run(focused))
        begin = time.monotonic()
        e.browser.key("ArrowRight")
        e.browser.wait("document.activeElement.getAttribute('aria-expanded') === 'true'")
        slowest = max(slowest, time.monotonic() - begin)
        e.browser.key("ArrowRight")
    check("tree: from prefix to prefix", all(b.startswith(a + "-") for a, b in zip(prefixes, prefixes[1:])), prefixes)
    check("tree: to an item", e.run(focused) == "row item", e.run(focused))
    check("tree: one row takes the keyboard", e.run("document.querySelectorAll('[role=tree] [tabindex=\"0\"]').length") == 1)
    check("tree: rows know their place", e.run("[...document.querySelectorAll('[role=treeitem]')].every((each) => Number(each.getAttribute('aria-posinset')) <= Number(each.getAttribute('aria-setsize')))"))
    e.browser.key("ArrowLeft")
    check("tree: back to the bucket", e.run(focused) == prefixes[-1], e.run(focused))
    e.browser.key("Enter", "\r")
    e.browser.wait(f"location.hash === '#/tree/{prefixes[-1]}'")
    e.browser.key("End")
    last = e.run(focused)
    check("tree: the end is reached", e.run("(() => { const tree = document.querySelector('[role=tree]'); return tree.scrollTop + tree.clientHeight >= tree.scrollHeight - 2 || tree.scrollHeight <= tree.clientHeight; })()"), last)
    children = e.server.ask("/v1/tree?limit=1000")["children"]
    found = [(int(row.split()[0]), row.split()[-1]) for row in e.run("[...document.querySelectorAll('[role=treeitem].prefix')].filter((each) => !each.dataset.prefix.includes('-'))"
                                                                     ".map((each) => each.dataset.prefix + ' ' + each.querySelector('.purity').textContent.replace(/\\s%/, '%'))")]
    check("tree: purities", found and all(abs(float(text.rstrip("%")) - 100 * next(each["purity"] for each in children if each["code"] == code)) < 0.51 for code, text in found), found)
    check("tree: the key", e.run("document.querySelectorAll('.key span').length") == 6 and "brand" in e.text(".colours .key p"), e.text(".colours"))
    e.run("(() => { const choice = document.getElementById('tree-colour'); choice.value = 'code'; choice.dispatchEvent(new Event('change')); })()")
    e.browser.wait("document.querySelector('.box .ink-0') && !document.querySelector('.box .pure')")
    check("tree: by first code", "first codes" in e.text(".colours .key p"), e.text(".colours"))
    print(f"web: a level of the tree opens in {1000 * slowest:.0f} ms, keys and pipe included")
    e.complained("tree")


def journey_prefix(e):
    """Fails when a prefix does not show the server's items, page by page, or a wrong one is not said."""
    e.open("prefix")
    top = e.run("document.querySelectorAll('.bars a').length")
    check("prefix: the first codes", top == len(e.server.ask("/v1/tree?limit=1000")["children"]), top)
    e.type("Prefix or SID", "0-x")
    e.press("Show")
    check("prefix: a wrong one is said", "codes with dashes" in e.text(".form .bad"))
    e.type("Prefix or SID", "0")
    e.press("Show")
    page = e.server.ask("/v1/prefix/0?limit=100")
    check("prefix: its items", [row[0] for row in e.rows("items below 0")] == [hit["item_id"] for hit in page["items"]])
    check("prefix: their number", f"{page['count']} items" in e.text(".prefix-head"), e.text(".prefix-head"))
    e.open("prefix/15-15-15-15-15")
    check("prefix: a refusal has its request", re.search(r"status 4\d\d, request \w+", e.text(".problem .request")), e.text("main"))
    e.complained("prefix", (400, 404, 422))


def journey_collisions(e):
    """Fails when buckets are not the server's, the largest first, or an opened one lacks its items."""
    e.open("collisions")
    buckets = e.server.ask("/v1/collisions?limit=20")["buckets"]
    shown = e.run("[...document.querySelectorAll('.bucket summary b')].map((each) => each.textContent)")
    check("collisions: the largest first", shown == [bucket["sid"] for bucket in buckets], shown)
    e.run("document.querySelectorAll('.bucket')[2].open = true")
    e.browser.wait("document.querySelectorAll('.bucket')[2].querySelector('article')")
    e.wait_idle()
    articles = e.run("document.querySelectorAll('.bucket')[2].querySelectorAll('article').length")
    check("collisions: its items", articles == min(12, buckets[2]["size"]), articles)
    if e.run("!document.querySelector('button.more').hidden"):
        e.press("Show more buckets")
        check("collisions: more", e.run("document.querySelectorAll('.bucket').length") > 20)
    e.complained("collisions")


def journey_map(e):
    """Fails when a point cannot be found and followed to its item without a pointer."""
    e.open("map")
    ink = e.run("(() => { const c = document.querySelector('.map canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })()")
    check("map: it has ink", ink > 1000, ink)
    e.run("(() => { const input = document.querySelector('.tools input'); input.value = 'word3'; input.dispatchEvent(new Event('input')); })()")
    check("map: a search says how many", re.match(r"\d+ items of 400", e.text(".said")), e.text(".said"))
    e.run("document.querySelector('.map canvas').focus()")
    e.browser.key("ArrowRight")
    e.browser.wait("document.querySelector('.told a')")
    name = e.text(".told a")
    e.run("document.querySelector('.told a').click()")
    e.browser.wait("document.querySelector('#item')")
    e.wait_idle()
    check("map: to the item", e.text("#item .prefix-head b") == name, name)
    check("map: its neighbours", len(e.rows("items near this one")) == 20)
    e.complained("map")


def journey_encode(e):
    """Fails when the SID is not the server's, or a wrong vector is not said."""
    e.open("encode")
    e.type("A text", "word5 group5 shade2")
    e.press_form("Encode")
    e.browser.wait("document.querySelector('.steps')")
    sid = e.server.ask("/v1/encode", {"items": [{"text": "word5 group5 shade2"}]})["results"][0]["sid"]
    check("encode: the SID", e.text(".prefix-head .sid") == sid, e.text(".prefix-head .sid"))
    check("encode: a step a level", e.run("document.querySelectorAll('.steps > li').length") == 3)
    check("encode: neighbours", len(e.rows("nearest items")) == 20)
    e.press("a vector")
    dim = e.server.ask("/v1/info")["catalog"]["dim"]
    e.type(f"A vector of {dim} numbers", "1, 2, x")
    e.press_form("Encode")
    check("encode: a word in a vector", "Number 3 of the vector is “x”" in e.text(".problem"), e.text(".problem"))
    e.type(f"A vector of {dim} numbers", json.dumps([0.5] + [0.0] * (dim - 1)))
    e.press_form("Encode")
    e.browser.wait("document.querySelector('.steps')")
    check("encode: a vector", len(e.rows("nearest items")) == 20)
    e.complained("encode")


def journey_recommend(e):
    """Fails when the answer is not the server's, or order, filters and removal do not reach the question."""
    e.open("recommend")
    check("recommend: empty", "empty" in e.text("main .empty"))
    e.type("by", "id")
    for i in (3, 23):
        e.type("Find items", item_id(i))
        e.press("Find")
        e.press(f"add {item_id(i)}")
    wanted = e.server.ask("/v1/recommend", {"history": [item_id(3), item_id(23)], "k": 10})["results"]
    check("recommend: as the server says", [row[0] for row in e.rows("recommended items")] == [hit["item_id"] for hit in wanted], e.rows("recommended items")[:1])
    e.press(f"{item_id(23)} earlier")
    check("recommend: the order", e.run("[...document.querySelectorAll('.history li > a')].map((each) => each.textContent)") == [item_id(23), item_id(3)])
    prefix = wanted[0]["sid"].split("-")[0]
    e.run("document.querySelector('.form details').open = true")
    e.type("Only below these prefixes", prefix)
    e.press_form("Recommend")
    rows = e.rows("recommended items")
    check("recommend: a filter", rows and all(row[1].split("-")[0] == prefix for row in rows), rows[:2])
    check("recommend: no beams", "did not search by beams" in e.text("main .left-out"), e.text("main .left-out"))
    e.type("Only where", "brand")
    e.press_form("Recommend")
    e.browser.wait("document.querySelector('.problem')")
    check("recommend: a wrong condition", "column=value is expected" in e.text(".problem"), e.text(".problem"))
    e.press(f"remove {item_id(3)}")
    check("recommend: the address keeps the history", urllib.parse.unquote(e.run("location.hash")) == f"#/recommend/{item_id(23)}", e.run("location.hash"))
    e.complained("recommend")


def journey_beams(e):
    """Fails when the beams shown are not those of the server's trace, or cannot be left out."""
    def swap(model):
        e.server.ask("/v1/admin/bundle", {"catalog": "served", "model": model}, "PUT")
        while e.server.ask("/v1/info")["model"]["name"] != model:
            time.sleep(0.05)

    swap("writer")
    e.open(f"recommend/{urllib.parse.quote(item_id(3), safe='')}")
    e.browser.wait("document.querySelector('.beams')")
    steps = e.server.ask("/v1/recommend", {"history": [item_id(3)], "k": 10, "trace": True})["trace"]["steps"]
    shown = e.run("[...document.querySelectorAll('.beams > li')].map((each) => [...each.querySelectorAll('.bars b')].map((one) => one.textContent))")
    check("beams: of each code", len(steps) == 3 and shown == [[beam["prefix"] for beam in step["beams"]][:10] for step in steps], shown)
    check("beams: the rest as a table", len(e.rows("All prefixes kept")) == sum(len(step["beams"]) for step in steps))
    e.run("document.getElementById('show-search').click()")
    e.press_form("Recommend")
    check("beams: left out", e.run("document.querySelectorAll('.beams').length") == 0 and len(e.rows("recommended items")) == 10)
    swap("model")
    e.complained("beams")


def journey_compare(e):
    """Fails when what moved is not drawn, or a name that is not there is not said."""
    e.open("compare")
    e.type("Other catalogue", "nothing")
    e.press_form("Compare")
    e.browser.wait("document.querySelector('.problem')")
    check("compare: a wrong name", re.search(r"cannot be opened.*status 4\d\d, request \w+", e.text(".problem")), e.text(".problem"))
    e.type("Other catalogue", "other")
    e.press_form("Compare")
    e.browser.wait("document.querySelector('path.flow')")
    answer = e.server.ask("/v1/compare?with=other&depth=1")
    check("compare: in both", e.text("main .tiles dd") == str(answer["common"]), e.text("main .tiles dd"))
    rows = e.run("[...document.querySelectorAll('details.data')].at(-1).querySelectorAll('tbody tr').length")
    check("compare: the flows", rows == min(200, len(answer["flow"])), rows)
    e.complained("compare", (404, 422))


def journey_faults(e, semid, folder):
    """Fails when a change is not said, a server that died leaves a dumb page, or one with keys cannot be used."""
    e.open("prefix/0")
    e.server.ask("/v1/items/late", {"text": "word3 group3"}, "PUT")
    e.press("Collisions")
    e.browser.wait("document.querySelector('#notice button')")
    check("faults: a change is said", "now at version" in e.text("#notice"), e.text("#notice"))
    e.press("Show it")
    check("faults: and shown", e.text(".made").startswith("401 items"), e.text(".made"))
    port = e.server.port
    e.server.stop()
    e.press("Codebook")
    e.browser.wait("document.querySelector('.problem')")
    check("faults: a dead server is said", "The server does not answer" in e.text(".problem"), e.text(".problem"))
    e.server = Server(semid, folder, port=port)
    e.press("Ask again")
    e.browser.wait("document.querySelector('#codes')")
    e.browser.complaints[:] = [each for each in e.browser.complaints if "ERR_" not in each]
    e.complained("faults")


def journey_keys(e, semid, folder):
    """Fails when a key that is asked for cannot be given."""
    keys = folder / "keys"
    keys.write_text("read a-secret-of-this-test\n")
    keys.chmod(0o600)
    free, e.server = e.server, Server(semid, folder, "--api-key-file", "keys", "--read-only")
    try:
        e.open("health")
        check("keys: a key is asked for", "key is needed" in e.text(".problem"), e.text("main"))
        e.type("Key of this server", "a-secret-of-this-test")
        e.press("Use it")
        e.browser.wait("document.querySelector('.verdict-card')")
        e.run("sessionStorage.clear()")
        e.complained("keys", (401,))
    finally:
        e.server.stop()
        e.server = free


# ---- Every view ----------------------------------------------------------------------------------------------------------

MARKUP = """[...document.querySelectorAll('body *')].filter((node) => !node.closest('noscript')
    && (/^(script|img|iframe|base|style|object|embed|math)$/i.test(node.tagName)
    || [...node.attributes].some((each) => /^on|^srcdoc$/i.test(each.name) || /^\\s*javascript:/i.test(each.value) && /^(href|src)$/i.test(each.name)))).map((node) => node.outerHTML)"""
AXE = """axe.run(document, { resultTypes: ['violations'] }).then((all) => all.violations.filter((each) => each.impact === 'serious'
    || each.impact === 'critical').map((each) => `${each.id}: ${each.nodes.slice(0, 2).map((node) => node.html).join(' | ').slice(0, 300)}`))"""


def address(view):
    return f"item/{urllib.parse.quote(item_id(3), safe='')}" if view == "item" else (
        f"recommend/{urllib.parse.quote(item_id(3), safe='')}" if view == "recommend" else "compare/other/1" if view == "compare" else view)


def check_views(e, pictures):
    """Fails when a view sticks out, makes markup of data, complains, or axe finds something serious."""
    axe = pathlib.Path(os.environ["SEMID_AXE"]).read_text() if os.environ.get("SEMID_AXE") else None
    if not axe:
        print("web: SKIPPED: axe's audit of the explorer; SEMID_AXE names no axe.min.js")
    looks = [(1440, {}), (390, {"dark": True, "reduced": True})] + ([(768, {}), (390, {})] if pictures else [])
    for width, look in looks:
        for view in VIEWS:
            name = f"{view.split('/')[0]}-{width}{'-dark' if look.get('dark') else ''}"
            e.open(address(view), width, **look)
            over = e.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            check(f"{name}: nothing sticks out", over <= 0, over)
            check(f"{name}: no markup of data", e.run(MARKUP) == [], e.run(MARKUP))
            check(f"{name}: nothing ran", e.run("typeof pwned") == "undefined")
            check(f"{name}: one title", e.run("document.querySelectorAll('h1').length") == 1)
            if axe:
                e.run(f"{axe}; 0")
                found = e.run(AXE)
                check(f"{name}: axe", found == [], found)
            if pictures:
                time.sleep(0.2)
                e.browser.picture(os.path.join(pictures, f"{name}.png"))
            e.complained(name)


def check_inert(e):
    """Fails when a payload is not shown as it was written."""
    e.open("prefix/0")
    seen = set()
    for first in range(len(e.server.ask("/v1/tree?limit=1000")["children"])):
        e.open(f"prefix/{first}")
        text = e.text("#prefix")
        seen |= {payload for payload in PAYLOADS if payload in text}
    check("payloads are shown as text", len(seen) == len(PAYLOADS), set(PAYLOADS) - seen)
    check("payloads: nothing ran", e.run("typeof pwned") == "undefined")
    head = urllib.request.urlopen(f"{e.server.url}/ui/", timeout=20).headers["Content-Security-Policy"]
    check("policy", "default-src 'none'" in head and "unsafe" not in head and "require-trusted-types-for 'script'" in head, head)
    e.complained("payloads")


def main():
    semid, program = os.path.abspath(sys.argv[1]), web.find()
    if not program:
        print("web: SKIPPED: there is no chromium; apt-get install chromium")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_bundle(semid, folder)
        browser = web.Browser(program)
        e = Explorer(browser, Server(semid, folder))
        try:
            check_views(e, sys.argv[2] if len(sys.argv) > 2 else None)
            for journey in (journey_health, journey_codebook, journey_tree, journey_prefix, journey_collisions, journey_map, journey_encode,
                            journey_recommend, journey_beams, journey_compare):
                journey(e)
            check_inert(e)
            journey_keys(e, semid, folder)
            journey_faults(e, semid, folder)
        finally:
            browser.close()
            e.server.stop()
    print(f"web: {passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
