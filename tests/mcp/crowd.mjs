// Fifty clients at once: every answer comes, and to whom it belongs.
import { must } from "./behaviour.mjs";
import { clients } from "./sessions.mjs";
import { assert, same } from "./tap.mjs";

const MANY = 50, ROUNDS = 10;

// What only this client, in this round, can be told.
async function ownAnswers(session, mark) {
    const unknown = await session.call("get_capture_status", { capture_id: mark });
    assert(unknown.isError && unknown.content[0].text.startsWith(`capture_id "${mark}" is unknown`), `${mark}: ${unknown.content[0].text}`);
    const { messages } = await session.client.getPrompt({ name: "diagnose_unreachable", arguments: { target: `${mark}.example` } });
    assert(messages[0].content.text.startsWith(`"${mark}.example" cannot`), `${mark}: ${messages[0].content.text.slice(0, 60)}`);
}

// They connect, ask in turns, wait together for the end of one capture with progress told to each, and leave.
// `idOf(session, i)` gives the capture that the i-th waits for.
export async function crowd(place, idOf) {
    const sessions = await Promise.all(Array.from({ length: MANY }, (_, i) => clients[i % clients.length].open(place)));
    let answers = 0;
    await Promise.all(sessions.map(async (session, i) => {
        for (let round = 0; round < ROUNDS; round++) {
            await ownAnswers(session, `c${i}r${round}`);
            answers += 2;
        }
    }));
    same(answers, MANY * ROUNDS * 2, "answers");
    await Promise.all(sessions.map(async (session, i) => {
        const capture_id = await idOf(session, i), seen = [];
        if (!capture_id) return;
        const options = { onprogress: (p) => seen.push(p.progress), timeout: 30000 };
        const status = await must(session, "get_capture_status", { capture_id, wait_s: 30 }, options);
        same([status.capture_id, status.state], [capture_id, "finished"], `client ${i}`);
        assert(seen.length >= 1 && seen.every((p, k) => k === 0 || p > seen[k - 1]), `client ${i}: progress ${seen}`);
    }));
    await Promise.all(sessions.map((session) => session.client.close()));
}
