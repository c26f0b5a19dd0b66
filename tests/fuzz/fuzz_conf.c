/* libFuzzer: the two configuration files, read from a real file.  Input: 0 capd.conf, 1 mcpd.conf,
 * and the text.  What is accepted lies within what the key table allows; what is refused says why.
 */
#include "capd/parent/config.h"
#include "common/text.h"
#include "mcpd/settings.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <unistd.h>

static char path[] = "/tmp/fuzz-conf-XXXXXX";

static void forget_file(void) {
    (void)unlink(path);
}

static void check_capd(struct fail *fail) {
    static struct config c;
    config_defaults(&c);
    if (!config_read(&c, path, true, fail)) {
        HOLDS(fail->code != FAIL_NONE && fail->why[0]);
        return;
    }
    HOLDS(c.users.n <= CONFIG_IDS && c.groups.n <= CONFIG_IDS && c.interfaces_n <= LIM_INTERFACES);
    HOLDS(c.max_captures >= 1 && c.max_captures <= LIM_CAPTURES);
    HOLDS(c.max_captures_per_user >= 1 && c.max_captures_per_user <= LIM_CAPTURES);
    HOLDS(c.max_duration_s >= 1 && c.max_duration_s <= LIM_DURATION_S);
    HOLDS(memchr(c.socket, 0, sizeof c.socket) && c.socket[0] == '/');
    HOLDS(memchr(c.socket_group, 0, sizeof c.socket_group));
    for (unsigned i = 0; i < c.interfaces_n; i++)
        HOLDS(c.interfaces[i][0] && memchr(c.interfaces[i], 0, sizeof c.interfaces[i]));
}

static void check_mcpd(struct fail *fail) {
    static struct settings s;
    settings_defaults(&s);
    if (!settings_read(&s, path, true, fail)) {
        HOLDS(fail->code != FAIL_NONE && fail->why[0]);
        return;
    }
    HOLDS(memchr(s.capd, 0, sizeof s.capd) && (s.capd[0] == '/' || strcmp(s.capd, "private") == 0));
    HOLDS(s.dirs <= SETTINGS_DIRS);
    for (uint32_t i = 0; i < s.dirs; i++)
        HOLDS(s.dir[i][0] == '/' && memchr(s.dir[i], 0, sizeof s.dir[i]));
    HOLDS(s.token_budget >= 600 && s.token_budget <= 8000);
    HOLDS(s.max_captures >= 1 && s.max_captures <= LIM_CAPTURES);
    HOLDS(s.max_captures_per_caller >= 1 && s.max_captures_per_caller <= LIM_CAPTURES);
    HOLDS(s.retention_s >= 3600 && s.retention_bytes >= 1u << 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int fd = -1;
    struct fail fail = {.code = FAIL_NONE};
    if (fd < 0) {
        fd = mkstemp(path);
        HOLDS(fd >= 0 && atexit(forget_file) == 0);
    }
    if (size < 1) return 0;
    HOLDS(ftruncate(fd, 0) == 0 && pwrite(fd, data + 1, size - 1, 0) == (ssize_t)size - 1);
    if (data[0] % 2)
        check_mcpd(&fail);
    else
        check_capd(&fail);
    HOLDS(memchr(fail.why, 0, sizeof fail.why) && memchr(fail.field, 0, sizeof fail.field));
    return 0;
}
