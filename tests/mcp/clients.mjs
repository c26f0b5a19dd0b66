// Real MCP clients of both eras against mcpd over stdio; prints TAP.
//
//   node clients.mjs COMMAND...        or  MCPD_COMMAND='["mcpd","stdio",...]' node clients.mjs
//   MCP_SHOW_UID=1 also tells as whom mcpd runs, and root is a failure
//
// The command must start an mcpd that may capture on `lo`.  The traffic is the driver's own: an HTTP server and
// its clients on 127.0.0.1.
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Wire, MODERN } from "./wire.mjs";

const modules = process.env.MCP_NODE_MODULES ?? join(dirname(new URL(import.meta.url).pathname), "node_modules");
const require = createRequire(join(modules, "..", "package.json"));
const command = process.argv.length > 2 ? process.argv.slice(2) : JSON.parse(process.env.MCPD_COMMAND ?? "[]");
const TOOLS = ["list_network_interfaces", "start_packet_capture", "get_capture_status", "stop_packet_capture",
    "get_capture_report", "list_captures", "analyze_capture_file"];

let count = 0, failed = 0;

// One TAP line; a failure tells why in comments.
async function test(name, body) {
    count++;
    try {
        await body();
        console.log(`ok ${count} - ${name}`);
    } catch (error) {
        failed++;
        console.log(`not ok ${count} - ${name}`);
        for (const line of String(error?.message ?? error).split("\n").slice(0, 12)) console.log(`# ${line}`);
    }
}

function assert(truth, why) {
    if (!truth) throw new Error(why);
}

function same(got, want, what) {
    const [g, w] = [JSON.stringify(got), JSON.stringify(want)];
    assert(g === w, `${what}: got ${g}, want ${w}`);
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// ---- traffic ------------------------------------------------------------------------------------

// A web server on loopback that is asked about ten times a second until stopped.
async function traffic() {
    const server = createServer((_, response) => response.end("hello from the test\n"));
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const port = server.address().port;
    const timer = setInterval(() => {
        const asked = request({ host: "127.0.0.1", port, path: "/", agent: false }, (r) => r.resume());
        asked.on("error", () => {});
        asked.end();
    }, 100);
    const stop = () => (clearInterval(timer), server.close(), server.closeAllConnections());
    return { target: `127.0.0.1:${port}`, stop };
}

// ---- the clients ----------------------------------------------------------------------------------

const clients = [
    { name: "v1 sdk 1.32.2", era: "legacy", version: null, open: openV1 },
    { name: "v2 client 2.4.0, default", era: "legacy", version: "2025-11-25", open: openV2("legacy") },
    { name: "v2 client 2.4.0, auto", era: "modern", version: "2026-07-28", open: openV2("auto") },
    { name: "v2 client 2.4.0, pinned", era: "modern", version: "2026-07-28", open: openV2({ pin: "2026-07-28" }) },
];

async function openV1() {
    const { Client } = await import(require.resolve("@modelcontextprotocol/sdk/client/index.js"));
    const { StdioClientTransport } = await import(require.resolve("@modelcontextprotocol/sdk/client/stdio.js"));
    const client = new Client({ name: "tests-v1", version: "1" });
    const transport = new StdioClientTransport({ command: command[0], args: command.slice(1), stderr: "ignore" });
    await client.connect(transport);
    return { client, transport, call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options) };
}

function openV2(mode) {
    return async () => {
        const { Client } = await import(require.resolve("@modelcontextprotocol/client"));
        const { StdioClientTransport } = await import(require.resolve("@modelcontextprotocol/client/stdio"));
        const client = new Client({ name: "tests-v2", version: "1" }, { versionNegotiation: { mode } });
        const transport = new StdioClientTransport({ command: command[0], args: command.slice(1), stderr: "ignore" });
        await client.connect(transport);
        return { client, transport, call: (name, args, options) => client.callTool({ name, arguments: args }, options) };
    };
}

// The structured content of a call that must go well.
async function must(session, name, args, options) {
    const result = await session.call(name, args, options);
    assert(!result.isError, `${name}: ${result.content?.[0]?.text}`);
    assert(typeof result.content?.[0]?.text === "string" && result.content[0].text.length > 0, `${name}: no text block`);
    assert(result.structuredContent && typeof result.structuredContent === "object", `${name}: no structuredContent`);
    return result.structuredContent;
}

