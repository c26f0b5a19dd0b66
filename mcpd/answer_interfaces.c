/* The interface list.  Two parties are asked, one after the other, and once for all who wait: the
 * number of questions does not grow with that of the clients.  Without the network child the list
 * of resolvers is left out rather than shown empty.
 * Runs in: mcpd.  Input trust: local (capd), network child. */
#include "mcpd/answer_interfaces.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct asking {
    answer_interfaces_fn *fn;
    void *ctx;
    struct asking *next;
};

static const char *describe(const struct msg_interface *row) {
    static const struct {
        const char *kind, *text;
    } words[] = {{"ethernet", "wired network (Ethernet)"},
                 {"wifi", "wireless network (Wi-Fi)"},
                 {"loopback", "this host itself"},
                 {"bridge", "bridge between networks"},
                 {"vlan", "VLAN on another interface"},
                 {"tunnel", "tunnel or VPN"},
                 {"virtual", "virtual network (container or virtual machine)"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].kind, row->kind) == 0) return words[i].text;
    return "other";
}

static cJSON *addresses_of(const struct interfaces *i, uint64_t index) {
    cJSON *list = cJSON_CreateArray();
    for (uint32_t k = 0; k < i->addresses; k++) {
        char text[ADDR_TEXT_BYTES], whole[ADDR_TEXT_BYTES + 4];
        if (i->address[k].index != index) continue;
        snprintf(whole, sizeof whole, "%s/%u", addr_format(&i->address[k].address, text),
                 (unsigned)i->address[k].prefix_len % 129u);
        cJSON_AddItemToArray(list, cJSON_CreateString(whole));
    }
    return list;
}

static cJSON *row_object(const struct interfaces *i, const struct msg_interface *row) {
    static const uint8_t no_mac[6];
    char mac[18];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", row->name);
    cJSON_AddStringToObject(o, "description", describe(row));
    cJSON_AddStringToObject(o, "state", !row->up ? "down" : row->running ? "up" : "up, no carrier");
    cJSON_AddItemToObject(o, "addresses", addresses_of(i, row->index));
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", row->mac[0], row->mac[1],
             row->mac[2], row->mac[3], row->mac[4], row->mac[5]);
    if (memcmp(row->mac, no_mac, 6) != 0) cJSON_AddStringToObject(o, "mac", mac);
    cJSON_AddNumberToObject(o, "mtu", (double)row->mtu);
    char speed[40];
    snprintf(speed, sizeof speed, "%llu Mbit/s", (unsigned long long)row->speed_mbps);
    if (row->speed_mbps) cJSON_AddStringToObject(o, "speed", speed);
    cJSON_AddBoolToObject(o, "default_route", row->default_v4 || row->default_v6);
    cJSON_AddBoolToObject(o, "loopback", row->loopback);
    cJSON_AddBoolToObject(o, "wireless", row->wireless);
    cJSON_AddBoolToObject(o, "allowed", row->allowed);
    return o;
}

static cJSON *address_list(const struct addr *first, size_t stride, uint32_t n) {
    cJSON *list = cJSON_CreateArray();
    for (uint32_t k = 0; k < n; k++) {
        char text[ADDR_TEXT_BYTES];
        struct addr a;
        memcpy(&a, (const uint8_t *)first + k * stride, sizeof a);
        cJSON_AddItemToArray(list, cJSON_CreateString(addr_format(&a, text)));
    }
    return list;
}

static void say_cut(cJSON *lists, const char *list, uint32_t shown, uint32_t of) {
    char text[40];
    if (of <= shown) return;
    snprintf(text, sizeof text, "%u of %u shown", shown, of);
    cJSON_DeleteItemFromObjectCaseSensitive(lists, list);
    cJSON_AddStringToObject(lists, list, text);
}

