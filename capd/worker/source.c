/* libpcap, wrapped.  Live: TPACKET_V3 ring, not immediate, 100 ms block timeout (0 may hold
 * packets for ever), nanosecond stamps.  Files: our own readers, on the one inherited
 * descriptor; libpcap compiles and runs the filter.  The ring's loss counters
 * are read here and not by pcap_stats, which opens files; reading resets them, so they are summed.
 * Runs in: worker.  Input trust: packets, and the caller's filter text. */
#include "capd/worker/source.h"
#include "capd/decode/packet.h"
#include "capd/worker/pcapfile.h"
#include "capd/worker/pcapng.h"
#include "common/netdev.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK_TIMEOUT_MS     100
#define LINKTYPE_RAW         101 /* in files; DLT_RAW differs between systems */
#define LINKTYPES_END        512 /* beyond all that is understood */
#define SECONDS_MAX          (INT64_MAX / 1000000000 - 2)
#define KERNEL_FILTER_LENGTH 4096u /* BPF_MAXINSNS: a longer program runs in user space */

/* A capture file.  Link types may turn up anywhere in a pcapng file, so the filter is compiled for
 * all that are understood before the first packet. */
#define LINKTYPES 24u
struct file {
    struct file_window window;
    bool is_pcapng;
    struct pcapng pcapng;
    struct pcapfile pcap;
    uint64_t read;
    uint32_t described; /* link types before the first packet */
    uint16_t first[LINKTYPES];
    uint32_t filters; /* 0: there is no filter */
    struct filter {
        uint32_t linktype;
        struct bpf_program program; /* empty: the filter means nothing there */
    } filter[LINKTYPES];
};

struct source {
    pcap_t *pcap;          /* NULL for a file */
    uint32_t interface_at; /* see source_interface() */
    int datalink; /* asked for with every frame: of the one being delivered; before: understood */
    struct file file;
    int packet_fd;
    int drops_fd; /* the interface's own drop counter, -1 if it has none */
    uint64_t drops_before, drops;
    uint8_t mac[6];
    char interface[IFNAMSIZ];
    int flags; /* of the interface at the start: up, or up and running */
    uint64_t missed;
    const struct source_sink *to; /* during source_read */
};

static bool activate(struct source *s, const struct source_live *o, struct fail *fail) {
    char error[PCAP_ERRBUF_SIZE] = "";
    s->pcap = pcap_create(o->interface, error);
    if (!s->pcap)
        return fail_set(fail, FAIL_ENVIRONMENT, "interface", "%s: %s", o->interface, error);
    if (pcap_set_snaplen(s->pcap, (int)o->snaplen) != 0 ||
        pcap_set_promisc(s->pcap, o->promiscuous) != 0 ||
        pcap_set_timeout(s->pcap, BLOCK_TIMEOUT_MS) != 0 ||
        pcap_set_buffer_size(s->pcap, (int)o->ring_bytes) != 0 ||
        pcap_set_tstamp_precision(s->pcap, PCAP_TSTAMP_PRECISION_NANO) != 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "interface", "%s: libpcap refused an option",
                        o->interface);
    int result = pcap_activate(s->pcap);
    if (result < 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "interface", "%s: %s (%s)", o->interface,
                        pcap_statustostr(result), pcap_geterr(s->pcap));
    if (pcap_setnonblock(s->pcap, 1, error) != 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "interface", "%s: %s", o->interface, error);
    s->packet_fd = pcap_get_selectable_fd(s->pcap);
    if (s->packet_fd < 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "interface", "%s: cannot be polled", o->interface);
    s->datalink = pcap_datalink(s->pcap);
    return true;
}

/* The value of the drop counter; what is no number counts as no change. */
static uint64_t read_drops(struct source *s, uint64_t before) {
    char text[24] = "";
    ssize_t n = s->drops_fd < 0 ? -1 : pread(s->drops_fd, text, sizeof text - 1, 0);
    return n > 0 && text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) : before;
}

/* Frames the interface had no room for (Documentation/ABI/testing/sysfs-class-net-statistics). */
static void open_drops(struct source *s, const char *interface) {
    char path[96];
    snprintf(path, sizeof path, "/sys/class/net/%s/statistics/rx_missed_errors", interface);
    s->drops_fd = open(path, O_RDONLY | O_CLOEXEC);
    s->drops_before = s->drops = read_drops(s, 0);
}

/* -1: there is none of that name. */
static int flags_of(const struct source *s) {
    struct ifreq r = {0};
    memcpy(r.ifr_name, s->interface, sizeof r.ifr_name);
    return ioctl(s->packet_fd, SIOCGIFFLAGS, &r) == 0 ? r.ifr_flags & (IFF_UP | IFF_RUNNING) : -1;
}

bool source_is_down(const struct source *s) {
    int now = flags_of(s);
    return now >= 0 && (now & s->flags) != s->flags;
}

const uint8_t *source_mac(const struct source *s) {
    return s->mac;
}