async function untilRunning(session, id) {
    for (let i = 0; i < 50; i++) {
        const status = await must(session, "get_capture_status", { capture_id: id });
        same(status.capture_id, id, "capture_id");
        if (status.state === "running") return status;
        assert(status.state === "starting", `the capture is ${status.state}: ${JSON.stringify(status).slice(0, 300)}`);
        await sleep(100);
    }
    throw new Error("still not running after 5 s");
}

// A capture from start to report, step by step as a model would do it.
async function wholeCapture(session, target) {
    const started = await must(session, "start_packet_capture", { target, interface: "lo", duration: 30 });
    same(started.interface, "lo", "interface");
    const id = started.capture_id;
    assert(/^[0-9a-f-]{32,36}$/.test(id), `capture_id is ${id}`);
    await untilRunning(session, id);
    await sleep(1500);
    const stopped = await must(session, "stop_packet_capture", { capture_id: id });
    same(stopped.state, "finished", "state after stop");
    const report = await must(session, "get_capture_report", { capture_id: id });
    same([report.capture_id, report.state, report.interface], [id, "finished", "lo"], "report");
    assert(report.total_packets > 0, `total_packets is ${report.total_packets}`);
    assert(report.connection_analysis?.established > 0, `connections: ${JSON.stringify(report.connection_analysis)}`);
    const list = await must(session, "list_captures", {});
    assert(JSON.stringify(list).includes(id), "list_captures does not name it");
}

async function progressSeen(session, target) {
    const seen = [];
    const onprogress = (p) => seen.push(p.progress);
    const args = { target, interface: "lo", duration: 3, wait_s: 15 };
    const report = await must(session, "start_packet_capture", args, { onprogress, timeout: 30000 });
    same(report.state, "finished", "state of the report");
    assert(report.total_packets > 0, `total_packets is ${report.total_packets}`);
    assert(seen.length >= 2, `${seen.length} progress notifications`);
    assert(seen.every((p, i) => i === 0 || p > seen[i - 1]), `progress does not rise: ${seen}`);
}

// Give up waiting, then find the server and the capture as they were.
async function cancelHonoured(session, target) {
    const { capture_id: id } = await must(session, "start_packet_capture", { target, interface: "lo", duration: 30 });
    await untilRunning(session, id);
    const abort = new AbortController();
    setTimeout(() => abort.abort("enough"), 400);
    const began = Date.now();
    let answer;
    await session.call("get_capture_status", { capture_id: id, wait_s: 25 }, { signal: abort.signal }).then((r) => (answer = r), () => {});
    assert(!answer, `answered instead: ${JSON.stringify(answer ?? null).slice(0, 200)}`);
    assert(Date.now() - began < 3000, "the client waited");
    same((await must(session, "get_capture_status", { capture_id: id })).state, "running", "state after the cancel");
    await must(session, "stop_packet_capture", { capture_id: id });
}

function uidOf(pid) {
    return readFileSync(`/proc/${pid}/status`, "utf8").match(/^Uid:\s+(\d+)/m)[1];
}

async function runClient({ name, version, open }, target) {
    let session;
    await test(`${name}: connects`, async () => {
        session = await open();
        same(session.client.getServerVersion()?.name, "packet_capture", "server name");
        assert(session.client.getInstructions()?.length > 0, "no instructions");
        if (version) same(session.client.getNegotiatedProtocolVersion(), version, "protocol version");
    });
    if (!session) return;
    await test(`${name}: lists the seven tools in order`, async () => {
        const { tools } = await session.client.listTools();
        same(tools.map((t) => t.name), TOOLS, "tools");
    });
    if (process.env.MCP_SHOW_UID)
        await test(`${name}: mcpd runs as an ordinary user`, async () => {
            const uid = uidOf(session.transport.pid);
            console.log(`# ${name}: mcpd runs as uid ${uid}`);
            assert(uid !== "0", "mcpd runs as root");
        });
    await test(`${name}: lo is among the interfaces`, async () => {
        const { interfaces } = await must(session, "list_network_interfaces", {});
        assert(interfaces.some((i) => i.name === "lo" && i.loopback === true), JSON.stringify(interfaces).slice(0, 300));
    });
    await test(`${name}: an argument that is wrong is explained`, async () => {
        const result = await session.call("start_packet_capture", { target, duration: 0 });
        assert(result.isError && /"duration".*0.*1 to 3600/.test(result.content[0].text), JSON.stringify(result).slice(0, 300));
    });
    await test(`${name}: a capture from start to report`, () => wholeCapture(session, target));
    await test(`${name}: progress while a call waits`, () => progressSeen(session, target));
    await test(`${name}: a cancel is honoured`, () => cancelHonoured(session, target));
    await test(`${name}: closes within 2 s`, async () => {
        const began = Date.now();
        await session.client.close();
        assert(Date.now() - began < 2500, `took ${Date.now() - began} ms`);
    });
}

