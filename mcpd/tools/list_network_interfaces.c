/* Tool list_network_interfaces.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/answer_interfaces.h"
#include "mcpd/tools/tools.h"

static void on_list(void *ctx, cJSON *tree, const struct fail *fail) {
    struct tool_call *call = ctx;
    if (tree)
        tool_call_result(call, tree, answer_interfaces_text(tree));
    else
        tool_fail(call, fail);
}

static void start(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    answer_interfaces(app, on_list, call);
}

const struct tool tool_list_network_interfaces = {
    .name = "list_network_interfaces",
    .title = "List network interfaces",
    .description =
        "Lists this machine's network interfaces with state, addresses and default route, which "
        "one "
        "a capture uses by default and why, and the gateways and DNS resolvers. Use it when the "
        "interface is in doubt; start_packet_capture chooses one by itself.",
    .input_schema = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}",
    .output_schema = "{\"type\":\"object\",\"properties\":{\"interfaces\":{\"type\":\"array\"},"
                     "\"list_cut\":{\"type\":\"string\"},"
                     "\"default_interface\":{\"type\":\"string\"},"
                     "\"network\":{\"type\":\"object\"}},\"required\":[\"interfaces\"]}",
    .read_only = true,
    .idempotent = true,
    .start = start};
