// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listens for events of dmaown. Prints "ready" when it listens, then each event as a line of
 * NAME=VALUE separated by blanks. Numbers are decimal. Fields without a value are omitted.
 */
#include <err.h>
#include <inttypes.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>

#include "dmaown.h"

enum form { FORM_U32, FORM_U64, FORM_SIZE, FORM_TIME, FORM_NAME, FORM_EVENT };

static const struct {
	const char *name;
	enum form form;
} fields[] = {
#define FIELD(F, f, t, d) [DMAOWN_A_EVENT_##F] = { #f, FORM_##t },
	DMAOWN_EVENT_FIELDS(FIELD)
};

static const char *event_name(uint32_t event)
{
	switch (event) {
#define NAME(c, v, n)    \
	case DMAOWN_##c: \
		return n;
		DMAOWN_EVENTS(NAME)
	}
	return "unknown";
}

static void print_field(int type, struct nlattr *attr)
{
	printf("%s=", fields[type].name);
	switch (fields[type].form) {
	case FORM_U32:
		printf("%" PRIu32 " ", nla_get_u32(attr));
		break;
	case FORM_EVENT:
		printf("%s ", event_name(nla_get_u32(attr)));
		break;
	case FORM_NAME:
		printf("%s ", nla_get_string(attr));
		break;
	default:
		printf("%" PRIu64 " ", (uint64_t)nla_get_u64(attr));
	}
}

static int print_event(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[DMAOWN_A_EVENT_MAX + 1];
	struct genlmsghdr *header = genlmsg_hdr(nlmsg_hdr(msg));
	int type;

	if (header->cmd != DMAOWN_CMD_EVENT)
		errx(1, "not an event, but command %d", header->cmd);
	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, DMAOWN_A_EVENT_MAX, NULL))
		errx(1, "a message that cannot be parsed");
	for (type = 1; type <= DMAOWN_A_EVENT_MAX; type++)
		if (attrs[type])
			print_field(type, attrs[type]);
	putchar('\n');
	return NL_OK;
}

int main(void)
{
	struct nl_sock *sock = nl_socket_alloc();
	int group, error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!sock || genl_connect(sock))
		errx(1, "no generic netlink");
	/* Make room for many events at once. */
	nl_socket_set_buffer_size(sock, 1 << 20, 0);
	group = genl_ctrl_resolve_grp(sock, DMAOWN_GENL_NAME, DMAOWN_GENL_EVENTS);
	if (group < 0)
		errx(1, "no group of events: %s", nl_geterror(group));
	nl_socket_disable_seq_check(sock);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, print_event, NULL);
	error = nl_socket_add_membership(sock, group);
	if (error)
		errx(77, "may not listen: %s", nl_geterror(error));
	puts("ready");
	for (;;) {
		error = nl_recvmsgs_default(sock);
		if (error)
			errx(1, "receiving: %s", nl_geterror(error));
	}
}
