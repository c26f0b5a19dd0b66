# packet-capture-mcp: one Makefile, no recursion.  `make help` lists the targets.
VERSION  := 0.1.0
V        ?= release
B        := build/$(V)
CC       := gcc
PREFIX   ?= /usr
DESTDIR  ?=
PKG_CONFIG ?= pkg-config
CORPUS   ?=

PKGS_CAPD := libpcap libcap libseccomp msgpack
PKGS_MCPD := libcjson msgpack libidn2 libseccomp libmicrohttpd
PKGS_NET  := libcurl libseccomp

WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wvla -Wcast-qual -Wformat=2 -Wundef \
        -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough
ifeq ($(CI),true)
WARN += -Werror
endif
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fPIE
LDHARD  := -pie -Wl,-z,relro,-z,now
ifeq ($(V),release)
OPT := -O2 -g -D_FORTIFY_SOURCE=3
# What every packet passes is made one piece when capd is linked: its many small functions in many files are worth a
# third of the time.  The objects hold ordinary code too; the tests link that.
# gcc writes the line tables itself: as would name the folder of the build there, whatever -ffile-prefix-map says.
ENGINE_OPT := -O3 -flto -ffat-lto-objects -gno-as-loc-support
# And it is compiled by what a training run passed (see below), so that the usual path fits the instruction cache.
# A file that has changed since goes without.
TRAINED ?= yes
ifeq ($(TRAINED),yes)
ENGINE_OPT += -fprofile-use -fprofile-partial-training -Wno-coverage-mismatch -Wno-missing-profile
endif
IN_ONE     := -O3 -flto=auto -gno-as-loc-support $(filter -ffile-prefix-map=%,$(CFLAGS))
LINK_HOW   := -fno-lto
else ifeq ($(V),train)
# The engine that counts how often it passes where, for the release build: as there until then, counts laid beside the
# objects there.
OPT        := -O2 -D_FORTIFY_SOURCE=3
ENGINE_OPT  = -O3 -fprofile-generate -dumpdir build/release/obj/$(dir $*)
IN_ONE     := -fprofile-generate
else ifeq ($(V),log)
OPT := -O2 -g -D_FORTIFY_SOURCE=3 -DSANDBOX_LOG=1
else ifeq ($(V),asan)
OPT := -O1 -g -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer -DTEST_BUILD=1
WARN += -Wno-format-truncation # gcc guesses wrongly when sanitizers are in the way; the release build checks it
else ifeq ($(V),cov)
OPT := -O0 -g --coverage -DTEST_BUILD=1
else ifeq ($(V),fuzz)
CC  := clang-14
OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -DTEST_BUILD=1
else ifeq ($(V),arm64)
CC := aarch64-linux-gnu-gcc
AR := aarch64-linux-gnu-ar
PKG_CONFIG := aarch64-linux-gnu-pkg-config
OPT := -O2 -g -D_FORTIFY_SOURCE=3
else
$(error V must be release, log, asan, cov, fuzz or arm64)
endif
# -isystem keeps the warnings of other people's headers out of ours.
SYSINC   := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags-only-I $(PKGS_CAPD) $(PKGS_MCPD) 2>/dev/null))
CPPFLAGS += -D_GNU_SOURCE -DPCM_VERSION='"$(VERSION)"' -I. -I$(B)/gen $(SYSINC)
CFLAGS   += -std=c11 $(OPT) $(WARN) $(HARDEN) -MMD -MP
LDFLAGS  += $(OPT) $(LINK_HOW) $(LDHARD)

# `make VERBOSE=1` shows whole commands.
ifeq ($(VERBOSE),)
Q = @printf '  %-4s %s\n' $(firstword $(notdir $(CC))) '$@';
endif

# ---- who builds -----------------------------------------------------------------------------------
# Root in somebody else's tree builds as that somebody: `sudo make` leaves no root-owned build files.  The
# targets that need root for more than building get a plain shell back, and give build/ away at their end.
OWNER := $(shell stat -c %u:%g Makefile)
JOBS  ?= $(shell nproc)
ROOT_TARGETS := demo check check-corpus check-mutated check-log soak bench install uninstall deb check-deb check-install check-arm64
ifeq ($(shell id -u),0)
ifneq ($(firstword $(subst :, ,$(OWNER))),0)
SHELL := /usr/bin/setpriv
.SHELLFLAGS := --reuid=$(word 1,$(subst :, ,$(OWNER))) --regid=$(word 2,$(subst :, ,$(OWNER))) --clear-groups /bin/sh -c
$(ROOT_TARGETS): private SHELL := /bin/sh
$(ROOT_TARGETS): private .SHELLFLAGS := -c
GIVE_BACK := trap '[ ! -d build ] || chown -hR $(OWNER) build' EXIT;
endif
endif

