/* SPDX-License-Identifier: GPL-2.0-only */
/* Read records as debugfs shows them: one per line, NAME=VALUE separated by blanks. */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

#define RECORDS_DIR "/sys/kernel/debug/dmaown/"

static inline FILE *records_open(const char *listing)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), RECORDS_DIR "%s", listing);
	file = fopen(path, "r");
	need(file, path);
	return file;
}

/* Return: the text after NAME= in a line. */
static inline const char *field_text(const char *line, const char *name)
{
	size_t length = strlen(name);
	const char *at = line;

	while (strncmp(at, name, length) || at[length] != '=') {
		at = strchr(at, ' ');
		need(at, "a field that is missing in a record");
		at++;
	}
	return at + length + 1;
}

/* Return: the number after NAME=, or 0 if it is unknown. */
static inline unsigned long long field(const char *line, const char *name)
{
	return strtoull(field_text(line, name), NULL, 0);
}

static inline bool field_is(const char *line, const char *name, const char *value)
{
	const char *text = field_text(line, name);
	size_t length = strcspn(text, " \n");

	return strlen(value) == length && !memcmp(text, value, length);
}

/*
 * Return: the context by which a descriptor of this process is listed, or 0 if it is not listed. Of
 * several files of a device only the lowest descriptor is.
 */
static inline unsigned long long held_by(int fd)
{
	FILE *file = records_open("holders");
	unsigned long long found = 0;
	char line[1024];

	while (fgets(line, sizeof(line), file))
		if (field(line, "pid") == (unsigned int)getpid() &&
		    field(line, "fd") == (unsigned int)fd)
			found = field(line, "context");
	fclose(file);
	return found;
}

#endif