static cJSON *tree_of(const struct interfaces *i, const struct netchild_answer *a) {
    struct interface_choice choice;
    cJSON *tree = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(tree, "interfaces");
    for (uint32_t k = 0; k < i->rows; k++) cJSON_AddItemToArray(list, row_object(i, &i->row[k]));
    if (i->rows_all > i->rows || i->addresses_all > i->addresses) {
        cJSON *lists = cJSON_AddObjectToObject(tree, "lists");
        say_cut(lists, "interfaces", i->rows, i->rows_all);
        say_cut(lists, "addresses", i->addresses, i->addresses_all);
    }
    if (interfaces_choose_default(i, &choice)) {
        cJSON_AddStringToObject(tree, "default_interface", choice.name);
        cJSON_AddStringToObject(tree, "default_interface_why", choice.why);
    }
    cJSON *network = cJSON_AddObjectToObject(tree, "network");
    cJSON_AddItemToObject(network, "gateways",
                          address_list(&i->gateway[0].gateway, sizeof i->gateway[0], i->gateways));
    if (a && a->ok)
        cJSON_AddItemToObject(network, "resolvers",
                              address_list(a->address, sizeof a->address[0], a->addresses));
    return tree;
}

/* All who waited until now; who asks from inside starts the next round. */
static void tell_all(struct app *app, const struct netchild_answer *a, const struct fail *fail) {
    struct asking *asking = app->asking;
    app->asking = NULL;
    while (asking) {
        struct asking was = *asking;
        free(asking);
        was.fn(was.ctx, fail ? NULL : tree_of(app->interfaces, a), fail);
        asking = was.next;
    }
}

static void on_resolvers(void *ctx, const struct netchild_answer *a) {
    tell_all(ctx, a, NULL);
}

static void on_interfaces(void *ctx, const struct interfaces *i, const struct fail *fail) {
    struct app *app = ctx;
    if (i && !app->interfaces) app->interfaces = malloc(sizeof *app->interfaces);
    if (!i || !app->interfaces) {
        struct fail none = {.code = FAIL_ENVIRONMENT, .why = "mcpd is out of memory"};
        tell_all(app, NULL, i ? &none : fail);
        return;
    }
    *app->interfaces = *i;
    if (app->net)
        netchild_resolvers(app->net, on_resolvers, app);
    else
        tell_all(app, NULL, NULL);
}

void answer_interfaces_discard(struct app *a) {
    for (struct asking *asking = a->asking, *next; asking; asking = next) {
        next = asking->next;
        free(asking);
    }
    free(a->interfaces);
}

void answer_interfaces(struct app *a, answer_interfaces_fn *fn, void *ctx) {
    struct asking *asking = malloc(sizeof *asking), **last = &a->asking;
    bool asked = a->asking != NULL;
    ASSERT(asking);
    *asking = (struct asking){fn, ctx, NULL};
    while (*last) last = &(*last)->next;
    *last = asking;
    if (!asked) captures_interfaces(a->captures, CAPTURES_FRESH_MS, on_interfaces, a);
}

/* ---- as much as fits ------------------------------------------------------------------------- */

#define ADDRESSES_SHOWN 8 /* of one interface, when there is no room for all */

