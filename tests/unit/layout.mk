# SPDX-License-Identifier: GPL-2.0
# make -f tests/unit/layout.mk [OUT=DIR]: builds and runs the tests of kmod/layout, and of kmod/compat.h, which uses
# the generated header. Run it in the top folder.
# tests/unit/layout_kernels tests the program itself, on kernels that have been built.

OUT ?= tests/unit/out
HOSTCC ?= cc
PKG_CONFIG ?= pkg-config

layout := kmod/layout
unit := tests/unit
packages := libbpf libelf liblzma liblz4 libzstd zlib cmocka
flags := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-missing-field-initializers -g -O1 \
	-fsanitize=address,undefined -fno-sanitize-recover=all -I$(layout) -I$(unit) \
	$(shell $(PKG_CONFIG) --cflags $(packages))
libs := $(shell $(PKG_CONFIG) --libs $(packages))
parts := $(filter-out $(layout)/layout.c,$(wildcard $(layout)/*.c))
headers := $(wildcard $(layout)/*.h $(unit)/layout*.h)
tests := $(OUT)/layout_test $(OUT)/layout_files_test
compat := $(OUT)/compat_test

check-layout: $(tests) $(compat)
	for test in $^; do "$$test" || exit 1; done

$(OUT)/layout_test: $(unit)/layout_btf.c
$(tests): $(OUT)/%: $(unit)/%.c $(parts) $(headers) | $(OUT)
	$(HOSTCC) $(flags) -o $@ $(filter %.c,$^) $(libs)

# kmod/compat.h is tested against the headers in tests/unit/kernel.
$(compat): $(unit)/compat_test.c kmod/compat.h $(wildcard $(unit)/kernel/*.h $(unit)/kernel/*/*.h) | $(OUT)
	$(HOSTCC) -I$(unit)/kernel -iquote kmod $(flags) -o $@ $< -lcmocka

$(OUT):
	mkdir -p $@

.PHONY: check-layout
