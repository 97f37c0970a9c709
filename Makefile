# SPDX-License-Identifier: GPL-2.0-only
# dmaown. See README.md.
#
#	make			the tool, its man pages, and the module for the kernel in KDIR
#	make tool | module	one of them
#	make install		all of it; PREFIX, DESTDIR, MANDIR, BASHCOMPDIR as usual
#	make demo		show the main job in a virtual machine
#	make check		all tests
#
# V=1 shows the commands.

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
INSTALL ?= install
BUILD ?= $(CURDIR)/build
KERNELS ?= 6.12

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

$(BUILD)/man/%: man/%.scd
	@mkdir -p $(@D)
	$(Q)scdoc <$< >$@.tmp && mv $@.tmp $@

# A module fits one kernel, so each is built in a folder of its own, from copies.
module: MODULE ?= $(RELEASE)
module:
	@mkdir -p $(BUILD)/kmod/$(MODULE)
	$(Q)cp -ru kmod/. $(BUILD)/kmod/$(MODULE)
	$(Q)$(MAKE) --no-print-directory -C $(BUILD)/kmod/$(MODULE) KDIR=$(KDIR) \
		$(if $(MODULES),MODULES=$(MODULES)) $(if $(UNTESTED),UNTESTED=$(UNTESTED))

# What tests/vm/run needs for the kernel KERNEL, whose build tree is KDIR.
vm-artifacts: tool
	$(Q)$(MAKE) --no-print-directory module MODULE=$(KERNEL) KDIR=$(KDIR) \
		MODULES=$(wildcard $(KDIR)/../root/lib/modules/*)
	$(Q)$(MAKE) --no-print-directory -C tests KERNEL=$(KERNEL) KDIR=$(KDIR) OUT=$(BUILD)/tests

clean:
	rm -rf $(BUILD)

.PHONY: all tool man module vm-artifacts clean
