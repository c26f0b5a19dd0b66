/* libFuzzer: a caller's filter expression.  What our check lets through is compiled by libpcap on
 * its own and as a capture would install it; the program then reads only what stands at fixed
 * places of the headers. */
#include "capd/parent/filter_check.h"
#include "capd/worker/filter.h"
#include "tests/fuzz/fuzz.h"
#include <pcap/pcap.h>

#define HEADERS_MAX 256u /* the farthest fixed place; what follows is payload */

/* A place that is read must not be computed from the packet.  Looked for in the text: libpcap's
 * optimiser drops from the program what a result does not need. */
static void check_places(const char *text) {
    for (const char *at = text; (at = strchr(at, '[')); at++) {
        size_t inside = strcspn(at + 1, "[]");
        HOLDS(at[1 + inside] == ']');
        HOLDS(!memmem(at + 1, inside, "len", 3));
    }
}

static void check_program(const struct bpf_program *p) {
    for (unsigned i = 0; i < p->bf_len; i++) {
        const struct bpf_insn *in = &p->bf_insns[i];
        if (BPF_CLASS(in->code) != BPF_LD) continue;
        if (BPF_MODE(in->code) == BPF_ABS || BPF_MODE(in->code) == BPF_IND)
            HOLDS(in->k < HEADERS_MAX || in->k >= 0xfffff000u); /* the kernel's own, SKF_AD_OFF */
    }
}

static bool compile(pcap_t *p, const char *text) {
    struct bpf_program program;
    if (pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return strcmp(pcap_geterr(p), "expression rejects all packets") == 0; /* well formed */
    check_program(&program);
    pcap_freecode(&program);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct filter_text built;
    static pcap_t *p;
    struct fail fail = {.code = FAIL_NONE};
    if (!p) p = pcap_open_dead(DLT_EN10MB, 2048);
    HOLDS(p);
    char *text = fuzz_text(data, size);
    if (!text) return 0;
    if (filter_check(text, &fail)) {
        HOLDS(strlen(text) <= LIM_FILTER);
        check_places(text);
        struct msg_start start = {.mode = MODE_WEB, .duration_ms = 1000};
        memcpy(start.filter, text, strlen(text));
        bool alone = compile(p, text);
        HOLDS(filter_build(&start, NULL, true, &built));
        HOLDS(!compile(p, built.kernel) || alone); /* joining two filters repairs none */
    } else {
        HOLDS(fail.code == FAIL_FILTER || fail.code == FAIL_LIMIT || fail.code == FAIL_VALUE);
        HOLDS(fail.why[0] && memchr(fail.why, 0, sizeof fail.why));
    }
    free(text);
    return 0;
}
