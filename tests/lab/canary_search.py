"""Looking for the secrets of canary.py, for every test that sends them: in what encodings, and in the memory of a process."""

import base64
import collections
import re

SECTIONS = ("summary", "connections", "dns", "http", "tls", "hosts", "timeline", "problems", "coverage")
SHOWN = ("dns", "sni", "sni2", "path")  # words that a report shows when names are on
NOT_IN_CLEAR = "inside TLS|base64|split over"  # channels whose secrets no search of the wire can see


class Search:
    """All encodings of a prefix at once; what is found is told apart by the letters behind it."""

    def __init__(self, canaries):
        self.c = canaries
        prefix = canaries.prefix
        forms = {prefix, prefix.lower(), prefix.upper(), "".join("%%%02x" % ord(x) for x in prefix),
                 "".join("%%%02X" % ord(x) for x in prefix), prefix.encode().hex(), prefix.encode().hex().upper()}
        for before in range(3):  # base64 depends on where a secret stands
            coded = base64.b64encode(b"\0" * before + prefix.encode()).decode()
            forms.add(coded[(before * 8 + 5) // 6:(before + len(prefix)) * 8 // 6])
        wide = [prefix.encode("utf-16-le"), prefix.encode("utf-16-be"), prefix[::-1].encode()]
        self.forms = re.compile(b"|".join(re.escape(f) for f in [x.encode() for x in forms] + wide))

    def hits(self, data):
        """Channels found, 'unknown' for what no channel sent in this form."""
        found, known = collections.Counter(), {s.lower(): ch for s, ch in self.c.known.items()}
        for match in self.forms.finditer(data):
            near = data[match.start():match.start() + 16]
            found[known.get(near.decode("latin-1").lower(), "unknown: %r" % data[max(0, match.start() - 30):match.end() + 40])] += 1
        return found


def memory_of(pid):
    """The bytes of every readable map of a process, one after the other; none of a process that has ended."""
    try:
        with open("/proc/%d/maps" % pid, encoding="ascii") as maps, open("/proc/%d/mem" % pid, "rb", buffering=0) as mem:
            ranges = [line.split()[0].split("-") for line in maps if line.split()[1][0] == "r" and "[v" not in line]
            for low, high in ranges:
                try:
                    mem.seek(int(low, 16))
                    yield mem.read(int(high, 16) - int(low, 16))
                except (OSError, ValueError):
                    continue
    except ProcessLookupError:
        return
