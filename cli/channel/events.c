// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "events.h"
#include "netlink.h"

#define RECEIVE_BUFFER (1024 * 1024)

/* Ask the controller over a separate socket: on events->sk, news may arrive before the answer. */
static int ask(int *family, int *events, int *notify)
{
	struct nl_sock *sk = nl_socket_alloc();
	int rc;

	if (!sk)
		return -ENOMEM;
	rc = genl_connect(sk) ? -EIO : 0;
	if (!rc) {
		*notify = genl_ctrl_resolve_grp(sk, "nlctrl", "notify");
		*family = genl_ctrl_resolve(sk, DMAOWN_GENL_NAME);
		*events = genl_ctrl_resolve_grp(sk, DMAOWN_GENL_NAME, DMAOWN_GENL_EVENTS);
		if (*notify < 0)
			rc = -EIO;
		else if (*family < 0 || *events < 0)
			rc = -ENOENT;
	}
	nl_socket_free(sk);
	return rc;
}

static int report(struct events *events, enum news news, const union record *record)
{
	if (!events->result)
		events->result = events->fn(news, record, events->data);
	return events->result;
}

/* The group gets a new number each time the module is loaded. */
static int subscribe(struct events *events)
{
	int family, group, notify;
	int rc;

	rc = ask(&family, &group, &notify);
	if (rc)
		return rc;
	rc = nl_socket_add_membership(events->sk, group);
	if (rc == -NLE_PERM)
		return -EPERM;
	if (rc)
		return -ENOENT;
	events->family = family;
	report(events, NEWS_SUBSCRIBED, NULL);
	return 0;
}

static void unloaded(struct events *events)
{
	if (!events->family)
		return;
	events->family = 0;
	report(events, NEWS_UNLOADED, NULL);
}

/* A family was added or removed. */
static void on_control(struct events *events, struct nlmsghdr *header)
{
	struct nlattr *name;

	name = nlmsg_find_attr(header, GENL_HDRLEN, CTRL_ATTR_FAMILY_NAME);
	if (!name || strcmp(nla_get_string(name), DMAOWN_GENL_NAME))
		return;
	switch (genlmsg_hdr(header)->cmd) {
	case CTRL_CMD_DELFAMILY:
		unloaded(events);
		break;
	case CTRL_CMD_NEWFAMILY:
	case CTRL_CMD_NEWMCAST_GRP:
		/* Ignore errors: if the family is gone again, another message follows. */
		if (!events->family)
			subscribe(events);
		break;
	}
}

static int on_message(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct genlmsghdr *genl = genlmsg_hdr(header);
	struct events *events = data;
	union record record;

	if (header->nlmsg_type == GENL_ID_CTRL)
		on_control(events, header);
	else if (header->nlmsg_type == events->family && genl->cmd == DMAOWN_CMD_EVENT &&
		 !netlink_parse_attributes(RECORD_EVENT, genlmsg_attrdata(genl, 0),
					   genlmsg_attrlen(genl, 0), &record))
		report(events, NEWS_EVENT, &record);
	return events->result ? NL_STOP : NL_OK;
}

static int open_socket(struct events *events)
{
	int family, group, notify;
	int rc;

	events->sk = nl_socket_alloc();
	if (!events->sk)
		return -ENOMEM;
	nl_socket_disable_seq_check(events->sk);
	nl_socket_modify_cb(events->sk, NL_CB_VALID, NL_CB_CUSTOM, on_message, events);
	if (genl_connect(events->sk) || nl_socket_set_nonblocking(events->sk))
		return -EIO;
	nl_socket_set_buffer_size(events->sk, RECEIVE_BUFFER, 0);
	/* Subscribe to the controller first: a later load of the module is then not missed. */
	rc = ask(&family, &group, &notify);
	if (rc)
		return rc;
	return nl_socket_add_membership(events->sk, notify) ? -EIO : subscribe(events);
}

int events_open(struct events *events, news_fn fn, void *data)
{
	int rc;

	*events = (struct events){ .fn = fn, .data = data };
	rc = open_socket(events);
	if (rc)
		events_close(events);
	return rc ?: events->result;
}

/* A lost message may have been about the module itself: compare its family. */
static void overrun(struct events *events)
{
	int family, group, notify;
	int rc = ask(&family, &group, &notify);

	report(events, NEWS_OVERRUN, NULL);
	if (events->family && (rc || family != events->family))
		unloaded(events);
	if (rc)
		return;
	if (events->family)
		nl_socket_add_membership(events->sk, group);
	else
		subscribe(events);
}

int events_fd(const struct events *events)
{
	return nl_socket_get_fd(events->sk);
}

int events_read(struct events *events)
{
	int rc = nl_recvmsgs_default(events->sk);

	/* libnl translates ENOBUFS to this. */
	if (rc == -NLE_NOMEM)
		overrun(events);
	else if (rc < 0 && rc != -NLE_AGAIN && rc != -NLE_INTR)
		return events->result ?: -EIO;
	return events->result;
}

void events_close(struct events *events)
{
	nl_socket_free(events->sk);
	events->sk = NULL;
}
