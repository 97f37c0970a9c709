/* SPDX-License-Identifier: GPL-2.0 */
/* The bytes of a file, as they are or unpacked. */
#ifndef LAYOUT_BLOB_H
#define LAYOUT_BLOB_H

#include <stdbool.h>
#include <stddef.h>

struct blob {
	unsigned char *data;
	size_t size;
	size_t room; /* bytes allocated; 0 if the file is mapped */
};

/* Maps or reads the file PATH. Return: 0 or a negative errno. */
int blob_open(struct blob *blob, const char *path);

/* Makes room for MORE bytes after the present ones. Exits if there is no memory. */
void blob_reserve(struct blob *blob, size_t more);

void blob_close(struct blob *blob);

/* Return: true if BLOB has at OFFSET the LENGTH bytes BYTES. */
bool blob_has(const struct blob *blob, size_t offset, const void *bytes, size_t length);

#endif
