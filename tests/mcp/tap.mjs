// TAP, and the few assertions the suites need.

let count = 0, failed = 0;

// One TAP line; a failure tells why in comments.
export async function test(name, body) {
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

export function finish() {
    console.log(`1..${count}`);
    process.exit(failed ? 1 : 0);
}

export function assert(truth, why) {
    if (!truth) throw new Error(why);
}

export function same(got, want, what) {
    const [g, w] = [JSON.stringify(got), JSON.stringify(want)];
    assert(g === w, `${what}: got ${g}, want ${w}`);
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Until `fits()` gives something, for at most `ms`.
export async function until(fits, ms, what) {
    for (const end = Date.now() + ms; ; await sleep(20)) {
        const found = await fits();
        if (found) return found;
        assert(Date.now() < end, `no ${what} within ${ms} ms`);
    }
}
