// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syslog.h>
#include <unistd.h>

#include <dmaown.h>

#include "kmsg.h"

/* The kernel's own limit for a record, including what the kernel adds. */
#define RECORD_SIZE 8192

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

/*
 * A record is "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT" and continuation lines. Its facility proves that
 * the kernel wrote it: a process that writes to /dev/kmsg cannot set it. The module's warning that
 * VFIO is another build counts as an error. The kernel's warnings about any module that is loaded
 * do not.
 */
char *kmsg_parse(char *record)
{
	unsigned long priority = strtoul(record, NULL, 10);
	char *text = strchr(record, ';');

	if (!text || LOG_FAC(priority) != LOG_FAC(LOG_KERN))
		return NULL;
	text++;
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(text, DMAOWN_GENL_NAME ": ", strlen(DMAOWN_GENL_NAME ": ")))
		return NULL;
	text += strlen(DMAOWN_GENL_NAME ": ");
	return LOG_PRI(priority) <= LOG_ERR || strstr(text, "build ID") ? text : NULL;
}

int kmsg_read(int fd, kmsg_fn fn, void *data)
{
	char record[RECORD_SIZE + 1];
	const char *text;
	ssize_t length;
	int rc = 0;

	while (!rc) {
		length = read(fd, record, RECORD_SIZE);
		if (length < 0 && errno == EAGAIN)
			return 0;
		if (length < 0 && errno != EPIPE)
			return -errno;
		/* EPIPE: the next records have been overwritten. */
		if (length < 0) {
			rc = fn(NULL, data);
			continue;
		}
		record[length] = '\0';
		text = kmsg_parse(record);
		if (text)
			rc = fn(text, data);
	}
	return rc;
}
