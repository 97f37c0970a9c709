// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"
#include "genl.h"
#include "tap.h"

static _Alignas(8) char buffer[65536];

/* Does the buffer hold the end of the dump? Ends the program if the dump has failed. */
static bool is_last(int size)
{
	const struct nlmsghdr *msg;
	int error;

	for (msg = (void *)buffer; NLMSG_OK(msg, (unsigned int)size); msg = NLMSG_NEXT(msg, size)) {
		if (msg->nlmsg_type != NLMSG_ERROR && msg->nlmsg_type != NLMSG_DONE)
			continue;
		memcpy(&error, NLMSG_DATA(msg), sizeof(error));
		errno = -error;
		need(!error, "a dump");
		return true;
	}
	return false;
}

uint64_t bare_dump(int command)
{
	struct genl genl;
	uint64_t began, ns;
	int size;

	/* Open it each time: the family of a module that was loaded again may have another ID. */
	errno = -genl_open(&genl);
	need(!errno, "netlink");
	began = now();
	errno = -genl_send(&genl, command, NLM_F_DUMP, NULL, 0);
	need(!errno, "the request for a dump");
	do {
		size = recv(genl.sock, buffer, sizeof(buffer), 0);
		need(size > 0, "a dump");
	} while (!is_last(size));
	ns = now() - began;
	genl_close(&genl);
	return ns;
}

uint64_t bare_file(const char *listing)
{
	uint64_t began = now();
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dmaown/%s", listing);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	need(fd >= 0, path);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		;
	need(!n, path);
	close(fd);
	return now() - began;
}
