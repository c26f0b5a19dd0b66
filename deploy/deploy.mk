# Installing and packaging; included by the Makefile.
LIBEXEC  := $(PREFIX)/libexec/packet-capture-mcp
SYSTEMD  := $(PREFIX)/lib/systemd/system
DOCDIR   := $(PREFIX)/share/doc/packet-capture-mcp
MANPAGES := capd.8 mcpd.8 mcpd.1 capd.conf.5 mcpd.conf.5 packet-capture-mcp-protocol.7
MAN      := $(addprefix $(B)/man/,$(MANPAGES))
# Programs that run while building are built for the machine that builds.
HOSTCC   ?= gcc
# Pages carry the day of the last release, so that a page is the same whoever makes it.
RELEASE_DAY := $(shell sed -n '/^ -- /{s/^ -- .*>  //p;q}' deploy/debian/changelog)
SCDOC    := SOURCE_DATE_EPOCH=$(shell date -u -d '$(RELEASE_DAY)' +%s) scdoc

.PHONY: man deb check-deb check-install check-arm64
man: $(MAN)
$(B)/man/%: deploy/man/%.scd deploy/debian/changelog
	@mkdir -p $(@D)
	$(SCDOC) < $< > $@.tmp && mv $@.tmp $@

# The protocol page comes from the table that encodes and checks (common/schema.h).
PROTOCOL_SOURCES := deploy/man/protocol.c common/protocol.c common/schema.c
# Only the tables are wanted: --gc-sections lets go of the coders, and of the library that they need.
$(B)/gen/protocol: $(PROTOCOL_SOURCES) common/schema.h common/schema_tables.h common/limits.h common/wire.h
	@mkdir -p $(@D)
	$(HOSTCC) -std=c11 -D_GNU_SOURCE -O1 -I. $(SYSINC) -ffunction-sections -fdata-sections -Wl,--gc-sections -o $@ $(PROTOCOL_SOURCES)
$(B)/man/packet-capture-mcp-protocol.7: $(B)/gen/protocol deploy/man/protocol.awk deploy/man/protocol.scd deploy/debian/changelog
	@mkdir -p $(@D)
	$(B)/gen/protocol > $(B)/man/protocol.md
	awk -f deploy/man/protocol.awk $(B)/man/protocol.md | cat deploy/man/protocol.scd - > $(B)/man/protocol.scd
	$(SCDOC) < $(B)/man/protocol.scd > $@.tmp && mv $@.tmp $@

