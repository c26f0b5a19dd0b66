#!/usr/bin/env python3
# suite: timeout=120 show
"""The system call policies of x86_64 and aarch64 are the same by name (run by `make check-arm64`).

Each is exported by the program compiled for that architecture, aarch64's under qemu-user.  What may differ is listed
here with its reason, and what takes the place of a call that aarch64 does not have must be there.
"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = {"x86_64": os.path.join(TOP, "build/release/arm64/seccomp_export"),
            "aarch64": os.path.join(TOP, "build/arm64/qemu/seccomp_export")}
# Calls that aarch64 never had; the C library there makes the other one.
INSTEAD = {"open": "openat", "stat": "newfstatat", "lstat": "newfstatat", "access": "faccessat", "readlink": "readlinkat",
           "poll": "ppoll", "dup2": "dup3", "epoll_wait": "epoll_pwait", "pipe": "pipe2", "getdents": "getdents64",
           "select": "pselect6", "time": "clock_gettime", "eventfd": "eventfd2", "fork": "clone", "vfork": "clone",
           "unlink": "unlinkat", "mkdir": "mkdirat", "rename": "renameat2", "chmod": "fchmodat", "creat": "openat",
           "chown": "fchownat", "lchown": "fchownat", "link": "linkat", "symlink": "symlinkat", "mknod": "mknodat", "rmdir": "unlinkat",
           "epoll_create": "epoll_create1", "arch_prctl": None, "alarm": "setitimer", "pause": "ppoll"}
# Names of the same call.
ALIASES = {"fstatat64": "newfstatat", "fadvise64_64": "fadvise64"}
# libseccomp numbers a call that an architecture does not have below zero; nobody can make it.
NO_SUCH_CALL = 1 << 31
# Flags of open() have other numbers: O_DIRECTORY, O_NOFOLLOW, O_DIRECT, O_LARGEFILE (asm/fcntl.h).
FLAG_CALLS = {"open", "openat"}


def export(program):
    """{policy: {call: its rules as text}}"""
    done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, "%s: exit %d: %s" % (program, done.returncode, done.stderr[-400:])
    out, policy, call = {}, None, None
    for line in done.stdout.split("\n"):
        start = re.match(r"== (\S+)", line)
        head = re.match(r'\s*# filter for syscall "(\w+)" \((\d+)\)', line)
        if start:
            policy, call = out.setdefault(start.group(1), {}), None
        elif head:
            call = ALIASES.get(head.group(1), head.group(1)) if int(head.group(2)) < NO_SUCH_CALL else None
            if call:
                policy[call] = []
        elif "default action" in line:
            call = "(default)"
            policy[call] = []
        elif "invalid architecture" in line:
            call = None
        elif call and line.strip() and not line.strip().startswith("if ($syscall"):
            policy[call].append(line.strip())
    return {name: {call: rules(lines, call) for call, lines in calls.items()} for name, calls in out.items()}


def rules(lines, call):
    """Order is libseccomp's business: it sorts by how many rules there are.  A process's own id is not the policy's."""
    text = "\n".join(sorted(lines))
    return re.sub(r"(\$a0\.lo32 == )\d+", r"\1(own id)", text) if call in ("tgkill", "kill") else text


def compare(policy, ours, theirs):
    """(complaints, explanations)"""
    bad, why = [], []
    for call in sorted(set(ours) - set(theirs)):
        instead = INSTEAD.get(call, "")
        if instead == "" or (instead and instead not in theirs):
            bad.append("%s: %s is missing on aarch64" % (policy, call))
        else:
            why.append("%s -> %s" % (call, instead or "not needed"))
    bad += ["%s: %s is allowed on aarch64 only" % (policy, call) for call in sorted(set(theirs) - set(ours))]
    for call in sorted(set(ours) & set(theirs)):
        if ours[call] != theirs[call]:
            if call in FLAG_CALLS:
                why.append("%s: other numbers for flags" % call)
            else:
                bad.append("%s: %s differs:\n  x86_64:  %s\n  aarch64: %s" % (policy, call, ours[call].replace("\n", " "),
                                                                             theirs[call].replace("\n", " ")))
    return bad, why


def main():
    gone = [path for path in PROGRAMS.values() if not os.access(path, os.X_OK)]
    if gone:
        print("1..0 # SKIP not built: %s (make check-arm64 builds it)" % ", ".join(gone))
        return 0
    x86, arm = export(PROGRAMS["x86_64"]), export(PROGRAMS["aarch64"])
    print("1..%d" % len(x86))
    failed = 0
    for number, policy in enumerate(sorted(x86), 1):
        bad, why = compare(policy, x86[policy], arm.get(policy, {}))
        failed += bool(bad)
        print("%s %d - the policy of %s is the same on aarch64" % ("not ok" if bad else "ok", number, policy))
        print("# %d calls on x86_64, %d on aarch64; only on x86_64: %s" % (
            len(x86[policy]) - 1, len(arm.get(policy, {})) - 1, "; ".join(why) or "none"))
        print("".join("# %s\n" % line for complaint in bad for line in complaint.split("\n")), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
