/* Which interface.  Every answer comes with its reason: a capture on the wrong interface looks like
 * a network without traffic, and the reason is how a person finds out.
 * Runs in: mcpd.  Input trust: local (capd's list). */
#include "mcpd/capture/interfaces.h"
#include "common/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool leads_somewhere(const struct interfaces *i, const struct msg_interface *row) {
    for (uint32_t k = 0; k < i->addresses; k++)
        if (i->address[k].index == row->index && !addr_is_link_local(&i->address[k].address))
            return row->up;
    return false;
}

static unsigned rank_of(const struct interfaces *i, const struct msg_interface *row) {
    bool device = strcmp(row->kind, "ethernet") == 0 || row->wireless;
    return row->default_v4 || row->default_v6 ? 0 : leads_somewhere(i, row) ? 1 : device ? 2 : 3;
}

struct ranked {
    unsigned rank;
    const struct msg_interface *row;
};

static int by_rank_and_name(const void *a, const void *b) {
    const struct ranked *left = a, *right = b;
    return left->rank != right->rank ? left->rank < right->rank ? -1 : 1
                                     : strcmp(left->row->name, right->row->name);
}

/* Sorted, since the kernel's order changes with the history of the machine. */
static void copy_rows(struct interfaces *out, const struct msg_interfaces_reply *reply) {
    struct ranked order[LIM_INTERFACES];
    for (uint32_t k = 0; k < out->rows; k++)
        order[k] = (struct ranked){rank_of(out, &reply->interfaces[k]), &reply->interfaces[k]};
    qsort(order, out->rows, sizeof order[0], by_rank_and_name);
    for (uint32_t k = 0; k < out->rows; k++) out->row[k] = *order[k].row;
}

void interfaces_copy(struct interfaces *out, const struct msg_interfaces_reply *reply) {
    memset(out, 0, sizeof *out);
    out->rows = reply->interfaces_n;
    out->addresses = reply->addresses_n;
    out->gateways = reply->gateways_n;
    out->rows_all = (uint32_t)reply->interfaces_all;
    out->addresses_all = (uint32_t)reply->addresses_all;
    for (uint32_t k = 0; k < out->addresses; k++) out->address[k] = reply->addresses[k];
    copy_rows(out, reply);
    for (uint32_t k = 0; k < out->gateways; k++) out->gateway[k] = reply->gateways[k];
}

const struct msg_interface *interfaces_find(const struct interfaces *i, const char *name) {
    for (uint32_t k = 0; k < i->rows; k++)
        if (strcmp(i->row[k].name, name) == 0) return &i->row[k];
    return NULL;
}

static const struct msg_interface *by_index(const struct interfaces *i, uint64_t index) {
    for (uint32_t k = 0; k < i->rows; k++)
        if (i->row[k].index == index) return &i->row[k];
    return NULL;
}

bool interfaces_is_local(const struct interfaces *i, const struct addr *a) {
    for (uint32_t k = 0; k < i->addresses; k++)
        if (addr_equal(&i->address[k].address, a)) return true;
    return false;
}

static bool choose(const struct msg_interface *row, struct interface_choice *out, const char *fmt,
                   ...) __attribute__((format(printf, 3, 4)));

static bool choose(const struct msg_interface *row, struct interface_choice *out, const char *fmt,
                   ...) {
    if (!row || !row->allowed) return false;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out->why, sizeof out->why, fmt, ap);
    va_end(ap);
    snprintf(out->name, sizeof out->name, "%s", row->name);
    return true;
}

/* Of one that a cut list does not show nothing is known but the name: capd judges it. */
static bool is_hidden(const struct interfaces *i, const char *name) {
    size_t len = strlen(name);
    return i->rows_all > i->rows && len > 0 && len <= LIM_IFNAME && !interfaces_find(i, name);
}

static struct msg_interface hidden_row(const char *name) {
    struct msg_interface row = {.allowed = true};
    snprintf(row.name, sizeof row.name, "%s", name);
    return row;
}

