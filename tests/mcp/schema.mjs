// node schema.mjs MCPD CAPTURE...: the whole report of each capture file conforms to schema://report, and the schema
// is strict enough to notice what does not.
import { execFile } from "node:child_process";
import { basename } from "node:path";
import { require } from "./sessions.mjs";
import { assert, finish, same, test } from "./tap.mjs";
import { MODERN, Wire } from "./wire.mjs";

const [mcpd, ...captures] = process.argv.slice(2);

// The program's exit code tells the verdict; any report will do.
const reportOf = (file) => new Promise((done, fail) =>
    execFile(mcpd, ["analyze", file, "--json"], { maxBuffer: 1 << 26 }, (error, out, complaint) => {
        try {
            done(JSON.parse(out));
        } catch {
            fail(new Error(`${error?.message}: ${complaint}`));
        }
    }));

async function readSchema() {
    const wire = new Wire([mcpd, "stdio", "--capd", "private"]);
    const { message } = await wire.ask(1, "resources/read", { uri: "schema://report", _meta: MODERN });
    await wire.end();
    same(message.result.cacheScope, "public", "cacheScope");
    return JSON.parse(message.result.contents[0].text);
}

let valid, ajv;
await test("schema://report is a schema", async () => {
    const Ajv = require("ajv/dist/2020.js").default;
    ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
    require("ajv-formats")(ajv);
    valid = ajv.compile(await readSchema());
});
let last;
for (const capture of valid ? captures : [])
    await test(`the report of ${basename(capture)} conforms`, async () => {
        last = await reportOf(capture);
        assert(valid(last), ajv.errorsText(valid.errors));
    });
if (last)
    await test("the schema notices what is wrong", () => {
        const wrongs = [(r) => delete r.verdict, (r) => (r.unheard = 1), (r) => (r.verdict.status = "fine"),
            (r) => (r.total_packets = -1), (r) => (r.total_packets = "12"), (r) => (r.started_at = "yesterday"),
            (r) => r.phases_ms.samples.pop(), (r) => (r.hosts.columns[0] = "host"), (r) => r.hosts.rows[0].push(1),
            (r) => (r.capture_quality.grade = 1), (r) => (r.coverage.rules.rows[0][1] = null)];
        for (const wrong of wrongs) {
            const copy = structuredClone(last);
            wrong(copy);
            assert(!valid(copy), `not noticed: ${wrong}`);
        }
    });
finish();
