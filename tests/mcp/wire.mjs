// One mcpd process spoken to line by line: what the client libraries hide (bytes, silence, exit).
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export const MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name: "wire", version: "1" },
};

export class Wire {
    constructor(command, env = process.env) {
        this.lines = [];
        this.waiting = [];
        this.child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "ignore"], env });
        this.exited = new Promise((done) => this.child.on("exit", (code, signal) => done({ code, signal })));
        this.child.on("error", (error) => this.#take(JSON.stringify({ spawnError: error.message })));
        createInterface({ input: this.child.stdout }).on("line", (line) => this.#take(line));
    }

    #take(text) {
        const entry = { text, message: JSON.parse(text) };
        this.lines.push(entry);
        this.waiting = this.waiting.filter(({ fits, done }) => !(fits(entry.message) && (done(entry), true)));
    }

    send(message) {
        this.child.stdin.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
    }

    // The first line, past or future, that fits.
    wait(fits, ms, what) {
        const past = this.lines.find(({ message }) => fits(message));
        if (past) return Promise.resolve(past);
        return new Promise((done, fail) => {
            const late = setTimeout(() => fail(new Error(`no ${what} within ${ms} ms`)), ms);
            this.waiting.push({ fits, done: (entry) => (clearTimeout(late), done(entry)) });
        });
    }

    // Send a request and wait for its answer: { text, message }.
    ask(id, method, params, ms = 10000) {
        this.send({ id, method, params });
        return this.wait((m) => m.id === id, ms, `answer to ${method} (id ${id})`);
    }

    answered(id) {
        return this.lines.some(({ message }) => message.id === id);
    }

    // End of input; how long until the process has gone, and how it went.
    end() {
        return this.#gone(() => this.child.stdin.end());
    }

    // The same by a signal.
    signal(name) {
        return this.#gone(() => this.child.kill(name));
    }

    async #gone(cause) {
        const began = Date.now();
        cause();
        const kill = setTimeout(() => this.child.kill("SIGKILL"), 10000);
        const how = await this.exited;
        clearTimeout(kill);
        return { ...how, ms: Date.now() - began };
    }
}
