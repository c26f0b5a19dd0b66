/* The MCP App: speaks with its host over postMessage (extension io.modelcontextprotocol/ui, 2026-01-26),
   shows the result of the tool it was opened for, and asks the server for more where the host lets it. */

const PROTOCOL = "2026-01-26";
const REFRESH_MS = 5000, ANSWER_MS = 60000, PAGES_MOST = 60;
const MAX_TOKENS = 8000; /* of a page; the server's own limit */
const AT_ONCE = ["summary", "timeline", "hosts", "coverage"]; /* what stands on the page, and the summary was too short for */

const view = { report: null, note: "The result will appear here.", error: "", context: {}, can: {}, busy: "", timer: 0, gone: false };
const waiting = new Map();
let lastId = 0;

/* ---- wire ------------------------------------------------------------------------------------------------ */

function send(message) {
  window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
}

function ask(method, params) {
  const id = ++lastId;
  send({ id, method, params });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { waiting.delete(id); reject(new Error("no answer to " + method)); }, ANSWER_MS);
    waiting.set(id, { resolve, reject, timer });
  });
}

function takeAnswer(message) {
  const call = waiting.get(message.id);
  if (!call) return;
  waiting.delete(message.id);
  clearTimeout(call.timer);
  if (message.error) call.reject(new Error(String(message.error.message || "refused")));
  else call.resolve(message.result || {});
}

const notices = {
  "ui/notifications/tool-input": () => { view.note = "The tool is at work."; draw(); },
  "ui/notifications/tool-result": (params) => takeResult(params),
  "ui/notifications/tool-cancelled": (params) => {
    view.note = "The call was cancelled" + (params.reason ? ": " + params.reason : ".");
    if (view.report) view.error = view.note;
    stopTimer();
    draw();
  },
  "ui/notifications/host-context-changed": (params) => takeContext(params),
};

const requests = {
  ping: () => {},
  "ui/resource-teardown": () => { view.gone = true; stopTimer(); },
};

function onMessage(event) {
  const message = event.data;
  if (event.source !== window.parent || !message || message.jsonrpc !== "2.0") return;
  if (message.method === undefined) takeAnswer(message);
  else if (message.id === undefined) Object.hasOwn(notices, message.method) && notices[message.method](message.params || {});
  else if (Object.hasOwn(requests, message.method)) {
    requests[message.method]();
    send({ id: message.id, result: {} });
  } else send({ id: message.id, error: { code: -32601, message: "the view has no such method" } });
}

/* ---- the host's looks --------------------------------------------------------------------------------- */

function takeContext(context) {
  const root = document.documentElement.style;
  Object.assign(view.context, context);
  if (context.theme === "light" || context.theme === "dark") root.colorScheme = context.theme;
  for (const [name, value] of Object.entries(at(context, "styles.variables") || {}))
    if (name.startsWith("--") && typeof value === "string") root.setProperty(name, value);
  draw();
}

function watchSize() {
  let width = 0, height = 0;
  new ResizeObserver(() => {
    const box = document.documentElement.getBoundingClientRect();
    if (Math.ceil(box.width) === width && Math.ceil(box.height) === height) return;
    width = Math.ceil(box.width);
    height = Math.ceil(box.height);
    send({ method: "ui/notifications/size-changed", params: { width, height } });
  }).observe(document.documentElement);
}

/* ---- results --------------------------------------------------------------------------------------------- */

function resultText(result) {
  return (result.content || []).filter((c) => c.type === "text").map((c) => c.text).join("\n");
}

/* A section into the report that stands: its own part replaces the rows of the summary, or continues it. */
function merge(report, part, continues) {
  for (const [key, value] of Object.entries(part)) {
    const old = report[key];
    if (key === "timeline" && continues && old)
      for (const series of Object.keys(value)) { if (Array.isArray(value[series])) old[series].push(...value[series]); }
    else if (continues && Array.isArray(at(value, "rows")) && at(old, "rows")) old.rows.push(...value.rows);
    else if (continues && Array.isArray(value) && Array.isArray(old)) old.push(...value);
    else if (["connection_analysis", "coverage", "lists"].includes(key) && old) merge(old, value, continues);
    else if (key !== "next_cursor" && key !== "section") report[key] = value;
  }
}

function takeResult(result) {
  const data = result.structuredContent;
  stopTimer();
  view.error = "";
  if (result.isError || !data || !data.capture_id) {
    view.note = resultText(result) || "The tool gave no report.";
    if (view.report) view.error = view.note;
  } else if (data.section && data.section !== "summary") {
    view.report = { lists: {} };
    merge(view.report, data, false);
    if (view.can.serverTools) refresh(); /* a page for people begins with the summary */
  } else {
    view.report = data;
    follow();
  }
  draw();
}

const isRunning = () => view.report && ["starting", "running", "stopping"].includes(view.report.state);

