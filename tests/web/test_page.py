#!/usr/bin/env python3
"""test_page.py SEMID: the page of `semid inspect --html` in a real browser: it draws, at every width, light and dark, by
keys too; it complains of nothing, asks for nothing, and nothing that people wrote into ids and titles becomes markup.

Exit 77: there is no Chromium to try it in.
"""
import base64
import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile

import browser as web
from payloads import PAYLOADS

passed = failed = 0


def check(what, holds, seen=""):
    global passed, failed
    passed += bool(holds)
    failed += not holds
    if not holds:
        print(f"FAILED {what} {seen}")


def npy(path, rows):
    """float32 (N, D) in NumPy's format, without NumPy."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}".ljust(117) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            file.write(struct.pack(f"<{len(row)}f", *row))


def make_catalog(semid, folder):
    """400 items in 20 groups; every id and title holds a payload; four items of each group share their vector."""
    rows = [[(i % 20) * 3.0 + (i * 37 % 11 if i >= 80 else 0) * 0.05, (i % 4) * 5.0, (i * i % 7 if i >= 80 else 0) * 0.1]
            for i in range(400)]
    npy(os.path.join(folder, "x.npy"), rows)
    with open(os.path.join(folder, "items.tsv"), "w", encoding="utf-8", newline="\n") as file:
        file.write("item_id\ttitle\t<b>brand</b>\n")
        for i in range(400):
            file.write(f"{i} {PAYLOADS[i % 20]}\t{PAYLOADS[(i + 7) % 20]} word{i % 20}\t{PAYLOADS[(i + 3) % 20]}\n")
    catalog, page = os.path.join(folder, "c<script>"), os.path.join(folder, "page.html")
    for arguments in (["fit", "--items", os.path.join(folder, "items.tsv"), "--vectors", os.path.join(folder, "x.npy"), "-o",
                       catalog, "--levels", "3", "--codes", "16", "--quiet"],
                      ["inspect", catalog, "--html", page, "--category", "title", "--quiet"]):
        subprocess.run([semid, *arguments], check=True, cwd=folder)
    return page


def check_policy(page):
    """Fails when the policy does not name the script and the style that stand in the page."""
    with open(page, "rb") as file:
        text = file.read()
    for kind, part in (("script", rb"<script>(.*?)</script>"), ("style", rb"<style>(.*?)</style>")):
        body = re.search(part, text, re.DOTALL).group(1)
        wanted = f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(body).digest()).decode()}'"
        check(f"policy: {kind}", wanted.encode() in text, wanted)
    check("two script elements", len(re.findall(rb"<script", text)) == 2)


MARKUP = """[...document.querySelectorAll('#page *, .tip, .tip *')].filter((node) =>
    /^(script|img|iframe|base|link|style|object|embed|math|body)$/i.test(node.tagName)
    || [...node.attributes].some((each) => /^on|^srcdoc$|^style$/i.test(each.name) && each.name !== 'style'
        || /javascript:/i.test(each.value) && each.name !== 'aria-label')).map((node) => node.outerHTML)"""
INK = """(() => { const c = document.querySelector('.map canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width,
    c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })()"""


def check_drawn(browser, page, width, **look):
    """Fails when a section or a drawing is missing, something sticks out, or anything but the page was asked for."""
    name = f"{width} px {look}"
    browser.complaints.clear()
    browser.requests.clear()
    browser.show(page, width, **look)
    ids = browser.run("[...document.querySelectorAll('section')].map((each) => each.id)")
    check(f"{name}: sections", ids == ["checks", "levels", "sizes", "error", "map", "tree", "collisions", "added"], ids)
    check(f"{name}: every drawing has ink", browser.run("[...document.querySelectorAll('svg.chart')].every((each) => each.childElementCount > 3)"))
    check(f"{name}: the map has ink", browser.run(INK) > 1000)
    over = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    check(f"{name}: nothing sticks out", over <= 0, over)
    check(f"{name}: one request", len(browser.requests) == 1 and browser.requests[0].startswith("file:"), browser.requests)
    back = browser.run("getComputedStyle(document.body).backgroundColor")
    check(f"{name}: dark or light", (int(re.findall(r"\d+", back)[0]) < 128) == look.get("dark", False), back)
    check(f"{name}: no complaint", not browser.complaints, browser.complaints)


def check_inert(browser):
    """Fails when a payload became an element, an attribute or code, or is not shown as it was written."""
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    for _ in range(5):
        browser.run("document.querySelector('button.more')?.click()")
    check("no markup of data", browser.run(MARKUP) == [], browser.run(MARKUP))
    check("nothing ran", browser.run("typeof pwned") == "undefined")
    text = browser.run("document.querySelector('#collisions').textContent")
    shown = [payload for payload in PAYLOADS if payload.replace(" ", "") in text.replace(" ", "")]
    check("payloads are shown as text", len(shown) == len(PAYLOADS), set(PAYLOADS) - set(shown))
    check("the name is text", "c<script>" in browser.run("document.querySelector('h1').textContent"))


def check_keys(browser):
    """Fails when the tree cannot be walked, or the map and the drawings cannot be read, without a pointer."""
    focused = "document.activeElement.dataset.prefix || document.activeElement.className || document.activeElement.tagName"
    browser.run("document.querySelector('.tree [tabindex=\"0\"]').focus()")
    first = browser.run(focused)
    browser.key("ArrowRight")
    browser.wait("document.activeElement.getAttribute('aria-expanded') === 'true' && document.activeElement.querySelector('ul')")
    browser.key("ArrowDown")
    below = browser.run(focused)
    check("tree: into a prefix", below.startswith(f"{first}-"), below)
    browser.key("ArrowLeft")
    check("tree: back to its parent", browser.run(focused) == first, browser.run(focused))
    browser.key("Enter", "\r")
    browser.wait("document.querySelectorAll('.path button').length >= 3")
    browser.run("document.querySelector('.path .go').click()")
    browser.wait(f"document.querySelector('input[type=search]').value === '{first}'")
    said = browser.run("document.querySelector('.said').textContent")
    check("tree: shown on the map", re.match(r"^\d+ items? of 400 on the map$", said), said)
    browser.run("document.querySelector('.map canvas').focus()")
    browser.key("ArrowRight")
    browser.wait("document.querySelector('.tip') && !document.querySelector('.tip').hidden")
    tip = browser.run("[...document.querySelector('.tip').children].map((each) => each.textContent).join(' | ')")
    check("map: an item is told", re.search(rf"\| {first}-\d+-\d+ · \d+ ", tip), tip)
    browser.key("Escape")
    check("map: and hidden again", browser.run("document.querySelector('.tip').hidden"))
    browser.run("document.querySelector('#levels svg').focus()")
    browser.key("End")
    check("drawing: a bar is told", "items" in browser.run("document.querySelector('.tip').textContent"))


def check_pointer(browser):
    """Fails when a cell of the tree does not lead into its prefix, cells do not fill their place, or a tap tells nothing."""
    cells = "[...document.querySelectorAll('#tree svg .box > rect:first-child')]"
    area = browser.run(f"{cells}.reduce((sum, each) => sum + (each.width.baseVal.value + 2) * (each.height.baseVal.value + 2), 0)")
    whole = browser.run("(({ width, height }) => width.baseVal.value * height.baseVal.value)(document.querySelector('#tree svg'))")
    check("tree: cells fill the drawing", abs(area / whole - 1) < 0.01, area / whole)
    browser.run("document.querySelector('#tree svg').scrollIntoView({ behavior: 'instant', block: 'center' })")
    box = browser.run(f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({cells}.at(-1).getBoundingClientRect())")
    browser.point(*box, "mousePressed")
    browser.point(*box, "mouseReleased")
    browser.wait("document.querySelectorAll('.path button').length >= 3")
    prefix = browser.run("document.querySelector('.path .mono').textContent")
    browser.wait(f"document.querySelector('.tree [data-prefix=\"{prefix}\"][aria-expanded=true] > ul')")
    browser.run("document.querySelector('#sizes svg').scrollIntoView({ behavior: 'instant', block: 'center' })")
    browser.point(*browser.run("(({ x, y }) => [x + 90, y + 90])(document.querySelector('#sizes svg').getBoundingClientRect())"))
    told = browser.run("document.querySelector('.tip').textContent")
    check("drawing: a bar is told under the pointer", "bucket" in told, told)


def main():
    semid, program = os.path.abspath(sys.argv[1]), web.find()
    if not program:
        print("web: SKIPPED: there is no chromium; apt-get install chromium")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        page = make_catalog(semid, folder)
        check_policy(page)
        browser = web.Browser(program)
        try:
            for width, look in ((1440, {}), (768, {"dark": True}), (390, {"reduced": True})):
                check_drawn(browser, page, width, **look)
            check_inert(browser)
            check_drawn(browser, page, 1440)
            check_keys(browser)
            check_drawn(browser, page, 1440)
            check_pointer(browser)
            check("no complaint at the end", not browser.complaints, browser.complaints)
        finally:
            browser.close()
    print(f"web: {passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
