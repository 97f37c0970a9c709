# SPDX-License-Identifier: GPL-2.0-only
# Builds, installs and tests dmaown. README.md describes the project.
#
#	make			build the tool, its manual pages, and the module for the kernel in KDIR
#	make tool | man | module
#				build one of them
#	make clean		remove BUILD, the folder of everything that is built
#	make install | uninstall
#				install or remove everything; PREFIX, DESTDIR, SBINDIR, MANDIR, BASHCOMPDIR,
#				ZSHCOMPDIR, FISHCOMPDIR, DOCDIR, UDEVDIR and MODLOADDIR have their usual meaning
#	make install-tool | install-module | install-host
#				install one part: the tool with manual pages and completions; the module; the files
#				that make a host load the module and that set who may open its device
#	make install-dkms	install the module's sources for DKMS, and the files of install-host
#	make deb		build Debian packages: one with the tool, one with the module for DKMS
#	make demo		show a transfer in a virtual machine
#	make spec		generate dmaown.yaml and a part of dmaown-netlink(7) from kmod/uapi/dmaown.h
#	make check		run the tests that CI runs: all tests except those of scaling on FULL_KERNEL, the
#				conformance selection on each of CONFORMANCE_KERNELS, and the tests on the host
#	make check-unit | check-static | check-builds | check-install | check-deb | check-machine
#				run one part of the tests on the host
#	make check-kernel KERNEL=FOLDER
#				run the conformance selection on a kernel of your own, built or unpacked, and print
#				a verdict for each rule
#	make check-kernels	run the conformance selection on every kernel of tests/vm/kernels
#	make check-debug	run all tests on DEBUG_KERNELS, which are built with debugging options, with one
#				minute of storm and two minutes of fuzz
#	make check-all		run everything on every kernel: takes a night, and continues where it was interrupted
#	make soak		run the storm test on SOAK_KERNEL for an hour, or for SECONDS
#	make fuzz		run the fuzz test on SOAK_KERNEL for two minutes, or for SECONDS; SEED repeats a run
#	make bench		print tables of measured times beside the goals, on BENCH_KERNELS; BENCH=NAME runs
#				one benchmark: file, address, type1, standstill, looking or rest
#
# V=1 shows the commands. WERROR=1 makes each compiler warning an error: all tests set it, except check-kernel.

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
FULL_KERNEL ?= 7.3
CONFORMANCE_KERNELS ?= debian-iommufd debian-nogroup 6.12-debug
# make check-static runs checkpatch.pl of this kernel: it asks for nothing that the oldest supported kernel lacks.
STATIC_KERNEL ?= debian-iommufd
DEBUG_KERNELS ?= 6.12-debug 7.3-debug
SOAK_KERNEL ?= 7.3-debug
BENCH_KERNELS ?= 7.3 6.12

# Read the version from kmod/dkms.conf: no other file has it.
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

# Build each module in a folder of its own, from copies of the sources: a module fits only one kernel.
module: MODULE ?= $(RELEASE)
module:
	@mkdir -p $(BUILD)/kmod/$(MODULE)
	$(Q)cp -ru kmod/. $(BUILD)/kmod/$(MODULE)
	$(Q)$(MAKE) --no-print-directory -C $(BUILD)/kmod/$(MODULE) KDIR=$(KDIR) \
		$(if $(MODULES),MODULES=$(MODULES)) $(if $(VMLINUX),VMLINUX=$(VMLINUX)) \
		$(if $(UNTESTED),UNTESTED=$(UNTESTED))

# $(call wrong_id,FOLDER,NAME) MODULE prints the module of FOLDER as if it had been built for another build of iommufd
# or VFIO: it replaces that build ID everywhere in the module, both as bytes and as text. With NAME _VFIO the build ID
# is VFIO's; without NAME it is iommufd's, or VFIO's if there is no iommufd.
wrong_id = perl -0777 -pe 'BEGIN { open my $$f, "<", "$(1)/dmaown_layout.h" or die; local $$/; \
	<$$f> =~ /$(2)_BUILD_ID "(..)(\w+)"/ or die; ($$a, $$b) = ($$1, $$2); $$c = $$a eq "00" ? "11" : "00" } \
	s/$$a$$b/$$c$$b/g; s/\Q@{[pack "H*", $$a.$$b]}\E/pack "H*", $$c.$$b/ge'

release_of = sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p'

