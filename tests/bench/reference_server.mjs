// What the official TypeScript SDK makes of the same calls: a server whose tools answer at once, with results of a
// given size.  For comparison in tests/bench/latency.
//
//   reference_server.mjs stdio BYTES...            BYTES: of structured content and text together, per tool
//   reference_server.mjs http PORT BYTES...        prints "ready" when it listens
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.env.MCP_NODE_MODULES}/x.js`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { McpServer, createMcpHandler } = await load('@modelcontextprotocol/server');
const { serveStdio } = await load('@modelcontextprotocol/server/stdio');
const { toNodeHandler } = await load('@modelcontextprotocol/node');
const { z } = await load('zod');

const [, , transport, ...rest] = process.argv;
const port = transport === 'http' ? Number(rest.shift()) : 0;
const names = ['get_capture_status', 'list_network_interfaces', 'get_capture_report'];
const results = names.map((_, i) => {
    const rows = [];
    while (JSON.stringify(rows).length < Number(rest[i] ?? 1000) * 0.67) rows.push({ name: `row ${rows.length}`, packets: rows.length * 17, bytes: 1234.5 });
    return { structuredContent: { capture_id: '0'.repeat(32), state: 'running', rows }, text: 'x'.repeat(Math.round(Number(rest[i] ?? 1000) * 0.33)) };
});

function make() {
    const server = new McpServer({ name: 'reference', version: '1' });
    names.forEach((name, i) => server.registerTool(name, {
        description: name,
        inputSchema: z.object({ capture_id: z.string().optional() }),
        outputSchema: z.object({ capture_id: z.string(), state: z.string(), rows: z.array(z.any()) }),
    }, async () => ({ structuredContent: results[i].structuredContent, content: [{ type: 'text', text: results[i].text }] })));
    return server;
}

if (transport === 'http') {
    const handle = toNodeHandler(createMcpHandler(make));
    createServer((req, res) => void handle(req, res)).listen(port, '127.0.0.1', () => console.log('ready'));
} else {
    serveStdio(make);
}
