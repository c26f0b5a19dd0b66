# Which tests `make check` runs.  One line each, so that lists merge.
#   UNIT   += test_x        tests/unit/test_x.c, a cmocka program; also run under ASan and UBSan
#   SUITES += tests/a/b     an executable that prints TAP (tests/run says what it may ask for)
SUITES += tests/lint/selftest
SUITES += tests/lint/run
SUITES += tests/lab/test_faults.py
UNIT += test_json
UNIT += test_mcp_calls
UNIT += test_mcp_dispatch
UNIT += test_mcp_stdio
