# `capd --protocol` (Markdown) -> the body of a manual page in scdoc's language.
function clean(text) {
    gsub(/`/, "", text)
    gsub(/[\\_*<>|]/, "\\\\&", text)
    return text
}
# A row of a table: of message types as it is, of fields as a term and what it means.
function row(line,    n, i, cell) {
    n = split(line, cell, /[ ]*\|[ ]*/)
    if (n < 7)
        for (i = 2; i < n; i++)
            printf "%s %s\n", (i == 2 ? "|" : ":") (heading ? "[" : " "), heading ? "*" cell[i] "*" : clean(cell[i])
    else if (!heading)
        printf "*%s*: %s%s%s\n\t%s\n\n", clean(cell[2]), cell[3], (cell[4] == "-" || cell[3] == "bool" ? "" : ", at most " cell[4]),
            (cell[5] == "none" ? "" : ", " clean(cell[5])), clean(cell[6])
}
/^# / { next }                                  # the page has its own title
/^## / {
    title = substr($0, 4)
    print (title == "Message types" ? "# MESSAGE TYPES" : (seen++ ? "## " : "# MESSAGES AND ROWS\n\n## ") clean(title))
    next
}
/^\|---/ { next }
/^\|/ {
    if (!table) print ""
    heading = !table
    table = 1
    row($0)
    next
}
{ table = 0; print clean($0) }
END { print "\n# SEE ALSO\n\n*capd*(8), *mcpd*(8)" }
