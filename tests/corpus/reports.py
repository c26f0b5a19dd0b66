#!/usr/bin/env python3
"""Every capture file of a folder through `mcpd stdio`, as a client would: each must give a report
within the token budget (UTF-8 bytes / 3 of the structured content; half of it for the text block), by default and
at two others.
usage: reports.py MCPD FOLDER      prints TAP"""
import json
import os
import subprocess
import sys
import tempfile

BUDGETS = (1200, 600, 4000)  # the default first


def tokens(text):
    return -(-len(text.encode()) // 3)


class Client:
    def __init__(self, mcpd, folder):
        self.config = tempfile.NamedTemporaryFile("w", suffix=".conf")
        self.config.write(f"file_directories = {folder}\n")
        self.config.flush()
        self.p = subprocess.Popen([mcpd, "stdio", "--capd", "private", "--config", self.config.name],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.id = 0
        self.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                 "clientInfo": {"name": "reports", "version": "1"}})

    def call(self, method, params):
        self.id += 1
        line = {"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}
        self.p.stdin.write((json.dumps(line) + "\n").encode())
        self.p.stdin.flush()
        while True:
            answer = json.loads(self.p.stdout.readline())
            if answer.get("id") == self.id:
                return answer["result"]


def within(result, budget, name, rows):
    """Note the sizes of one report; the complaint, or None."""
    text = result["content"][0]["text"]
    if result.get("isError"):
        return f"{name}: {text}"
    body = json.dumps(result["structuredContent"], ensure_ascii=False, separators=(",", ":"))
    rows.append((tokens(body), tokens(text)))
    good = tokens(body) <= budget and tokens(text) <= budget // 2
    return None if good else f"{name}: {tokens(body)} and {tokens(text)} tokens of {budget}"


def main():
    mcpd, folder = sys.argv[1], os.path.realpath(sys.argv[2])
    files = sorted(f for f in os.listdir(folder)
                   if os.path.isfile(os.path.join(folder, f)) and not f.endswith((".md", ".tsv", ".py")))
    client = Client(mcpd, folder)
    bad, rows = [], {budget: [] for budget in BUDGETS}
    for name in files:
        result = client.call("tools/call", {"name": "analyze_capture_file",
                                            "arguments": {"path": os.path.join(folder, name)}})
        bad.append(within(result, BUDGETS[0], name, rows[BUDGETS[0]]))
        if result.get("isError"):
            continue
        capture = result["structuredContent"]["capture_id"]
        for budget in BUDGETS[1:]:
            result = client.call("tools/call", {"name": "get_capture_report",
                                                "arguments": {"capture_id": capture, "max_tokens": budget}})
            bad.append(within(result, budget, name, rows[budget]))
    print("# max_tokens, structured content: median and largest, text block: median and largest, in tokens")
    for budget, sizes in rows.items():
        columns = [sorted(row[column] for row in sizes) for column in (0, 1)]
        print(f"#   {budget:5}  " + "  ".join(f"{v[len(v) // 2]:5} {v[-1]:5}" for v in columns) + f"  of {len(sizes)} reports")
    bad = [line for line in bad if line]
    for line in bad:
        print("#", line)
    print("1..1")
    print(f"{'not ok' if bad else 'ok'} 1 - reports of {len(files)} capture files keep the token budget at {BUDGETS}")
    sys.exit(1 if bad else 0)


main()
