#!/usr/bin/env python3
# suite: timeout=1800 show
"""The Debian package: the same bytes from two folders in two surroundings, clean for lintian, nothing missing
(`make check-deb`)."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGE = "packet-capture-mcp"
# What differs between the two builds besides the folder.
SURROUNDINGS = [{"TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
                {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C", "HOME": "/nonexistent", "DEB_BUILD_OPTIONS": "parallel=1"}]
WANTED = """/etc/packet-capture-mcp/capd.conf /etc/packet-capture-mcp/mcpd.conf /usr/sbin/capd /usr/bin/mcpd
/usr/libexec/packet-capture-mcp/mcpd-net /lib/systemd/system/capd.service /lib/systemd/system/capd.socket
/lib/systemd/system/mcpd.service /lib/systemd/system/mcpd.socket /usr/lib/sysusers.d/packet-capture-mcp.conf
/usr/lib/tmpfiles.d/packet-capture-mcp.conf /usr/share/man/man8/capd.8.gz /usr/share/man/man8/mcpd.8.gz
/usr/share/man/man1/mcpd.1.gz /usr/share/man/man5/capd.conf.5.gz /usr/share/man/man5/mcpd.conf.5.gz
/usr/share/man/man7/packet-capture-mcp-protocol.7.gz /usr/share/bash-completion/completions/mcpd
/usr/share/bash-completion/completions/capd /usr/share/doc/packet-capture-mcp/copyright
/usr/share/doc/packet-capture-mcp/README.md.gz /usr/share/doc/packet-capture-mcp/examples/mcpd-no-network.conf
/usr/share/doc/packet-capture-mcp/examples/clients/README.md /usr/share/doc/packet-capture-mcp/examples/clients/claude-code.mcp.json""".split()


class Builds:
    """Two builds of this tree, and the copies of it that they were made of."""

    def __init__(self, top):
        self.folders = []
        for number, surroundings in enumerate(SURROUNDINGS):
            folder = os.path.join(top, "a" if number == 0 else "another-and-longer-folder")
            mask = os.umask(0o022 if number == 0 else 0o077)
            done = subprocess.run([os.path.join(TOP, "deploy/build-deb"), folder], env=dict(os.environ, **surroundings),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            os.umask(mask)
            if done.returncode != 0:
                raise SystemExit("Bail out! the package could not be built: " + done.stdout[-1000:])
            self.folders.append(folder)

    def files(self, ending, folder=0):
        names = sorted(name for name in os.listdir(self.folders[folder]) if name.endswith(ending))
        return [os.path.join(self.folders[folder], name) for name in names]

    @property
    def package(self):
        return next(path for path in self.files(".deb") if "dbgsym" not in path)


def output(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


def sha256(path):
    with open(path, "rb") as data:
        return hashlib.sha256(data.read()).hexdigest()


def test_two_builds_are_identical(builds):
    for one, two in zip(builds.files(".deb"), builds.files(".deb", 1)):
        print("# %s  %s" % (sha256(one), os.path.basename(one)))
        print("# %s  %s, built elsewhere" % (sha256(two), os.path.basename(two)))
        assert sha256(one) == sha256(two), os.path.basename(one)
    assert len(builds.files(".deb")) == len(builds.files(".deb", 1)) == 2


def test_lintian_is_content(builds):
    said = [line for line in output("lintian", "--allow-root", "--fail-on", "none", *builds.files(".changes")).split("\n")
            if line and not line.startswith("running with root")]
    print("# lintian %s: %d errors and warnings" % (output("lintian", "--version").split()[-1], len(said)))
    assert not said, "\n".join(said)


def test_everything_is_in_it(builds):
    listed = {}
    for line in output("dpkg-deb", "-c", builds.package).split("\n"):
        words = line.split()
        if len(words) > 5:
            listed[words[5].lstrip(".").rstrip("/")] = words
    lacking = [path for path in WANTED if path not in listed]
    assert not lacking, lacking
    odd = [" ".join(w) for path, w in listed.items() if w[1] != "root/root" or "s" in w[0][1:] or w[0][8] == "w" and w[0][0] != "l"]
    assert not odd, odd
    size = output("dpkg-deb", "-f", builds.package, "Installed-Size").strip()
    print("# package %d bytes, installed %s KiB, %d files" % (os.path.getsize(builds.package), size, len(listed)))


def test_it_names_nobody_and_no_folder(builds):
    control = output("dpkg-deb", "-f", builds.package)
    assert "Maintainer: packet-capture-mcp project <packet-capture-mcp@example.org>" in control, control
    with tempfile.TemporaryDirectory() as folder:
        output("dpkg-deb", "-x", builds.package, folder)
        with open(os.path.join(folder, "usr/share/doc", PACKAGE, "copyright"), encoding="utf-8") as text:
            assert "the packet-capture-mcp authors" in text.read()
        for path in ("usr/sbin/capd", "usr/bin/mcpd", "usr/libexec/packet-capture-mcp/mcpd-net"):
            with open(os.path.join(folder, path), "rb") as data:
                assert builds.folders[0].encode() not in data.read(), path


def test_programs_are_hardened(builds):
    with tempfile.TemporaryDirectory() as folder:
        output("dpkg-deb", "-x", builds.package, folder)
        for path in ("usr/sbin/capd", "usr/bin/mcpd", "usr/libexec/packet-capture-mcp/mcpd-net"):
            full = os.path.join(folder, path)
            text = output("readelf", "-hldW", full)
            assert re.search(r"Type:\s+DYN", text) and "GNU_RELRO" in text and "BIND_NOW" in text, path
            assert re.search(r"GNU_STACK.*RW ", text) and "RUNPATH" not in text and "RPATH" not in text, path
            assert not re.search(r"LOAD.*RWE", text) and "__stack_chk_fail" in output("readelf", "-sW", "--dyn-syms", full), path


def test_the_tree_stays_clean(_builds):
    assert not os.path.exists(os.path.join(TOP, "debian")), "there is a folder debian in the tree"


def main():
    gone = [tool for tool in ("dpkg-buildpackage", "dh", "lintian", "scdoc") if not shutil.which(tool)]
    if gone:
        print("1..0 # SKIP needs %s (deploy/install-deps package)" % ", ".join(gone))
        return 0
    tests = [(name[5:].replace("_", " "), test) for name, test in globals().items() if name.startswith("test_")]
    print("1..%d" % len(tests))
    bad = 0
    with tempfile.TemporaryDirectory(prefix="pcm-deb-") as folder:
        builds = Builds(folder)
        for number, (name, test) in enumerate(tests, 1):
            try:
                test(builds)
                print("ok %d - %s" % (number, name), flush=True)
            except AssertionError as why:
                bad += 1
                print("not ok %d - %s" % (number, name))
                print("\n".join("# " + line for line in str(why).split("\n")), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