static struct source *source_new(struct fail *fail) {
    struct source *s = calloc(1, sizeof *s);
    if (!s) {
        fail_set(fail, FAIL_ENVIRONMENT, "", "no memory for the capture");
        return NULL;
    }
    s->packet_fd = s->drops_fd = -1;
    return s;
}

struct source *source_open_live(const struct source_live *o, struct fail *fail) {
    struct source *s = source_new(fail);
    if (!s) return NULL;
    if (activate(s, o, fail)) {
        open_drops(s, o->interface);
        (void)netdev_mac(o->interface, s->mac);
        snprintf(s->interface, sizeof s->interface, "%s", o->interface);
        int flags = flags_of(s);
        s->flags = flags > 0 ? flags : 0;
        return s;
    }
    if (s->pcap) pcap_close(s->pcap);
    free(s);
    return NULL;
}

struct source *source_prepare_file(int fd, struct fail *fail) {
    struct source *s = source_new(fail);
    if (!s) return NULL;
    if (window_open(&s->file.window, fd)) return s;
    fail_set(fail, FAIL_ENVIRONMENT, "", "no memory for the capture file's buffer");
    free(s);
    return NULL;
}

bool source_open_file(struct source *s, struct fail *fail) {
    struct file *f = &s->file;
    uint32_t n = f->described = pcapng_linktypes(f->window.fd, f->first, LINKTYPES);
    f->is_pcapng = n > 0;
    if (f->is_pcapng) {
        /* What is of a type not known is counted as such, if any is known. */
        for (uint32_t i = n; i > 0; i--)
            if (i == n || decode_knows_datalink(f->first[i - 1])) s->datalink = f->first[i - 1];
        return true;
    }
    if (!pcapfile_open(&f->pcap, &f->window))
        return fail_set(fail, FAIL_VALUE, "file", "this is no capture file that can be read: %s",
                        f->window.error);
    s->datalink = (int)f->pcap.linktype;
    return true;
}

int source_packet_fd(const struct source *s) {
    return s->packet_fd;
}

uint32_t source_interface(const struct source *s) {
    return s->interface_at;
}

int source_datalink(const struct source *s) {
    return s->datalink;
}

const char *source_datalink_name(const struct source *s) {
    const char *name =
        pcap_datalink_val_to_name(s->datalink == LINKTYPE_RAW ? DLT_RAW : s->datalink);
    if (s->file.described > 1) return "several";
    return name ? name : "unknown";
}

uint32_t source_snaplen(const struct source *s) {
    int live = s->pcap ? pcap_snapshot(s->pcap) : 0;
    return live > 0 ? (uint32_t)live : s->file.pcap.snaplen;
}

static bool is_described(const struct source *s, int linktype) {
    if (!s->file.is_pcapng) return linktype == s->datalink;
    for (uint32_t i = 0; i < s->file.described; i++)
        if (s->file.first[i] == linktype) return true;
    return false;
}

/* A link type that may not turn up at all must not make the filter fail. */
static bool set_filters(struct source *s, const struct source_filter *text, struct fail *fail) {
    struct file *file = &s->file;
    for (int t = 0; t < LINKTYPES_END && file->filters < LINKTYPES; t++) {
        bool described = is_described(s, t);
        if (!decode_knows_datalink(t) || !(file->is_pcapng || described)) continue;
        struct filter *f = &file->filter[file->filters++];
        f->linktype = (uint32_t)t;
        pcap_t *dead = pcap_open_dead(t == LINKTYPE_RAW ? DLT_RAW : t, FRAME_BYTES_MOST);
        if (!dead) return fail_set(fail, FAIL_ENVIRONMENT, "", "no memory for the filter");
        const char *is = t == DLT_EN10MB ? text->tagged : text->plain;
        bool bad = pcap_compile(dead, &f->program, is, 1, PCAP_NETMASK_UNKNOWN) != 0;
        if (bad) f->program.bf_len = 0;
        if (bad && described) fail_set(fail, FAIL_FILTER, "filter", "%s", pcap_geterr(dead));
        pcap_close(dead);
        if (bad && described) return false;
    }
    return true;
}