static const char *text_of(const cJSON *o, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static bool is_true(const cJSON *o, const char *name) {
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static size_t printed_bytes(const cJSON *item) {
    char *text = cJSON_PrintUnformatted(item);
    size_t bytes = text ? strlen(text) : 0;
    free(text);
    return bytes;
}

static unsigned rank_of(const cJSON *row) {
    const cJSON *addresses = cJSON_GetObjectItemCaseSensitive(row, "addresses");
    return (is_true(row, "default_route") ? 0u : 4u) +
           (strcmp(text_of(row, "state"), "up") == 0 ? 0u : 2u) +
           (cJSON_GetArraySize(addresses) > 0 ? 0u : 1u);
}

static void cut_addresses(cJSON *row) {
    cJSON *list = cJSON_GetObjectItemCaseSensitive(row, "addresses");
    int n = cJSON_GetArraySize(list);
    if (n <= ADDRESSES_SHOWN) return;
    for (int i = n; i-- > ADDRESSES_SHOWN;) cJSON_DeleteItemFromArray(list, i);
    cJSON_AddNumberToObject(row, "addresses_not_shown", n - ADDRESSES_SHOWN);
}

void answer_interfaces_fit(cJSON *tree, size_t max_bytes) {
    static const char room_for_lists[] = ",\"lists\":{\"interfaces\":\"64 of 1000 shown\"}";
    if (printed_bytes(tree) <= max_bytes) return;
    cJSON *lists = cJSON_GetObjectItemCaseSensitive(tree, "lists");
    if (!lists) lists = cJSON_AddObjectToObject(tree, "lists");
    cJSON *all = cJSON_DetachItemFromObjectCaseSensitive(tree, "interfaces"), *row, *next;
    cJSON *kept = cJSON_AddArrayToObject(tree, "interfaces");
    size_t used = printed_bytes(tree) + sizeof room_for_lists;
    unsigned of = (unsigned)cJSON_GetArraySize(all);
    (void)sscanf(text_of(lists, "interfaces"), "%*u of %u", &of); /* it was cut already */
    bool room = true;
    for (unsigned rank = 0; rank < 8; rank++)
        for (row = all->child; row; row = next) {
            next = row->next;
            if (!room || rank_of(row) != rank) continue;
            cut_addresses(row);
            used += printed_bytes(row) + 1;
            room = used <= max_bytes;
            if (room) cJSON_AddItemToArray(kept, cJSON_DetachItemViaPointer(all, row));
        }
    say_cut(lists, "interfaces", (uint32_t)cJSON_GetArraySize(kept), of);
    cJSON_Delete(all);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void write_list(FILE *out, const cJSON *list, const char *separator) {
    const cJSON *item;
    bool first = true;
    cJSON_ArrayForEach(item, list) {
        fprintf(out, "%s%s", first ? "" : separator, item->valuestring);
        first = false;
    }
    if (first) fputs("none", out);
}

static void write_row(FILE *out, const cJSON *row) {
    fprintf(out, "%-12s %-14s ", text_of(row, "name"), text_of(row, "state"));
    write_list(out, cJSON_GetObjectItemCaseSensitive(row, "addresses"), ", ");
    fprintf(out, "; %s%s%s\n", text_of(row, "description"),
            is_true(row, "default_route") ? "; default route" : "",
            is_true(row, "allowed") ? "" : "; not allowed by capd's configuration");
}

char *answer_interfaces_text(const cJSON *tree) {
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) return NULL;
    const cJSON *row, *network = cJSON_GetObjectItemCaseSensitive(tree, "network");
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(tree, "interfaces")) {
        write_row(out, row);
    }
    const cJSON *lists = cJSON_GetObjectItemCaseSensitive(tree, "lists");
    if (*text_of(lists, "interfaces"))
        fprintf(out,
                "%s: those of the default routes first; any other can be captured on by its name\n",
                text_of(lists, "interfaces"));
    if (*text_of(lists, "addresses")) fprintf(out, "addresses: %s\n", text_of(lists, "addresses"));
    if (*text_of(tree, "default_interface"))
        fprintf(out, "\ncaptures use %s unless told otherwise: %s\n",
                text_of(tree, "default_interface"), text_of(tree, "default_interface_why"));
    fputs("gateways: ", out);
    write_list(out, cJSON_GetObjectItemCaseSensitive(network, "gateways"), ", ");
    if (cJSON_GetObjectItemCaseSensitive(network, "resolvers")) {
        fputs("; resolvers: ", out);
        write_list(out, cJSON_GetObjectItemCaseSensitive(network, "resolvers"), ", ");
    }
    fputc('\n', out);
    fclose(out);
    return text;
}
