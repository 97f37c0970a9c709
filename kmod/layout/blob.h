/* SPDX-License-Identifier: GPL-2.0 */
/* The bytes of a file, or what was unpacked from them. */
#ifndef LAYOUT_BLOB_H
#define LAYOUT_BLOB_H

#include <stdbool.h>
#include <stddef.h>

struct blob {
	unsigned char *data;
	size_t size;
	size_t room;	/* allocated; 0: mapped */
};

/* Returns 0 or a negative errno. */
int blob_open(struct blob *blob, const char *path);

/* Makes sure that there is room for MORE bytes behind those that are there. */
void blob_reserve(struct blob *blob, size_t more);

void blob_close(struct blob *blob);

/* Whether the LENGTH bytes at OFFSET are there and the same as BYTES. */
bool blob_has(const struct blob *blob, size_t offset, const void *bytes, size_t length);

#endif
