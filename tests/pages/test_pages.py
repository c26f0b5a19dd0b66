#!/usr/bin/env python3
"""The page for people, in a browser: what can be seen, in light and dark, on a phone, without scripts, on paper.
# suite: timeout=300

Reports of real captures, made by `mcpd analyze --format html`, in headless Chromium; the pictures stay in
build/pages.  Skipped where there is no Chromium (Debian package chromium).
"""

import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "cli"), os.path.join(TOP, "tests", "golden")]
sys.dont_write_bytecode = True
import browser  # noqa: E402
import make  # noqa: E402
import test_hostile_names  # noqa: E402
from test_cli import ROOT, World  # noqa: E402
from stdio_client import Checks  # noqa: E402  (test_cli knows where it lies)

PICTURES = os.path.join(TOP, "build", "pages")
T = Checks()

# Every element with text of its own: the contrast of its text to what lies behind it, by WCAG 2.
CONTRASTS = """(() => {
  const rgb = (c) => { const v = c.match(/[\\d.]+/g).map(Number); return c.startsWith("color(") ? [v[0] * 255, v[1] * 255, v[2] * 255, v[3] ?? 1] : [v[0], v[1], v[2], v[3] ?? 1]; };
  const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255]; };
  const low = [];
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest("svg, script, style") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(e.tagName + "." + e.className + " " + ratio.toFixed(2) + " " + e.textContent.slice(0, 30));
  }
  return low;
})()"""
# What a reader of the screen is told: headings in order, names of pictures, heads of tables, labels of fields.
UNNAMED = """(() => {
  const bad = [];
  if (document.querySelectorAll("h1").length !== 1) bad.push("not one h1");
  let level = 1;
  for (const e of document.querySelectorAll("h1, h2, h3")) { const n = Number(e.tagName[1]); if (n > level + 1) bad.push("skips to " + e.outerHTML); level = n; }
  for (const e of document.querySelectorAll("section")) if (!e.querySelector("h2")) bad.push("no heading: " + e.id);
  for (const e of document.querySelectorAll("svg")) if (e.getAttribute("aria-hidden") !== "true" && !e.querySelector("title")) bad.push("unnamed picture");
  for (const e of document.querySelectorAll("th")) if (!e.scope || !e.textContent.trim()) bad.push("head of nothing: " + e.outerHTML);
  for (const e of document.querySelectorAll("input")) if (!e.getAttribute("aria-label")) bad.push("unnamed field");
  for (const e of document.querySelectorAll(".scroll")) if (e.tabIndex !== 0 || !e.getAttribute("aria-label")) bad.push("scrolls for mice only");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) bad.push("an id twice");
  if (!document.documentElement.lang || !document.title) bad.push("no language or title");
  return bad;
})()"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VISIBLE = "(s) => [...document.querySelectorAll(s)].filter((e) => e.checkVisibility()).map((e) => e.innerText)"


def report(world, capture, *arguments):
    """(the page's path, the same report as a tree)"""
    path = os.path.join(world.dir, os.path.basename(capture) + ".html")
    page = subprocess.run(world.command("analyze", capture, *arguments, "--format", "html"), capture_output=True, timeout=60, check=False)
    tree = json.loads(subprocess.run(world.command("analyze", capture, *arguments, "--json"), capture_output=True, timeout=60, check=False).stdout)
    T.check("%s: exit code by the verdict, nothing on standard error" % os.path.basename(capture),
            page.returncode == (0 if tree["verdict"]["status"] == "healthy" else 1) and not page.stderr, page.stderr)
    with open(path, "wb") as out:
        out.write(page.stdout)
    return path, tree


def brightness(page, x=3, y=3):
    return sum(browser.pixel(page.shoot(os.path.join(PICTURES, "pixel.png"), whole=False), x, y)) / 765


def check_looks(chrome, path, tree, name):
    """Light, dark and phone width: what is to be seen, and that it can be."""
    for look, settings in (("light", {}), ("dark", {"dark": True}), ("phone", {"width": 375, "height": 700}), ("phone-dark", {"width": 375, "height": 700, "dark": True})):
        page = chrome.page(path, **settings)
        page.shoot(os.path.join(PICTURES, "%s-%s.png" % (name, look)))
        what = "%s, %s: " % (name, look)
        T.check(what + "the headline is what one sees first", page.js("(%s)('h1')" % VISIBLE) == [tree["verdict"]["headline"]]
                and page.js("document.querySelector('h1').getBoundingClientRect().bottom") < 400, page.js("(%s)('h1')" % VISIBLE))
        T.check(what + "nothing is wider than the page", page.js(TOO_WIDE) == 0, page.js(TOO_WIDE))
        low, bright = page.js(CONTRASTS), brightness(page)
        T.check(what + "text is readable: contrast 4.5 and more", not low, low)
        T.check(what + "the background is %s" % ("dark" if "dark" in look else "light"), bright < 0.15 if "dark" in look else bright > 0.9, bright)
        T.check(what + "no complaint of the browser, no policy violated", not page.complaints, page.complaints)
        page.close()


def check_content(chrome, path, tree):
    page = chrome.page(path)
    found = [p for p in tree["problems_detected"] if p["severity"] != "info"]
    cards = page.js("(%s)('#problems .card')" % VISIBLE)
    T.check("a card for each problem: %d" % len(found), len(cards) == len(found) > 1, cards)
    missing = [p["id"] for p, card in zip(found, cards) for part in ("id", "subject", "explanation", "next_step") if p[part] not in " ".join(card.split())]
    T.check("with what, whom, why and what to do", not missing, missing)
    rows = page.js("document.querySelectorAll('#connections tbody tr').length")
    T.check("every connection has its row: %d" % rows, rows == len(tree["connection_analysis"]["connections"]["rows"]) > 3, rows)
    steps = page.js("[...document.querySelectorAll('.plot path')].map((p) => p.getBoundingClientRect()).filter((b) => b.width > 300 && b.height > 20).length")
    T.check("charts over time can be seen: %d lines" % steps, steps >= 2, steps)
    lanes = page.js("document.querySelectorAll('.lanes li').length")
    T.check("when each problem was seen stands on the same axis: %d" % lanes, lanes == sum("first_s" in p and "last_s" in p for p in tree["problems_detected"]), lanes)
    T.check("headings, names and labels for those who cannot see", not page.js(UNNAMED), page.js(UNNAMED))
    named = page.js("document.getElementById('coverage').textContent")
    unsaid = [why for why, n in tree["coverage"]["not_evaluable"].items() if "%d not judged: %s" % (n, why) not in named]
    T.check("what could not be judged is said, with the reason", tree["coverage"]["not_evaluable"] and not unsaid, unsaid)
    page.close()


def check_tables(chrome, path):
    page = chrome.page(path)
    column = "[...document.querySelectorAll('#connections tbody tr')].map((r) => r.cells[%d].innerText)"
    index = page.js("[...document.querySelectorAll('#connections th')].findIndex((t) => t.innerText.startsWith('Server'))")
    head = "document.querySelectorAll('#connections th button')[%d]" % index
    before = page.js(column % index)
    page.click_on(head)
    once = page.js(column % index)
    page.click_on(head)
    twice = page.js(column % index)
    T.check("a click on a head sorts, the next one turns it", once == sorted(before) and twice == once[::-1] and before != once, [before, once, twice])
    T.check("and a reader of the screen is told", page.js(head + ".parentNode.getAttribute('aria-sort')") == "descending", "")
    seconds = page.js("[...document.querySelectorAll('#connections th')].findIndex((t) => t.innerText.startsWith('To server'))")
    page.js("document.querySelectorAll('#connections th button')[%d].focus()" % seconds)
    page.key("Enter", 13, "\r")
    numbers = page.js("[...document.querySelectorAll('#connections tbody tr')].map((r) => Number(r.cells[%d].dataset.v))" % seconds)
    T.check("by the keyboard too; numbers as numbers, the greatest first", numbers == sorted(numbers, reverse=True) and len(set(numbers)) > 1, numbers)
    T.check("sorting: no complaint", not page.complaints, page.complaints)
    page.close()


def check_filter(chrome, path):
    page = chrome.page(path)
    page.click_on("document.querySelector('#hosts .filter, #connections .filter, #dns_queries .filter')")
    table = "document.activeElement.closest('section')"
    before = page.js(table + ".querySelectorAll('tbody tr').length")
    wanted = page.js(table + ".querySelector('tbody tr:last-child td').innerText")
    page.type(wanted)
    left = page.js("[...%s.querySelectorAll('tbody tr')].filter((r) => r.checkVisibility()).map((r) => r.innerText)" % table)
    T.check("a long table can be filtered", 0 < len(left) < before and all(wanted.lower() in row.lower() for row in left), [wanted, before, left])
    page.close()


def check_without_scripts(chrome, path, tree):
    page = chrome.page(path, scripts=False)
    page.shoot(os.path.join(PICTURES, "problems-noscript.png"))
    T.check("without scripts the page is complete", page.js("(%s)('h1')" % VISIBLE) == [tree["verdict"]["headline"]]
            and page.js("document.querySelectorAll('#connections tbody tr').length") > 3 and page.js("document.querySelectorAll('button, input').length") == 0, "")
    page.close()


def check_print(chrome, path):
    page = chrome.page(path, dark=True, media="print")
    clipped = page.js("[...document.querySelectorAll('.scroll')].filter((e) => e.scrollHeight > e.clientHeight + 1 || getComputedStyle(e).overflowX !== 'visible').length")
    T.check("on paper: light, and no table is clipped", clipped == 0 and brightness(page, 8, 60) > 0.9, clipped)
    hidden = page.js("[...document.querySelectorAll('details')].filter((e) => !e.querySelector('summary').nextElementSibling.checkVisibility({contentVisibilityAuto: true})).length")
    T.check("on paper: what is folded on the screen is there", page.js("document.querySelectorAll('details').length") > 2 and hidden == 0, hidden)
    pdf = page.pdf()
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    T.check("prints to PDF: %d pages" % pages, pdf.startswith(b"%PDF") and 1 <= pages <= 12, pdf[:20])
    with open(os.path.join(PICTURES, "problems.pdf"), "wb") as out:
        out.write(pdf)
    page.close()


def check_policy(chrome, path):
    """The policy holds even for markup that would have slipped in."""
    page = chrome.page(path)
    page.js("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.bad=1\"><p style=\"color:red\" onclick=\"window.bad=2\" id=in>x</p>')")
    page.js("(() => { const s = document.createElement('script'); s.textContent = 'window.bad = 3'; document.body.append(s); document.getElementById('in').click(); })()")
    page.js("fetch('http://127.0.0.1:9/').catch(() => 0)")
    kinds = {kind for kind in ("img-src", "script-src", "style-src", "connect-src", "default-src") for c in page.complaints if kind in c}
    T.check("markup that slipped in could neither run nor load", page.js("window.bad") is None and len(page.complaints) >= 4
            and page.js("getComputedStyle(document.getElementById('in')).color") != "rgb(255, 0, 0)", [page.complaints, kinds])
    page.close()


def check_hostile(chrome, path, tree):
    page = chrome.page(path, width=375, height=700)
    page.shoot(os.path.join(PICTURES, "hostile-phone.png"), whole=False)
    T.check("hostile names: one script, ours; no element of theirs", page.js("document.scripts.length") == 1
            and page.js("document.querySelectorAll('img, iframe, a, form, link, object, b b, svg script, [onerror]').length") == 0, "")
    T.check("hostile names: nothing wider than a phone", page.js(TOO_WIDE) == 0, page.js(TOO_WIDE))
    T.check("hostile names: shown as what they are", page.js("document.body.textContent.includes('<script>h0st1le</script>')"), "")
    marks = page.js("""(() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), bad = [];
      for (let n; (n = walk.nextNode());) if (/h0st1le/i.test(n.data) && !n.parentElement.closest("td, bdi, script")) bad.push(n.parentElement.outerHTML.slice(0, 200));
      return bad; })()""")
    T.check("hostile names: in cells and name fields only", not marks, marks)
    T.check("hostile names: no complaint", not page.complaints, page.complaints)
    titles = page.js("document.title")
    T.check("hostile names: the title is ours", titles.startswith("All traffic: "), titles)
    page.close()


def check_sizes(files):
    sizes = {os.path.basename(f): os.path.getsize(f) for f in files}
    T.check("a page of a normal capture stays below 60 KB: " + ", ".join("%s %d" % s for s in sorted(sizes.items())), max(sizes.values()) < 60 * 1024, sizes)


def everything(world):
    os.makedirs(PICTURES, exist_ok=True)
    captures = {name: os.path.join(world.files, name + ".pcap") for name in make.write_all(world.files)}
    hostile, empty = (os.path.join(world.files, n) for n in ("hostile.pcap", "empty.pcap"))
    test_hostile_names.capture(hostile)
    make.Capture().write(empty)
    problems, tree = report(world, captures["connection_outcomes"])
    with browser.Browser() as chrome:
        check_looks(chrome, problems, tree, "problems")
        check_content(chrome, problems, tree)
        check_tables(chrome, problems)
        check_without_scripts(chrome, problems, tree)
        check_print(chrome, problems)
        check_policy(chrome, problems)
        path, nothing = report(world, empty)
        check_looks(chrome, path, nothing, "empty")
        others = [problems, path]
        for name in ("healthy_web", "closed_window_and_reset"):
            path, healthy = report(world, captures[name])
            check_looks(chrome, path, healthy, name)
            others.append(path)
        check_sizes(others)
        path, bad = report(world, hostile)
        check_looks(chrome, path, bad, "hostile")
        check_hostile(chrome, path, bad)
        check_filter(chrome, path)


def main():
    own = ["unshare", "--net"]
    if not browser.find():
        print("1..0 # SKIP no Chromium here: the Debian package chromium")
        return 0
    if ROOT and "--inside" not in sys.argv and subprocess.run(own + ["true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.execvp("unshare", own + [sys.executable, os.path.abspath(__file__), "--inside"])
    world = World()
    try:
        everything(world)
    except RuntimeError as failure:  # waited in vain: the rest cannot be judged
        T.check("every step came to its end", False, failure)
    finally:
        shutil.rmtree(world.dir, ignore_errors=True)
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
