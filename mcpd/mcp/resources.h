#ifndef MCPD_MCP_RESOURCES_H
#define MCPD_MCP_RESOURCES_H
/* What resources are, for the program that has them.  There are two tables: fixed resources, and
 * templates whose one variable is the key of an item (here: the id of a capture).  The program says
 * which items there are for a caller; the core makes lists, pages, reads, completion of keys and
 * subscriptions of them, in both eras, and answers "not found" in the same words for what is not
 * there and for what belongs to somebody else.
 *
 * A read is asynchronous, like a tool call: `read` is called once in the event loop and must return
 * at once; the read is then ended EXACTLY ONCE, inside it or later, by one of the mcp_read_
 * functions that say so, and the pointer must not be used afterwards. */
#include "mcpd/mcp/caller.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define MCP_KEY_MAX 64u /* bytes of an item's key: 128-bit ids in any usual spelling */
#define MCP_URI_MAX 256u
#define MCP_PAGE    20u /* items on one page of resources/list: at five templates 100 resources */

struct mcp_read;

/* How long a client may keep what it has read. */
enum mcp_keep {
    MCP_KEEP_FOR_ALL, /* never changes while the program runs, the same for everybody */
    MCP_KEEP_OWN,     /* never changes, but is the caller's own */
    MCP_KEEP_NOT      /* the caller's own, and changing */
};

/* A row of either table.  All strings are constants that live as long as the server. */
struct mcp_resource {
    const char *uri; /* a template has one "{name}", which stands for [A-Za-z0-9._~-]{1,64} */
    const char *name, *title, *description;
    const char *mime_type;
    const char *meta; /* JSON object for _meta, in lists and in what is read; NULL: none */
    /* Begin to read; `key` is "" for a fixed resource, else that of an item that exists() for the
     * caller; valid until the read ends. */
    void (*read)(struct mcp_read *read, const char *key, void *app);
};

/* One item, as lists show it. */
struct mcp_item {
    char key[MCP_KEY_MAX + 1];
    char label[160];   /* for people, valid UTF-8: titles become "TITLE: LABEL" */
    char modified[32]; /* ISO 8601, "" if unknown: annotations.lastModified */
};

struct mcp_resources {
    const struct mcp_resource *fixed;
    size_t fixed_count;
    const struct mcp_resource *templates;
    size_t template_count;
    /* The item that follows `after` ("": the first) in the list for `who`, in an order that does
     * not change.  False: no more.  `*unknown_out` tells that there never was an `after` for him.
     */
    bool (*next)(void *app, const struct caller *who, const char *after, struct mcp_item *item_out,
                 bool *unknown_out);
    /* Is there such an item for `who`, listed or not?  NULL if there are no templates. */
    bool (*exists)(void *app, const struct caller *who, const char *key);
    /* Was there one that has expired?  NULL: none does. */
    bool (*expired)(void *app, const char *key);
    /* The keys for completion, newest first, the listed and the others: the next one from *at on,
     * which is 0 at first and is moved on.  False: no more.  NULL: none. */
    bool (*key)(void *app, const struct caller *who, size_t *at, char out[MCP_KEY_MAX + 1]);
    bool changes; /* items come and go, and are told: subscriptions are offered */
};

/* End a read with text (malloc'd, consumed, valid UTF-8; NULL: "out of memory"). */
void mcp_read_text(struct mcp_read *read, char *text, enum mcp_keep keep);
/* End it with bytes, which clients get in base64. */
void mcp_read_bytes(struct mcp_read *read, const void *bytes, size_t len, enum mcp_keep keep);
/* End it as if there were no such resource. */
void mcp_read_missing(struct mcp_read *read);
/* End it as an internal error, with one sentence. */
void mcp_read_failed(struct mcp_read *read, const char *why);

/* Does anybody still wait for it?  Asked before a report is rendered. */
bool mcp_read_is_heard(const struct mcp_read *read);

/* Who reads; valid until the read ends. */
const struct caller *mcp_read_caller(const struct mcp_read *read);

/* Have `fn` called once if the client cancels or goes away.  The read still has to be ended, in
 * `fn` or later.  fn NULL unregisters. */
void mcp_read_on_cancel(struct mcp_read *read, void (*fn)(struct mcp_read *read, void *ctx),
                        void *ctx);

#endif
