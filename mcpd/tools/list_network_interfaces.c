/* Tool list_network_interfaces.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/answer_interfaces.h"
#include "mcpd/tools/tools.h"
#include <stdlib.h>
#include <string.h>

#define TOKEN_BYTES 3u /* contract of the reports: tokens are UTF-8 bytes / 3 */

struct listing {
    struct tool_call *call;
    size_t max_bytes;
};

/* Both forms show the same: the text may have half of what the structured one may. */
static char *fit(cJSON *tree, size_t max_bytes) {
    for (size_t most = max_bytes;; most -= most / 4) {
        answer_interfaces_fit(tree, most);
        char *text = answer_interfaces_text(tree);
        if (!text || strlen(text) <= max_bytes / 2 || most < 600) return text;
        free(text);
    }
}

static void on_list(void *ctx, cJSON *tree, const struct fail *fail) {
    struct listing l = *(struct listing *)ctx;
    free(ctx);
    if (!tree) {
        tool_fail(l.call, fail);
        return;
    }
    char *text = fit(tree, l.max_bytes);
    tool_call_result(l.call, tree, text);
}

static void start(struct tool_call *call, const cJSON *args, void *app) {
    struct app *a = app;
    struct listing *l = malloc(sizeof *l);
    (void)args;
    ASSERT(l);
    *l = (struct listing){call, (size_t)a->settings.token_budget * TOKEN_BYTES};
    answer_interfaces(a, on_list, l);
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
                     "\"lists\":{\"type\":\"object\"},"
                     "\"default_interface\":{\"type\":\"string\"},"
                     "\"network\":{\"type\":\"object\"}},\"required\":[\"interfaces\"]}",
    .read_only = true,
    .idempotent = true,
    .start = start};
