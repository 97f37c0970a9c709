// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmount.h>

#include "debugfs.h"

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Replace each \ooo by its byte, in place. Return: the new length, or -EBADMSG. */
static int unescape(char *text)
{
	const char *in = text;
	char *out = text;

	while (*in) {
		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		if (!is_octal(in[1]) || in[1] > '3' || !is_octal(in[2]) || !is_octal(in[3]))
			return -EBADMSG;
		*out++ = (in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0');
		in += 4;
	}
	*out = '\0';
	return out - text;
}

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return UINT_MAX;
}

/* Parse at least one digit and nothing else, decimal or, after 0x, hexadecimal. */
static int parse_number(const char *text, uint64_t *value)
{
	unsigned int base = 10, digit;

	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	*value = 0;
	do {
		digit = digit_of(*text++);
		if (digit >= base || __builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, digit, value))
			return -EBADMSG;
	} while (*text);
	return 0;
}

static int parse_value(const struct field *field, char *text, union record *record)
{
	uint32_t enumerator;
	uint64_t number;
	int length;

	if (!strcmp(text, "-"))
		return 0;
	if (field_is_text(field)) {
		length = unescape(text);
		return length < 0 ? length : field_set_text(field, record, text, length);
	}
	if (field_is_enum(field) && enum_value(field->type, text, &enumerator))
		return field_set_number(field, record, enumerator);
	return parse_number(text, &number) ?: field_set_number(field, record, number);
}

/* Fields are mostly in order. An older or newer module may have fewer or more. */
static const struct field *field_after(enum record_kind kind, const struct field *last,
				       const char *name, size_t length)
{
	const struct field *next = record_field(kind, last ? last->attr + 1 : 1);

	if (next && !strncmp(next->name, name, length) && !next->name[length])
		return next;
	return record_field_named(kind, name, length);
}

/* End the next word with a NUL, and move *line past the word. Return: NULL if there is none. */
static char *next_word(char **line)
{
	char *word = *line, *end;

	while (*word == ' ')
		word++;
	end = strchrnul(word, ' ');
	*line = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

int debugfs_parse_line(enum record_kind kind, char *line, union record *record, const char **bad)
{
	const struct field *field, *last = NULL;
	char *token, *value;
	int rc;

	memset(record, 0, sizeof(*record));
	*strchrnul(line, '\n') = '\0';
	while ((token = next_word(&line))) {
		*bad = token;
		value = strchr(token, '=');
		if (!value || value == token)
			return -EBADMSG;
		/* Skip a field of a newer module. */
		field = field_after(kind, last, token, value - token);
		if (!field)
			continue;
		last = field;
		rc = parse_value(field, value + 1, record);
		if (rc)
			return rc;
	}
	return 0;
}

/* Return: the mount point of debugfs, for the caller to free, or NULL. */
static char *find_debugfs(void)
{
	struct libmnt_table *table = mnt_new_table_from_file("/proc/self/mountinfo");
	struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	const char *type;
	char *target = NULL;

	while (table && iter && !target && !mnt_table_next_fs(table, iter, &fs)) {
		type = mnt_fs_get_fstype(fs);
		if (type && !strcmp(type, "debugfs"))
			target = strdup(mnt_fs_get_target(fs));
	}
	mnt_free_iter(iter);
	mnt_unref_table(table);
	return target;
}

static int open_module_directory(void)
{
	char *mount = find_debugfs();
	char *path = NULL;
	int fd;

	if (!mount)
		return -ENODEV;
	if (asprintf(&path, "%s/%s", mount, DMAOWN_DEBUGFS_DIR) < 0) {
		free(mount);
		return -ENOMEM;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(path);
	free(mount);
	return fd;
}

static void debugfs_close(struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

static int debugfs_open(struct channel *channel)
{
	int fd;

	if (channel->directory) {
		channel->fd = open(channel->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (channel->fd < 0)
			return -errno;
	} else {
		channel->fd = open_module_directory();
		if (channel->fd < 0)
			return channel->fd;
	}
	/* Open one file to check that this user may read. */
	fd = openat(channel->fd, record_types[RECORD_STATUS].listing, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		debugfs_close(channel);
		return fd;
	}
	close(fd);
	return 0;
}

static bool in_context(enum record_kind kind, const union record *record, uint64_t context)
{
	const struct field *field = record_field_named(kind, "context", strlen("context"));

	if (!context || !field)
		return true;
	/* Over netlink the module also returns holders that may be in the context. */
	if (kind == RECORD_HOLDER && !known(&record->holder, HOLDER, CONTEXT))
		return record->holder.busy || record->holder.unseen;
	return field_number(field, record) == context;
}

static int each_line(struct channel *channel, FILE *file, enum record_kind kind, uint64_t context,
		     record_fn fn, void *data)
{
	unsigned long number = 0;
	union record record;
	const char *bad = "";
	char *line = NULL;
	size_t room = 0;
	int rc = 0;

	errno = 0;
	while (!rc && getline(&line, &room, file) >= 0) {
		number++;
		rc = debugfs_parse_line(kind, line, &record, &bad);
		if (rc) {
			warnx("debugfs file %s, line %lu: cannot understand '%s'",
			      record_types[kind].listing, number, bad);
			channel->explained = true;
		} else if (record.known && in_context(kind, &record, context)) {
			rc = fn(&record, data);
		}
		errno = 0;
	}
	if (!rc && ferror(file))
		rc = errno ? -errno : -EIO;
	free(line);
	return rc;
}

static int debugfs_each(struct channel *channel, enum record_kind kind, uint64_t context,
			record_fn fn, void *data)
{
	FILE *file;
	int fd;
	int rc;

	fd = openat(channel->fd, record_types[kind].listing, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "r");
	if (!file) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = each_line(channel, file, kind, context, fn, data);
	fclose(file);
	return rc;
}

static const char *debugfs_why(int error)
{
	if (error == -ENODEV)
		return "debugfs is not mounted; mount it with: mount -t debugfs none /sys/kernel/debug";
	if (error == -ENOENT)
		return "there is no directory \"" DMAOWN_DEBUGFS_DIR "\" in debugfs";
	return strerror(-error);
}

const struct channel_ops debugfs_channel = {
	.name = "debugfs",
	.open = debugfs_open,
	.close = debugfs_close,
	.each = debugfs_each,
	.why = debugfs_why,
};
