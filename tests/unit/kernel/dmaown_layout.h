/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the generated header that kmod/compat.h uses, for kernels from 6.14 to 6.16. */
#define LAYOUT_HAS_bin_attribute_read_new 1