/* What comes next by itself: the end of a running capture, what the summary leaves out of a finished one. */
function follow() {
  if (view.gone || !view.can.serverTools) return;
  if (isRunning()) view.timer = setTimeout(refresh, REFRESH_MS);
  else if (!view.report.protocols && !view.report.connection_analysis) refresh();
  else fetchSections(AT_ONCE);
}

function stopTimer() {
  clearTimeout(view.timer);
  view.timer = 0;
}

async function callTool(name, args) {
  const result = await ask("tools/call", { name, arguments: args });
  if (result.isError || !result.structuredContent) throw new Error(resultText(result) || "the tool failed");
  return result.structuredContent;
}

async function refresh() {
  const id = view.report.capture_id;
  stopTimer();
  view.busy = "refresh";
  draw();
  try {
    const status = isRunning() ? await callTool("get_capture_status", { capture_id: id }) : {};
    const data = await callTool("get_capture_report", { capture_id: id, max_tokens: MAX_TOKENS });
    view.report = status.progress ? { ...data, progress: status.progress } : data;
    view.error = "";
  } catch (error) {
    view.error = error.message;
  }
  view.busy = "";
  if (!view.error) follow();
  draw();
}

async function fetchSection(name) {
  const report = view.report;
  let cursor = "";
  for (let page = 0; page < PAGES_MOST; page++) {
    const args = { capture_id: report.capture_id, section: name, max_tokens: MAX_TOKENS };
    const data = await callTool("get_capture_report", cursor ? { ...args, cursor } : args);
    if (view.report !== report) return; /* another one came meanwhile */
    if (name === "summary") Object.assign(report, data);
    else merge(report, data, page > 0);
    cursor = data.next_cursor;
    if (!cursor || name === "summary") break;
  }
  if (name === "problems") delete report.problems_more;
  const list = WORDS.lists.find((words) => words.section === name);
  const rows = at(report, (list ? list.path : name === "coverage" ? "coverage.rules" : "timeline") + ".rows");
  const key = list ? lastKey(list.path) : name;
  const of = Number(textAt(report, "lists." + key).split(" of ")[1]?.split(" ")[0]);
  if (rows && of === rows.length) delete report.lists[key];
  else if (rows && of) report.lists[key] = `${rows.length} of ${of} shown`;
}

async function fetchSections(names) {
  view.busy = names[0];
  draw();
  try {
    for (const name of names) await fetchSection(name);
  } catch (error) {
    view.error = error.message;
  }
  view.busy = "";
  draw();
}

/* ---- the page --------------------------------------------------------------------------------------------- */

function button(id, text, onClick) {
  const result = h("button", { id, type: "button", class: "action", click: onClick }, text);
  result.disabled = view.busy !== "";
  return result;
}

function more(name) {
  return view.can.serverTools ? button("more-" + name, "Show all", () => fetchSections([name])) : "";
}

function progressBar() {
  const done = at(view.report, "progress"), percent = number(view.report, "progress.percent");
  const words = done ? `${done.elapsed_s} s${done.duration_s ? " of " + done.duration_s + " s" : ""}` : textAt(view.report, "advice");
  return h("div", { class: "running", role: "status" }, h("span", {}, done ? "Capturing: " + words : words), done && done.duration_s ? bar(0, percent, "share") : "");
}

function toolbar() {
  const modes = view.context.availableDisplayModes || [], full = view.context.displayMode === "fullscreen";
  return h("div", { class: "toolbar" },
    view.can.serverTools ? button("refresh", view.busy ? "Loading" : "Refresh", refresh) : "",
    modes.includes("fullscreen") ? button("mode", full ? "Smaller" : "Full screen", async () => {
      const result = await ask("ui/request-display-mode", { mode: full ? "inline" : "fullscreen" });
      takeContext({ displayMode: result.mode });
    }) : "");
}

function draw() {
  const focus = document.activeElement && document.activeElement.id;
  const page = view.report
    ? [toolbar(), view.error ? h("p", { class: "error", role: "alert" }, view.error) : "", isRunning() ? progressBar() : "", ...drawReport(view.report, more)]
    : [h("p", { class: "note", role: "status" }, view.note)];
  document.body.replaceChildren(...page.filter((piece) => piece !== ""));
  if (focus && document.getElementById(focus)) document.getElementById(focus).focus();
}

async function begin() {
  window.addEventListener("message", onMessage);
  draw();
  if (window.parent === window) {
    view.note = "This page shows reports inside of an MCP client.";
    draw();
    return;
  }
  const result = await ask("ui/initialize", {
    protocolVersion: PROTOCOL, appInfo: { name: "packet-capture-report", version: "1" }, appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] } });
  view.can = result.hostCapabilities || {};
  takeContext(result.hostContext || {});
  send({ method: "ui/notifications/initialized", params: {} });
  watchSize();
}

begin().catch((error) => {
  view.note = "The host did not answer: " + error.message;
  draw();
});
