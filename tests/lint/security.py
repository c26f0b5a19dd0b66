#!/usr/bin/env python3
"""SECURITY.md against the sources it speaks of: its tables cannot drift.

A block `<!-- calls: FILE -->` ... `<!-- end -->` must name, in code spans, each system call of that policy and no
other; `<!-- files: FILE -->` each path in that file; `<!-- limits: FILE -->` is written from its #defines and comments:
`tests/lint/security.py --write` does that.
"""

import os
import re
import sys

DOCUMENT = "SECURITY.md"
CALLS = ("capd/parent/sandbox.c", "capd/worker/sandbox.c", "mcpd/sandbox.c", "mcpd/net/sandbox.c")
FILES = ("mcpd/net/sandbox.c",)
LIMITS = ("common/limits.h",)
BLOCK = re.compile(r"<!-- (calls|files|limits): (\S+) -->\n(.*?)<!-- end -->", re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


def calls_in(source):
    """Names of system calls in a policy, allowed or not."""
    found = re.findall(r"\bSCMP_SYS\((\w+)\)|\bALLOW\((\w+),", source)
    return {a or b for a, b in found} - {"call"}  # the parameter of the macro


def files_in(source):
    """Paths in the source's literals."""
    return set(re.findall(r'"(/[\w./-]+)"', source))


def limits_in(source):
    """The table of a header of limits."""
    rows = ["| limit | value | why |", "|---|---|---|"]
    for name, value, why in re.findall(r"#define (LIM_\w+)\s*\\?\s*(\([^)]*\)|\w+)\s*(?:/\*(.*?)\*/)?", source, re.DOTALL):
        rows.append("| `%s` | %s | %s |" % (name, re.sub(r"(?<=\d)u\b", "", value).strip("()"), " ".join(why.split())))
    return "\n".join(rows) + "\n"


def lint_security(tree):
    """SECURITY.md names what the policies name, and its table of limits is the header's."""
    text = tree.texts.get(DOCUMENT)
    if text is None:
        return []
    blocks = {(kind, path): body for kind, path, body in BLOCK.findall(text)}
    out = []
    for kind, paths, found, pattern in (("calls", CALLS, calls_in, r"[a-z][a-z0-9_]*"), ("files", FILES, files_in, r"/[\w./-]+")):
        for path in paths:
            source, body = tree.texts.get(path), blocks.get((kind, path))
            if source is None:
                continue
            if body is None:
                out.append("%s: no block `%s: %s`" % (DOCUMENT, kind, path))
                continue
            told, real = {s for s in SPAN.findall(body) if re.fullmatch(pattern, s)}, found(source)
            out += ["%s: %s of %s does not name %s" % (DOCUMENT, kind, path, name) for name in sorted(real - told)]
            out += ["%s: %s of %s names %s, which is not there" % (DOCUMENT, kind, path, name) for name in sorted(told - real)]
    for path in LIMITS:
        if path in tree.texts and blocks.get(("limits", path)) != limits_in(tree.texts[path]):
            out.append("%s: the limits of %s are not its own; run tests/lint/security.py --write" % (DOCUMENT, path))
    return out


def write(top):
    """Put the tables of limits into the document."""
    path = os.path.join(top, DOCUMENT)
    with open(path, encoding="utf-8") as text:
        document = text.read()
    for source in LIMITS:
        with open(os.path.join(top, source), encoding="utf-8") as text:
            head = "<!-- limits: %s -->\n" % source
            document = re.sub(re.escape(head) + r".*?<!-- end -->", lambda _m, h=head, t=limits_in(text.read()): h + t + "<!-- end -->",
                              document, flags=re.DOTALL)
    with open(path, "w", encoding="utf-8") as out:
        out.write(document)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    write(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
