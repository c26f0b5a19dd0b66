#!/usr/bin/env python3
"""Write the seeds of the targets that read text or requests, and their dictionaries.

  tests/fuzz/write_text_seeds.py [FOLDER]      default: tests/fuzz/seeds; dictionaries go to FOLDER/../dict
"""

import json
import os
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as text:
        return text.read()


# ---- JSON-RPC --------------------------------------------------------------------------------------

def rpc(method, number=1, **params):
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    if params:
        message["params"] = params
    return json.dumps(message, separators=(",", ":"))


def note(method, **params):
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params}, separators=(",", ":"))


def initialize(version):
    return rpc("initialize", 0, protocolVersion=version, capabilities={}, clientInfo={"name": "seed", "version": "1"})


def conversations():
    """Lines of one connection each."""
    calls = [
        ("list_network_interfaces", {}), ("list_captures", {}), ("get_capture_status", {"capture_id": "00"}),
        ("start_packet_capture", {"target": "example.com:443", "mode": "web", "duration_seconds": 5}),
        ("stop_packet_capture", {}), ("get_capture_report", {"section": "summary", "max_tokens": 600}),
        ("analyze_capture_file", {"path": "/x.pcap"}), ("no_such", {})]
    yield "legacy", [initialize("2025-11-25"), note("notifications/initialized"), rpc("tools/list", 1), rpc("ping", 2)] + [
        rpc("tools/call", 3 + i, name=n, arguments=a) for i, (n, a) in enumerate(calls)]
    yield "modern", [rpc("server/discover", 1, _meta=META), rpc("tools/list", 2, _meta=META)] + [
        rpc("tools/call", 3 + i, name=n, arguments=a, _meta=dict(META, progressToken="p")) for i, (n, a) in enumerate(calls)]
    yield "cancelled", [initialize("2025-06-18")] + [
        rpc("tools/call", i, name="list_captures", arguments={}, _meta={"progressToken": i}) for i in range(1, 5)] + [
            note("notifications/cancelled", requestId=i, reason="tired") for i in range(1, 6)]
    yield "batch", [initialize("2025-03-26"), "[" + rpc("ping", 1) + "," + note("x") + "," + rpc("tools/list", 2) + "]", "[]"]
    yield "versions", [initialize("2024-11-05"), initialize("2026-07-28"), initialize("1")]
    yield "wrong", ["", "{", "null", "[1]", '{"jsonrpc":"1.0","id":1,"method":"ping"}', '{"jsonrpc":"2.0","id":null,"method":"ping"}',
                    '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
                    '{"jsonrpc":"2.0","id":"\\u0041","result":{}}', rpc("tools/call", 1, name="list_captures", arguments=[])]
    bad = dict(META)
    bad["io.modelcontextprotocol/protocolVersion"] = "2030-01-01"
    yield "refused", [rpc("tools/list", 1, _meta=bad), rpc("tools/list", 2, _meta={"io.modelcontextprotocol/protocolVersion": 7})]


TEXTS = [
    "{}", "[]", '""', "0", "-0.5e+7", "true", "null", " [1 , 2] ", '{"a":{"b":[1,2,{"c":null}]},"d":"\\u00e9\\ud83d\\ude00"}',
    '{"a":1,"\\u0061":2}', '{"\\u0062":1,"b\\n":2}', "[1e400]", '"\\ud800"', '"\x01"', "[1,]", "1 2", "[" * 40, "12345678901234567890123",
    '{"jsonrpc":"2.0","id":"x","method":"ping","params":{}}', '{"jsonrpc":"2.0","id":-12345678901234567890,"result":{"a":[]}}']


# ---- what people write ---------------------------------------------------------------------------------

def c_texts(path, start, end):
    """The first literal of each row of a table in a C file."""
    table = read(path).split(start, 1)[1].split(end, 1)[0]
    rows = re.findall(r'^\s*\{?((?:"(?:\\.|[^"\\])*"\s*)+)', table, re.MULTILINE)
    joined = ["".join(re.findall(r'"((?:\\.|[^"\\])*)"', row)) for row in rows]
    return [text.encode().decode("unicode_escape").encode("latin-1") for text in joined]


def small_rules():
    """The rule file with a few rules of different tables: the whole is too long to be changed usefully."""
    whole = json.loads(read("mcpd/diagnose/rules.json"))
    words = whole["words"]["en"]
    whole["words"]["en"] = {k: v for k, v in words.items() if k in ("sides", "icmp4")}
    seen, kept = set(), []
    for rule in whole["rules"]:
        text = json.dumps(rule)
        if rule["table"] in seen or re.search(r"@(?!sides|icmp4)", text) or '"words"' in text or "explained_by" in text:
            continue
        seen.add(rule["table"])
        kept.append(rule)
    whole["rules"] = kept
    return whole