.DEFAULT_GOAL := all

# ---- what is built from what ------------------------------------------------------------------
COMMON := common/addr.c common/routes.c common/hist.c common/clock.c common/log.c common/err.c common/text.c \
          common/wire.c common/mpcheck.c common/mp.c common/schema.c \
          common/frame.c common/conf.c common/netdev.c common/protocol.c common/bucket.c common/targets.c common/peer.c \
          common/start.c common/listen.c common/sysd.c common/landlock.c \
          common/held.c common/rlimit.c
DECODE := $(addprefix capd/decode/,decode.c datalink.c link.c wifi.c arp.c ip.c icmp.c tcp.c udp.c tunnel.c \
          dns.c http.c http2.c http_chunk.c http_target.c tls.c tls_hello.c stp.c sctp.c nd.c dhcp.c dhcp6.c quic.c \
           rtp.c ntp.c stun.c vpn.c redis.c)
TRACK  := $(addprefix capd/track/,engine.c flows.c flow_table.c fold.c hosts.c hash.c sketch.c select.c stranger.c \
          services.c names.c counters.c seconds.c control.c copies.c fragment.c udp.c tcp_track.c tcp_analysis.c \
          tcp_loss.c tcp_timing.c app.c dns_track.c http_track.c tls_track.c slow_client.c \
          neighbours.c path.c ping.c link.c link_claims.c link_storm.c nd_track.c dhcp_track.c \
           udp_state.c udp_ask.c quic_track.c media.c rtp_stream.c pace.c \
          tcp_end.c unanswered.c tcp_setup.c teardown.c dns_faults.c tls_faults.c strain.c rounds.c load.c)
STAT   := $(addprefix capd/stat/,snapshot.c totals.c rows_flow.c rows_app.c rows_udp.c top.c words.c \
          rows_dnstls.c rows_strain.c)
WORKER := capd/worker/worker.c capd/worker/setup.c capd/worker/drop.c capd/worker/sandbox.c \
          capd/worker/source.c capd/worker/file_window.c capd/worker/pcapfile.c capd/worker/pcapng.c \
          capd/worker/expression.c capd/worker/filter.c \
          capd/worker/narrow.c capd/worker/output.c
PARENT := capd/parent/main.c capd/parent/server.c capd/parent/request.c capd/parent/captures.c \
          capd/parent/relay.c capd/parent/interfaces.c capd/parent/policy.c capd/parent/config.c \
          capd/parent/filter_check.c capd/parent/priv.c capd/parent/sandbox.c \
          capd/parent/audit.c capd/check/check.c
MCPCORE := $(addprefix mcpd/,loop.c)
MCPCORE += $(addprefix mcpd/mcp/,argcheck.c batch.c caller.c completion.c content.c dispatch.c era.c jsoncheck.c jsonrpc.c \
           jsonspan.c methods.c prompts.c resources.c subscribe.c tools.c httprules.c)
MCPCORE += $(addprefix mcpd/transport/,stdio.c httphead.c tokens.c http.c http_peers.c http_exchange.c http_turns.c http_reply.c)
MCPD    := $(addprefix mcpd/,main.c app.c audit.c answer.c answer_interfaces.c cli.c cli_report.c cli_interfaces.c cli_check.c \
           cli_check_local.c cli_serve.c cli_serve_client.c cli_serve_setup.c cli_serve_tokens.c serve_call.c \
           cli_stdio.c settings.c launcher.c netchild.c privs.c sandbox.c surface.c resources.c \
           prompts.c)
MCPD    += $(addprefix mcpd/capture/,capclient.c capconn.c captures.c captures_run.c interfaces.c snapset.c snapshot.c store.c \
           target.c target_mode.c watches.c)
MCPD    += $(addprefix mcpd/tools/,analyze_capture_file.c common.c get_capture_report.c get_capture_status.c list_captures.c \
           list_network_interfaces.c start_packet_capture.c stop_packet_capture.c tools.c)