bool interfaces_choose_by_source(const struct interfaces *i, const struct addr *source,
                                 const char *name, struct interface_choice *out) {
    char text[ADDR_TEXT_BYTES];
    const struct msg_interface *row = interfaces_find(i, name), hidden = hidden_row(name);
    for (uint32_t k = 0; k < i->addresses && !row; k++)
        if (addr_equal(&i->address[k].address, source)) row = by_index(i, i->address[k].index);
    if (is_hidden(i, name)) row = &hidden;
    return choose(row, out, "the route to the target leaves from %s, an address of this interface",
                  addr_format(source, text));
}

bool interfaces_choose_loopback(const struct interfaces *i, const char *why,
                                struct interface_choice *out) {
    for (uint32_t k = 0; k < i->rows; k++)
        if (i->row[k].loopback) return choose(&i->row[k], out, "%s", why);
    return false;
}

bool interfaces_choose_by_prefix(const struct interfaces *i, const struct addr *target,
                                 struct interface_choice *out) {
    const struct msg_if_address *best = NULL;
    for (uint32_t k = 0; k < i->addresses; k++) {
        const struct msg_if_address *a = &i->address[k];
        if (a->address.len != target->len) continue;
        if (!addr_in_prefix(target, &a->address, (unsigned)a->prefix_len)) continue;
        if (!best || a->prefix_len > best->prefix_len) best = a;
    }
    return best && choose(by_index(i, best->index), out,
                          "the target lies in the network of this interface");
}

static uint64_t traffic(const struct msg_interface *row) {
    return row->rx_packets + row->tx_packets;
}

bool interfaces_choose_default(const struct interfaces *i, struct interface_choice *out) {
    const struct msg_interface *v4 = NULL, *v6 = NULL, *busiest = NULL;
    for (uint32_t k = 0; k < i->rows; k++) {
        const struct msg_interface *row = &i->row[k];
        if (!row->allowed) continue;
        if (row->default_v4 && !v4) v4 = row;
        if (row->default_v6 && !v6) v6 = row;
        if (row->up && !row->loopback && (!busiest || traffic(row) > traffic(busiest)))
            busiest = row;
    }
    return choose(v4, out, "it carries the IPv4 default route") ||
           choose(v6, out, "it carries the IPv6 default route") ||
           choose(busiest, out,
                  "there is no default route; of those that are up it is the busiest") ||
           interfaces_choose_loopback(i, "no other interface is up", out);
}

/* Names a caller may use, as "eth0, lo (down)". */
static void list_names(const struct interfaces *i, char *out, size_t cap) {
    size_t used = 0;
    uint32_t left_out = i->rows_all > i->rows ? i->rows_all - i->rows : 0;
    out[0] = 0;
    for (uint32_t k = 0; k < i->rows; k++) {
        if (!i->row[k].allowed) continue;
        if (used + 48 < cap)
            used += (size_t)snprintf(out + used, cap - used, "%s%s%s", used ? ", " : "",
                                     i->row[k].name, i->row[k].up ? "" : " (down)");
        else
            left_out++;
    }
    if (left_out) used += (size_t)snprintf(out + used, cap - used, " and %u more", left_out);
    if (!used) snprintf(out, cap, "none");
}

bool interfaces_choose_named(const struct interfaces *i, const char *name,
                             struct interface_choice *out, struct fail *fail) {
    const struct msg_interface *row = interfaces_find(i, name);
    char names[240];
    list_names(i, names, sizeof names);
    if (is_hidden(i, name)) {
        struct msg_interface hidden = hidden_row(name);
        return choose(&hidden, out, "as asked");
    }
    if (!row)
        return fail_set(fail, FAIL_NOT_FOUND, "interface",
                        "there is no interface \"%.*s\"; allowed: %s", (int)text_fitting(name, 20),
                        name, names);
    if (!row->allowed)
        return fail_set(fail, FAIL_PERMISSION, "interface",
                        "capd's configuration does not let you capture on \"%s\"; allowed: %s",
                        row->name, names);
    if (!row->up)
        return fail_set(fail, FAIL_NOT_FOUND, "interface", "interface \"%s\" is down; allowed: %s",
                        row->name, names);
    return choose(row, out, "as asked");
}