def rule_files():
    small = small_rules()
    yield "small", json.dumps(small, separators=(",", ":"))
    for rule in small["rules"]:
        yield "one-" + rule["id"], json.dumps(dict(small, rules=[rule]), separators=(",", ":"))
    yield "none", json.dumps(dict(small, rules=[]), separators=(",", ":"))


def net_answers():
    """One message after the other, each with its length."""
    stories = {
        "good": ["1 ok 192.0.2.1 2001:db8::1", "2 ok 198.51.100.7", "3 ok 192.0.2.53", "4 ok 192.0.2.1 0 1 2 0 0 192.0.2.2",
                 "5 ok - 200 1000 2000 3000 4000"],
        "bad": ["1 error no such name", "2 error", "3 ok x", "4 ok 192.0.2.1 1000 0 0 0 0", "5 ok 192.0.2.1 99 -1 0 0 0", "6 ok", "7 ok"],
        "odd": ["", " ", "1", "1 ", "1  ok", "01 ok 192.0.2.1", "4294967297 ok", "2 maybe", "1 ok " + " ".join(["2001:db8::1"] * 65)],
    }
    for name, messages in stories.items():
        yield name, b"".join(struct.pack(">H", len(m)) + m.encode() for m in messages)


def pack(value):
    """msgpack of what requests hold."""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return bytes([value]) if value < 128 else b"\xce" + struct.pack(">I", value)
    if isinstance(value, str):
        return b"\xd9" + bytes([len(value)]) + value.encode()
    if isinstance(value, bytes):
        return b"\xc4" + bytes([len(value)]) + value
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(pack(v) for v in value)
    return b"\xde" + struct.pack(">H", len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())


def record(kind, stream, body, flags=0):
    return bytes([kind, flags, stream]) + struct.pack(">H", len(body)) + body


def requests():
    hello, empty = record(1, 1, pack({"client": "seed"})), pack({"all": False})
    start = {"file": False, "interface": "lo", "mode": 4, "duration_ms": 2000, "name": "example.com",
             "addresses": [[b"\xc0\0\2\1", 32]], "ports": [443], "filter": "tcp", "filter_only": False,
             "exclude": [[b"\xc0\0\2\2", 80]], "caller": "seed", "gateways": [[1, b"\xc0\0\2\xfe"]]}
    one = pack({"capture_id": "00112233445566778899aabbccddeeff"})
    yield "all", hello + record(2, 2, empty) + record(7, 3, empty) + record(3, 4, pack(start)) + b"".join(
        record(kind, 5 + kind, one) for kind in (5, 6)) + record(4, 9, pack({"capture_id": "0", "addresses": [[b"\xc0\0\2\1", 33]]}))
    for name, change in {"file": {"file": True, "interface": ""}, "auto": {"mode": 0}, "no-port": {"mode": 2, "ports": []},
                         "port-0": {"ports": [0]}, "filter": {"filter": "tcp[20] = 1"}, "only": {"filter": "", "filter_only": True},
                         "name": {"name": "EXAMPLE"}, "prefix": {"addresses": [[b"", 0]]}, "long": {"duration_ms": 3600001}}.items():
        yield name, hello + record(3, 2, pack(dict(start, **change)))
    yield "unasked", record(2, 1, empty) + record(99, 2, empty)
    yield "raw", record(255, 0, b"GET / HTTP/1.1\r\n\r\n")
    yield "flags", hello + record(7, 2, empty, 1)
    yield "many", hello + record(7, 2, empty) * 60


def http_cases():
    """Six header values (version, method, name or authorization, host, origin, accept or type), then the body."""
    modern = dict(META)
    legacy = rpc("tools/call", 1, name="list_captures", arguments={})
    call = rpc("tools/call", 1, name="list_captures", arguments={}, _meta=modern)
    both = "application/json, text/event-stream;q=0.9"
    yield "modern", ["2026-07-28", "tools/call", "list_captures", "localhost:8000", "-", both, call]
    yield "encoded", ["2026-07-28", "tools/call", "=?base64?bGlzdF9jYXB0dXJlcw==?=", "127.0.0.1", "-", "*/*", call]
    yield "mismatch", ["2026-07-28", "ping", "x", "[::1]:80", "null", "text/html", call]
    yield "legacy", ["2025-11-25", "-", "Bearer 0123456789abcdef0123456789abcdef", "host.example", "https://listed.example", both, legacy]
    yield "old", ["2024-11-05", "-", "-", "evil.example", "http://localhost:1234", "-", legacy]
    yield "listens", ["2026-07-28", "subscriptions/listen", "-", "localhost", "-", both, rpc("subscriptions/listen", 1, _meta=modern)]
    yield "cancels", ["2025-06-18", "-", "-", "192.0.2.1", "-", both, note("notifications/cancelled", requestId=3)]
    yield "batch", ["2025-03-26", "-", "-", "localhost", "-", both, "[" + legacy + "," + note("x") + "]"]
    yield "broken", ["-", "-", "-", "-", "-", "application/json; charset=utf-8", "{"]
    yield "tokens", ["tokens", "# who may ask", "default:0123456789abcdef0123456789abcdef", "alice:ABCDEFGHIJKLMNOPQRSTUVWXYZ:1000", ""]
    yield "tokens-bad", ["tokens", "short:123", "no-token", "a:0123456789abcdef:4294967296", ""]


