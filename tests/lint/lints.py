"""The rules of the tree that a compiler does not check.  Each lint takes a Tree and returns complaints."""

import json
import os
import re
import shutil
import subprocess

from security import lint_security

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRODUCT = ("common", "capd", "mcpd")
SKIPPED_DIRS = {".git", "build", "node_modules", "__pycache__", "corpus"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)

# Which folders' headers each folder may include; the first prefix that fits a file decides.
MAY_INCLUDE = [
    ("common/", ["common/"]),
    ("capd/decode/", ["common/addr.h", "common/bytes.h", "common/hist.h", "common/limits.h", "common/schema.h",
                      "common/text.h", "common/err.h", "capd/decode/"]),
    ("capd/track/", ["common/", "capd/decode/packet.h", "capd/decode/", "capd/track/", "capd/stat/"]),
    ("capd/stat/", ["common/", "capd/decode/packet.h", "capd/track/", "capd/stat/"]),
    ("capd/worker/", ["common/", "capd/decode/", "capd/track/", "capd/stat/", "capd/worker/"]),
    ("capd/parent/", ["common/", "capd/parent/", "capd/worker/worker.h", "capd/check/check.h"]),
    ("capd/check/", ["common/", "capd/parent/", "capd/check/", "capd/worker/worker.h"]),
    ("mcpd/mcp/", ["common/", "mcpd/mcp/", "mcpd/loop.h"]),
    ("mcpd/transport/", ["common/", "mcpd/mcp/", "mcpd/transport/", "mcpd/loop.h"]),
    ("mcpd/loop.", ["common/", "mcpd/loop.h"]),
    ("mcpd/diagnose/", ["common/", "mcpd/diagnose/", "mcpd/report/report.h", "mcpd/mcp/jsoncheck.h",
                        "mcpd/capture/snapshot.h", "mcpd/capture/target.h"]),
    ("mcpd/report/", ["common/", "mcpd/diagnose/", "mcpd/report/", "mcpd/capture/snapshot.h", "mcpd/capture/target.h"]),
    ("mcpd/", ["common/", "mcpd/"]),
]
SOCKET_HEADERS = {"sys/socket.h", "sys/un.h", "netdb.h", "poll.h", "sys/epoll.h", "curl/curl.h"}
PURE = ("mcpd/diagnose/", "mcpd/report/", "capd/decode/", "capd/track/", "capd/stat/")
# Folders whose objects may need nothing from outside but these (time, randomness and I/O are parameters).
PURE_SYMBOLS = re.compile(r"^(_?_?mem\w+|__memcpy_chk|__memset_chk|__memmove_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|"
                          r"__(asan|ubsan|sanitizer)\w*)$")

FILE_LINES, FUNCTION_LINES, DECODER_LINES = 600, 70, 250
PARENT_CODE_LINES, SANDBOX_CODE_LINES = 1500, 600
SANDBOX_FILES = (  # a budget of their own, also where they lie in capd/parent
    "capd/worker/sandbox.c", "capd/worker/drop.c", "capd/worker/filter.c", "capd/parent/sandbox.c",
                 "capd/parent/filter.c", "capd/parent/filter_check.c", "capd/worker/filter_check.c")

BANNED = [
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|system|popen|alloca|rand|srand|random)\s*\(", "use a bounded call", None),
    (r"\bcJSON_(GetObjectItem|HasObjectItem|DeleteItemFromObject|DetachItemFromObject|ReplaceItemInObject)\s*\(",
     "use the CaseSensitive call", None),
    (r"\bpcap_(findalldevs|stats|lookupdev|open_live)\b", "it opens files and odd sockets", None),
    (r"\bmsgpack_(unpack|unpacker)\w*\s*\(", "only common/mp.c unpacks, after mpcheck", ("common/mp.c",)),
]
STDOUT = re.compile(r"(?<![\w])(printf|puts|putchar|vprintf)\s*\(|\bstdout\b|\bSTDOUT_FILENO\b")
STDOUT_FILES = re.compile(r"^mcpd/(cli|transport/stdio|main|net)[\w/]*\.c$")
# Folders of somebody's own machine, and words about how the work was organised, have no place in the project.
FOREIGN = re.compile(r"(?<![\w.])/(home|root|Users|w[o]rk|f[a]rm|mnt|media)/(?!user\b|you\b|alice\b|bob\b|\*)[\w.-]+|"
                     r"\bsub-?[a]gents?\b|\b[C]EO\b|DEVELOPERS\.m[d]")
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X|not [i]mplemented)\b")


class Tree:
    """The files under a folder, read once."""

    def __init__(self, top=TOP):
        self.top, self.texts = top, {}
        for folder, dirs, files in os.walk(top):
            dirs[:] = [d for d in dirs if d not in SKIPPED_DIRS]
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), top)
                try:
                    with open(os.path.join(top, path), encoding="utf-8") as text:
                        self.texts[path] = text.read()
                except (UnicodeDecodeError, OSError):
                    continue  # captures and other binary files

    def files(self, *prefixes, ends=(".c", ".h")):
        """(path, text) of the files under the prefixes with one of the endings, sorted."""
        return [(p, t) for p, t in sorted(self.texts.items()) if p.startswith(prefixes or "") and p.endswith(tuple(ends))]

    def product(self):
        """The product's own C files."""
        return self.files(*(p + "/" for p in PRODUCT))


