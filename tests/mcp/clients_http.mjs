// Real MCP clients of both eras against `mcpd serve`; prints TAP.  MCP_URL, MCP_TOKEN, MCP_OTHER_TOKEN, MCP_PID: see
// with_serve.py.
import { must, runClient, untilRunning } from "./behaviour.mjs";
import { crowd } from "./crowd.mjs";
import { clients } from "./sessions.mjs";
import { assert, finish, same, test, until } from "./tap.mjs";
import { traffic } from "./traffic.mjs";

const place = { url: process.env.MCP_URL, token: process.env.MCP_TOKEN };
const otherPlace = { url: process.env.MCP_URL, token: process.env.MCP_OTHER_TOKEN };
const modern = clients[3];

// What one caller has, another does not see: no list, no resource, no subscription, no stop.
async function keptApart(target) {
    const [own, other] = [await modern.open(place), await modern.open(otherPlace)];
    const { capture_id: id } = await must(own, "start_packet_capture", { target, interface: "lo", duration: 20 });
    await untilRunning(own, id);
    same((await must(other, "list_captures", {})).captures, [], "the other's captures");
    for (const uri of [`capture://${id}/report`, `capture://${id}/report.html`]) {
        const error = await other.client.readResource({ uri }).then(() => null, (e) => e);
        assert(error?.message.includes("Resource not found"), `read ${uri}: ${error}`);
    }
    const listed = await other.client.listResources();
    assert(!JSON.stringify(listed).includes(id), "listed for the other");
    const completed = await other.client.complete({ ref: { type: "ref/resource", uri: "capture://{id}/report" }, argument: { name: "id", value: "" } });
    same(completed.completion.values, [], "the other's completion");
    const subscription = await other.client.listen({ resourcesListChanged: true, resourceSubscriptions: [`capture://${id}/report`] });
    same(subscription.honoredFilter, { resourcesListChanged: true }, "what the other may hear");
    let heard = 0;
    for (const what of ["updated", "list_changed"]) other.client.setNotificationHandler(`notifications/resources/${what}`, () => heard++);
    assert((await other.call("stop_packet_capture", { capture_id: id })).isError, "the other stopped it");
    await must(own, "stop_packet_capture", { capture_id: id });
    await own.client.readResource({ uri: `capture://${id}/report` });
    same(heard, 0, "notifications to the other");
    await Promise.all([own.client.close(), other.client.close()]);
}

// One capture for all of them, which belong to one caller.
async function fiftyClients(target) {
    let started;
    await crowd(place, async (session) => {
        started ??= must(session, "start_packet_capture", { target, interface: "lo", duration: 4 });
        return (await started).capture_id;
    });
}

async function endsWell(target) {
    const session = await modern.open(place);
    await must(session, "start_packet_capture", { target, interface: "lo", duration: 60 });
    const subscription = await session.client.listen({ resourcesListChanged: true });
    const began = Date.now();
    process.kill(Number(process.env.MCP_PID), "SIGTERM");
    same(await subscription.closed, "graceful", "how the subscription ended");
    await until(() => fetch(place.url).then(() => false, () => true), 2000, "end of the server");
    console.log(`# ended ${Date.now() - began} ms after SIGTERM`);
    await session.client.close();
}

const { target, stop } = await traffic();
for (const client of clients) await runClient(client, place, target);
await test("two callers are kept apart", () => keptApart(target));
await test("fifty clients at once, no answer lost or mixed", () => fiftyClients(target));
await test("SIGTERM ends subscriptions by their result", () => endsWell(target));
stop();
finish();
