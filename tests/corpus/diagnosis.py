#!/usr/bin/env python3
"""What mcpd says of the captures whose diagnosis is known.
usage: diagnosis.py MCPD FOLDER      prints TAP

FOLDER/DIAGNOSIS.tsv has a line per capture: file, ..., expected_ids (any one of these findings says it; `(nothing
above info)`: no finding may be more than a note), allowed_blame (of that finding)."""
import csv
import json
import os
import subprocess
import sys

HEALTHY = "(nothing above info)"


def report(mcpd, path):
    run = subprocess.run([mcpd, "analyze", "--json", path], capture_output=True, text=True, check=False)
    try:
        return json.loads(run.stdout)
    except ValueError:
        return {"problems_detected": [{"id": "no report: " + run.stderr.strip()[:200], "severity": "critical",
                                       "blame": "-"}], "verdict": {"blame": "-"}}


def judge(row, findings):
    """What is wrong with these findings, "" if nothing is."""
    if row["expected_ids"] == HEALTHY:
        loud = [f["id"] for f in findings if f["severity"] != "info"]
        return "nothing is wrong there, but it says " + " ".join(loud) if loud else ""
    meant = [f for f in findings if f["id"] in row["expected_ids"].split()]
    if not meant:
        return "it says none of " + row["expected_ids"]
    if not any(f["blame"] in row["allowed_blame"].split() for f in meant):
        return f"it blames {meant[0]['blame']}, allowed: {row['allowed_blame']}"
    return ""


def main():
    mcpd, folder = sys.argv[1:3]
    table = os.path.join(folder, "DIAGNOSIS.tsv")
    if not os.path.exists(table):
        print("1..1\nok 1 - known diagnoses # SKIP no DIAGNOSIS.tsv in the folder")
        return 0
    with open(table, encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    print(f"1..{len(rows)}")
    bad = 0
    for number, row in enumerate(rows, 1):
        answer = report(mcpd, os.path.join(folder, row["file"]))
        findings = answer["problems_detected"]
        wrong = judge(row, findings)
        said = " ".join(f"{f['id']}({f['severity']}, {f['blame']})" for f in findings) or "nothing"
        print(f"# {said}; verdict blames {answer['verdict'].get('blame', '-')}")
        print(f"{'not ok' if wrong else 'ok'} {number} - {row['file']}: {wrong or row['category']}")
        bad += bool(wrong)
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