install: all ## install programs, units and configuration below $(DESTDIR); manual pages where scdoc is installed
	install -D -m 0755 $(B)/capd $(DESTDIR)$(PREFIX)/sbin/capd
	install -D -m 0755 $(B)/mcpd $(DESTDIR)$(PREFIX)/bin/mcpd
	install -D -m 0755 $(B)/mcpd-net $(DESTDIR)$(LIBEXEC)/mcpd-net
	for unit in capd.service capd.socket mcpd.service mcpd.socket; do \
	    install -D -m 0644 deploy/systemd/$$unit $(DESTDIR)$(SYSTEMD)/$$unit || exit 1; done
	install -D -m 0644 deploy/sysusers.d/packet-capture-mcp.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/packet-capture-mcp.conf
	install -D -m 0644 deploy/tmpfiles.d/packet-capture-mcp.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/packet-capture-mcp.conf
	install -D -m 0644 deploy/examples/mcpd-no-network.conf $(DESTDIR)$(DOCDIR)/examples/mcpd-no-network.conf
	for snippet in $(notdir $(wildcard deploy/clients/*)); do \
	    install -D -m 0644 deploy/clients/$$snippet $(DESTDIR)$(DOCDIR)/examples/clients/$$snippet || exit 1; done
	install -D -m 0644 deploy/completion/mcpd $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mcpd
	ln -sf mcpd $(DESTDIR)$(PREFIX)/share/bash-completion/completions/capd
	for conf in capd.conf mcpd.conf; do [ -e $(DESTDIR)/etc/packet-capture-mcp/$$conf ] || \
	    install -D -m 0644 deploy/config/$$conf $(DESTDIR)/etc/packet-capture-mcp/$$conf || exit 1; done
	if command -v scdoc >/dev/null; then $(MAKE) --no-print-directory man && for page in $(MANPAGES); do \
	    install -D -m 0644 $(B)/man/$$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page || exit 1; done; \
	else echo 'scdoc is not installed: no manual pages'; fi

uninstall: ## stop and take away what `make install` put there, but configuration, state and users
	@[ -n '$(DESTDIR)' ] || [ ! -d /run/systemd/system ] || systemctl disable --now mcpd.socket mcpd.service capd.socket capd.service || true
	rm -f $(DESTDIR)$(PREFIX)/sbin/capd $(DESTDIR)$(PREFIX)/bin/mcpd
	rm -rf $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(DOCDIR)
	rm -f $(addprefix $(DESTDIR)$(SYSTEMD)/,capd.service capd.socket mcpd.service mcpd.socket)
	rm -f $(DESTDIR)$(PREFIX)/lib/sysusers.d/packet-capture-mcp.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/packet-capture-mcp.conf
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/bash-completion/completions/,mcpd capd)
	rm -f $(foreach page,$(MANPAGES),$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(page))

# What can be tested where a package is built: no root, no network.
package-tests: all units
	tests/run $(addprefix $(B)/unit/,$(UNIT)) tests/golden/run

DEB_ARCH ?= $(shell dpkg --print-architecture)
deb: ## the Debian package in build/deb; DEB_ARCH=arm64 cross-builds it
	@deploy/install-deps build package $(if $(filter-out $(shell dpkg --print-architecture),$(DEB_ARCH)),arm64)
	@$(GIVE_BACK) deploy/build-deb --arch $(DEB_ARCH) build/deb

check-deb: ## build the package twice in two folders: same bytes, clean for lintian, nothing missing
	@deploy/install-deps build package
	@$(GIVE_BACK) tests/run --timeout 1800 tests/install/check_deb.py

check-install: ## install the package with apt into a Debian of its own, use it, upgrade it, purge it (root)
	@deploy/install-deps build test package install
	@$(GIVE_BACK) tests/run --timeout 3600 tests/install/check_install.py

# The aarch64 build on this machine: every unit test and the golden captures under qemu-user, and its system
# call policies beside those of x86_64 (the filters themselves cannot be installed there).
EXPORT_LIBS = $(foreach l,mcpd mcpcore parent worker track stat track decode common,$(B)/lib$(l).a)
$(B)/arm64/seccomp_export: tests/arm64/seccomp_export.c $(call obj,mcpd/net/sandbox.c) $(EXPORT_LIBS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-missing-prototypes $(LDFLAGS) -Wl,--wrap=seccomp_load,--wrap=landlock_enter,--wrap=setrlimit \
	    -o $@ $< $(call obj,mcpd/net/sandbox.c) $(EXPORT_LIBS) $(LIBS_CAPD) $(LIBS_MCPD) -lm
QEMU_RUNS := $(addprefix build/arm64/qemu/,$(addprefix unit/,$(UNIT)) pcm-count seccomp_export)
$(QEMU_RUNS): deploy/deploy.mk
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nPCM_EMULATED=1 exec qemu-aarch64-static "$$(dirname "$$0")/%s" "$$@"\n' \
	    '$(if $(findstring unit/,$@),../../unit/,$(if $(findstring export,$@),../arm64/,../))$(notdir $@)' > $@
	@chmod +x $@
check-arm64: ## cross-build for aarch64; unit and golden tests under qemu-user, system call policies compared
	@deploy/install-deps build test arm64
	@$(MAKE) --no-print-directory -j$(JOBS) build/release/arm64/seccomp_export
	@$(MAKE) --no-print-directory -j$(JOBS) V=arm64 all units build/arm64/arm64/seccomp_export $(QEMU_RUNS)
	@$(GIVE_BACK) PCM_BUILD=build/arm64/qemu tests/run --timeout 1200 --summary build/arm64-summary.txt \
	    $(addprefix build/arm64/qemu/unit/,$(UNIT)) tests/golden/run tests/arm64/test_seccomp.py
