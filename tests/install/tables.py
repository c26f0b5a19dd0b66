"""What processes hold, as a table for people."""


def short(paths, most=6):
    return ", ".join(paths[:most]) + (" and %d more" % (len(paths) - most) if len(paths) > most else "") if paths else "none"


def process_table(rows):
    """One block per process: the numbers in a row, then the lists."""
    heads = ("process", "uid", "gid", "groups", "Prm", "Eff", "Bnd", "Amb", "NNP", "seccomp", "filters", "RSS KiB")
    lines = []
    for row in rows:
        caps = row["caps"]
        lines.append((row["process"], row["uid"], row["gid"], row["groups"], caps["Prm"], caps["Eff"], caps["Bnd"], caps["Amb"],
                      row["nnp"], row["seccomp"], row["filters"], str(row["rss_kib"])))
    widths = [max(len(line[i]) for line in [heads] + lines) for i in range(len(heads))]
    out = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)) for line in [heads] + lines]
    for row in rows:
        out.append("%s:" % row["process"])
        out.append("    open: " + "; ".join("%d %s%s" % (n, what, " (w)" if writable else "") for n, what, writable in row["fds"]))
        out.append("    its user could write, where its mounts let it: " + short(row["writable"]))
        out.append("    its user could connect to: " + short(row["connectable"], 10))
    return "\n".join(out)
