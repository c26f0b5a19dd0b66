#!/usr/bin/env python3
"""check.py BUILD NODE SUITE: run the MCP conformance suite; prints TAP.

One line for each scenario that a revision requires, against the program with the suite's own tools: all must pass but
the checks of expected.tsv, and those must not.  Then the scenarios that need no tools of the suite against the
shipped `mcpd serve`.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# Checks of server-stateless that call tools of the suite, which the product does not have.
OF_THE_SUITE = {"sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400",
                "sep-2575-http-server-no-independent-requests-on-stream", "sep-2575-server-no-log-without-loglevel"}
# The two SHOULDs about lists that change: for servers whose lists do.
IF_LISTS_CHANGE = {"sep-2575-server-sends-prompts-list-changed-on-subscription",
                   "sep-2575-server-sends-tools-list-changed-on-subscription"}
WITHOUT_TOOLS = ["dns-rebinding-protection", "caching", "http-header-validation", "sep-2164-resource-not-found",
                 "server-stateless"]


class Tap:
    """Numbers the lines and remembers whether all were good."""

    def __init__(self):
        self.count = self.bad = 0

    def line(self, ok, name, comments=()):
        self.count += 1
        self.bad += not ok
        print("%s %d - %s" % ("ok" if ok else "not ok", self.count, name))
        for comment in comments:
            print("# " + comment[:300])

    def done(self):
        print("1..%d" % self.count, flush=True)
        return 1 if self.bad else 0


def expected(revision):
    """{scenario: {check or *: what it needs}}"""
    out = {}
    with open(os.path.join(HERE, "expected.tsv"), encoding="ascii") as table:
        for line in table:
            if line.startswith("#"):
                continue
            of, scenario, check, needs = line.rstrip("\n").split("\t")
            if of == revision:
                out.setdefault(scenario, {})[check] = needs
    return out


def run_suite(suite, url, arguments):
    """{scenario: [check, ...]} of what the suite wrote, and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(suite + ["server", "--url", url, "-o", folder] + arguments, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        results = {}
        for path in glob.glob(os.path.join(folder, "*", "checks.json")):
            scenario = re.match(r"server-(.*)-\d{4}-\d\d-\d\dT", os.path.basename(os.path.dirname(path))).group(1)
            with open(path, encoding="utf-8") as out:
                results[scenario] = json.load(out)
        return results, done.stdout


def required(suite, revision):
    """The server scenarios that a revision requires, in the suite's order."""
    listed = subprocess.run(suite + ["list", "--server", "--requirements", revision], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout
    servers = listed.split("Server scenarios", 1)[1].split("Client scenarios", 1)[0]
    return re.findall(r"^  - (\S+)$", servers, re.MULTILINE)


def complaint(check):
    return "%s: %s %s" % (check["id"], check["status"], (check.get("errorMessage") or "").replace("\n", " "))


def judge(tap, name, checks, allowed):
    """One line: everything passes but what is allowed, and that does not."""
    failed = [c for c in checks if c["status"] == "FAILURE"]
    known = [c for c in failed if c["id"] in allowed or "*" in allowed]
    known = [c for c in known if c["id"] != "wire-schema-valid"]
    unknown = [c for c in failed if c not in known]
    if allowed and not known:
        tap.line(False, name, ["it passes, but expected.tsv says that it needs " + "; ".join(allowed.values())])
        return
    reason = " (not offered: %s)" % "; ".join(sorted(set(allowed.values()))) if known else ""
    tap.line(bool(checks) and not unknown, name + reason, [complaint(c) for c in unknown] or ([] if checks else ["no result"]))


def check_revision(tap, suite, url, revision):
    """Every scenario that `revision` requires.  Returns the results."""
    results, said = run_suite(suite, url, ["--requirements", revision])
    allowed = expected(revision)
    scenarios = required(suite, revision)
    for scenario in scenarios:
        judge(tap, "%s: %s" % (revision, scenario), results.get(scenario, []), allowed.get(scenario, {}))
    full = sum(all(c["status"] != "FAILURE" for c in results.get(s, [{"status": "FAILURE"}])) for s in scenarios)
    print("# %s: %d of %d scenarios pass in full" % (revision, full, len(scenarios)))
    if not results:
        print("# " + said[-600:].replace("\n", "\n# "))
    return results


def passed(checks):
    """The ids of what passed; some checks are made, and counted, twice."""
    return [c["id"] for c in checks if c["status"] == "SUCCESS"]


def check_program(tap, suite, build):
    """The core and the HTTP transport with the suite's own tools."""
    program = subprocess.Popen([os.path.join(build, "mcp-conformance")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    try:
        url = program.stdout.readline().strip()
        check_revision(tap, suite, url, "2025-11-25")
        results = check_revision(tap, suite, url, "2026-07-28")
        stateless = passed(results.get("server-stateless", []))
        good = [i for i in stateless if i not in IF_LISTS_CHANGE]
        tap.line(len(good) == 28, "2026-07-28: all 28 checks of server-stateless", ["passed: %d" % len(good)])
        tap.line(set(stateless) >= IF_LISTS_CHANGE, "2026-07-28: lists that change are told")
    finally:
        program.stdin.close()
        code = program.wait(5)
    tap.line(code == 0, "the program with the suite's tools ends well", ["exit code %d" % code])


def check_product(tap, suite, build):
    """What needs no tools of the suite, against mcpd itself."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([os.path.join(build, "mcpd"), "serve", "--no-token", "--listen", "127.0.0.1:0",
                                   "--socket", os.path.join(folder, "mcpd.sock"), "--capd", "private"],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            port = None
            while port is None:
                line = server.stderr.readline()
                if not line:
                    tap.line(False, "mcpd serve starts")
                    return
                found = re.search(r"http://127\.0\.0\.1:(\d+)/mcp", line)
                port = found and found.group(1)
            url = "http://localhost:%s/mcp" % port
            for scenario in WITHOUT_TOOLS:
                results, _said = run_suite(suite, url, ["--scenario", scenario, "--spec-version", "2026-07-28"])
                checks = results.get(scenario, [])
                if scenario == "server-stateless":
                    good = passed(checks)
                    bad = [c for c in checks if c["status"] == "FAILURE" and c["id"] not in OF_THE_SUITE]
                    tap.line(len(good) == 24 and not bad, "mcpd serve: the 24 generic checks of server-stateless",
                             ["passed: %d" % len(good)] + [complaint(c) for c in bad])
                else:
                    judge(tap, "mcpd serve: %s" % scenario, checks, {})
        finally:
            server.terminate()
            server.wait(5)


def main():
    build, node, script = sys.argv[1:]
    tap, suite = Tap(), [node, script]
    check_program(tap, suite, build)
    check_product(tap, suite, build)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
