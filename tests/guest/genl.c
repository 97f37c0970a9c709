// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dmaown.h"
#include "genl.h"

const int genl_dumps[] = { DMAOWN_CMD_GET_CONTEXT, DMAOWN_CMD_GET_HOLDER,
			   DMAOWN_CMD_GET_IOAS,	   DMAOWN_CMD_GET_HWPT,
			   DMAOWN_CMD_GET_DEVICE,  DMAOWN_CMD_GET_ACCESS,
			   DMAOWN_CMD_GET_AREA,	   DMAOWN_CMD_GET_OWNER,
			   DMAOWN_CMD_GET_REFUSAL, 0 };

static __thread char buffer[65536];

static int send_message(struct genl *genl, uint16_t type, int cmd, int flags, const void *attrs,
			size_t size)
{
	struct {
		struct nlmsghdr nl;
		struct genlmsghdr genl;
	} head = {
		.nl = {
			.nlmsg_len = sizeof(head) + size,
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
			.nlmsg_seq = ++genl->seq,
		},
		.genl = { .cmd = cmd, .version = 1 },
	};
	struct iovec vec[] = { { &head, sizeof(head) }, { (void *)attrs, size } };

	return writev(genl->sock, vec, size ? 2 : 1) < 0 ? -errno : 0;
}

int genl_send(struct genl *genl, int cmd, int flags, const void *attrs, size_t size)
{
	return send_message(genl, genl->family, cmd, flags, attrs, size);
}

/* Append a message without the fields that differ from one dump to the next. */
static void keep(struct genl_answer *answer, const struct nlmsghdr *msg)
{
	size_t size = NLMSG_ALIGN(msg->nlmsg_len);
	struct nlmsghdr *kept;

	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (answer->size + size > answer->room) {
		answer->room = 2 * answer->room + sizeof(buffer);
		answer->bytes = realloc(answer->bytes, answer->room);
		if (!answer->bytes)
			abort();
	}
	kept = memcpy(answer->bytes + answer->size, msg, size);
	kept->nlmsg_flags = 0;
	kept->nlmsg_seq = 0;
	kept->nlmsg_pid = 0;
	answer->size += size;
	answer->records++;
}

/* Return: 1 if the answer is complete, 0 if more messages follow, or -errno. */
static int take(struct genl *genl, struct genl_answer *answer, const struct nlmsghdr *msg)
{
	int error;

	if (msg->nlmsg_seq != genl->seq)
		return 0;
	if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE) {
		memcpy(&error, NLMSG_DATA(msg), sizeof(error));
		return error ?: 1;
	}
	keep(answer, msg);
	return !(msg->nlmsg_flags & NLM_F_MULTI);
}

int genl_receive(struct genl *genl, struct genl_answer *answer)
{
	const struct nlmsghdr *msg;
	int size, ret = 0;

	answer->size = answer->records = 0;
	answer->interrupted = false;
	while (!ret) {
		size = recv(genl->sock, buffer, sizeof(buffer), 0);
		if (size < 0)
			return -errno;
		for (msg = (void *)buffer; !ret && NLMSG_OK(msg, (unsigned int)size);
		     msg = NLMSG_NEXT(msg, size))
			ret = take(genl, answer, msg);
	}
	return ret < 0 ? ret : 0;
}

int genl_ask(struct genl *genl, int cmd, int flags, const void *attrs, size_t size,
	     struct genl_answer *answer)
{
	return genl_send(genl, cmd, flags, attrs, size) ?: genl_receive(genl, answer);
}

static const struct nlattr *find(const void *bytes, size_t size, uint16_t type)
{
	const struct nlattr *attr = bytes;

	while (size >= sizeof(*attr) && attr->nla_len >= sizeof(*attr) && attr->nla_len <= size) {
		size_t step = NLA_ALIGN(attr->nla_len);

		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		if (step >= size)
			break;
		attr = (const void *)((const char *)attr + step);
		size -= step;
	}
	return NULL;
}

static const void *inside(const struct nlattr *attr, size_t *size)
{
	*size = attr->nla_len - NLA_HDRLEN;
	return (const char *)attr + NLA_HDRLEN;
}

/* Return: the family's only group. CTRL_ATTR_MCAST_GROUPS holds an array with one element. */
static uint32_t group_of(const void *bytes, size_t size)
{
	const struct nlattr *attr = find(bytes, size, CTRL_ATTR_MCAST_GROUPS);

	if (!attr)
		return 0;
	bytes = inside(attr, &size);
	bytes = inside(bytes, &size);
	attr = find(bytes, size, CTRL_ATTR_MCAST_GRP_ID);
	return attr ? *(const uint32_t *)inside(attr, &size) : 0;
}

