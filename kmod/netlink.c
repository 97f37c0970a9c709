// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "dump.h"
#include "netlink.h"
#include "status.h"

static struct genl_family family;

static const struct nla_policy request_policy[DMAOWN_A_REQUEST_MAX + 1] = {
	[DMAOWN_A_REQUEST_CONTEXT] = { .type = NLA_U64 },
};

/*
 * GENL_ADMIN_PERM would check CAP_NET_ADMIN, which does not cover the memory of other processes.
 * Both the process that opened the socket and the one that uses it must have the capabilities.
 */
static bool nl_allowed(struct sk_buff *skb)
{
	return netlink_capable(skb, CAP_SYS_ADMIN) && netlink_capable(skb, CAP_SYS_PTRACE);
}

static const struct {
	enum record_kind kind;
	u8 cmd;
} dumps[] = {
	{ RECORD_CONTEXT, DMAOWN_CMD_GET_CONTEXT }, { RECORD_HOLDER, DMAOWN_CMD_GET_HOLDER },
	{ RECORD_IOAS, DMAOWN_CMD_GET_IOAS },	    { RECORD_HWPT, DMAOWN_CMD_GET_HWPT },
	{ RECORD_DEVICE, DMAOWN_CMD_GET_DEVICE },   { RECORD_ACCESS, DMAOWN_CMD_GET_ACCESS },
	{ RECORD_AREA, DMAOWN_CMD_GET_AREA },	    { RECORD_OWNER, DMAOWN_CMD_GET_OWNER },
	{ RECORD_REFUSAL, DMAOWN_CMD_GET_REFUSAL },
};

/* The state of a dump between its messages, in netlink_callback.ctx. */
struct dump_state {
	struct dump *dump;
	const union record *pending; /* record that did not fit in the last message */
	enum record_kind kind;
	u8 cmd;
};

static struct dump_state *nl_dump_state(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump_state) > sizeof(cb->ctx));
	return (struct dump_state *)cb->ctx;
}

static int nl_dump_start(struct netlink_callback *cb)
{
	const struct genl_dumpit_info *info = genl_dumpit_info(cb);
	struct dump_state *state = nl_dump_state(cb);
	struct nlattr *context = info->info.attrs[DMAOWN_A_REQUEST_CONTEXT];
	unsigned int i;

	if (!nl_allowed(cb->skb))
		return -EPERM;
	for (i = 0; i < ARRAY_SIZE(dumps); i++)
		if (dumps[i].cmd == info->op.cmd)
			break;
	if (i == ARRAY_SIZE(dumps))
		return -EOPNOTSUPP;
	if (context && !dmaown_dump_has_contexts(dumps[i].kind))
		return -EINVAL;

	state->kind = dumps[i].kind;
	state->cmd = dumps[i].cmd;
	state->dump = dmaown_dump_open(state->kind, context ? nla_get_u64(context) : 0);
	if (IS_ERR(state->dump))
		return PTR_ERR(state->dump);
	return 0;
}

static int nl_dump_done(struct netlink_callback *cb)
{
	dmaown_dump_close(nl_dump_state(cb)->dump);
	return 0;
}

static int nl_put_record(struct sk_buff *skb, struct netlink_callback *cb, const union record *rec)
{
	struct dump_state *state = nl_dump_state(cb);
	void *msg;
	int ret;

	msg = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
			  state->cmd);
	if (!msg)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, msg);
	ret = dmaown_record_put(skb, state->kind, rec);
	if (ret) {
		genlmsg_cancel(skb, msg);
		return ret;
	}
	genlmsg_end(skb, msg);
	return 0;
}

static int nl_dump_messages(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_state *state = nl_dump_state(cb);

	if (!nl_allowed(cb->skb))
		return -EPERM;
	for (;;) {
		if (!state->pending)
			state->pending = dmaown_dump_next(state->dump);
		/*
		 * Set prev_seq again for each message: genl_dump_check_consistent() sets it to seq,
		 * also for a message that does not fit and is cancelled.
		 */
		cb->prev_seq = 1;
		cb->seq = dmaown_dump_inconsistent(state->dump) ? 2 : 1;
		if (!state->pending)
			return skb->len;
		if (IS_ERR(state->pending))
			return PTR_ERR(state->pending);
		if (nl_put_record(skb, cb, state->pending))
			return skb->len ?: -EMSGSIZE;
		state->pending = NULL;
	}
}

