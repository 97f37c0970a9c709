// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "netlink.h"

/* The biggest message of a dump fits. */
#define MESSAGE_SIZE   (64 * 1024)
#define RECEIVE_BUFFER (1024 * 1024)

/* A request and its result. */
struct exchange {
	enum record_kind kind;
	record_fn fn;
	void *data;
	int result;	  /* returned by fn, or -errno */
	bool interrupted; /* NLM_F_DUMP_INTR was seen */
	bool finished;
};

static int parse_attribute(const struct field *field, const struct nlattr *attr,
			   union record *record)
{
	const char *text = nla_data(attr);
	uint64_t wide;
	uint32_t narrow;

	if (field_is_text(field))
		return field_set_text(field, record, text, strnlen(text, nla_len(attr)));
	if (nla_len(attr) == sizeof(wide)) {
		memcpy(&wide, text, sizeof(wide));
		return field_set_number(field, record, wide);
	}
	if (nla_len(attr) == sizeof(narrow)) {
		memcpy(&narrow, text, sizeof(narrow));
		return field_set_number(field, record, narrow);
	}
	return -EBADMSG;
}

int netlink_parse_attributes(enum record_kind kind, struct nlattr *head, int length,
			     union record *record)
{
	const struct field *field;
	struct nlattr *attr;
	int left;
	int rc;

	memset(record, 0, sizeof(*record));
	nla_for_each_attr(attr, head, length, left) {
		/* Skip the pad attribute, and fields of a newer module. */
		field = record_field(kind, nla_type(attr));
		if (!field)
			continue;
		rc = parse_attribute(field, attr, record);
		if (rc)
			return rc;
	}
	return left ? -EBADMSG : 0;
}

static int on_valid(struct nl_msg *msg, void *data)
{
	struct genlmsghdr *header = genlmsg_hdr(nlmsg_hdr(msg));
	struct exchange *exchange = data;
	union record record;

	/* Ignore messages that arrive after fn has ended the listing. */
	if (exchange->result)
		return NL_STOP;
	exchange->result = netlink_parse_attributes(exchange->kind, genlmsg_attrdata(header, 0),
						    genlmsg_attrlen(header, 0), &record);
	if (!exchange->result)
		exchange->result = exchange->fn(&record, exchange->data);
	return exchange->result ? NL_STOP : NL_OK;
}

/* NLMSG_DONE carries the errno that ended the dump. libnl does not read it. */
static int on_finish(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct exchange *exchange = data;
	int error;

	exchange->finished = true;
	if (nlmsg_datalen(header) >= (int)sizeof(error)) {
		memcpy(&error, nlmsg_data(header), sizeof(error));
		if (error < 0 && !exchange->result)
			exchange->result = error;
	}
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *data)
{
	struct exchange *exchange = data;

	(void)msg;
	exchange->finished = true;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *msg, void *data)
{
	struct exchange *exchange = data;

	(void)msg;
	exchange->interrupted = true;
	return NL_OK;
}

static int on_error(struct sockaddr_nl *address, struct nlmsgerr *error, void *data)
{
	struct exchange *exchange = data;

	(void)address;
	exchange->finished = true;
	exchange->result = error->error ? error->error : -EIO;
	return NL_STOP;
}

/* Translate those of libnl's errors that sending and receiving can return. */
static int errno_of_nl(int error)
{
	switch (-error) {
	case NLE_INTR:
		return -EINTR;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
		return -EPROTONOSUPPORT;
	default:
		return -EIO;
	}
}

static int connect_socket(struct nl_sock **result)
{
	struct nl_sock *sk = nl_socket_alloc();
	int rc;

	if (!sk)
		return -ENOMEM;
	rc = genl_connect(sk);
	if (!rc)
		rc = nl_socket_set_msg_buf_size(sk, MESSAGE_SIZE);
	if (rc < 0) {
		nl_socket_free(sk);
		return errno_of_nl(rc);
	}
	/* An error does not matter: with a smaller buffer the kernel waits for the reader. */
	nl_socket_set_buffer_size(sk, RECEIVE_BUFFER, 0);
	*result = sk;
	return 0;
}

static int netlink_open(struct channel *channel)
{
	struct nl_sock *sk;
	int rc;

	rc = connect_socket(&sk);
	if (rc)
		return rc;
	rc = genl_ctrl_resolve(sk, DMAOWN_GENL_NAME);
	if (rc >= 0)
		channel->family = rc;
	nl_socket_free(sk);
	return rc < 0 ? errno_of_nl(rc) : 0;
}

static void netlink_close(struct channel *channel)
{
	(void)channel;
}

static int send_request(struct nl_sock *sk, int family, enum record_kind kind, uint64_t context)
{
	struct nl_msg *msg = nlmsg_alloc();
	int flags = kind == RECORD_STATUS ? 0 : NLM_F_DUMP;
	int rc = -NLE_NOMEM;

	if (!msg)
		return -ENOMEM;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags,
			record_types[kind].command, DMAOWN_GENL_VERSION)) {
		rc = context ? nla_put_u64(msg, DMAOWN_A_REQUEST_CONTEXT, context) : 0;
		if (!rc)
			rc = nl_send_auto(sk, msg);
	}
	nlmsg_free(msg);
	return rc < 0 ? errno_of_nl(rc) : 0;
}

static int receive(struct nl_sock *sk, struct exchange *exchange)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int rc = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, exchange);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, exchange);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, exchange);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, exchange);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, exchange);
	while (!exchange->finished && !exchange->result && rc >= 0)
		rc = nl_recvmsgs(sk, cb);
	nl_cb_put(cb);
	return rc < 0 ? errno_of_nl(rc) : 0;
}

/*
 * Each request has a socket of its own: a listing that ends early leaves no answers in the socket
 * of the next one.
 */
static int netlink_each(struct channel *channel, enum record_kind kind, uint64_t context,
			record_fn fn, void *data)
{
	struct exchange exchange = { .kind = kind, .fn = fn, .data = data };
	struct nl_sock *sk;
	int rc;

	rc = connect_socket(&sk);
	if (rc)
		return rc;
	rc = send_request(sk, channel->family, kind, context);
	if (!rc)
		rc = receive(sk, &exchange);
	nl_socket_free(sk);
	if (exchange.result)
		return exchange.result;
	if (rc)
		return rc;
	return exchange.interrupted ? -EAGAIN : 0;
}

static const char *netlink_why(int error)
{
	if (error == -ENOENT)
		return "there is no family \"" DMAOWN_GENL_NAME "\" in this network namespace; "
		       "go to the initial one (nsenter -t 1 -n), or use --channel debugfs";
	return strerror(-error);
}

const struct channel_ops netlink_channel = {
	.name = "netlink",
	.open = netlink_open,
	.close = netlink_close,
	.each = netlink_each,
	.why = netlink_why,
};
