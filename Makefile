# SPDX-License-Identifier: GPL-2.0-only
# dmaown. See README.md.
#
#	make			the tool, its man pages, and the module for the kernel in KDIR
#	make tool | module	one of them
#	make install | uninstall
#				all of it; PREFIX, DESTDIR, SBINDIR, MANDIR, BASHCOMPDIR, ZSHCOMPDIR,
#				FISHCOMPDIR, DOCDIR, UDEVDIR and MODLOADDIR as usual
#	make deb		Debian packages of the tool, and of the module for DKMS
#	make demo		show the main job in a virtual machine
#	make spec		what is made from kmod/uapi/dmaown.h: dmaown.yaml, a part of a manual page
#	make check		the tests, on the kernels of KERNELS, a selection on QUICK_DEBUG_KERNEL, and
#				those of VFIO containers on STOCK_KERNEL, which has no iommufd
#	make check-debug	all tests in the virtual machine, on the kernels of DEBUG_KERNELS, which
#				look for bugs, with a minute of storm and two of fuzz
#	make soak | fuzz	the storm for an hour, or the fuzz for two minutes, on SOAK_KERNEL; SECONDS
#				says otherwise, and SEED, of the fuzz, repeats one
#	make bench		tables of how long it takes, beside the goals, on BENCH_KERNELS; BENCH=file
#				(or address, type1, standstill, looking, rest) measures that alone
#
# V=1 shows the commands.

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/dmaown
UDEVDIR ?= $(PREFIX)/lib/udev/rules.d
MODLOADDIR ?= $(PREFIX)/lib/modules-load.d
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
INSTALL ?= install
BUILD ?= $(CURDIR)/build
KERNELS ?= 6.12 7.3
QUICK_DEBUG_KERNEL ?= 6.12-debug
STOCK_KERNEL ?= debian
DEBUG_KERNELS ?= 6.12-debug 7.3-debug
SOAK_KERNEL ?= 7.3-debug
BENCH_KERNELS ?= 7.3 6.12

# The version stands in kmod/dkms.conf alone.
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' kmod/dkms.conf)
RELEASE ?= $(shell uname -r)
KDIR ?= /lib/modules/$(RELEASE)/build

