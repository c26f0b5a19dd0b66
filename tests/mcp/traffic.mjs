// Something to capture: a web server on loopback that is asked about ten times a second until stopped.
import { createServer, request } from "node:http";

export async function traffic() {
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