bool source_set_filter(struct source *s, const struct source_filter *text, bool *in_kernel_out,
                       struct fail *fail) {
    struct bpf_program program;
    if (!s->pcap) return set_filters(s, text, fail);
    const char *is = s->datalink == DLT_EN10MB ? text->tagged : text->plain;
    if (pcap_compile(s->pcap, &program, is, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return fail_set(fail, FAIL_FILTER, "filter", "%s", pcap_geterr(s->pcap));
    *in_kernel_out = s->packet_fd >= 0 && program.bf_len <= KERNEL_FILTER_LENGTH;
    int result = pcap_setfilter(s->pcap, &program);
    pcap_freecode(&program);
    if (result == 0) return true;
    return fail_set(fail, FAIL_FILTER, "filter", "the filter could not be installed: %s",
                    pcap_geterr(s->pcap));
}

/* libpcap rewrites the program for a cooked socket, and only pcap_setfilter does that. */
static bool is_cooked(const struct source *s) {
    return source_datalink(s) == DLT_LINUX_SLL || source_datalink(s) == DLT_LINUX_SLL2;
}

/* pcap_setfilter would put a reject-all filter in between and drain the socket: packets lost. */
bool source_replace_filter(struct source *s, const char *text, struct fail *fail) {
    bool in_kernel;
    struct bpf_program program;
    struct source_filter same = {text, text};
    if (is_cooked(s)) return source_set_filter(s, &same, &in_kernel, fail);
    if (pcap_compile(s->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return fail_set(fail, FAIL_FILTER, "filter", "%s", pcap_geterr(s->pcap));
    _Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "the kernel's layout");
    struct sock_fprog kernel = {.len = (unsigned short)program.bf_len,
                                .filter = (struct sock_filter *)(void *)program.bf_insns};
    int result =
        program.bf_len > KERNEL_FILTER_LENGTH
            ? -1
            : setsockopt(s->packet_fd, SOL_SOCKET, SO_ATTACH_FILTER, &kernel, sizeof kernel);
    pcap_freecode(&program);
    return result == 0 || fail_set(fail, FAIL_ENVIRONMENT, "", "the kernel refused the filter");
}

static void on_frame(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes) {
    const struct source_sink *to = ((struct source *)(void *)user)->to;
    bool good = h->ts.tv_sec >= 0 && h->ts.tv_sec <= SECONDS_MAX && h->ts.tv_usec >= 0;
    uint64_t ts_ns = good ? (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec : 0;
    to->frame(to->ctx, ts_ns, bytes, h->caplen, h->len < h->caplen ? h->caplen : h->len);
}

enum passage { PASSES, STAYS, UNCLEAR };

/* What is of a type not known passes: it is counted as such. */
static enum passage filter_frame(const struct file *file, const struct file_frame *f) {
    struct pcap_pkthdr h = {.caplen = f->cap_bytes, .len = f->wire_bytes};
    for (uint32_t i = 0; i < file->filters; i++)
        if (file->filter[i].linktype == f->linktype) {
            if (file->filter[i].program.bf_len == 0) return UNCLEAR;
            return pcap_offline_filter(&file->filter[i].program, &h, f->bytes) ? PASSES : STAYS;
        }
    return PASSES;
}

static bool next_frame(struct file *file, struct file_frame *out) {
    return file->is_pcapng ? pcapng_next(&file->pcapng, &file->window, out)
                           : pcapfile_next(&file->pcap, &file->window, out);
}

static enum source_result read_file(struct source *s, int max) {
    struct file_window *w = &s->file.window;
    struct file_frame f;
    w->gone = s->to->gone;
    w->ctx = s->to->ctx;
    for (int i = 0; i < max; i++) {
        if (!next_frame(&s->file, &f)) return w->error ? SOURCE_BROKEN : SOURCE_END;
        s->file.read++;
        enum passage how = filter_frame(&s->file, &f);
        if (how == UNCLEAR) {
            window_broken(w, "the filter means nothing for the link type of a packet");
            return SOURCE_BROKEN;
        }
        s->datalink = (int)f.linktype;
        s->interface_at = f.interface;
        if (how == PASSES) s->to->frame(s->to->ctx, f.ts_ns, f.bytes, f.cap_bytes, f.wire_bytes);
    }
    return SOURCE_MORE;
}

enum source_result source_read(struct source *s, int max, const struct source_sink *to) {
    s->to = to;
    if (!s->pcap) return read_file(s, max);
    return pcap_dispatch(s->pcap, max, on_frame, (u_char *)s) < 0 ? SOURCE_BROKEN : SOURCE_MORE;
}

const char *source_error(struct source *s) {
    return s->pcap ? pcap_geterr(s->pcap) : s->file.window.error;
}

uint64_t source_unread(struct source *s, uint64_t *of_out) {
    *of_out = s->file.window.size;
    return window_unread(&s->file.window);
}

uint64_t source_missed(struct source *s) {
    if (!s->pcap) return s->file.pcapng.counts.by_system;
    struct tpacket_stats_v3 now;
    socklen_t len = sizeof now;
    memset(&now, 0, sizeof now);
    if (s->packet_fd >= 0 &&
        getsockopt(s->packet_fd, SOL_PACKET, PACKET_STATISTICS, &now, &len) == 0)
        s->missed += now.tp_drops;
    return s->missed;
}

int source_drops_fd(const struct source *s) {
    return s->drops_fd;
}

uint64_t source_interface_missed(struct source *s) {
    if (!s->pcap) return s->file.pcapng.counts.by_interface;
    s->drops = read_drops(s, s->drops);
    return s->drops > s->drops_before ? s->drops - s->drops_before : 0;
}

uint64_t source_received(const struct source *s) {
    const struct pcapng_counts *c = &s->file.pcapng.counts;
    uint64_t dropped = c->by_system + c->by_interface;
    uint64_t said = c->received > dropped ? c->received - dropped : 0;
    return said > s->file.read ? said : s->file.read;
}
