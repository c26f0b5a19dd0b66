/* `mcpd interfaces`: the same list that clients get.
 * Runs in: mcpd.  Input trust: local. */
#include "common/log.h"
#include "mcpd/answer_interfaces.h"
#include "mcpd/cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    struct app *app;
    const struct cli *cli;
    int code;
};

static void on_list(void *ctx, cJSON *tree, const struct fail *fail) {
    struct listing *l = ctx;
    loop_stop(l->app->loop);
    if (!tree) {
        l->code = cli_fail(fail);
        return;
    }
    if (l->cli->json) {
        cli_print_json(tree);
    } else {
        char *text = answer_interfaces_text(tree);
        if (text) fputs(text, stdout);
        free(text);
    }
    cJSON_Delete(tree);
}

int cli_interfaces(struct app *a, const struct cli *c) {
    struct listing l = {a, c, EXIT_HEALTHY};
    answer_interfaces(a, on_list, &l);
    int rc = loop_run(a->loop);
    if (rc == 0) return l.code;
    log_line("the event loop failed: %s", strerror(-rc));
    return EXIT_CAPTURE_FAILED;
}
