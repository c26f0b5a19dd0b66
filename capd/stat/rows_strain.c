/* What slowed a service's connections down, and how busy the link was, as rows show it.
 * Runs in: worker.  Input trust: packets. */
#include "capd/stat/rows.h"
#include "capd/track/sketch.h"

static struct dist dist_of(const struct engine *e, const struct service *v,
                           enum service_sketch which) {
    static const struct dist none;
    return v->sketch[which] == NONE ? none : sketch_summary(&e->services.sketch[v->sketch[which]]);
}

void rows_strain(const struct engine *e, uint32_t i, struct msg_service *r) {
    const struct service *v = &e->services.service[i];
    const struct service_facts *x = &e->facts[i];
    const struct strain *t = &v->strain;
    r->dsacks_to_client = t->dsacks[SERVER];
    r->dsacks_to_server = t->dsacks[CLIENT];
    r->spurious_to_client = t->needless[SERVER];
    r->spurious_to_server = t->needless[CLIENT];
    r->rtt_judged = t->rtt_judged;
    r->rtt_inflated = t->rtt_inflated;
    r->rtt_base_us = t->rtt_base_us;
    bool other = t->on_beat[1] * t->beats[0] > t->on_beat[0] * t->beats[1];
    r->rtt_beats = t->beats[other];
    r->rtt_on_beat = t->on_beat[other];
    r->inflated_rtt_us = dist_of(e, v, SERVICE_ROUND);
    r->loaded_rise_us = dist_of(e, v, SERVICE_RISE);
    r->loaded_base_us = t->loaded_base_us;
    r->loaded_busy = t->busy;
    r->rounds_to_client_us = t->rounds_us[CLIENT];
    r->full_to_client_us = t->full_us[CLIENT];
    r->full_to_client_rounds = t->full_rounds[CLIENT];
    r->full_to_client_window_bytes = t->full_window_bytes[CLIENT];
    r->full_to_client_rtt_us = t->full_rtt_us[CLIENT];
    r->rounds_to_server_us = t->rounds_us[SERVER];
    r->full_to_server_us = t->full_us[SERVER];
    r->full_to_server_rounds = t->full_rounds[SERVER];
    r->full_to_server_window_bytes = t->full_window_bytes[SERVER];
    r->full_to_server_rtt_us = t->full_rtt_us[SERVER];
    r->stalls = t->stalls + x->waits;
    r->stall_pauses = t->pauses;
    r->stall_longest_us =
        t->stall_longest_us > x->waits_longest_us ? t->stall_longest_us : x->waits_longest_us;
    r->stall_first_us = t->stalls > 0 ? t->stall_first_us : x->last_us;
    r->stall_last_us = x->waits > 0 ? e->now_us : t->stall_last_us;
}

void totals_load(const struct engine *e, struct msg_totals *t) {
    const struct load *l = &e->load;
    t->link_peak_in_bps = l->peak[0] * 8;
    t->link_peak_out_bps = l->peak[1] * 8;
    t->link_held_in_bps = l->held[0] * 8;
    t->link_held_out_bps = l->held[1] * 8;
    t->link_held_in_us = l->held_at_us[0];
    t->link_held_out_us = l->held_at_us[1];
}
