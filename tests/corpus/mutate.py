#!/usr/bin/env python3
"""Damaged copies of capture files through the engine built with sanitizers: it must read what is readable, and never crash.

  mutate.py PCM_COUNT CORPUS [COPIES] [SEED]

COPIES (10 000) in all, each with some of: bits flipped, bytes overwritten, pieces cut out or doubled, the end cut off,
lengths of records changed; damage to the file's own header is rare, so that most copies are read.  The same SEED makes the
same copies.  A copy that crashes, hangs or makes a sanitizer speak is kept in the temporary folder and named.
"""

import concurrent.futures
import os
import random
import shutil
import subprocess
import sys
import tempfile

HEAD = 24  # of a pcap file; a pcapng file begins with a section block of at least as much


def records(data):
    """Offsets of the record headers of a pcap file; none of another kind of file."""
    order = {b"\xd4\xc3\xb2\xa1": "little", b"\x4d\x3c\xb2\xa1": "little", b"\xa1\xb2\xc3\xd4": "big", b"\xa1\xb2\x3c\x4d": "big"}.get(data[:4])
    at, found = HEAD, []
    while order and at + 16 <= len(data):
        found.append(at)
        at += 16 + int.from_bytes(data[at + 8:at + 12], order)
    return found


def damage(data, rng):
    data = bytearray(data)
    heads = records(bytes(data))
    low = 0 if rng.random() < 0.03 else min(HEAD, len(data) - 1)
    for _ in range(rng.choice((1, 1, 2, 4, 8, 32))):
        how, at = rng.randrange(7), rng.randrange(low, len(data))
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.choice((0, 1, 0x7f, 0x80, 0xff))
        elif how == 2:
            data[at:at + 4] = rng.randbytes(len(data[at:at + 4]))
        elif how == 3:
            del data[at:at + rng.choice((1, 2, 4, 16, 100))]
        elif how == 4:
            data[at:at] = data[at:at + rng.choice((1, 4, 64, 1500))]
        elif how == 5 and rng.random() < 0.2:
            del data[at:]
        elif heads:  # the times and lengths of one record
            field = rng.choice(heads) + 4 * rng.randrange(4)
            data[field:field + 4] = rng.choice((b"\0\0\0\0", b"\1\0\0\0", b"\xff\xff\xff\xff", b"\0\0\1\0", rng.randbytes(4)))
        if len(data) <= HEAD:
            break
    return bytes(data)


def main():
    program, corpus = sys.argv[1:3]
    copies = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    files = sorted(os.path.join(top, name) for top, _, names in os.walk(corpus) for name in names if name.endswith((".pcap", ".pcapng", ".cap")))
    files = [path for path in files if os.path.getsize(path) > HEAD]
    folder = tempfile.mkdtemp(prefix="pcm-mutated-")
    bad, tally = [], {}

    def one(number):
        path, rng = files[number % len(files)], random.Random("%d %d" % (seed, number))
        with open(path, "rb") as file:
            data = file.read(2000000)
        copy = os.path.join(folder, "%d-%s" % (number, os.path.basename(path)))
        with open(copy, "wb") as file:
            file.write(damage(data, rng) if number >= len(files) else data)
        try:
            got = subprocess.run([program, "-t", copy], capture_output=True, timeout=120, env=dict(os.environ, PCM_FLOWS="1024"))
            fine, code = got.returncode in (0, 3) and b"runtime error" not in got.stderr and b"Sanitizer" not in got.stderr, got.returncode
        except subprocess.TimeoutExpired:
            fine, code = False, "hangs"
        tally[code] = tally.get(code, 0) + 1
        if fine:
            os.unlink(copy)
        else:
            bad.append("%s (%s)" % (copy, code))

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, range(copies)))
    print("# %d files, %d copies (the first %d unchanged); read: %d, refused: %d" % (
        len(files), copies, min(copies, len(files)), tally.get(0, 0), tally.get(3, 0)))
    print("1..1\n%s 1 - damaged captures are read as far as they go, without a crash" % ("not ok" if bad else "ok"))
    for line in bad:
        print("# " + line)
    if not bad:
        shutil.rmtree(folder)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
