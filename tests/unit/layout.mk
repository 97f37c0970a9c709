# SPDX-License-Identifier: GPL-2.0
# make -f tests/unit/layout.mk [OUT=DIR]: builds and runs the tests of kmod/layout, from the top folder.
# tests/unit/layout_kernels tries the program itself, on kernels that are built.

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

check-layout: $(tests)
	for test in $^; do "$$test" || exit 1; done

$(OUT)/layout_test: $(unit)/layout_btf.c
$(tests): $(OUT)/%: $(unit)/%.c $(parts) $(headers) | $(OUT)
	$(HOSTCC) $(flags) -o $@ $(filter %.c,$^) $(libs)

$(OUT):
	mkdir -p $@

.PHONY: check-layout
