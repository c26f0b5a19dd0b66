/* Draws a report, whole or in sections, with the words of words.json: the page that the C code writes,
   from data that comes while it stands open.  Texts become text nodes, never markup. */

const WORDS = JSON.parse(document.getElementById("words").textContent);
const SVG = "http://www.w3.org/2000/svg";
const SVG_NAMES = new Set(["svg", "rect", "path", "title"]);
const CHART_HEIGHT = 200;
const VISIBLE_LEAST = 0.4; /* percent */
const LONG_TEXT = 32;
const CARDS_OPEN = 10, LANES_MOST = 12, PROTOCOLS_MOST = 12;

function h(name, attributes, ...children) {
  const element = SVG_NAMES.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== undefined && value !== "") element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== ""));
  return element;
}

function at(tree, path) {
  for (const key of path.split(".")) {
    if (tree === null || typeof tree !== "object" || !Object.hasOwn(tree, key)) return undefined;
    tree = tree[key];
  }
  return tree;
}

const number = (tree, path) => (typeof at(tree, path) === "number" ? at(tree, path) : 0);
const textAt = (tree, path) => (typeof at(tree, path) === "string" ? at(tree, path) : "");
const lastKey = (path) => path.slice(path.lastIndexOf(".") + 1);

/* ---- numbers and words as people read them -------------------------------------------------------- */

function withPrefix(v, unit) {
  let i = 0;
  while (Math.abs(v) >= 999.5 && i < 4) { v /= 1000; i++; }
  return (v < 9.95 && i ? v.toFixed(1) : v.toFixed(0)) + " " + ["", "k", "M", "G", "T"][i] + unit;
}

function numberWords(v, kind) {
  const short = (digits) => String(Number(v.toPrecision(digits)));
  switch (kind) {
    case "count": return Number.isInteger(v) ? v.toLocaleString("en-US") : String(v);
    case "bytes": return withPrefix(v, "B");
    case "bps": return withPrefix(v, "bit/s");
    case "rate": return (v < 9.5 ? short(2) : Math.round(v).toLocaleString("en-US")) + "/s";
    case "ms": return (v < 1000 ? short(4) : v.toFixed(0)) + " ms";
    case "s": return v + " s";
    case "percent": return v + " %";
    default: return String(v);
  }
}

function valueText(value, kind) {
  if (typeof value === "number") return numberWords(value, kind);
  if (typeof value !== "string") return "";
  if (kind === "target" && value === "*") return "all traffic";
  if (kind === "vantage" && value === "unknown") return "";
  if (kind === "time" && value.length === 24) return value.slice(0, 10) + " " + value.slice(11, 19) + " UTC";
  return kind === "word" ? value.replaceAll("_", " ") : value;
}

function isBad(value, kind) {
  if (kind === "status") return typeof value === "number" && value >= 400;
  return kind === "word" && WORDS.bad.includes(value);
}

/* "failed_percent" -> ["failed", "percent"]: the ending of a key is its unit. */
function keyWords(key) {
  const kind = ["percent", "bytes", "bps", "ms", "s"].find((end) => key === end || key.endsWith("_" + end));
  const words = key === "ms" ? "time" : kind && key !== kind ? key.slice(0, -kind.length - 1) : key;
  return [words.replaceAll("_", " "), kind || "count"];
}

/* ---- pieces ------------------------------------------------------------------------------------------ */

function pair(term, value) {
  return h("div", {}, h("dt", {}, term), h("dd", {}, value));
}

function pairs(report, list, className) {
  const found = [];
  for (const [path, title, kind, zero] of WORDS[list]) {
    const value = valueText(at(report, path), kind);
    if (value && (zero || (value !== "0" && value !== "0 %"))) found.push(pair(title, value));
  }
  return found.length ? h("dl", { class: className }, found) : "";
}

function section(id, className, ...children) {
  const hint = WORDS.hints[id];
  return h("section", { id, class: className }, h("h2", {}, WORDS.titles[id]), hint ? h("p", { class: "hint" }, hint) : "", children);
}

