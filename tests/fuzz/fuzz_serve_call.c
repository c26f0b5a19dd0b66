/* libFuzzer: the answer of whoever listens where `mcpd status`, `stop` and `report` ask.  It lies
 * there before the question and then the connection ends, so nothing waits.  What comes out is a
 * JSON object or one clean sentence, never both, and nothing behind the told length is taken. */
#include "common/text.h"
#include "mcpd/serve_call.h"
#include "tests/fuzz/fuzz.h"
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fail fail = {0};
    int pair[2];
    if (size > ANSWER_MAX) return 0;
    HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    if (size) HOLDS(send(pair[1], data, size, MSG_NOSIGNAL) == (ssize_t)size);
    HOLDS(shutdown(pair[1], SHUT_WR) == 0);
    cJSON *result = serve_ask(pair[0], "tools/call", "stop", cJSON_CreateObject(), &fail);
    HOLDS((result != NULL) == (fail.code == FAIL_NONE));
    HOLDS(!result || cJSON_IsObject(result));
    HOLDS(result || (fail.why[0] && text_is_utf8((const uint8_t *)fail.why, strlen(fail.why))));
    for (const char *p = fail.why; !result && *p; p++) HOLDS((uint8_t)*p >= ' ' && *p != 0x7f);
    cJSON_Delete(result);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
