# Which tests `make check` runs.  One line each, so that lists merge.
#   UNIT   += test_x        tests/unit/test_x.c, a cmocka program; also run under ASan and UBSan
#   SUITES += tests/a/b     an executable that prints TAP (tests/run says what it may ask for)
SUITES += tests/lint/selftest
SUITES += tests/lint/run
SUITES += tests/lab/test_privileges.py
SUITES += tests/lab/test_errors.py
SUITES += tests/lab/test_faults.py
SUITES += tests/lab/test_view.py
SUITES += tests/lab/test_names.py
SUITES += tests/lab/test_callers.py
SUITES += tests/lab/test_reports.py
UNIT += test_json
UNIT += test_mcp_calls
UNIT += test_mcp_batch
UNIT += test_mcp_dispatch
UNIT += test_mcp_resources
UNIT += test_mcp_subscribe
UNIT += test_mcp_stdio
SUITES += tests/golden/run
UNIT += test_track_tcp
UNIT += test_track_repeats
UNIT += test_track_long
UNIT += test_track_full
UNIT += test_track_app
UNIT += test_track_openings
UNIT += test_track_streams
UNIT += test_track_sides
UNIT += test_track_dns_answers
UNIT += test_track_tls test_track_tls_rejected test_track_tls_hellos
UNIT += test_track_names
UNIT += test_track_arp
UNIT += test_track_control
UNIT += test_track_copies
UNIT += test_track_dns
UNIT += test_stat

# The engine on one capture file, for check-corpus and the golden captures.
PCM_COUNT_LIBS = $(foreach l,worker track stat track decode common,$(B)/lib$(l).a)
$(B)/pcm-count: LINK_HOW := $(IN_ONE)
$(B)/pcm-count: tests/corpus/pcm-count.c $(foreach l,worker track stat decode common,$(B)/lib$(l).a)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(PCM_COUNT_LIBS) $(LIBS_CAPD)
units: $(B)/pcm-count
check-corpus: ## compare the engine with what tshark counts in capture files; CORPUS=folder
	@deploy/install-deps build test
	@$(MAKE) --no-print-directory -j$(JOBS) all $(B)/pcm-count
	@$(GIVE_BACK) tests/corpus/check.py $(B)/pcm-count '$(CORPUS)'
	@$(GIVE_BACK) tests/corpus/diagnosis.py $(B)/mcpd '$(CORPUS)'
	@$(GIVE_BACK) tests/corpus/reports.py $(B)/mcpd '$(CORPUS)'

COPIES ?= 10000
check-mutated: ## damaged copies of capture files through a build with sanitizers; CORPUS=folder COPIES=10000
	@deploy/install-deps build test
	@$(MAKE) --no-print-directory -j$(JOBS) V=asan build/asan/pcm-count
	@$(GIVE_BACK) tests/corpus/mutate.py build/asan/pcm-count '$(CORPUS)' $(COPIES)
SUITES += tests/mcp/run
SUITES += tests/mcp/test_schema
UNIT += test_decode
UNIT += test_decode_dns
UNIT += test_decode_http
UNIT += test_decode_tls

