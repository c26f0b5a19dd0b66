/* The client of the network child: everybody is answered once, however many ask at once.
 * Runs in: test.  Input trust: none. */
#include "mcpd/netchild.h"
#include "tests/unit/launch_order.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define ASKERS       600u
#define AT_THE_CHILD 128u

struct asker {
    struct netchild *again; /* asks once more from inside its answer; NULL: not */
    unsigned answers, good, busy;
};

static void on_answer(void *ctx, const struct netchild_answer *a) {
    struct asker *asker = ctx;
    asker->answers++;
    asker->good += a->ok;
    asker->busy += strstr(a->why, "too many questions") != NULL;
    struct netchild *again = asker->again;
    asker->again = NULL;
    if (again) netchild_resolvers(again, on_answer, asker);
}

/* Answer what is asked; returns how many questions there were. */
static unsigned answer_all(int child) {
    char question[NET_MESSAGE_MAX + 1], answer[64];
    unsigned n = 0, id;
    ssize_t got;
    while ((got = recv(child, question, NET_MESSAGE_MAX, MSG_DONTWAIT)) > 0) {
        question[got] = 0;
        assert_int_equal(sscanf(question, "resolvers %u", &id), 1);
        int len = snprintf(answer, sizeof answer, "%u ok 192.0.2.53", id);
        assert_int_equal(send(child, answer, (size_t)len, MSG_DONTWAIT), len);
        n++;
    }
    return n;
}

struct scene {
    struct loop *loop;
    struct launcher launcher;
    struct netchild *net;
    int orders;
};

static int setup(void **state) {
    struct scene *s = calloc(1, sizeof *s);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    s->launcher = (struct launcher){.fd = pair[0], .net = "mcpd-net"};
    s->orders = pair[1];
    s->loop = loop_new();
    s->net = netchild_new(s->loop, &s->launcher);
    *state = s;
    return 0;
}

static int teardown(void **state) {
    struct scene *s = *state;
    netchild_free(s->net);
    loop_free(s->loop);
    close(s->launcher.fd);
    close(s->orders);
    free(s);
    return 0;
}

static void test_netchild_answers_all_who_ask_at_once(void **state) {
    struct scene *s = *state;
    struct asker asker[ASKERS] = {{0}};
    unsigned answers = 0, good = 0, busy = 0, asked = 0;
    for (unsigned i = 0; i < ASKERS; i++) netchild_resolvers(s->net, on_answer, &asker[i]);
    for (unsigned i = 0; i < ASKERS; i++) assert_int_equal(asker[i].answers, 0);
    netchild_cancel(s->net, &asker[ASKERS - 1]);
    int child = launch_order_take(s->orders);
    assert_true(child >= 0);
    for (int round = 0; round < 1000 && answers < ASKERS - 1; round++) {
        asked += answer_all(child);
        assert_int_equal(loop_step(s->loop, 50), 0);
        answers = 0;
        for (unsigned i = 0; i < ASKERS; i++) answers += asker[i].answers;
    }
    for (unsigned i = 0; i < ASKERS; i++) {
        assert_int_equal(asker[i].answers, i < ASKERS - 1);
        good += asker[i].good;
        busy += asker[i].busy;
    }
    assert_in_range(asked, 1, AT_THE_CHILD);
    assert_int_equal(good, asked); /* what the kernel's queue could not take is refused too */
    assert_in_range(busy, ASKERS - 1 - AT_THE_CHILD, ASKERS - 1);
    struct asker later = {.again = NULL};
    netchild_resolvers(s->net, on_answer, &later);
    assert_int_equal(answer_all(child), 1);
    assert_int_equal(loop_step(s->loop, 1000), 0);
    assert_int_equal(later.good, 1);
    close(child);
}

/* A question that is asked when another is refused has its deadline as well. */
static void test_netchild_deadline_of_who_asks_from_inside(void **state) {
    struct scene *s = *state;
    struct asker asker[3] = {{NULL}, {.again = s->net}, {NULL}};
    for (int i = 0; i < 3; i++) netchild_resolvers(s->net, on_answer, &asker[i]);
    int child = launch_order_take(s->orders);
    assert_true(child >= 0);
    for (int round = 0; round < 200 && asker[1].answers < 2; round++)
        assert_int_equal(loop_step(s->loop, 100), 0);
    for (int i = 0; i < 3; i++) assert_int_equal(asker[i].answers, i == 1 ? 2 : 1);
    assert_int_equal(asker[1].good, 0); /* nobody answered: each is told so */
    close(child);
}

/* Take what is asked, without an answer; returns how many, *id_out: the last one's. */
static unsigned take_all(int child, unsigned *id_out) {
    char question[NET_MESSAGE_MAX + 1];
    unsigned n = 0;
    ssize_t got;
    while ((got = recv(child, question, NET_MESSAGE_MAX, MSG_DONTWAIT)) > 0) {
        question[got] = 0;
        assert_int_equal(sscanf(question, "resolve %u", id_out), 1);
        n++;
    }
    return n;
}

/* Who asks and goes away again leaves room for others, and waits himself until it is done. */
static void test_netchild_shares_the_child_fairly(void **state) {
    struct scene *s = *state;
    struct asker mine[10] = {{0}}, theirs = {0};
    const struct caller a = {.kind = CALLER_TOKEN, .name = "a"},
                        b = {.kind = CALLER_TOKEN, .name = "b"};
    unsigned id;
    for (int i = 0; i < 10; i++) {
        netchild_resolve(s->net, &a, "www.example.com", on_answer, &mine[i]);
        if (i < 6) netchild_cancel(s->net, &mine[i]);
    }
    int child = launch_order_take(s->orders);
    assert_true(child >= 0);
    assert_int_equal(take_all(child, &id), 6);
    netchild_resolve(s->net, &b, "www.example.net", on_answer, &theirs);
    unsigned last;
    assert_int_equal(take_all(child, &last), 1);
    for (int round = 0; round < 100 && !mine[9].answers; round++)
        assert_int_equal(loop_step(s->loop, 100), 0);
    for (int i = 0; i < 10; i++) assert_int_equal(mine[i].answers, i >= 6);
    assert_int_equal(theirs.answers, 0);
    char answer[64];
    int len = snprintf(answer, sizeof answer, "%u ok 192.0.2.1", id);
    assert_int_equal(send(child, answer, (size_t)len, MSG_DONTWAIT), len);
    assert_int_equal(loop_step(s->loop, 1000), 0);
    netchild_resolve(s->net, &a, "www.example.com", on_answer, &mine[0]);
    assert_int_equal(take_all(child, &id), 1);
    close(child);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_netchild_answers_all_who_ask_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_netchild_shares_the_child_fairly, setup, teardown),
        cmocka_unit_test_setup_teardown(test_netchild_deadline_of_who_asks_from_inside, setup,
                                        teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
