#ifndef MCPD_APP_H
#define MCPD_APP_H
#include "mcpd/capture/captures.h"
#include "mcpd/report/report.h"
#include "mcpd/settings.h"

/* Everything one mcpd process works with; a tool or a command gets a pointer to it. */
struct app {
    struct loop *loop;
    struct settings settings;
    struct launcher launcher;
    struct netchild *net;
    struct captures *captures;
    struct rules *rules;
    struct interfaces *interfaces;  /* of the list being answered; NULL: none yet */
    struct asking *asking;          /* who waits for that list */
    char home[SETTINGS_PATH_BYTES]; /* of the person who runs us, "" if unknown */
};

/* Set up what follows after launcher_start() and the settings: loop, network child's client,
 * captures, rules.  False: `fail`. */
bool app_init(struct app *a, struct fail *fail);
void app_free(struct app *a);

/* Open a capture file for reading: a regular file, whatever the path is.  With `a` it must lie
 * below an allowed directory (the settings', else the home), both as named and as found.  Returns
 * the descriptor, or -1 and `fail` naming "path". */
int app_open_capture_file(const struct app *a, const char *path, struct fail *fail);

/* Who runs this process. */
struct caller app_own_caller(void);
#endif