def bare(text):
    """C text without comments and literals, line breaks kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
    return pattern.sub(lambda m: "\n" * m.group(0).count("\n") if m.group(0)[0] == "/" else '""', text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def code_lines(text):
    """Lines that are neither blank nor comment."""
    return sum(1 for line in bare(text).split("\n") if line.strip())


def lint_dependencies(tree):
    """Who may include whom, as in CONTRIBUTING.md."""
    out = []
    for path, text in tree.product():
        allowed = next((names for prefix, names in MAY_INCLUDE if path.startswith(prefix)), [])
        for match in INCLUDE.finditer(text):
            ours, system = match.groups()
            where = "%s:%d" % (path, line_of(text, match.start()))
            if ours and not ours.endswith(".inc") and not any(ours.startswith(prefix) for prefix in allowed):
                out.append("%s: may not include %s" % (where, ours))
            if system and re.match(r"pcap(/|\.h)", system) and path not in ("capd/worker/source.c", "capd/worker/filter.c"):
                out.append("%s: <%s> belongs to capd/worker/source.c alone" % (where, system))
            if system in SOCKET_HEADERS and path.startswith(PURE):
                out.append("%s: is pure, <%s> is not" % (where, system))
    return out


def lint_capabilities(tree):
    """CAP_ tokens only where privileges are handled."""
    return ["%s:%d: %s outside priv.c and drop.c" % (path, line_of(code, m.start()), m.group(0))
            for path, code in ((p, bare(t)) for p, t in tree.product())
            if path not in ("capd/parent/priv.c", "capd/worker/drop.c")
            for m in re.finditer(r"\bCAP_[A-Z][A-Z_]+\b", code)]


def lint_pure_objects(tree):
    """decode, track and stat call nothing from outside but mem*: looked up in the built objects."""
    out, needed, defined = [], {}, set()
    base = os.path.join(tree.top, "build", "release", "obj")
    for prefix in ("common", "capd/decode", "capd/track", "capd/stat"):
        folder = os.path.join(base, prefix)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if not name.endswith(".o"):
                continue
            listed = subprocess.run(["nm", os.path.join(folder, name)], stdout=subprocess.PIPE, text=True, check=False).stdout
            for line in listed.split("\n"):
                words = line.split()
                if len(words) == 2 and words[0] == "U" and prefix != "common":
                    needed.setdefault(words[1], prefix + "/" + name)
                elif len(words) == 3:
                    defined.add(words[2])
    for symbol, user in sorted(needed.items()):
        if symbol not in defined and not PURE_SYMBOLS.match(symbol):
            out.append("%s: calls %s" % (user, symbol))
    return out


def functions(text):
    """(name, first line, lines) of each function definition, as clang-format lays them out."""
    start = name = None
    head = ""
    for number, line in enumerate(text.split("\n"), 1):
        if start is None:
            if re.match(r"[A-Za-z_]", line) and not line.startswith(("#", "typedef")):
                head, first = line, number
            elif head and line.strip():
                head += " " + line.strip()
            if head.rstrip().endswith("{"):
                match = re.search(r"(\w+)\s*\(", head)
                if match and not re.search(r"=\s*\{$", head.rstrip()) and not re.match(r"(static )?(const )?(struct|enum|union) \w+ \{", head):
                    start, name = first, match.group(1)
                head = ""
            elif head.rstrip().endswith((";", "}")):
                head = ""
        elif line.startswith("}"):
            yield name, start, number - start + 1
            start = None


def lint_sizes(tree):
    """Small enough to be read: files, functions, and what an admin must trust."""
    out = []
    for path, text in tree.files(ends=(".c", ".h", ".py", ".sh", ".mjs")):
        lines = text.count("\n")
        if lines > FILE_LINES:
            out.append("%s: %d lines, at most %d" % (path, lines, FILE_LINES))
        if path.startswith("capd/decode/") and path.endswith(".c") and lines > DECODER_LINES:
            out.append("%s: %d lines, a decoder has at most %d" % (path, lines, DECODER_LINES))
    for path, text in tree.files(ends=(".c",)):
        out += ["%s:%d: %s has %d lines, at most %d" % (path, first, name, lines, FUNCTION_LINES)
                for name, first, lines in functions(text) if lines > FUNCTION_LINES]
    parent = sum(code_lines(text) for path, text in tree.files("capd/parent/") if path not in SANDBOX_FILES)
    sandbox = sum(code_lines(text) for path, text in tree.product() if path in SANDBOX_FILES)
    if parent > PARENT_CODE_LINES:
        out.append("capd/parent: %d code lines, at most %d" % (parent, PARENT_CODE_LINES))
    if sandbox > SANDBOX_CODE_LINES:
        out.append("sandbox, drop and filter check: %d code lines, at most %d" % (sandbox, SANDBOX_CODE_LINES))
    return out


def lint_banned_calls(tree):
    """Calls that have a safer sister, and standard output where it carries a protocol."""
    out = []
    for path, text in tree.product():
        code = bare(text)
        for pattern, why, exempt in BANNED:
            out += ["%s:%d: %s: %s" % (path, line_of(code, m.start()), m.group(0).rstrip("( "), why)
                    for m in re.finditer(pattern, code) if not exempt or path not in exempt]
        if path.startswith(("mcpd/", "common/")) and not STDOUT_FILES.match(path):
            out += ["%s:%d: %s: standard output belongs to the transport and the command line" % (
                path, line_of(code, m.start()), m.group(0).rstrip("( ")) for m in STDOUT.finditer(code)]
    return out


def lint_format(tree):
    """clang-format 14 would change nothing.  None: the program is not here."""
    if not shutil.which("clang-format-14"):
        return None
    paths = [p for p, _ in tree.files("common/", "capd/", "mcpd/", "tests/")]
    if not paths:
        return []
    done = subprocess.run(["clang-format-14", "--dry-run", "--ferror-limit=1", "--style=file"] + paths, cwd=tree.top,
                          stderr=subprocess.PIPE, text=True, check=False)
    return [line for line in done.stderr.split("\n") if "warning:" in line or "error:" in line]


def lint_words(tree):
    """No folders of somebody's machine, nothing left unfinished."""
    out = []
    for path, text in sorted(tree.texts.items()):
        out += ["%s:%d: %s" % (path, line_of(text, m.start()), m.group(0)) for m in FOREIGN.finditer(text)]
        if path.endswith((".c", ".h", ".py", ".sh", ".mjs")):
            out += ["%s:%d: %s" % (path, line_of(text, m.start()), m.group(0)) for m in UNFINISHED.finditer(text)]
    return out