MCPD    += $(addprefix mcpd/diagnose/,derive.c derive_totals.c derive_services.c derive_others.c derive_scan.c derive_udp.c \
           derive_ends.c derive_strain.c derive_load.c derive_names.c derive_dns.c derive_tls.c derive_shared.c derive_clients.c \
           cond.c choice.c template.c rules_json.c rules_load.c rules.c wiretext.c evidence.c \
           verdict.c diagnose.c rules_active.c)
MCPD    += $(addprefix mcpd/report/,fields.c rows.c timeline.c tree.c connections.c addresses.c findings.c budget.c section.c \
           status.c text.c render_text.c term.c render_tables.c render_terminal.c html.c page_words.c \
           page_charts.c page_time.c page_problems.c page_lists.c page_about.c render_html.c \
           render_csv.c)
NET    := mcpd/net/main.c mcpd/net/lookup.c mcpd/net/probe.c mcpd/net/sandbox.c mcpd/privs.c

LIBS_CAPD := $(shell $(PKG_CONFIG) --libs $(PKGS_CAPD) 2>/dev/null)
LIBS_MCPD := $(shell $(PKG_CONFIG) --libs $(PKGS_MCPD) 2>/dev/null)
LIBS_NET  := $(shell $(PKG_CONFIG) --libs $(PKGS_NET) 2>/dev/null)

UNIT := test_common

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
lib = $(B)/lib$(1).a
ANALYSIS := $(call lib,worker) $(call lib,track) $(call lib,stat) $(call lib,track) $(call lib,decode) $(call lib,common)
HELPER   := $(call lib,parent) $(ANALYSIS)

-include tests/tests.mk

.PHONY: all demo check check-corpus check-mutated fuzz fuzzers analyze coverage bench lint format install clean help
all: $(B)/capd $(B)/mcpd $(B)/mcpd-net ## build the programs (as an ordinary user)

$(call lib,common): $(call obj,$(COMMON))
$(call lib,decode): $(call obj,$(DECODE))
$(call lib,track):  $(call obj,$(TRACK))
$(call lib,stat):   $(call obj,$(STAT))
$(call lib,worker): $(call obj,$(WORKER))
$(call lib,parent): $(call obj,$(filter-out capd/parent/main.c,$(PARENT)))
$(call lib,mcpcore): $(call obj,$(MCPCORE))
$(call lib,mcpd):   $(call obj,$(filter-out mcpd/main.c,$(MCPD)))
$(B)/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^

ENGINE := $(call obj,$(COMMON) $(DECODE) $(TRACK) $(addprefix capd/worker/,source.c file_window.c pcapfile.c pcapng.c worker.c))
$(ENGINE): private CFLAGS += $(ENGINE_OPT)
# One training serves until its traffic changes or `make clean`: an edited file does not compile all others anew.
ifeq ($(V) $(TRAINED),release yes)
$(ENGINE): $(B)/trained
$(B)/trained: tests/bench/train.c
	@$(MAKE) --no-print-directory V=train build/train/pcm-count build/train/bench/train
	@rm -f $(ENGINE:.o=.gcda)
	@build/train/bench/train build/train/traffic.pcap && for how in PCM_FLOWS=65536 PCM_LIVE=1; do \
	    env -i $$how build/train/pcm-count build/train/traffic.pcap > build/train/counts || exit 1; done && \
	    [ -f build/release/obj/capd/track/engine.gcda ] || \
	    { echo 'make: the training run failed; `make TRAINED=no` builds without' >&2; exit 1; }
	@rm build/train/traffic.pcap
	@touch $@
FORGET_OLD = @[ ! $< -nt $(B)/trained ] || rm -f $(@:.o=.gcda)
endif
$(B)/capd: LINK_HOW := $(IN_ONE)
$(B)/capd: $(call obj,capd/parent/main.c) $(HELPER)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_CAPD)
$(B)/mcpd: $(call obj,mcpd/main.c) $(call lib,mcpd) $(call lib,mcpcore) $(call lib,common)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_MCPD) -lm
$(B)/mcpd-net: $(call obj,$(NET)) $(call lib,common)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_NET) $(LIBS_MCPD)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(FORGET_OLD)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Text files the program carries: build/<variant>/gen/rules.inc from mcpd/diagnose/rules.json.
INCLUDED = @mkdir -p $(@D); od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g' > $@
$(B)/gen/%.inc: mcpd/diagnose/%.json
	$(INCLUDED)
