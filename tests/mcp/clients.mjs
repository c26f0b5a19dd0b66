// Real MCP clients of both eras against mcpd over stdio; prints TAP.
//
//   node clients.mjs COMMAND...        or  MCPD_COMMAND='["mcpd","stdio",...]' node clients.mjs
//   MCP_SHOW_UID=1 also tells as whom mcpd runs, and root is a failure
//
// The command must start an mcpd that may capture on `lo`.  The traffic is the driver's own: an HTTP server and
// its clients on 127.0.0.1.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { must, runClient } from "./behaviour.mjs";
import { crowd } from "./crowd.mjs";
import { clients, require } from "./sessions.mjs";
import { assert, finish, same, sleep, test } from "./tap.mjs";
import { traffic } from "./traffic.mjs";
import { Wire, MODERN } from "./wire.mjs";

const command = process.argv.length > 2 ? process.argv.slice(2) : JSON.parse(process.env.MCPD_COMMAND ?? "[]");

async function showUid(session, name) {
    if (!process.env.MCP_SHOW_UID) return;
    await test(`${name}: mcpd runs as an ordinary user`, async () => {
        const uid = readFileSync(`/proc/${session.transport.pid}/status`, "utf8").match(/^Uid:\s+(\d+)/m)[1];
        console.log(`# ${name}: mcpd runs as uid ${uid}`);
        assert(uid !== "0", "mcpd runs as root");
    });
}

// ---- the wire itself -------------------------------------------------------------------------------

const LEGACY_HELLO = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "wire", version: "1" } };
const callOf = (name, args) => ({ name, arguments: args, _meta: MODERN });

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

// A capture and a waiting call are under way when it ends; `how` ends it.
async function wireEnd(wire, target, how) {
    const started = await wire.ask(20, "tools/call", callOf("start_packet_capture", { target, interface: "lo", duration: 60 }));
    assert(!started.message.result.isError, started.text.slice(0, 300));
    wire.send({ id: 21, method: "tools/call", params: callOf("get_capture_status", { wait_s: 30 }) });
    wire.send({ id: "listen", method: "subscriptions/listen", params: { notifications: { resourcesListChanged: true }, _meta: MODERN } });
    await wire.wait((m) => m.method === "notifications/subscriptions/acknowledged", 2000, "acknowledgement");
    const ended = await how(wire);
    console.log(`# ended ${ended.ms} ms later, exit code ${ended.code}`);
    assert(ended.ms < 2000, `took ${ended.ms} ms`);
    same([ended.code, ended.signal], [0, null], "exit");
}

// Clients start a server to see which era it speaks, and kill it at once; all at the same time, and with next to no
// environment.
async function startedOften(target) {
    for (const signal of ["SIGTERM", "SIGKILL"])
        for (const delay of [0, 5, 20, 50]) {
            const child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "ignore"] });
            const exited = new Promise((done) => child.on("exit", (code, by) => done({ code, by })));
            await sleep(delay);
            const began = Date.now();
            child.stdin.end();
            child.kill(signal);
            await exited;
            assert(Date.now() - began < 2000, `${signal} after ${delay} ms: took ${Date.now() - began} ms`);
        }
    const several = Array.from({ length: 6 }, () => new Wire(command, { PATH: process.env.PATH }));
    const ids = await Promise.all(several.map(async (wire, i) => {
        const listed = await wire.ask(0, "tools/call", callOf("list_network_interfaces", {}));
        assert(listed.message.result?.structuredContent?.interfaces.length > 0, `server ${i}: ${listed.text.slice(0, 200)}`);
        const own = await wire.ask("", "tools/call", callOf("list_captures", {}));
        same(own.message.result.structuredContent.captures, [], `captures of server ${i}`);
        if (i > 1) return null;
        const started = await wire.ask(2, "tools/call", callOf("start_packet_capture", { target, interface: "lo", duration: 20 }));
        return started.message.result.structuredContent?.capture_id;
    }));
    assert(ids[0] && ids[1] && ids[0] !== ids[1], `captures ${ids}`);
    const ends = await Promise.all(several.map((wire) => wire.end()));
    assert(ends.every((e) => e.code === 0 && e.ms < 2000), JSON.stringify(ends));
}

async function runWire(target) {
    const wire = new Wire(command), other = new Wire(command);
    try {
        await test("wire: tools/list is small, valid and the same in both eras", () => wireLists(wire));
        await test("wire: unknown tool is -32602, unknown method -32601", async () => {
            const tool = await wire.ask("a", "tools/call", callOf("no_such_tool", {}));
            same([tool.message.error?.code, tool.message.error?.message], [-32602, "Unknown tool: no_such_tool"], "tool");
            same((await wire.ask("b", "ping", { _meta: MODERN })).message.error?.code, -32601, "modern ping");
            same((await wire.ask("c", "ping")).message.result, {}, "legacy ping");
        });
        await test("wire: a cancelled call is never answered", () => wireCancel(wire, target));
        await test("wire: ends within 2 s of the end of its input, captures running", () =>
            wireEnd(wire, target, (w) => w.end()));
        await test("wire: ends within 2 s of SIGTERM, and ends its subscriptions", async () => {
            await wireEnd(other, target, (w) => w.signal("SIGTERM"));
            assert(other.answered("listen") && !other.answered(21), "not the listen request alone was answered");
        });
        await test("wire: started often, killed early, several at once", () => startedOften(target));
    } finally {
        wire.child.kill("SIGKILL");
        other.child.kill("SIGKILL");
    }
}

if (command.length === 0) {
    console.error("usage: clients.mjs COMMAND...");
    process.exit(2);
}
const { target, stop } = await traffic();
await runWire(target);
for (const client of clients) await runClient(client, { command }, target, showUid);
await test("fifty clients and their servers at once, no answer lost or mixed", () =>
    crowd({ command }, async (session, i) => {
        if (i % 13) return null; // capd allows one caller four captures, and eight in all
        const started = await must(session, "start_packet_capture", { target, interface: "lo", duration: 4 });
        return started.capture_id;
    }));
stop();
finish();
