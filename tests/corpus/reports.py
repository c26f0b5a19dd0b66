#!/usr/bin/env python3
"""Every capture file of a folder through `mcpd stdio`, as a client would: each must give a report
within the token budget (UTF-8 bytes / 3: structured content 1200, text block 600).
usage: reports.py MCPD FOLDER      prints TAP"""
import json
import os
import subprocess
import sys
import tempfile

STRUCTURED, TEXT = 1200, 600


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


def main():
    mcpd, folder = sys.argv[1], os.path.realpath(sys.argv[2])
    files = sorted((f for f in os.listdir(folder) if os.path.isfile(os.path.join(folder, f))),
                   key=lambda f: -os.path.getsize(os.path.join(folder, f)))
    files = [f for f in files if not f.endswith((".md", ".tsv", ".py"))]
    client = Client(mcpd, folder)
    bad, rows = [], []
    for name in files:
        result = client.call("tools/call", {"name": "analyze_capture_file",
                                            "arguments": {"path": os.path.join(folder, name)}})
        text = result["content"][0]["text"]
        if result.get("isError"):
            bad.append(f"{name}: {text}")
            continue
        body = json.dumps(result["structuredContent"], ensure_ascii=False, separators=(",", ":"))
        rows.append((tokens(body), tokens(text), name))
        if tokens(body) > STRUCTURED or tokens(text) > TEXT:
            bad.append(f"{name}: {tokens(body)} and {tokens(text)} tokens")
    print("# largest files: tokens of structured content, of text")
    for s, t, name in rows[:5]:
        print(f"#   {s:5} {t:5} {name}")
    for column, what in ((0, "structured content"), (1, "text")):
        v = sorted(r[column] for r in rows)
        print(f"# {what}: median {v[len(v) // 2]}, largest {v[-1]} tokens of {len(v)} reports")
    for line in bad:
        print("#", line)
    print("1..1")
    print(f"{'not ok' if bad else 'ok'} 1 - reports of {len(files)} capture files keep the token budget")
    sys.exit(1 if bad else 0)


main()