$(B)/gen/%.inc: mcpd/report/%.json
	$(INCLUDED)
$(B)/obj/mcpd/diagnose/rules.o: $(B)/gen/rules.inc
$(B)/obj/mcpd/resources.o: $(B)/gen/report_schema.inc

# The same of the page for people; and the hashes by which its content security policy knows its style and script.
$(B)/gen/page/%.inc: mcpd/report/page/%
	@mkdir -p $(@D)
	od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g' > $@
$(B)/gen/page/hashes.inc: mcpd/report/page/style.css mcpd/report/page/table.js
	@mkdir -p $(@D)
	for f in STYLE:style.css SCRIPT:table.js; do printf '#define %s_HASH "sha256-%s"\n' "$${f%:*}" \
	  "$$(sha256sum mcpd/report/page/$${f#*:} | cut -c1-64 | tr a-f A-F | basenc --base16 -d | base64)"; done > $@
# The MCP App: page/app.html with the other files in the place of their names.
APP_PARTS := style.css app.css words.json table.js draw.js app.js
$(B)/gen/page/app.html.inc: mcpd/report/page/app.html $(addprefix mcpd/report/page/,$(APP_PARTS))
	@mkdir -p $(@D)
	sed $(foreach f,$(APP_PARTS),-e '/^@$(f)@$$/{r mcpd/report/page/$(f)' -e 'd;}') $< > $(@:.inc=)
	od -An -v -tx1 $(@:.inc=) | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g' > $@
$(B)/obj/mcpd/report/page_words.o: $(B)/gen/page/words.json.inc
$(B)/obj/mcpd/report/render_html.o: $(B)/gen/page/style.css.inc $(B)/gen/page/table.js.inc $(B)/gen/page/hashes.inc \
  $(B)/gen/page/app.html.inc

$(B)/unit/%: tests/unit/%.c $(HELPER) $(call lib,mcpd) $(call lib,mcpcore)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-missing-prototypes $(LDFLAGS) -o $@ $< $(call lib,mcpd) $(call lib,mcpcore) $(HELPER) $(LIBS_CAPD) $(LIBS_MCPD) -lcmocka -lm

units: $(patsubst %,$(B)/unit/%,$(UNIT))

# ---- what people run ------------------------------------------------------------------------------
demo: ## show real diagnoses of real traffic (root); TARGET= INTERFACE= DURATION= for this machine's own network
	@deploy/install-deps build test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@$(GIVE_BACK) deploy/demo $(if $(TARGET),--target '$(TARGET)') $(if $(INTERFACE),--interface '$(INTERFACE)') $(if $(DURATION),--duration '$(DURATION)')

check: ## run every test (as root: all of them); closes with 'N passed, N failed, N skipped'
	@deploy/install-deps build test
	@$(MAKE) --no-print-directory -j$(JOBS) all units build/release/bench/flood
	@$(MAKE) --no-print-directory -j$(JOBS) V=asan units
	@! command -v clang-14 >/dev/null || $(MAKE) --no-print-directory -j$(JOBS) V=fuzz fuzzers
	@$(GIVE_BACK) tests/run --summary build/check-summary.txt $(addprefix build/release/unit/,$(UNIT)) $(addprefix build/asan/unit/,$(UNIT)) $(SUITES)

bench: ## beside other programs: reading a large capture, capturing over a veth pair; latency of tool calls (root)
	@deploy/install-deps build test extra
	@$(MAKE) --no-print-directory -j$(JOBS) all $(B)/pcm-count $(addprefix $(B)/bench/,flood grow conversations empty_loop timed mcp_load)
	@$(GIVE_BACK) tests/bench/side_by_side
	@$(GIVE_BACK) tests/bench/veth_replay
	@$(GIVE_BACK) tests/bench/latency

$(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lpcap

lint: ## the rules of the tree that the compiler does not check
	@tests/run tests/lint/selftest tests/lint/run

format: ## lay out all C files as .clang-format says
	@find common capd mcpd tests -name '*.[ch]' | xargs clang-format-14 -i --style=file

include deploy/deploy.mk

clean: ## remove what was built
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile tests/tests.mk deploy/deploy.mk | expand -t 24
	@echo '  V=release|log|asan|cov|fuzz|arm64 picks the build variant'

-include $(shell find $(B) -name '*.d' 2>/dev/null)