function bar(from, width, className) {
  width = Math.max(width, VISIBLE_LEAST);
  from = Math.min(from, 100 - width);
  return h("svg", { class: "bar", "aria-hidden": "true" }, h("rect", { x: from.toFixed(1) + "%", width: width.toFixed(1) + "%", height: "100%", class: className }));
}

function barTable(heads, rows) {
  const head = heads.map((text, i) => h("th", { scope: "col", class: i > 1 ? "n" : "" }, i === 1 ? h("span", { class: "vh" }, text) : text));
  return h("table", { class: "bars" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
}

/* ---- verdict and problems ------------------------------------------------------------------------- */

function blameWords(blame) {
  return Object.hasOwn(WORDS.blame, blame) ? WORDS.blame[blame] : blame;
}

function verdictHeader(report) {
  const status = textAt(report, "verdict.status") || "pending", blame = textAt(report, "verdict.blame");
  return h("header", { class: "verdict " + status },
    h("p", { class: "what" }, "Packet capture report"),
    h("p", { class: "status" }, h("span", { class: "mark", "aria-hidden": "true" }), WORDS.status[status] || status),
    h("h1", {}, textAt(report, "verdict.headline") || "The capture has begun."),
    blame ? h("p", { class: "blame" }, WORDS.titles.blame + " ", h("b", {}, blameWords(blame)), " (" + textAt(report, "verdict.blame_confidence") + ")") : "",
    pairs(report, "facts", "facts"));
}

function numbersList(numbers) {
  if (numbers === null || typeof numbers !== "object" || !Object.keys(numbers).length) return "";
  return h("dl", { class: "evidence" }, Object.entries(numbers).map(([key, value]) => {
    const [words, kind] = keyWords(key);
    const several = value !== null && typeof value === "object";
    return pair(words, several ? Object.entries(value).map(([k, v]) => k + " " + valueText(v, kind)).join(", ") : valueText(value, kind));
  }));
}

function seenWords(f) {
  const count = number(f, "count"), first = at(f, "first_s"), last = at(f, "last_s");
  if (!count) return "";
  const when = first === undefined ? "" : first === last ? `, at ${first} s` : `, between ${first} s and ${last} s`;
  return h("span", {}, `${WORDS.titles.seen} ${numberWords(count, "count")} time${count === 1 ? "" : "s"}${when}`);
}

function card(f) {
  const blame = textAt(f, "blame"), limits = at(f, "threshold") ? numbersList(f.threshold) : "";
  return h("article", { class: "card " + textAt(f, "severity") },
    h("header", {}, h("span", { class: "chip" }, WORDS.severity[f.severity] || f.severity), h("h3", {}, valueText(f.subject, "target")), h("code", {}, f.id)),
    textAt(f, "name") ? h("p", { class: "name" }, WORDS.titles.name + ": ", h("bdi", {}, f.name)) : "",
    h("div", { class: "both" },
      h("div", {}, textAt(f, "explanation") ? h("p", {}, f.explanation) : "",
        textAt(f, "next_step") ? h("p", { class: "next" }, h("b", {}, WORDS.titles.next), " ", f.next_step) : "",
        h("p", { class: "meta" },
          blame ? [h("span", {}, `${WORDS.titles.blame} ${blameWords(blame)} (${textAt(f, "blame_confidence")})`), " ",
            h("span", {}, "Symptom: " + textAt(f, "confidence")), " "] : "",
          seenWords(f))),
      h("div", {}, at(f, "evidence") ? numbersList(f.evidence) : "",
        limits ? h("details", {}, h("summary", {}, WORDS.titles.limits), limits) : "")));
}

function cards(list) {
  const all = list.map(card), rest = all.splice(CARDS_OPEN);
  return rest.length ? [all, h("details", { class: "more" }, h("summary", {}, "All the others"), rest)] : all;
}

function problemSections(report, more) {
  const all = at(report, "problems_detected") || [];
  const notes = all.filter((f) => f.severity === "info"), problems = all.filter((f) => f.severity !== "info");
  const none = textAt(report, "verdict.status") === "pending" ? WORDS.titles.none_yet
    : textAt(report, "state") === "failed" ? `${WORDS.titles.none_failed} ${textAt(report, "ended_why")}` : WORDS.titles.none;
  const left = Object.entries(at(report, "problems_more") || {}).map(([id, n]) => `${n} more ${id}`).join(", ");
  return [
    section("problems", "", problems.length ? cards(problems) : h("p", { class: "hint" }, none),
      left ? h("p", { class: "hint" }, left + " ", more("problems")) : ""),
    notes.length ? section("notes", "", cards(notes)) : ""];
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

function tiles(report) {
  const found = [];
  for (const [path, title, kind, besidePath, words, besideKind] of WORDS.tiles) {
    const value = valueText(at(report, path), kind), beside = valueText(at(report, besidePath), besideKind);
    if (!value || (beside || value) === "0") continue;
    found.push(h("li", {}, h("span", {}, title), " ", h("b", {}, value), beside ? [" ", h("small", {}, `${words} ${beside}`)] : ""));
  }
  return found.length ? h("ul", { class: "tiles" }, found) : "";
}

function phasesSection(report) {
  const all = WORDS.phases.reduce((sum, [key]) => sum + number(report, "phases_ms." + key), 0);
  if (all <= 0) return "";
  let from = 0;
  const rows = WORDS.phases.map(([key, title], i) => {
    const ms = at(report, "phases_ms." + key), samples = (at(report, "phases_ms.samples") || [])[i] || 0;
    const start = from;
    from += ms || 0;
    return h("tr", {}, h("th", { scope: "row" }, title), h("td", { class: "track" }, ms === undefined ? "" : bar(100 * start / all, 100 * ms / all, key)),
      h("td", { class: "n" }, ms === undefined ? "-" : numberWords(ms, "ms")), h("td", { class: "n dim" }, numberWords(samples, "count")));
  });
  return section("phases", "", barTable(["Phase", "Share", "Median", "Times"], rows));
}

function outcomesSection(report) {
  const attempted = number(report, "connection_analysis.attempted");
  if (!attempted) return "";
  let from = 0;
  const seen = WORDS.outcomes.map(([key, title, tone]) => ({ n: number(report, "connection_analysis." + key), title, tone })).filter((o) => o.n > 0);
  const rects = seen.map(({ n, tone }) => {
    const width = 100 * n / attempted, x = from;
    from += width;
    return h("rect", { x: x.toFixed(1) + "%", width: width.toFixed(1) + "%", height: "100%", class: tone });
  });
  return section("outcomes", "", h("svg", { class: "bar stack", "aria-hidden": "true" }, rects),
    h("ul", { class: "legend" }, seen.map(({ n, title, tone }) => h("li", { class: tone }, h("b", {}, numberWords(n, "count")), " " + title))),
    pairs(report, "ended", "pairs"));
}

function protocolsSection(report) {
  const list = (at(report, "protocols") || []).slice(0, PROTOCOLS_MOST);
  if (!list.length) return "";
  const cell = (value, kind) => h("td", { class: "n" }, valueText(value, kind));
  return section("protocols", "", barTable(["Protocol", "Share", "Share", "Packets", "Volume"], list.map((one) =>
    h("tr", {}, h("th", { scope: "row" }, one.name), h("td", { class: "track" }, bar(0, number(one, "percent"), "share")),
      cell(one.percent, "percent"), cell(one.packets, "count"), cell(one.bytes, "bytes")))));
}

/* ---- over time ----------------------------------------------------------------------------------------- */

function roundUp(most) {
  const step = 10 ** Math.floor(Math.log10(most)), times = most / step;
  return step * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

function stepsPath(values, top, index, gaps) {
  let d = "M0 " + CHART_HEIGHT, before = CHART_HEIGHT;
  values.forEach((v, i) => {
    let y = CHART_HEIGHT - Math.floor(v / top * CHART_HEIGHT + 0.5);
    if (y === CHART_HEIGHT && v > 0) y = CHART_HEIGHT - 1;
    if (y !== before) d += gaps && before === CHART_HEIGHT ? `M${i} ${CHART_HEIGHT}V${y}` : `H${i}V${y}`;
    before = y;
  });
  return h("path", { class: "s" + index, d: gaps && before === CHART_HEIGHT ? d : `${d}H${values.length}V${CHART_HEIGHT}` });
}

function chart(words, timeline) {
  const factor = words.scale / (words.rate ? timeline.bucket_s : 1);
  const series = words.series.filter(([key]) => Array.isArray(timeline[key]))
    .map(([key, label]) => ({ label, values: timeline[key].map((v) => Number(v) * factor || 0) }));
  if (!series.length || !series[0].values.length) return "";
  const peak = (s) => s.values.reduce((a, b) => Math.max(a, b), 0), most = Math.max(...series.map(peak));
  const keys = series.map((s, i) => [" ", h("span", { class: "key k" + i }, `${s.label}${s.label ? ", " : ""}at most ${numberWords(peak(s), words.unit)}`,
    words.unit === "count" ? `, ${numberWords(s.values.reduce((a, b) => a + b, 0), "count")} in all` : "")]);
  const caption = h("figcaption", {}, h("b", {}, words.title), most > 0 ? keys : [" ", h("span", { class: "dim" }, "none")]);
  if (most <= 0) return h("figure", { class: "chart" }, caption);
  const top = roundUp(most);
  return h("figure", { class: "chart" }, caption, h("div", { class: "plot" }, h("span", { class: "top" }, numberWords(top, words.unit)), h("span", { class: "zero" }, "0"),
    h("svg", { viewBox: `0 0 ${series[0].values.length} ${CHART_HEIGHT}`, preserveAspectRatio: "none", role: "img" },
      h("title", {}, words.title + " over time"), series.map((s, i) => stepsPath(s.values, top, i, words.gaps)))));
}

function axis(all) {
  const parts = [4, 5, 3, 6, 2].find((n) => all % n === 0) || (all < 12 && Number.isInteger(all) ? all : 4);
  return h("div", { class: "axis", "aria-hidden": "true" },
    Array.from({ length: parts + 1 }, (_, i) => h("span", {}, Number((all * i / parts).toPrecision(6)) + (i === parts ? " s" : ""))));
}

function lanes(report, all) {
  const timed = (at(report, "problems_detected") || []).filter((f) => at(f, "first_s") !== undefined && at(f, "last_s") !== undefined).slice(0, LANES_MOST);
  if (!timed.length) return "";
  return h("figure", { class: "lanes" }, h("figcaption", {}, h("b", {}, "When each problem was seen")), h("ul", {}, timed.map((f) =>
    h("li", {}, h("code", {}, f.id), ` ${f.subject} `, h("small", {}, `${f.first_s} s to ${f.last_s} s`),
      bar(100 * f.first_s / all, 100 * (f.last_s - f.first_s) / all, f.severity)))));
}

function timeSection(report) {
  const timeline = at(report, "timeline");
  if (!timeline || !Array.isArray(timeline.packets) || !timeline.packets.length || !(timeline.bucket_s > 0)) return "";
  const all = timeline.bucket_s * timeline.packets.length;
  return section("time", "wide", h("p", { class: "hint" }, `One step is ${timeline.bucket_s} s.`),
    WORDS.charts.map((words) => chart(words, timeline)), axis(all), lanes(report, all));
}

/* ---- tables ---------------------------------------------------------------------------------------------- */

const isText = (kind) => kind === "text" || kind === "word";

function cellOf(value, kind) {
  const text = valueText(value, kind), bad = isBad(value, kind);
  let className = (isText(kind) ? "" : "n") + (bad ? " bad" : "");
  if (isText(kind) && text.length > LONG_TEXT) className = "long";
  return h("td", { class: className.trim(), "data-v": kind === "bytes" && typeof value === "number" ? value : "" }, text);
}

function listSection(report, words, more) {
  const table = at(report, words.path), key = lastKey(words.path), cut = textAt(report, "lists." + key);
  if (!table || !Array.isArray(table.rows) || !table.rows.length) return "";
  const columns = words.columns.map(([name, title, kind]) => ({ title, kind, index: table.columns.indexOf(name) }))
    .filter((c, i) => c.index >= 0 && (i === 0 || table.rows.some((row) => row[c.index] !== null && row[c.index] !== "")));
  const list = h("table", { class: "list" },
    h("thead", {}, h("tr", {}, columns.map((c) => h("th", { scope: "col", class: isText(c.kind) ? "" : "n" }, c.title)))),
    h("tbody", {}, table.rows.map((row) => h("tr", {}, columns.map((c) => cellOf(row[c.index], c.kind))))));
  const count = cut || numberWords(table.rows.length, "count");
  const result = h("section", { id: key, class: words.half ? "half" : "wide" },
    h("h2", {}, words.title + " ", h("small", {}, words.order ? `${count}, ${words.order}` : count)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words.title }, list),
    cut.includes(" of ") && words.section ? more(words.section) : "");
  makeSortable(list);
  return result;
}

function emptyLists(report, more) {
  const empty = WORDS.lists.map((words) => [words, textAt(report, "lists." + lastKey(words.path))])
    .filter(([words, why]) => why && !(at(report, words.path + ".rows") || []).length);
  const said = empty.filter(([, why]) => !why.includes(" of ")), hidden = empty.filter(([words, why]) => why.includes(" of ") && words.section);
  return [
    said.length ? h("p", { class: "hint wide" }, "Not in this report: ", said.map(([words, why], i) => [i ? "; " : "", h("b", {}, words.title), ": " + why]).flat()) : "",
    hidden.map(([words]) => h("p", { class: "wide" }, h("b", {}, words.title), " ", more(words.section)))];
}

/* ---- how far it can be trusted ------------------------------------------------------------------------- */

function coverageSection(report) {
  const rules = at(report, "coverage.rules.rows") || [], judged = at(report, "coverage.rules_evaluated");
  if (judged === undefined) return "";
  const named = (outcome) => rules.filter((r) => r[1] === outcome).flatMap((r) => [h("code", {}, r[0]), " "]);
  const line = (n, text, outcome) => {
    const names = named(outcome), head = [h("b", {}, numberWords(n, "count")), text];
    return names.length ? h("details", {}, h("summary", {}, head), h("p", { class: "rules" }, names)) : h("p", {}, head);
  };
  return section("coverage", "", line(judged, " rules were judged", "evaluated"),
    Object.entries(at(report, "coverage.not_evaluable") || {}).map(([why, n]) => line(n, " not judged: " + why, why)));
}

function pairsSection(report, id, className, pairsClass, ...more) {
  const list = pairs(report, id, pairsClass);
  return list ? section(id, className, list, more) : "";
}

function familiesLine(report) {
  const said = [["ipv4", "IPv4"], ["ipv6", "IPv6"]].map(([key, name]) => [name, at(report, "target_families." + key)]).filter(([, f]) => f)
    .map(([name, f]) => `${name}: ${f.established} of ${f.attempted}`);
  return said.length === 2 ? h("p", {}, said.join(", ") + " connection attempts succeeded.") : "";
}

function aboutSections(report) {
  const tried = at(report, "probe.tried_before") || [];
  return [coverageSection(report), pairsSection(report, "quality", "", "pairs"), pairsSection(report, "setup", "", "pairs long", familiesLine(report)),
    pairsSection(report, "probe", "", "pairs", tried.length ? h("p", {}, "No answer in time before that: " + tried.join(", ")) : "")];
}

/* more(section): a button that fetches the whole section, or "". */
function drawReport(report, more) {
  return [verdictHeader(report), h("main", {}, problemSections(report, more).flat(), tiles(report), phasesSection(report), outcomesSection(report),
    timeSection(report), pairsSection(report, "tcp", "wide", "pairs"), protocolsSection(report), WORDS.lists.map((words) => listSection(report, words, more)), emptyLists(report, more).flat(), aboutSections(report)),
  h("footer", {}, h("p", {}, WORDS.hints.footer), textAt(report, "capture_id") ? h("p", {}, "Capture ", h("code", {}, report.capture_id)) : "")];
}
