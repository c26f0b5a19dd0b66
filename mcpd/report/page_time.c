/* Everything over time: small charts one below the other with one time axis, and when each problem
 * was seen, on the same axis, since what a person wants to know is what happened at that moment.
 * Steps, not curves: a bucket is a sum, and nothing is known of what happened within.
 * Runs in: mcpd.  Input trust: packets (numbers; subjects). */
#include "mcpd/report/page.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SERIES     2
#define BUCKETS    600 /* LIM_TIMELINE, the contract's bound */
#define HEIGHT     200 /* units of a chart; it is drawn about half as many pixels high */
#define LANES_MOST 12  /* problems with a time of their own */

struct series {
    double v[BUCKETS];
    double most, sum;
    int n;
    const char *label;
};

static void read_series(struct series *s, const cJSON *values, double factor) {
    const cJSON *v;
    s->n = 0;
    s->most = s->sum = 0;
    cJSON_ArrayForEach(v, values) {
        if (s->n == BUCKETS) break;
        double value = cJSON_IsNumber(v) ? v->valuedouble * factor : 0;
        s->v[s->n++] = value;
        s->sum += value;
        if (value > s->most) s->most = value;
    }
}

/* The next round number: 1, 2 or 5 times a power of ten. */
static double round_up(double most) {
    double step = pow(10, floor(log10(most)));
    double times = most / step;
    return step * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

/* Equal neighbours become one stroke: what is quiet takes no room.  `gaps`: nothing measured is no
 * line at 0, but none. */
static void add_steps(struct page *p, const struct series *s, double top, unsigned index,
                      bool gaps) {
    html_addf(&p->t, "<path class=\"s%u\" d=\"M0 %d", index, HEIGHT);
    int at = HEIGHT;
    for (int i = 0; i < s->n; i++) {
        int y = HEIGHT - (int)(s->v[i] / top * HEIGHT + 0.5);
        if (y == HEIGHT && s->v[i] > 0) y = HEIGHT - 1; /* little is not nothing */
        if (y != at && gaps && at == HEIGHT)
            html_addf(&p->t, "M%d %dV%d", i, HEIGHT, y);
        else if (y != at)
            html_addf(&p->t, "H%dV%d", i, y);
        at = y;
    }
    if (!gaps || at != HEIGHT) html_addf(&p->t, "H%dV%d", s->n, HEIGHT);
    html_raw(&p->t, "\"/>");
}

static void add_caption(struct page *p, const cJSON *chart, const struct series *s, int n,
                        double most) {
    char value[VALUE_BYTES];
    const char *unit = tree_text(chart, "unit");
    html_addf(&p->t, "<figcaption><b>%s</b>", tree_text(chart, "title"));
    for (int i = 0; i < n && most > 0; i++) {
        html_addf(&p->t, " <span class=\"key k%d\">%s", i, s[i].label);
        html_addf(&p->t, "%sat most %s", s[i].label[0] ? ", " : "",
                  number_words(s[i].most, unit, value));
        if (strcmp(unit, "count") == 0)
            html_addf(&p->t, ", %s in all", number_words(s[i].sum, unit, value));
        html_raw(&p->t, "</span>");
    }
    html_raw(&p->t, most > 0 ? "</figcaption>" : " <span class=\"dim\">none</span></figcaption>");
}

static void add_chart(struct page *p, const cJSON *chart, const struct series *s, int n) {
    char value[VALUE_BYTES];
    double most = s[0].most;
    for (int i = 1; i < n; i++) most = s[i].most > most ? s[i].most : most;
    html_raw(&p->t, "<figure class=\"chart\">");
    add_caption(p, chart, s, n, most);
    if (most > 0) {
        double top = round_up(most);
        html_addf(&p->t, "<div class=\"plot\"><span class=\"top\">%s</span>",
                  number_words(top, tree_text(chart, "unit"), value));
        html_addf(&p->t,
                  "<span class=\"zero\">0</span><svg viewBox=\"0 0 %d %d\" "
                  "preserveAspectRatio=\"none\" role=\"img\"><title>%s over time</title>",
                  s[0].n, HEIGHT, tree_text(chart, "title"));
        for (int i = 0; i < n; i++)
            add_steps(p, &s[i], top, (unsigned)i, cJSON_IsTrue(tree_get(chart, "gaps")));
        html_raw(&p->t, "</svg></div>");
    }
    html_raw(&p->t, "</figure>\n");
}

static void read_chart(struct page *p, const cJSON *chart, double bucket_s) {
    struct series s[SERIES];
    double factor = tree_value(chart, "scale");
    const cJSON *entry;
    int n = 0;
    if (cJSON_IsTrue(tree_get(chart, "rate"))) factor /= bucket_s;
    cJSON_ArrayForEach(entry, tree_get(chart, "series")) {
        const cJSON *values = tree_get(tree_get(p->report, "timeline"), entry_text(entry, 0));
        if (!values || n == SERIES) continue;
        read_series(&s[n], values, factor);
        s[n++].label = entry_text(entry, 1);
    }
    if (n > 0 && s[0].n > 0) add_chart(p, chart, s, n);
}

/* ---- the problems on the same axis ----------------------------------------------------------- */

static void add_lanes(struct page *p, double all_s) {
    const cJSON *f;
    int lanes = 0;
    cJSON_ArrayForEach(f, tree_get(p->report, "problems_detected")) {
        if (!tree_get(f, "first_s") || !tree_get(f, "last_s") || lanes == LANES_MOST) continue;
        double first = tree_value(f, "first_s"), last = tree_value(f, "last_s");
        if (lanes++ == 0)
            html_raw(&p->t, "<figure class=\"lanes\"><figcaption><b>When each problem was "
                            "seen</b></figcaption><ul>\n");
        html_addf(&p->t, "<li><code>%s</code> %s <small>%g s to %g s</small>", tree_text(f, "id"),
                  tree_text(f, "subject"), first, last);
        chart_bar(p, 100 * first / all_s, 100 * (last - first) / all_s, tree_text(f, "severity"));
        html_raw(&p->t, "</li>\n");
    }
    if (lanes) html_raw(&p->t, "</ul></figure>\n");
}

/* Parts of the axis, so that their ends are whole numbers where that can be. */
static int axis_parts(double all_s) {
    static const int parts[] = {4, 5, 3, 6, 2};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (fmod(all_s, parts[i]) == 0) return parts[i];
    return all_s < 12 && all_s == floor(all_s) ? (int)all_s : 4;
}

static void add_axis(struct page *p, double all_s) {
    int parts = axis_parts(all_s);
    html_raw(&p->t, "<div class=\"axis\" aria-hidden=\"true\">");
    for (int i = 0; i <= parts; i++)
        html_addf(&p->t, "<span>%g%s</span>", all_s * i / parts, i == parts ? " s" : "");
    html_raw(&p->t, "</div>\n");
}

void page_time(struct page *p) {
    const cJSON *timeline = tree_get(p->report, "timeline"), *chart;
    double bucket_s = tree_value(timeline, "bucket_s");
    int n = cJSON_GetArraySize(tree_get(timeline, "packets"));
    if (bucket_s <= 0 || n == 0) return;
    html_addf(&p->t, "<section id=\"time\" class=\"wide\"><h2>%s</h2>\n",
              page_word(p, "titles.time"));
    html_addf(&p->t, "<p class=\"hint\">One step is %g s.</p>\n", bucket_s);
    cJSON_ArrayForEach(chart, tree_get(p->words, "charts")) read_chart(p, chart, bucket_s);
    add_axis(p, bucket_s * n);
    add_lanes(p, bucket_s * n);
    html_raw(&p->t, "</section>\n");
}
