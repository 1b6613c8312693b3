#!/usr/bin/env python3
"""million.py SEMID [FOLDER]: the explorer on a million items: the first paint of each view below 300 ms, a prefix opens below 100 ms.

FOLDER keeps the catalogue (`big`, made where it is not there: a minute, 300 MB); without it a temporary one. Part of ./dev soak. Exit 77:
there is no Chromium to try it in.
"""
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import browser as web

VIEWS = ["health", "codebook", "tree", "prefix", "prefix/0", "collisions", "map", "encode", "recommend", "item/B0000005"]
ITEMS, ROUNDS = 1_000_000, 3
PAINT_MS, OPEN_MS = 300, 100
OPENED = """(async () => {
    const begin = performance.now();
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    while (document.activeElement.getAttribute('aria-expanded') !== 'true') await new Promise((done) => setTimeout(done, 1));
    await new Promise((done) => requestAnimationFrame(done));
    return performance.now() - begin;
})()"""


def make_catalogue(semid, folder):
    """Vectors around 3,000 centres, titles of three words: 3 levels of 256 codes."""
    seeded = random.Random(1)
    words = [a + b for a in "ka lo mi ren sol tur vex wan yor zel".split() for b in "bar den fel gim hos jup kel lam".split()]
    with open(folder / "items.tsv", "w", encoding="utf-8") as file:
        file.write("item_id\ttitle\n")
        for i in range(ITEMS):
            file.write(f"B{i:07d}\t{seeded.choice(words)} {words[i % len(words)]} {seeded.choice(words)}\n")
    synth = ["synth", "vectors", "-o", "vectors", "--item-count", str(ITEMS), "--dim", "16", "--centers", "3000", "--quiet"]
    fit = ["fit", "--items", "items.tsv", "--vectors", "vectors/vectors.npy", "-o", "big", "--levels", "3", "--codes", "256", "--quiet"]
    for arguments in (synth, fit):
        subprocess.run([semid, *arguments], check=True, cwd=folder)


def paint_ms(browser, url):
    """From the address to the first thing on the screen; and to the whole view."""
    browser.call("Page.navigate", url="about:blank")
    begin = time.monotonic()
    browser.call("Page.navigate", url=url)
    browser.wait("document.documentElement?.dataset.drawn === 'yes'", 60)
    drawn = 1000 * (time.monotonic() - begin)
    browser.wait("performance.getEntriesByType('paint').length")
    return browser.run("performance.getEntriesByType('paint').find((each) => each.name === 'first-contentful-paint').startTime"), drawn


def open_times(browser, url):
    """Opens prefixes by keys, at each depth."""
    browser.call("Page.navigate", url="about:blank")
    browser.open(f"{url}/ui/#/tree", 1440)
    browser.wait("document.querySelector('[role=tree] [tabindex=\"0\"]')")
    times = []
    for _ in range(6):
        browser.run("document.querySelector('[role=tree] [tabindex=\"0\"]').focus()")
        for _ in range(3):
            times.append(browser.run(OPENED))
            browser.key("ArrowRight")
        for _ in range(6):
            browser.key("ArrowLeft")  # to the first code, shut
        browser.key("ArrowDown")
    return times


def measure(semid, folder, program):
    server = subprocess.Popen([semid, "serve", "big", "--port", "0", "--drain-s", "0", "--read-only"], cwd=folder, stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{re.search(r':([0-9]+)', server.stderr.readline())[1]}"
    browser = web.Browser(program)
    try:
        paints = {view: [paint_ms(browser, f"{url}/ui/#/{view}") for _ in range(ROUNDS)] for view in VIEWS}
        opened = open_times(browser, url)
    finally:
        browser.close()
        server.terminate()
        server.wait()
    return paints, opened, browser.complaints


def main():
    semid, program = str(pathlib.Path(sys.argv[1]).resolve()), web.find()
    if not program:
        print("web: SKIPPED: there is no chromium; apt-get install chromium")
        return 77
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else temporary)
        if not (folder / "big").is_dir():
            make_catalogue(semid, folder)
        paints, opened, complaints = measure(semid, folder, program)
    for view, times in paints.items():
        print(f"web: {view:14} first paint {' '.join(f'{paint:4.0f}' for paint, _ in times)} ms, drawn {' '.join(f'{drawn:5.0f}' for _, drawn in times)} ms")
    print(f"web: a prefix opens in {' '.join(f'{each:.0f}' for each in opened)} ms")
    slowest = max(paint for times in paints.values() for paint, _ in times)
    is_good = slowest < PAINT_MS and max(opened) < OPEN_MS and not complaints
    print(f"web: {ITEMS:,} items: first paint at most {slowest:.0f} ms, a prefix opens in at most {max(opened):.0f} ms, complaints {complaints}: "
          f"{'ok' if is_good else 'FAILED'}")
    return int(not is_good)


sys.exit(main())
