#!/usr/bin/env python3
"""Every form of a target in every mode, through start_packet_capture of a real `mcpd stdio`.
# suite: timeout=300 show

matrix.tsv holds what the contract says of each; this suite starts each capture on the lab's network, compares
resolved mode, interface, the reasons and the kind of filter (or the error), and writes the whole table, with the
words as they were said, to build/target-matrix.md.
"""

import os
import re
import sys
import threading
import time

import lab as lab_module
from lab import Lab, LabError
from session import Checks, Session

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(lab_module.TOP, "build", "target-matrix.md")
WEB_PORTS = {80, 443, 8080, 8443}
PAUSE_S = 0.17  # capd takes 20 requests a second from one client; a capture needs three


def expected_rows():
    """Dictionaries by the names of the first line."""
    with open(os.path.join(HERE, "matrix.tsv"), encoding="utf-8") as text:
        lines = [line.rstrip("\n").split("\t") for line in text if not line.startswith("#")]
    rows = [dict(zip(lines[0], line)) for line in lines[1:]]
    for row in rows:
        if row["target"].startswith('"'):
            row["target"] = row["target"][1:-1]
    return rows


def filter_kind(text):
    """What a filter lets through, whatever its wording: everything, web, web and port N, port N."""
    if text.startswith("(everything"):
        return "everything"
    ports = [int(n) for n in re.findall(r"(?<!tcp )(?<!udp )(?<!src )(?<!dst )port (\d+)", text)]
    ports = list(dict.fromkeys(ports))
    web = all("tcp port %d" % port in text for port in WEB_PORTS) and "udp port 443" in text
    if len(ports) > 1 or web:
        ports = [port for port in ports if port != 53]  # names are looked at whatever the target is
    named = "port " + " ".join(str(port) for port in ports) if ports else ""
    return " and ".join(part for part in ("web" if web else "", named) if part)


def perform(session, row):
    """Start and stop one capture; fills got and returns the complaints."""
    arguments = {"target": row["target"], "duration": 1}
    if row["mode"] != "auto":
        arguments["mode"] = row["mode"]
    answer, error = session.ask("start_packet_capture", **arguments)
    if answer is None:
        row["got"] = {"becomes": "error", "says": error}
        complaints = [] if row["becomes"] == "error" else ["refused"]
        if row["says"] not in error:
            complaints.append("the error does not say `%s`" % row["says"])
        if "secret" in error:
            complaints.append("the error shows what must be dropped")
        return complaints
    session.ask("stop_packet_capture", capture_id=answer["capture_id"])
    row["got"] = {"becomes": answer["mode"], "interface": answer["interface"], "interface_why": answer["interface_why"],
                  "filter": filter_kind(answer["filter"]), "says": answer["mode_why"], "target": answer.get("target", "")}
    complaints = ["%s is `%s`, expected `%s`" % (key, row["got"][key], row[key])
                  for key in ("becomes", "interface", "filter") if row["got"][key] != row[key]]
    complaints += ["%s is `%s`, expected in it `%s`" % (key, row["got"][key], row[key])
                   for key in ("interface_why", "says") if row[key] not in row["got"][key]]
    how = "auto: " if row["mode"] == "auto" else "as asked: "
    if not row["got"]["says"].startswith(how):
        complaints.append("mode_why does not begin with `%s`" % how)
    if "secret" in str(answer):
        complaints.append("the answer shows what must be dropped")
    return complaints


def perform_all(session, rows):
    """One session's share of the rows."""
    for row in rows:
        began = time.monotonic()
        try:
            row["complaints"] = perform(session, row)
        except (LabError, OSError) as why:
            row["complaints"] = [str(why)]
        time.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))


def markdown(rows):
    """The table as people read it."""
    lines = ["| target | mode | becomes | interface, why | filter | why, or the error |", "|---|---|---|---|---|---|"]
    for row in rows:
        got = row.get("got", {"becomes": "-", "says": "-"})
        where = "%s: %s" % (got["interface"], got["interface_why"]) if "interface" in got else "-"
        cells = (row["target"] or "(none)", row["mode"], got["becomes"], where, got.get("filter", "-"), got["says"])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def main():
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - targets and modes # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    lab_module.install_signal_handlers()
    rows, checks = expected_rows(), Checks()
    with Lab() as lab:
        lab.dnsmasq("--host-record=xn--bcher-kva.lab.test,198.51.100.12")
        lab.start_capd()
        sessions = [Session(lab, uid=uid) for uid in (61011, 61012)]
        threads = [threading.Thread(target=perform_all, args=(session, rows[n::len(sessions)]))
                   for n, session in enumerate(sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for session in sessions:
            session.close(lab)
    forms = list(dict.fromkeys(row["target"] for row in rows))
    for form in forms:
        mine = [row for row in rows if row["target"] == form]
        wrong = ["mode %s: %s" % (row["mode"], "; ".join(row["complaints"])) + "\n  got %s" % row.get("got")
                 for row in mine if row["complaints"]]
        checks.check("target %s in %d modes" % (form or "(none)", len(mine)), len(mine) == 5 and not wrong, "\n".join(wrong))
    lines = markdown(rows)
    os.makedirs(os.path.dirname(TABLE), exist_ok=True)
    with open(TABLE, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    print("\n".join("# " + line for line in lines))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