def rule_ids(tree):
    """The ids of the shipped rules, or None when there are no rules yet."""
    text = tree.texts.get("mcpd/diagnose/rules.json")
    if text is None:
        return None
    rules = json.loads(text)
    rules = rules["rules"] if isinstance(rules, dict) else rules
    return [rule["id"] for rule in (dict(v, id=k) for k, v in rules.items())] if isinstance(rules, dict) else [r["id"] for r in rules]


def lint_rules(tree):
    """Every rule has a known id, and a positive and a negative witness that exists."""
    ids = rule_ids(tree)
    if ids is None:
        return []
    closed = {line for line in tree.texts.get("tests/lint/finding-ids.txt", "").split("\n") if line and line[0] != "#"}
    out = ["rules.json: %s is not in tests/lint/finding-ids.txt" % i for i in ids if i not in closed]
    out += ["rules.json: %s stands there twice" % i for i in sorted(set(ids)) if ids.count(i) > 1]
    rows = {}
    for line in tree.texts.get("tests/lab/witnesses.tsv", "").split("\n"):
        if line and not line.startswith("#"):
            cells = (line.split("\t") + ["", "", ""])[:4]
            rows[cells[0]] = cells
    for rule in sorted(set(ids)):
        _id, positive, negative, _how = rows.get(rule, ("", "", "", ""))
        out += witness_complaints(tree, rule, "positive", positive) + witness_complaints(tree, rule, "negative", negative)
    return out


def witness_complaints(tree, rule, kind, cell):
    """A cell of the witness table: 'lab:RUN', 'unit:FILE:TEST', 'golden:FILE', several joined by a space."""
    if not cell.strip():
        return ["tests/lab/witnesses.tsv: %s has no %s witness" % (rule, kind)]
    out = []
    for witness in cell.split():
        place, _, rest = witness.partition(":")
        if place == "lab":
            here = any('Run("%s"' % rest in text for _path, text in tree.files("tests/lab/runs", ends=(".py",)))
        elif place == "unit":
            name, _, test = rest.partition(":")
            here = re.search(r"\b%s\b" % re.escape(test), tree.texts.get("tests/unit/%s.c" % name, "")) is not None
        elif place == "golden":
            here = os.path.exists(os.path.join(tree.top, "tests/golden", rest))
        else:
            here = False
        if not here:
            out.append("tests/lab/witnesses.tsv: %s: its %s witness %s does not exist" % (rule, kind, witness))
    return out


LINTS = [
    ("dependency direction", lint_dependencies),
    ("capability tokens", lint_capabilities),
    ("decode, track and stat are pure", lint_pure_objects),
    ("sizes", lint_sizes),
    ("banned calls", lint_banned_calls),
    ("formatting", lint_format),
    ("words", lint_words),
    ("rules and witnesses", lint_rules),
    ("SECURITY.md and the policies", lint_security),
]
