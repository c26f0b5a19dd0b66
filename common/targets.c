/* Addresses and ports of a request as words.  Room for the count of those left out is kept back, so
 * that a long list is cut at a whole word and says so, with a hash of all of it.
 * Runs in: any.  Input trust: client. */
#include "common/targets.h"
#include <stdio.h>
#include <string.h>

#define MORE_BYTES 56u /* " and 4294967295 more, all: fnv1a64=0123456789abcdef" */

#define FNV_START 14695981039346656037u

struct list {
    char *out;
    size_t cap, used;
    uint32_t left_out;
    uint64_t hash; /* of all words, a blank between two, also of those left out */
    bool begun;
};

static void hash_more(struct list *l, const char *text) {
    for (; *text; text++) l->hash = (l->hash ^ (uint8_t)*text) * 1099511628211u;
}

static void add(struct list *l, const char *word) {
    size_t n = strlen(word);
    if (l->begun) hash_more(l, " ");
    hash_more(l, word);
    l->begun = true;
    if (l->left_out || l->used + n + 1 + MORE_BYTES >= l->cap) {
        l->left_out++;
        return;
    }
    l->used +=
        (size_t)snprintf(l->out + l->used, l->cap - l->used, "%s%s", l->used ? " " : "", word);
}

static const char *finish(struct list *l) {
    if (l->left_out)
        snprintf(l->out + l->used, l->cap - l->used, " and %u more, all: fnv1a64=%016llx",
                 l->left_out, (unsigned long long)l->hash);
    return l->out;
}

const char *targets_addresses(const struct msg_prefix *prefix, uint32_t n, char *out, size_t cap) {
    struct list l = {.out = out, .cap = cap, .hash = FNV_START};
    out[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        char word[ADDR_TEXT_BYTES + 24], text[ADDR_TEXT_BYTES];
        bool host = prefix[i].prefix_len == prefix[i].address.len * 8u;
        addr_format(&prefix[i].address, text);
        if (host)
            add(&l, text);
        else {
            snprintf(word, sizeof word, "%s/%llu", text, (unsigned long long)prefix[i].prefix_len);
            add(&l, word);
        }
    }
    return finish(&l);
}

const char *targets_ports(const uint64_t *port, uint32_t n, char *out, size_t cap) {
    struct list l = {.out = out, .cap = cap, .hash = FNV_START};
    out[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        char word[24];
        snprintf(word, sizeof word, "%llu", (unsigned long long)port[i]);
        add(&l, word);
    }
    return finish(&l);
}