WIRE_TEXTS = [b"plain.example", b"a\\b\x00\x1b[31m\xc2\x9b", "\u202ertl\u200b\ufeff\u2066".encode(), b"\xff\xfe\xc0\x80\xed\xa0\x80",
              "\U0001f4a3 \u00e9".encode(), b"\\x41\\u{202e}\\\\"]


# ---- writing -------------------------------------------------------------------------------------------

def seeds():
    """(target, name, bytes)"""
    for name, lines in conversations():
        yield "mcp", name, "\n".join(lines).encode()
        for i, line in enumerate(lines):
            yield "json", f"{name}-{i}", line.encode()
    for i, text in enumerate(TEXTS):
        yield "json", f"text-{i}", text.encode()
    for i, text in enumerate(c_texts("tests/unit/test_filter.c", "good[] = {", "};")):
        yield "filter", f"good-{i}", text
    for i, text in enumerate(c_texts("tests/unit/test_filter.c", "} bad[] = {", "};")):
        yield "filter", f"bad-{i}", text
    for i, text in enumerate(c_texts("tests/unit/test_target.c", "} forms[] = {", "};")):
        yield "target", f"form-{i}", bytes([i % 5]) + text
    for i, name in enumerate(("capd", "mcpd")):
        yield "conf", name, bytes([i]) + read(f"deploy/config/{name}.conf").encode()
        yield "conf", name + "-set", bytes([i]) + re.sub(r"(?m)^# ?(?=\w+ *=)", "", read(f"deploy/config/{name}.conf")).encode()
    for target, pairs in (("rules", rule_files()), ("netchild", net_answers()), ("capd", requests())):
        for name, body in pairs:
            yield target, name, body if isinstance(body, bytes) else body.encode()
    for name, lines in http_cases():
        yield "http_rules", name, "\n".join(lines).encode()
    for i, text in enumerate(WIRE_TEXTS):
        yield "text", f"wire-{i}", bytes([40]) + text


def words_of(path, pattern):
    return sorted(set(re.findall(pattern, read(path))))


def dictionaries():
    """(target, words)"""
    yield "filter", words_of("capd/parent/filter_check.c", r'"([a-z0-9-]{2,})"') + [
        "[13]", "[0:2]", "&", "|", "!=", ">=", "<<", "(", ")", "192.0.2.1", "2001:db8::/32", " and ", " or ", " not ", "0xffff"]
    yield "rules", sorted(set(re.findall(r'"([A-Za-z_]{2,40})":', read("mcpd/diagnose/rules.json")))) + [
        " >= ", " <= ", " == ", " != ", " > ", " < ", " * ", "$", "{=", "|one|many}", "{subject}", "@"]
    yield "mcp", [r"\"jsonrpc\":\"2.0\"", r"\"id\":", r"\"method\":", r"\"params\":", "initialize", "tools/list", "tools/call", "ping",
                  "server/discover", "notifications/cancelled", "notifications/initialized", "requestId", "progressToken", "_meta",
                  "arguments", "name", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] + list(META)
    yield "json", [r"\\u0000", r"\\ud83d\\ude00", "true", "false", "null", "{", "}", "[", "]", "e+", r"\":", ","]
    yield "conf", sorted(set(words_of("capd/parent/config.c", r'\{"([a-z_]+)"') + words_of("mcpd/settings.c", r'\{"([a-z_]+)"'))) + [
        " = ", "on", "off", "private", "#", r"\x0a"]
    yield "target", words_of("mcpd/capture/target.c", r'\{"([a-z]+)"') + ["://", "@", "[", "]", ":", "/", "?", "#", "%", "::ffff:", "xn--"]


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "seeds")
    for target, name, body in seeds():
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        with open(os.path.join(folder, target, name), "wb") as out:
            out.write(body)
    os.makedirs(os.path.join(folder, "../dict"), exist_ok=True)
    for target, words in dictionaries():
        with open(os.path.join(folder, "../dict", f"fuzz_{target}.dict"), "w", encoding="ascii") as out:
            out.write("".join(f'"{word}"\n' for word in words if word))


if __name__ == "__main__":
    main()
