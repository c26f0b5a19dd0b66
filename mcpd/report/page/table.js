"use strict";
/* Tables that sort by a click on their heads and, if they are long, can be filtered.  Without this script
   they are the same tables in the order of the report. */

const FILTER_FROM = 9; /* rows that one does not see at a glance */

function sortKey(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.v || cell.textContent;
  const number = Number(text.replaceAll(",", ""));
  return { empty: text === "", number, text: Number.isNaN(number) ? text.toLowerCase() : "" };
}

/* Numbers before texts, nothing always last. */
function compareKeys(a, b, direction) {
  if (a.empty || b.empty) return a.empty - b.empty;
  if (a.text || b.text) return direction * (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
  return direction * (a.number - b.number);
}

function sortTable(table, head) {
  const body = table.tBodies[0];
  const numeric = head.classList.contains("n");
  const before = head.getAttribute("aria-sort");
  const order = before ? (before === "ascending" ? "descending" : "ascending") : numeric ? "descending" : "ascending";
  const direction = order === "ascending" ? 1 : -1;
  const rows = Array.from(body.rows, (row) => ({ row, key: sortKey(row, head.cellIndex) }));
  rows.sort((a, b) => compareKeys(a.key, b.key, direction));
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  body.append(...rows.map((r) => r.row));
}

function addFilter(table) {
  const scroll = table.closest(".scroll");
  const input = document.createElement("input");
  input.type = "search";
  input.className = "filter";
  input.placeholder = "Filter";
  input.setAttribute("aria-label", "Filter " + scroll.getAttribute("aria-label"));
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  scroll.parentNode.prepend(input);
}

function makeSortable(table) {
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sortTable(table, head));
    head.replaceChildren(button);
  }
  if (table.tBodies[0].rows.length >= FILTER_FROM) addFilter(table);
}

for (const table of document.querySelectorAll("table.list")) makeSortable(table);