static int nl_get_status(struct sk_buff *skb, struct genl_info *info)
{
	union record *rec;
	struct sk_buff *msg;
	void *head;
	int ret = -ENOMEM;

	if (!nl_allowed(skb))
		return -EPERM;
	rec = kzalloc(sizeof(*rec), GFP_KERNEL);
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!rec || !msg)
		goto out_free;

	ret = dmaown_status_fill(&rec->status);
	if (ret)
		goto out_free;
	ret = -EMSGSIZE;
	head = genlmsg_put_reply(msg, info, &family, 0, DMAOWN_CMD_GET_STATUS);
	if (!head || dmaown_record_put(msg, RECORD_STATUS, rec))
		goto out_free;
	genlmsg_end(msg, head);
	kfree(rec);
	return genlmsg_reply(msg, info);

out_free:
	nlmsg_free(msg);
	kfree(rec);
	return ret;
}

#define DUMP_OP(op)                                                              \
	{                                                                        \
		.cmd = (op), .start = nl_dump_start, .dumpit = nl_dump_messages, \
		.done = nl_dump_done,                                            \
	}

static const struct genl_ops ops[] = {
	{ .cmd = DMAOWN_CMD_GET_STATUS, .doit = nl_get_status },
	DUMP_OP(DMAOWN_CMD_GET_CONTEXT),
	DUMP_OP(DMAOWN_CMD_GET_HOLDER),
	DUMP_OP(DMAOWN_CMD_GET_IOAS),
	DUMP_OP(DMAOWN_CMD_GET_HWPT),
	DUMP_OP(DMAOWN_CMD_GET_DEVICE),
	DUMP_OP(DMAOWN_CMD_GET_ACCESS),
	DUMP_OP(DMAOWN_CMD_GET_AREA),
	DUMP_OP(DMAOWN_CMD_GET_OWNER),
	DUMP_OP(DMAOWN_CMD_GET_REFUSAL),
};

/*
 * The flag is checked in the user namespace of the network namespace (kernel: genetlink.c), so root
 * of a namespace may listen there. netnsok stays off and events go to the initial network
 * namespace, where the flag means root.
 */
static const struct genl_multicast_group groups[] = {
	{ .name = DMAOWN_GENL_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN },
};

static struct genl_family family __ro_after_init = {
	.name = DMAOWN_GENL_NAME,
	.version = DMAOWN_GENL_VERSION,
	.maxattr = DMAOWN_A_REQUEST_MAX,
	.policy = request_policy,
	.module = THIS_MODULE,
	/* All shared data has its own locks, and dumps are slow. */
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = DMAOWN_CMD_GET_STATUS,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/* The mutex makes events leave in the order of their numbers. */
static DEFINE_MUTEX(event_mutex);
static u64 event_sequence;

/*
 * Filter the listeners of an event: the process that opened the socket must have both capabilities.
 * The flag of the group checks only one. A socket in a multicast group keeps its file until it has
 * left the group (kernel: af_netlink.c, netlink_release()). Return: nonzero if the socket must not
 * get it.
 */
static int nl_may_not_listen(struct sock *sk, struct sk_buff *skb, void *data)
{
	if (!sk->sk_socket || !sk->sk_socket->file)
		return 1;
	return !sk_capable(sk, CAP_SYS_ADMIN) || !sk_capable(sk, CAP_SYS_PTRACE);
}

void dmaown_netlink_event(struct event_record *event)
{
	struct sk_buff *msg;
	void *head;

	mutex_lock(&event_mutex);
	record_set(event, event, sequence, ++event_sequence);
	record_set(event, event, time, ktime_get_boottime_ns());
	if (!genl_has_listeners(&family, &init_net, 0))
		goto out_unlock;

	/* A listener notices a lost event by the gap in the sequence. */
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		goto out_unlock;
	head = genlmsg_put(msg, 0, 0, &family, 0, DMAOWN_CMD_EVENT);
	if (!head || dmaown_record_put(msg, RECORD_EVENT, (union record *)event)) {
		nlmsg_free(msg);
		goto out_unlock;
	}
	genlmsg_end(msg, head);
	genlmsg_multicast_netns_filtered(&family, &init_net, msg, 0, 0, GFP_KERNEL,
					 nl_may_not_listen, NULL);
out_unlock:
	mutex_unlock(&event_mutex);
}

int __init dmaown_netlink_init(void)
{
	return genl_register_family(&family);
}

void dmaown_netlink_exit(void)
{
	genl_unregister_family(&family);
}