# The sandbox, tried from inside, and a real capd.  Release only: sanitizers need calls that it forbids.
SANDBOX_TESTS := test_worker_sandbox test_parent_sandbox test_live test_mcpd_sandbox
SANDBOX_LIBS = $(B)/libmcpd.a $(B)/obj/mcpd/net/sandbox.o $(foreach l,parent worker track stat track decode common,$(B)/lib$(l).a)
SUITES += $(addprefix build/release/sandbox/,$(SANDBOX_TESTS))
ifeq ($(V),release)
units: $(addprefix $(B)/sandbox/,$(SANDBOX_TESTS))
endif
$(B)/sandbox/%: tests/sandbox/%.c tests/sandbox/client.c $(SANDBOX_LIBS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< tests/sandbox/client.c $(SANDBOX_LIBS) $(LIBS_CAPD)
SUITES += tests/faults/test_faults_survived.py
SUITES += tests/faults/test_faults_hostile.py
SUITES += tests/faults/test_faults_serve.py
CYCLES ?= 10000
soak: ## start and stop CYCLES=10000 captures and look for growth of memory, descriptors, processes (root)
	@deploy/install-deps build test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@$(GIVE_BACK) tests/faults/soak.py $(CYCLES)

check-log: ## run all suites that drive the product with sandboxes that only record; SUITES_LOG=files (root)
	@deploy/install-deps build test
	@$(MAKE) --no-print-directory -j$(JOBS) all units
	@$(MAKE) --no-print-directory -j$(JOBS) V=log all build/log/pcm-count build/log/bench/flood
	@$(GIVE_BACK) tests/sandbox/log_run $(SUITES_LOG)
UNIT += test_mcp_loop
UNIT += test_netchild
UNIT += test_parent_config
UNIT += test_policy
UNIT += test_filter
UNIT += test_parent_server

# Fuzz targets, for clang's libFuzzer: `make V=fuzz fuzzers`, then build/fuzz/fuzz_x NEW_CORPUS tests/fuzz/seeds/x
SUITES += tests/fuzz/run
SUITES += tests/lint/static/quick
FUZZ += fuzz_decode_frame fuzz_dns fuzz_http fuzz_tls
FUZZ += fuzz_nd fuzz_dhcp fuzz_engine
FUZZ += fuzz_udp fuzz_udp_track fuzz_capture_file
FUZZ += fuzz_capd fuzz_message fuzz_filter fuzz_conf fuzz_text
FUZZ += fuzz_http_rules fuzz_serve fuzz_serve_call fuzz_json fuzz_mcp fuzz_capclient fuzz_report fuzz_rules fuzz_target fuzz_netchild
FUZZ_ENGINE ?= -fsanitize=fuzzer
FUZZ_LINK ?= $(CC) $(CFLAGS)
FUZZ_LIBS = $(call lib,mcpd) $(call lib,mcpcore) $(HELPER)
fuzzers: $(addprefix $(B)/,$(FUZZ))
$(B)/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(patsubst %.c,$(B)/obj/%.o,$(filter %.c,$(FUZZ_ENGINE))) $(FUZZ_LIBS)
	$(Q)$(FUZZ_LINK) $(LDFLAGS) -o $@ $(filter %.o,$^) $(FUZZ_LIBS) $(LIBS_CAPD) $(LIBS_MCPD) $(filter-out %.c,$(FUZZ_ENGINE)) -lm
.SECONDARY: $(patsubst %,$(B)/obj/tests/fuzz/%.o,$(FUZZ))

FUZZ_SECONDS ?= 600
fuzz: ## each fuzz target for FUZZ_SECONDS (600), one after the other; TARGETS= only these
	@deploy/install-deps build extra
	@$(MAKE) --no-print-directory -j$(JOBS) V=fuzz fuzzers
	@tests/fuzz/run --seconds $(FUZZ_SECONDS) $(TARGETS)

# Writes the seeds of fuzz_report, fuzz_capclient and fuzz_message; see there.
$(B)/write_report_seeds: tests/fuzz/write_report_seeds.c $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-missing-prototypes -Wno-unused-function $(LDFLAGS) -o $@ $< $(FUZZ_LIBS) $(LIBS_CAPD) $(LIBS_MCPD) -lcmocka -lm

analyze: ## static analysis of the whole product by gcc, scan-build, clang-tidy and cppcheck; takes many minutes
	@deploy/install-deps build analyze
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@tests/run tests/lint/static/analyze

coverage: ## lines that unit tests and golden captures run, by folder; fails where a part is below its least share
	@deploy/install-deps build
	@$(MAKE) --no-print-directory -j$(JOBS) V=cov units
	@tests/coverage
UNIT += test_target
UNIT += test_capclient
UNIT += test_snapshot_store
UNIT += test_settings
UNIT += test_rules
UNIT += test_rules_beyond test_rules_outage test_rules_scans
UNIT += test_rules_file
UNIT += test_report
UNIT += test_report_terminal
UNIT += test_report_html
SUITES += tests/pages/test_pages.py
SUITES += tests/pages/test_app.py
UNIT += test_extremes
SUITES += tests/cli/test_cli.py
SUITES += tests/cli/test_check.py
SUITES += tests/cli/test_files.py
UNIT += test_interface_choice
UNIT += test_capture_files
UNIT += test_track_claimed
UNIT += test_narrow
SUITES += tests/lab/test_matrix.py
SUITES += tests/lab/test_choices.py
SUITES += tests/lab/test_people.py
SUITES += tests/lab/test_canary.py
SUITES += tests/cli/test_hostile_names.py
UNIT += test_privacy
UNIT += test_decode_net
UNIT += test_track_link
UNIT += test_track_claims
UNIT += test_track_dhcp
UNIT += test_track_ends
UNIT += test_track_silences
UNIT += test_track_strangers
UNIT += test_decode_udp
UNIT += test_track_udp test_track_unanswered test_track_blackhole
UNIT += test_track_pace
SUITES += tests/lab/test_rtp.py
UNIT += test_track_strain
UNIT += test_track_jumps
UNIT += test_track_h2
UNIT += test_sysd
UNIT += test_http_rules
UNIT += test_tokens
UNIT += test_serve_call
SUITES += tests/mcp/test_http.py
SUITES += tests/mcp/test_http_cancel.py
SUITES += tests/mcp/test_http_bounds.py
SUITES += tests/mcp/test_http_load.py
SUITES += tests/mcp/test_http_audit.py
SUITES += tests/mcp/test_http_reload.py
SUITES += tests/install/test_units
$(B)/install/memory: tests/install/memory.c $(foreach l,track stat decode common,$(B)/lib$(l).a)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(foreach l,track stat track decode common,$(B)/lib$(l).a)
ifeq ($(V),release)
units: $(B)/install/memory
endif

# The MCP core and its HTTP transport with the conformance suite's own tools: a program for that suite alone.
CONFORMANCE := $(addprefix tests/mcp/conformance/,main.c tools.c tables.c)
units: $(B)/mcp-conformance
$(B)/mcp-conformance: $(patsubst %.c,$(B)/obj/%.o,$(CONFORMANCE)) $(B)/libmcpcore.a $(B)/libcommon.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_MCPD) -lm
SUITES += tests/mcp/test_conformance
SUITES += tests/mcp/test_clients_http
SUITES += tests/mcp/test_inspector