Q := $(if $(V),,@)
manuals := $(patsubst man/%.scd,$(BUILD)/man/%,$(wildcard man/*.scd))

all: tool man module

tool:
	$(Q)$(MAKE) --no-print-directory -C cli OUT=$(BUILD) VERSION=$(VERSION)

man: $(manuals)

$(BUILD)/man/%: man/%.scd man/expand $(wildcard man/examples/*)
	@mkdir -p $(@D)
	$(Q)man/expand $< >$@.scd && scdoc <$@.scd >$@.tmp && mv $@.tmp $@

# A module fits one kernel, so each is built in a folder of its own, from copies.
module: MODULE ?= $(RELEASE)
module:
	@mkdir -p $(BUILD)/kmod/$(MODULE)
	$(Q)cp -ru kmod/. $(BUILD)/kmod/$(MODULE)
	$(Q)$(MAKE) --no-print-directory -C $(BUILD)/kmod/$(MODULE) KDIR=$(KDIR) \
		$(if $(MODULES),MODULES=$(MODULES)) $(if $(UNTESTED),UNTESTED=$(UNTESTED))

# The module as it would be if it had been built for an iommufd of another build (or for another VFIO, if
# there is no iommufd): each such build ID in it, in bytes and as text, is turned into another.
wrong_id = perl -0777 -pe 'BEGIN { open my $$f, "<", "$(1)/dmaown_layout.h" or die; local $$/; \
	<$$f> =~ /_BUILD_ID "(..)(\w+)"/ or die; ($$a, $$b) = ($$1, $$2); $$c = $$a eq "00" ? "11" : "00" } \
	s/$$a$$b/$$c$$b/g; s/\Q@{[pack "H*", $$a.$$b]}\E/pack "H*", $$c.$$b/ge'

# What tests/vm/run needs for the kernel KERNEL, whose build tree is KDIR.
vm-artifacts: tool
	$(Q)$(MAKE) --no-print-directory module MODULE=$(KERNEL) KDIR=$(KDIR) \
		MODULES=$(wildcard $(KDIR)/../root/lib/modules/*)
	$(Q)$(call wrong_id,$(BUILD)/kmod/$(KERNEL)) $(BUILD)/kmod/$(KERNEL)/dmaown.ko \
		>$(BUILD)/kmod/$(KERNEL)/dmaown-wrongid.ko
	$(Q)$(MAKE) --no-print-directory -C tests KERNEL=$(KERNEL) KDIR=$(KDIR) OUT=$(BUILD)/tests

spec:
	@mkdir -p $(BUILD)
	$(Q)$(CC) -Wall -Wextra -Ikmod/uapi -o $(BUILD)/spec tests/unit/spec.c
	$(Q)$(BUILD)/spec >kmod/uapi/dmaown.yaml
	$(Q)$(CC) -Wall -Wextra -Ikmod/uapi -o $(BUILD)/records tests/unit/records.c
	$(Q)$(BUILD)/records >$(BUILD)/records.scd
	$(Q)sed -i -e '/^; BEGIN/,/^; END/ { /^; /!d }' -e '/^; BEGIN/ r $(BUILD)/records.scd' \
		man/dmaown-netlink.7.scd

# DEMONSTRATION AND TESTS
#
# Both set up what they need themselves: packages, kernels, everything.

demo:
	$(Q)tests/demo

check: check-unit check-static check-install check-deb check-vm

check-setup:
	$(Q)tests/vm/setup tool layout check kernel machine

check-unit: check-setup tool
	@echo "unit tests"
	$(Q)$(MAKE) --no-print-directory -C cli OUT=$(BUILD) VERSION=$(VERSION) test
	$(Q)$(MAKE) --no-print-directory -f tests/unit/layout.mk OUT=$(BUILD)/unit
	$(Q)PATH=$(BUILD):$$PATH prove --timer tests/unit/names.t

check-static: check-setup
	@echo "static checks"
	$(Q)folder=$$(tests/vm/kernel 6.12) && \
		$(MAKE) --no-print-directory vm-artifacts KERNEL=6.12 KDIR=$$folder/build && \
		prove -e '' tests/static :: $$folder $(BUILD)/kmod/6.12

check-install: check-setup
	@echo "installation"
	$(Q)prove --timer tests/install.t

check-deb: check-setup
	@echo "Debian packages"
	$(Q)prove --timer tests/deb.t

check-vm: check-setup
	@echo "the virtual machine itself"
	$(Q)prove --timer tests/vm/run.t
	$(Q)for kernel in $(KERNELS); do \
		echo "tests in the virtual machine, kernel $$kernel"; \
		DMAOWN_STORM_SECONDS=10 DMAOWN_FUZZ_SECONDS=10 tests/vm/prove $$kernel || exit 1; \
	done
	@echo "tests of VFIO containers on a kernel without iommufd, as Debian has built it, $(STOCK_KERNEL)"
	$(Q)DMAOWN_STORM_SECONDS=10 tests/vm/prove $(STOCK_KERNEL) $(stock_tests)
	@echo "a selection of them on a kernel that looks for bugs, $(QUICK_DEBUG_KERNEL)"
	$(Q)tests/vm/prove $(QUICK_DEBUG_KERNEL) $(quick_tests)

# What there is of the transfer, shortly, and each allocation made to fail.
quick_tests = faults shared flux remap type1-faults type1-matrix
# Allocations cannot be made to fail on it.
stock_tests = type1 type1-matrix type1-flux type1-storm emulated later type1-access type1-adopt type1-back type1-check \
	type1-dryrun type1-events type1-keep type1-memory type1-raise type1-remap type1-remap-auto type1-rules \
	type1-scope type1-several type1-states

check-debug: check-setup
	$(Q)for kernel in $(DEBUG_KERNELS); do \
		echo "tests in the virtual machine, kernel $$kernel"; \
		DMAOWN_STORM_SECONDS=60 DMAOWN_FUZZ_SECONDS=120 tests/vm/prove -t 7200 $$kernel || exit 1; \
	done

# lasting VARIABLE,SECONDS,TEST: runs one test, whose duration is in the variable.
lasting = $(Q)$(1)=$(2) tests/vm/run -k $(SOAK_KERNEL) -t $$(($(2) + 900)) -- prove -v tests/guest/$(3).t

soak: check-setup
	$(call lasting,DMAOWN_STORM_SECONDS,$(or $(SECONDS),3600),storm)

fuzz: check-setup
	$(call lasting,$(if $(SEED),DMAOWN_FUZZ_SEED=$(SEED)) DMAOWN_FUZZ_SECONDS,$(or $(SECONDS),120),fuzz)

# Nothing fails for being slow. What is compared runs in one machine, in turn; a program a machine.
BENCH ?= file address type1 standstill looking rest

bench: check-setup
	$(Q)for kernel in $(BENCH_KERNELS); do for name in $(BENCH); do \
		echo "benchmark $$name, kernel $$kernel"; \
		tests/vm/run -k $$kernel -m 8G -t 3600 -- $${name}_bench || exit 1; \
	done; done

# INSTALLATION

install: install-tool install-module install-host

install-tool: tool man
	$(INSTALL) -D -m 755 $(BUILD)/dmaownctl $(DESTDIR)$(SBINDIR)/dmaownctl
	for page in $(manuals); do \
		$(INSTALL) -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit 1; \
	done
	$(INSTALL) -D -m 644 completions/dmaownctl $(DESTDIR)$(BASHCOMPDIR)/dmaownctl
	$(INSTALL) -D -m 644 completions/_dmaownctl $(DESTDIR)$(ZSHCOMPDIR)/_dmaownctl
	$(INSTALL) -D -m 644 completions/dmaownctl.fish $(DESTDIR)$(FISHCOMPDIR)/dmaownctl.fish
	$(INSTALL) -D -m 644 kmod/uapi/dmaown.h $(DESTDIR)$(PREFIX)/include/dmaown.h
	$(INSTALL) -D -m 644 kmod/uapi/dmaown.yaml $(DESTDIR)$(PREFIX)/share/dmaown/dmaown.yaml
	$(INSTALL) -d $(DESTDIR)$(DOCDIR)/examples
	$(INSTALL) -m 755 man/examples/* $(DESTDIR)$(DOCDIR)/examples

install-module: module
	$(MAKE) -C $(KDIR) M=$(BUILD)/kmod/$(RELEASE) INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates \
		DEPMOD=true modules_install

# What a host does with the module: load it at boot, and say who may open its device.
install-host:
	$(INSTALL) -D -m 644 kmod/host/70-dmaown.rules $(DESTDIR)$(UDEVDIR)/70-dmaown.rules
	$(INSTALL) -D -m 644 kmod/host/dmaown.conf $(DESTDIR)$(MODLOADDIR)/dmaown.conf

# The module's sources, where dkms looks for them; then: dkms install dmaown/$(VERSION)
install-dkms: install-host
	$(INSTALL) -d $(DESTDIR)/usr/src/dmaown-$(VERSION)
	cp -r kmod/. $(DESTDIR)/usr/src/dmaown-$(VERSION)

# All of it, but for what dkms keeps: dkms remove dmaown/$(VERSION) --all
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/dmaownctl $(DESTDIR)$(BASHCOMPDIR)/dmaownctl \
		$(DESTDIR)$(ZSHCOMPDIR)/_dmaownctl $(DESTDIR)$(FISHCOMPDIR)/dmaownctl.fish \
		$(DESTDIR)$(PREFIX)/include/dmaown.h $(DESTDIR)$(UDEVDIR)/70-dmaown.rules \
		$(DESTDIR)$(MODLOADDIR)/dmaown.conf $(DESTDIR)/lib/modules/$(RELEASE)/updates/dmaown.ko*
	for page in $(manuals); do rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; done
	for file in man/examples/*; do rm -f $(DESTDIR)$(DOCDIR)/examples/$${file##*/}; done
	-rmdir $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)$(DOCDIR)
	rm -rf $(DESTDIR)$(PREFIX)/share/dmaown $(DESTDIR)/usr/src/dmaown-$(VERSION)
	-[ -n "$(DESTDIR)" ] || depmod $(RELEASE)