// ---- the wire itself -------------------------------------------------------------------------------

const LEGACY_HELLO = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "wire", version: "1" } };

// Both eras on one process; schemas as they are on the wire.
async function wireLists(wire) {
    const Ajv = require("ajv/dist/2020.js").default;
    const ajv = new Ajv({ strict: true, strictTypes: false });
    same((await wire.ask(0, "initialize", LEGACY_HELLO)).message.result.protocolVersion, "2025-11-25", "version");
    wire.send({ method: "notifications/initialized" });
    const legacy = await wire.ask(1, "tools/list");
    const modern = await wire.ask(2, "tools/list", { _meta: MODERN });
    for (const [era, { text }] of [["legacy", legacy], ["modern", modern]]) {
        const bytes = Buffer.byteLength(text) + 1;
        console.log(`# tools/list, ${era}: ${bytes} bytes`);
        assert(bytes < 8192, `tools/list (${era}) takes ${bytes} bytes`);
    }
    const { tools, ttlMs, cacheScope, resultType } = modern.message.result;
    same([resultType, cacheScope, Number.isInteger(ttlMs)], ["complete", "public", true], "modern fields");
    same(legacy.message.result, { tools }, "the list of the other era");
    for (const tool of tools) {
        ajv.compile(tool.inputSchema);
        ajv.compile(tool.outputSchema);
        same([tool.inputSchema.additionalProperties, tool.outputSchema.type], [false, "object"], tool.name);
        same(Object.values(tool.annotations).map((v) => typeof v), Array(4).fill("boolean"), tool.name + " annotations");
        assert(tool.title && tool.description, tool.name + " has no title or description");
    }
}

const callOf = (name, args) => ({ name, arguments: args, _meta: MODERN });

// What was cancelled is never answered, not even when what it waited for happens.
async function wireCancel(wire, target) {
    const started = await wire.ask(10, "tools/call", callOf("start_packet_capture", { target, interface: "lo", duration: 20 }));
    const id = started.message.result.structuredContent?.capture_id;
    assert(id, started.text.slice(0, 300));
    wire.send({ id: 11, method: "tools/call", params: callOf("get_capture_status", { capture_id: id, wait_s: 15 }) });
    await sleep(300);
    wire.send({ method: "notifications/cancelled", params: { requestId: 11, reason: "test" } });
    const stopped = await wire.ask(12, "tools/call", callOf("stop_packet_capture", { capture_id: id }));
    assert(!stopped.message.result.isError, stopped.text.slice(0, 300));
    await sleep(700);
    assert(!wire.answered(11), "a cancelled call was answered");
}

async function wireEnd(wire, target) {
    const started = await wire.ask(20, "tools/call", callOf("start_packet_capture", { target, interface: "lo", duration: 60 }));
    assert(!started.message.result.isError, started.text.slice(0, 300));
    wire.send({ id: 21, method: "tools/call", params: callOf("get_capture_status", { wait_s: 30 }) });
    await sleep(300);
    const how = await wire.end();
    console.log(`# ended ${how.ms} ms after its input, exit code ${how.code}`);
    assert(how.ms < 2000, `took ${how.ms} ms`);
    same([how.code, how.signal], [0, null], "exit");
}

async function runWire(target) {
    const wire = new Wire(command);
    try {
        await test("wire: tools/list is small, valid and the same in both eras", () => wireLists(wire));
        await test("wire: unknown tool is -32602, unknown method -32601", async () => {
            const tool = await wire.ask("a", "tools/call", callOf("no_such_tool", {}));
            same([tool.message.error?.code, tool.message.error?.message], [-32602, "Unknown tool: no_such_tool"], "tool");
            same((await wire.ask("b", "ping", { _meta: MODERN })).message.error?.code, -32601, "modern ping");
            same((await wire.ask("c", "ping")).message.result, {}, "legacy ping");
        });
        await test("wire: a cancelled call is never answered", () => wireCancel(wire, target));
        await test("wire: ends within 2 s of the end of its input, captures running", () => wireEnd(wire, target));
    } finally {
        wire.child.kill("SIGKILL");
    }
}

if (command.length === 0) {
    console.error("usage: clients.mjs COMMAND...");
    process.exit(2);
}
const { target, stop } = await traffic();
await runWire(target);
for (const client of clients) await runClient(client, target);
stop();
console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
