// The client libraries behind one face.  A place is where the server is: { command: [...] } for standard input and
// output, { url, token } for HTTP.  A session calls tools, reads resources, and hears of changes of one.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const modules = process.env.MCP_NODE_MODULES ?? join(dirname(new URL(import.meta.url).pathname), "node_modules");
export const require = createRequire(join(modules, "..", "package.json"));

function makeTransport(place, { StdioClientTransport }, { StreamableHTTPClientTransport }) {
    if (place.command)
        return new StdioClientTransport({ command: place.command[0], args: place.command.slice(1), stderr: "ignore" });
    const headers = place.token ? { Authorization: `Bearer ${place.token}` } : {};
    return new StreamableHTTPClientTransport(new URL(place.url), { requestInit: { headers } });
}

async function openV1(place) {
    const library = "@modelcontextprotocol/sdk";
    const { Client } = await import(require.resolve(`${library}/client/index.js`));
    const types = await import(require.resolve(`${library}/types.js`));
    const transport = makeTransport(place, await import(require.resolve(`${library}/client/stdio.js`)),
        await import(require.resolve(`${library}/client/streamableHttp.js`)));
    const client = new Client({ name: "tests-v1", version: "1" });
    await client.connect(transport);
    return {
        client, transport,
        call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
        watch: async (uri, heard) => {
            client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, (n) => heard(n.params.uri));
            client.setNotificationHandler(types.ResourceListChangedNotificationSchema, () => heard("list"));
            await client.subscribeResource({ uri });
            return () => client.unsubscribeResource({ uri });
        },
    };
}

const openV2 = (mode) => async (place) => {
    const library = "@modelcontextprotocol/client";
    const http = await import(require.resolve(library));
    const transport = makeTransport(place, await import(require.resolve(`${library}/stdio`)), http);
    const client = new http.Client({ name: "tests-v2", version: "1" }, { versionNegotiation: { mode } });
    await client.connect(transport);
    return {
        client, transport,
        call: (name, args, options) => client.callTool({ name, arguments: args }, options),
        watch: async (uri, heard) => {
            client.setNotificationHandler("notifications/resources/updated", (n) => heard(n.params.uri));
            client.setNotificationHandler("notifications/resources/list_changed", () => heard("list"));
            if (mode === "legacy") {
                await client.subscribeResource({ uri });
                return () => client.unsubscribeResource({ uri });
            }
            const subscription = await client.listen({ resourcesListChanged: true, resourceSubscriptions: [uri] });
            return () => subscription.close();
        },
    };
};

export const clients = [
    { name: "v1 sdk 1.32.2", era: "legacy", version: null, open: openV1 },
    { name: "v2 client 2.4.0, default", era: "legacy", version: "2025-11-25", open: openV2("legacy") },
    { name: "v2 client 2.4.0, auto", era: "modern", version: "2026-07-28", open: openV2("auto") },
    { name: "v2 client 2.4.0, pinned", era: "modern", version: "2026-07-28", open: openV2({ pin: "2026-07-28" }) },
];
