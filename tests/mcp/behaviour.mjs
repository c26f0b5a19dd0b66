// What every client must find, whatever its library, era and transport.
import { require } from "./sessions.mjs";
import { assert, same, sleep, test, until } from "./tap.mjs";

export const TOOLS = ["list_network_interfaces", "start_packet_capture", "get_capture_status", "stop_packet_capture",
    "get_capture_report", "list_captures", "analyze_capture_file"];
const SECTIONS = ["summary", "connections", "dns", "http", "tls", "hosts", "timeline", "problems", "coverage"];
const PROMPTS = ["diagnose_slow_site", "diagnose_unreachable", "check_dns", "check_realtime", "watch_network"];

// The structured content of a call that must go well.
export async function must(session, name, args, options) {
    const result = await session.call(name, args, options);
    assert(!result.isError, `${name}: ${result.content?.[0]?.text}`);
    assert(typeof result.content?.[0]?.text === "string" && result.content[0].text.length > 0, `${name}: no text block`);
    assert(result.structuredContent && typeof result.structuredContent === "object", `${name}: no structuredContent`);
    return result.structuredContent;
}

export async function untilRunning(session, id) {
    return until(async () => {
        const status = await must(session, "get_capture_status", { capture_id: id });
        same(status.capture_id, id, "capture_id");
        assert(["starting", "running"].includes(status.state), `the capture is ${status.state}`);
        return status.state === "running" && status;
    }, 5000, "running state");
}

async function readText(session, uri, mimeType) {
    const { contents } = await session.client.readResource({ uri });
    same([contents.length, contents[0].uri, contents[0].mimeType], [1, uri, mimeType], "contents");
    return contents[0].text;
}

// schema://report as a function that complains.
export async function reportSchema(session) {
    const Ajv = require("ajv/dist/2020.js").default;
    const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: false });
    require("ajv-formats")(ajv);
    const valid = ajv.compile(JSON.parse(await readText(session, "schema://report", "application/schema+json")));
    return (report, what) => assert(valid(report), `${what}: ${ajv.errorsText(valid.errors)}`);
}

// A capture from start to report, step by step as a model would do it; every answer conforms to the schema.
async function wholeCapture(session, target) {
    const conforms = await reportSchema(session);
    const started = await must(session, "start_packet_capture", { target, interface: "lo", duration: 30 });
    same(started.interface, "lo", "interface");
    const id = started.capture_id;
    assert(/^[0-9a-f-]{32,36}$/.test(id), `capture_id is ${id}`);
    await untilRunning(session, id);
    await sleep(1500);
    conforms(JSON.parse(await readText(session, `capture://${id}/report.json`, "application/json")), "while it runs");
    const stopped = await must(session, "stop_packet_capture", { capture_id: id });
    same(stopped.state, "finished", "state after stop");
    conforms(stopped, "stop_packet_capture");
    for (const section of SECTIONS) {
        const report = await must(session, "get_capture_report", { capture_id: id, section });
        same([report.capture_id, report.state, report.interface], [id, "finished", "lo"], section);
        conforms(report, section);
        if (section !== "summary") continue;
        assert(report.total_packets > 0, `total_packets is ${report.total_packets}`);
        assert(report.connection_analysis?.established > 0, `connections: ${JSON.stringify(report.connection_analysis)}`);
    }
    const list = await must(session, "list_captures", {});
    assert(JSON.stringify(list).includes(id), "list_captures does not name it");
    return id;
}

// The finished capture as resources.
async function resources(session, id) {
    const { resources: listed } = await session.client.listResources();
    const { resourceTemplates } = await session.client.listResourceTemplates();
    const mine = listed.filter((r) => r.uri.startsWith(`capture://${id}/`));
    same(mine.map((r) => r.uri), resourceTemplates.map((t) => t.uriTemplate.replace("{id}", id)), "of the capture");
    for (const { uri, mimeType } of listed) {
        const text = await readText(session, uri, mimeType);
        assert(text.length > 100, `${uri}: ${text}`);
        if (mimeType.endsWith("json")) JSON.parse(text);
    }
    const markdown = await readText(session, `capture://${id}/report`, "text/markdown");
    assert(markdown.includes(id) && markdown.includes("Capture quality"), markdown.slice(0, 300));
    const missing = `capture://${"0".repeat(32)}/report`;
    const error = await session.client.readResource({ uri: missing }).then(() => null, (e) => e);
    assert(error?.message.includes(`Resource not found: ${missing}`), `missing resource: ${error}`);
}

