#!/usr/bin/env python3
# suite: timeout=120
"""The snippets of deploy/clients: each is what its client reads, and what it names answers MCP.

The programs are started as the snippet says, but for where they are installed; HTTP entries are asked at the address
they give, in a network namespace, with a token of a real `mcpd serve`.
"""

import json
import os
import re
import sys
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SNIPPETS = os.path.join(TOP, "deploy", "clients")
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import lab as lab_module  # noqa: E402
import product  # noqa: E402
from stdio_client import Checks, Session  # noqa: E402

TOKEN = "snippets-" + "5" * 40
ASK = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
       "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "snippet", "version": "1"}}}


def entries(path):
    """(name, entry) of every server a snippet names; ValueError if it is not of the client's shape."""
    with open(path, "rb") as text:
        tree = tomllib.load(text) if path.endswith(".toml") else json.load(text)
    roots = [key for key in ("mcpServers", "servers", "mcp_servers") if key in tree]
    if len(roots) != 1:
        raise ValueError("no table of servers")
    return list(tree[roots[0]].items())


def bearer(entry):
    """The Authorization header a client would send, the token put in its place."""
    if "bearer_token_env_var" in entry:
        return "Bearer " + TOKEN
    return re.sub(r"\$\{[^}]*\}|\bTOKEN\b", TOKEN, entry["headers"]["Authorization"])


def ask_http(lab, entry):
    """initialize over HTTP; the server's name."""
    done = lab.in_ns(lab.client, ["curl", "-s", "-m", "5", "-H", "Content-Type: application/json", "-H", "Authorization: " + bearer(entry),
                                  "-d", json.dumps(ASK), entry["url"]], check=False)
    return json.loads(done.stdout)["result"]["serverInfo"]["name"]


def ask_stdio(lab, entry):
    """initialize and tools/list over stdio; the server's name, or what is wrong."""
    argv = [entry["command"]] + entry["args"]
    if argv[0] == "/usr/bin/ssh":
        argv = argv[argv.index("/usr/bin/mcpd"):]
    if argv[0] != "/usr/bin/mcpd":
        return "it starts " + argv[0]
    session = Session(["ip", "netns", "exec", lab.client] + lab.mcpd(*argv[1:], "--capd", lab.sock))
    tools = session.call("tools/list")["tools"]
    session.end()
    return session.greeted["serverInfo"]["name"] if len(tools) == 7 else "%d tools" % len(tools)


def registry(checks):
    """server.json against what schema 2025-12-11 demands of an entry without packages."""
    with open(os.path.join(SNIPPETS, "server.json"), encoding="utf-8") as text:
        entry = json.load(text)
    checks.check("server.json: name", re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", entry["name"]) and len(entry["name"]) <= 200, entry)
    checks.check("server.json: title and description of 1 to 100 characters",
                 all(1 <= len(entry[key]) <= 100 for key in ("title", "description")), entry)
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as text:
        version = re.search(r"^VERSION\s*:=\s*(\S+)", text.read(), re.M).group(1)
    checks.check("server.json: the version is the program's", entry["version"] == version, (entry["version"], version))
    checks.check("server.json: nothing the schema does not know", not set(entry) - {"$schema", "name", "title", "description", "version",
                                                                                 "websiteUrl", "repository", "packages", "remotes", "icons", "_meta"})
    checks.check("server.json: links", entry["websiteUrl"].startswith("https://") and set(entry["repository"]) >= {"url", "source"}, entry)


def main():
    checks = Checks()
    gone = lab_module.missing_tools()
    if gone:
        print("1..0 # SKIP needs %s" % ", ".join(gone))
        return 0
    product.install_signal_handlers()
    registry(checks)
    with lab_module.Lab() as lab:
        lab.start_capd()
        tokens = os.path.join(lab.dir, "tokens")
        with open(tokens, "w", encoding="ascii") as out:
            out.write("snippet:%s\n" % TOKEN)
        os.chmod(tokens, 0o600)
        os.chown(tokens, product.PERSON_UID, product.PERSON_UID)
        config = os.path.join(lab.dir, "mcpd.conf")
        with open(config, "w", encoding="ascii") as out:
            out.write("token_file = %s\n" % tokens)
        os.chmod(config, 0o644)
        lab.spawn(lab.client, lab.mcpd("serve", "--capd", lab.sock, "--config", config))
        lab.wait_port(lab.client, "tcp", "127.0.0.1", 8808)
        for name in sorted(os.listdir(SNIPPETS)):
            if not name.endswith((".json", ".toml")) or name == "server.json":
                continue
            for server, entry in entries(os.path.join(SNIPPETS, name)):
                said = ask_http(lab, entry) if "url" in entry else ask_stdio(lab, entry)
                checks.check("%s: %s answers" % (name, server), said == "packet_capture", said)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