# Build everything that tests/vm/run needs for the kernel in FOLDER, which tests/vm/kernel made. Below build/ that
# kernel is named KERNEL.
vm-artifacts: tool
	$(Q)$(MAKE) --no-print-directory module MODULE=$(KERNEL) KDIR=$(FOLDER)/build \
		MODULES=$(FOLDER)/root/lib/modules/$$($(release_of) $(FOLDER)/build/include/generated/utsrelease.h) \
		VMLINUX=$(firstword $(wildcard $(FOLDER)/build/vmlinux) $(FOLDER)/bzImage)
	$(Q)cd $(BUILD)/kmod/$(KERNEL) && $(call wrong_id,.) dmaown.ko >wrong.tmp && \
		mv wrong.tmp dmaown-wrongid.ko
	$(Q)cd $(BUILD)/kmod/$(KERNEL) && $(call wrong_id,.,_VFIO) dmaown.ko >wrong.tmp && \
		mv wrong.tmp dmaown-wrongvfio.ko
	$(Q)$(MAKE) --no-print-directory -C tests KERNEL=$(KERNEL) FOLDER=$(FOLDER) OUT=$(BUILD)/tests

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
# Both set up all that they need: packages, kernels, everything.

demo:
	$(Q)tests/demo

check check-kernels check-all check-debug check-kernel check-unit check-static check-builds check-install check-deb \
	check-machine soak fuzz bench: export WERROR := 1
export FULL_KERNEL CONFORMANCE_KERNELS DEBUG_KERNELS

check:
	$(Q)tests/check

check-kernels check-all check-debug:
	$(Q)tests/check $(@:check-%=%)

check-kernel:
	$(Q)WERROR=0 tests/check kernel "$(KERNEL)"

check-setup:
	$(Q)tests/vm/setup tool layout check kernel machine

check-unit: check-setup tool
	$(Q)$(MAKE) --no-print-directory -C cli OUT=$(BUILD) VERSION=$(VERSION) test
	$(Q)$(MAKE) --no-print-directory -f tests/unit/layout.mk OUT=$(BUILD)/unit
	$(Q)PATH=$(BUILD):$$PATH prove --timer tests/unit/*.t

check-static: check-setup
	$(Q)folder=$$(tests/vm/kernel $(STATIC_KERNEL)) && \
		$(MAKE) -s vm-artifacts KERNEL=$(STATIC_KERNEL) FOLDER=$$folder && \
		prove -e '' tests/static :: $$folder $(BUILD)/kmod/$(STATIC_KERNEL)

check-builds: check-setup
	$(Q)prove --timer tests/builds.t

check-install: check-setup
	$(Q)prove --timer tests/install.t

check-deb: check-setup
	$(Q)prove --timer tests/deb.t

check-machine: check-setup
	$(Q)prove --timer tests/vm/run.t

# $(call lasting,VARIABLE,SECONDS,TEST) runs TEST with VARIABLE=SECONDS: the test reads from VARIABLE how long it lasts.
lasting = $(Q)$(1)=$(2) tests/vm/run -k $(SOAK_KERNEL) -t $$(($(2) + 900)) -- prove -v tests/guest/$(3).t

soak: check-setup
	$(call lasting,DMAOWN_STORM_SECONDS,$(or $(SECONDS),3600),storm)

fuzz: check-setup
	$(call lasting,$(if $(SEED),DMAOWN_FUZZ_SEED=$(SEED)) DMAOWN_FUZZ_SECONDS,$(or $(SECONDS),120),fuzz)

# No benchmark fails because it is slow. Each program has a machine of its own, in which it runs the things that it
# compares in turn.
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

# Install the files that make a host load the module at boot, and that set who may open its device.
install-host:
	$(INSTALL) -D -m 644 kmod/host/70-dmaown.rules $(DESTDIR)$(UDEVDIR)/70-dmaown.rules
	$(INSTALL) -D -m 644 kmod/host/dmaown.conf $(DESTDIR)$(MODLOADDIR)/dmaown.conf

# Install the module's sources in the folder that DKMS reads. Afterwards run: dkms install dmaown/$(VERSION)
install-dkms: install-host
	$(INSTALL) -d $(DESTDIR)/usr/src/dmaown-$(VERSION)
	cp -r kmod/. $(DESTDIR)/usr/src/dmaown-$(VERSION)

# Remove everything except what DKMS keeps. To remove that, run: dkms remove dmaown/$(VERSION) --all
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

# Build the packages dmaownctl and dmaown-dkms in $(BUILD). Debian's tools need a tree of their own, with debian/ at its
# top.
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
.PHONY: all tool man module vm-artifacts spec demo check check-setup check-unit check-static check-builds \
	check-install check-deb check-machine check-kernel check-kernels check-debug check-all soak fuzz bench \
	install install-tool install-module install-host install-dkms uninstall deb clean