# The packages dmaownctl and dmaown-dkms, in $(BUILD). Debian's tools want a tree of their own, with
# debian/ at its top.
deb: PACKAGE = $(BUILD)/deb/dmaown-$(VERSION)
deb:
	$(Q)tests/vm/setup tool package
	$(Q)rm -rf $(BUILD)/deb $(BUILD)/dmaown*.deb && mkdir -p $(PACKAGE)
	$(Q)cp -r Makefile COPYING CHANGELOG.md README.md cli kmod completions man $(PACKAGE)
	$(Q)mv $(PACKAGE)/cli/debian $(PACKAGE)/debian
	$(Q)printf 'dmaown (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n' $(VERSION) \
		"$$(sed -n 's/^Maintainer: //p' cli/debian/control)" "$$(date -R)" >$(PACKAGE)/debian/changelog
	$(Q)cd $(PACKAGE) && DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage --build=binary \
		--unsigned-changes --unsigned-buildinfo >../build.log 2>&1 || { tail -n 40 ../build.log >&2; exit 1; }
	$(Q)mv $(BUILD)/deb/*.deb $(BUILD)

clean:
	rm -rf $(BUILD)

.NOTPARALLEL:
.PHONY: all tool man module vm-artifacts spec demo check check-setup check-unit check-static check-install \
	check-deb check-vm check-debug soak fuzz bench install install-tool install-module install-host install-dkms \
	uninstall deb clean