async function promptsAndCompletion(session, id, target) {
    const { prompts } = await session.client.listPrompts();
    same(prompts.map((p) => p.name), PROMPTS, "prompts");
    for (const { name, arguments: all } of prompts) {
        const known = { target: "example.com", duration: "60" };
        const args = Object.fromEntries(all.filter((a) => a.required).map((a) => [a.name, known[a.name]]));
        const { messages } = await session.client.getPrompt({ name, arguments: args });
        assert(messages[0].role === "user" && messages[0].content.text.includes("start_packet_capture"), name);
        if (args.target) assert(messages[0].content.text.includes("example.com"), `${name} does not name its target`);
    }
    const complete = async (ref, name, value) =>
        (await session.client.complete({ ref, argument: { name, value } })).completion.values;
    const prompt = { type: "ref/prompt", name: "diagnose_slow_site" };
    same(await complete(prompt, "interface", "l"), ["lo"], "interfaces");
    same(await complete(prompt, "mode", "d"), ["domain", "diagnosis"], "modes");
    same(await complete(prompt, "target", "s"), ["ssh", "smtp", "sip"], "service words");
    same(await complete(prompt, "target", target), [target], "own targets");
    const template = { type: "ref/resource", uri: "capture://{id}/report" };
    same(await complete(template, "id", id.slice(0, 20)), [id], "capture ids");
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
    // A capture whose id was never told goes with its call.
    const running = async () => (await must(session, "list_captures")).captures.filter((c) => c.state === "running").length;
    const before = await running(), give = new AbortController();
    setTimeout(() => give.abort("enough"), 800);
    await session.call("start_packet_capture", { target, interface: "lo", duration: 30, wait_s: 25 }, { signal: give.signal }).then((r) => (answer = r), () => {});
    assert(!answer, `answered instead: ${JSON.stringify(answer ?? null).slice(0, 200)}`);
    for (let i = 0; i < 20 && (await running()) > before; i++) await new Promise((done) => setTimeout(done, 100));
    same(await running(), before, "captures that run after the cancel");
}

// Updates of a running capture, at most one a second and one at its end, and the list that then has it.
async function subscribed(session, target) {
    const { capture_id: id } = await must(session, "start_packet_capture", { target, interface: "lo", duration: 4 });
    const uri = `capture://${id}/report`, heard = [];
    const stop = await session.watch(uri, (what) => heard.push(what));
    await until(() => heard.includes("list"), 9000, "change of the list");
    const updates = heard.filter((what) => what === uri).length;
    assert(updates >= 3 && updates <= 6, `${updates} updates in 4 s: ${heard}`);
    same(heard.filter((what) => what !== uri), ["list"], "the rest");
    await stop();
}

async function open({ name, version, open: connect }, place) {
    let session;
    await test(`${name}: connects`, async () => {
        session = await connect(place);
        same(session.client.getServerVersion()?.name, "packet_capture", "server name");
        assert(session.client.getInstructions()?.length > 0, "no instructions");
        if (version) same(session.client.getNegotiatedProtocolVersion(), version, "protocol version");
    });
    return session;
}

// All of it with one client; `extra` runs more tests on the open session.
export async function runClient(client, place, target, extra = async () => {}) {
    const { name, era } = client, session = await open(client, place);
    let id;
    if (!session) return;
    await test(`${name}: lists the seven tools in order`, async () => {
        const { tools } = await session.client.listTools();
        same(tools.map((t) => t.name), TOOLS, "tools");
    });
    await extra(session, name);
    await test(`${name}: lo is among the interfaces`, async () => {
        const { interfaces } = await must(session, "list_network_interfaces", {});
        assert(interfaces.some((i) => i.name === "lo" && i.loopback === true), JSON.stringify(interfaces).slice(0, 300));
    });
    await test(`${name}: an argument that is wrong is explained`, async () => {
        const result = await session.call("start_packet_capture", { target, duration: 0 });
        assert(result.isError && /"duration".*0.*1 to 3600/.test(result.content[0].text), JSON.stringify(result).slice(0, 300));
    });
    await test(`${name}: a capture from start to report`, async () => (id = await wholeCapture(session, target)));
    await test(`${name}: the capture as resources`, () => resources(session, id));
    await test(`${name}: prompts and completion`, () => promptsAndCompletion(session, id, target));
    await test(`${name}: progress while a call waits`, () => progressSeen(session, target));
    await test(`${name}: a cancel is honoured`, () => cancelHonoured(session, target));
    if (era === "modern" || place.command)
        await test(`${name}: hears of a capture's updates`, () => subscribed(session, target));
    await test(`${name}: closes within 2 s`, async () => {
        const began = Date.now();
        await session.client.close();
        assert(Date.now() - began < 2500, `took ${Date.now() - began} ms`);
    });
}