static int look_up(struct genl *genl)
{
	struct {
		struct nlattr attr;
		char name[8];
	} request = {
		.attr = { NLA_HDRLEN + sizeof(DMAOWN_GENL_NAME), CTRL_ATTR_FAMILY_NAME },
		.name = DMAOWN_GENL_NAME,
	};
	struct genl_answer answer = { 0 };
	const struct nlattr *id;
	size_t size;
	int ret;

	ret = send_message(genl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, &request, sizeof(request));
	ret = ret ?: genl_receive(genl, &answer);
	if (!ret) {
		const void *attrs = answer.bytes + NLMSG_HDRLEN + GENL_HDRLEN;

		size = answer.size - NLMSG_HDRLEN - GENL_HDRLEN;
		genl->events = group_of(attrs, size);
		id = find(attrs, size, CTRL_ATTR_FAMILY_ID);
		genl->family = id ? *(const uint16_t *)inside(id, &size) : 0;
	}
	free(answer.bytes);
	return ret ?: genl->family && genl->events ? 0 : -EBADMSG;
}

int genl_socket(struct genl *genl)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	struct timeval timeout = { .tv_sec = 60 };
	int ret = 0;

	memset(genl, 0, sizeof(*genl));
	genl->sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (genl->sock < 0)
		return -errno;
	if (connect(genl->sock, (struct sockaddr *)&name, sizeof(name)) ||
	    setsockopt(genl->sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout))) {
		ret = -errno;
		genl_close(genl);
	}
	return ret;
}

int genl_open(struct genl *genl)
{
	int ret = genl_socket(genl);

	if (ret)
		return ret;
	ret = look_up(genl);
	if (ret)
		genl_close(genl);
	return ret;
}

void genl_close(struct genl *genl)
{
	close(genl->sock);
	genl->sock = -1;
}

/*
 * Which attributes of a record are 64-bit numbers and not IDs, by the command that dumps the
 * record?
 */
enum {
	WIDE_ID = 0,
	WIDE_U32 = 0,
	WIDE_U64 = 1,
	WIDE_FLAG = 0,
	WIDE_ADDR = 1,
	WIDE_SIZE = 1,
	WIDE_TIME = 1,
	WIDE_COMM = 0,
	WIDE_NAME = 0,
	WIDE_TEXT = 0,
	WIDE_KIND = 0,
	WIDE_MODE = 0,
	WIDE_STATE = 0,
	WIDE_SOURCE = 0,
	WIDE_VIA = 0,
	WIDE_HWPT = 0,
	WIDE_EVENT = 0
};
#define WIDE_(F, f, type, d)	      WIDE_##type,
#define DMAOWN_CMD_GET_EVENT	      DMAOWN_CMD_EVENT
#define RECORD_WIDE_(R, r, l, FIELDS) [DMAOWN_CMD_GET_##R] = { 0, FIELDS(WIDE_) },
static const uint8_t is_wide[][64] = { DMAOWN_RECORDS(RECORD_WIDE_) };

static uint64_t largest_of(int cmd, const void *bytes, size_t size)
{
	uint64_t largest = 0, value;
	unsigned int type;

	for (type = 1; type < sizeof(is_wide[0]); type++) {
		const struct nlattr *attr = find(bytes, size, type);

		if (!attr || !is_wide[cmd][type] || attr->nla_len != NLA_HDRLEN + sizeof(value))
			continue;
		memcpy(&value, (const char *)attr + NLA_HDRLEN, sizeof(value));
		if (value > largest)
			largest = value;
	}
	return largest;
}

uint64_t genl_largest(const struct genl_answer *answer)
{
	const struct nlmsghdr *msg = (const void *)answer->bytes;
	uint64_t largest = 0, value;
	int size = answer->size;

	for (; NLMSG_OK(msg, (unsigned int)size); msg = NLMSG_NEXT(msg, size)) {
		const struct genlmsghdr *head = NLMSG_DATA(msg);

		value = largest_of(head->cmd, head + 1, NLMSG_PAYLOAD(msg, GENL_HDRLEN));
		if (value > largest)
			largest = value;
	}
	return largest;
}

int genl_join(struct genl *genl)
{
	return setsockopt(genl->sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &genl->events,
			  sizeof(genl->events)) ?
		     -errno :
		     0;
}

unsigned int genl_events(struct genl *genl)
{
	unsigned int nr = 0;
	const struct nlmsghdr *msg = (void *)buffer;
	ssize_t size;

	for (;;) {
		size = recv(genl->sock, buffer, sizeof(buffer), MSG_DONTWAIT);
		/* ENOBUFS, reported once: the socket has dropped events. */
		if (size < 0 && errno != ENOBUFS)
			return nr;
		if (size > 0 && msg->nlmsg_type == genl->family)
			nr++;
	}
}
