// SPDX-License-Identifier: GPL-2.0-only
/* Tests of channel/netlink.c. */
#include "fixture.h"

#include <errno.h>

#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "channel/netlink.h"

static void put_field(struct nl_msg *msg, const struct field *field)
{
	uint64_t wide = 0x1234567890000000 + field->attr;

	if (field_is_text(field))
		assert_int_equal(nla_put_string(msg, field->attr, field->name), 0);
	else if (field->size == 8)
		assert_int_equal(nla_put_u64(msg, field->attr, wide), 0);
	else
		assert_int_equal(nla_put_u32(msg, field->attr, field->attr), 0);
}

static void check_field(const struct field *field, const union record *record)
{
	assert_true(record->known >> field->attr & 1);
	if (field_is_text(field))
		assert_string_equal(field_text(field, record), field->name);
	else
		assert_int_equal(field_number(field, record),
				 (field->size == 8 ? 0x1234567890000000 : 0) + field->attr);
}

static int parse_message(struct nl_msg *msg, enum record_kind kind, union record *record)
{
	struct genlmsghdr *header = genlmsg_hdr(nlmsg_hdr(msg));

	return netlink_parse_attributes(kind, genlmsg_attrdata(header, 0),
					genlmsg_attrlen(header, 0), record);
}

static struct nl_msg *new_message(void)
{
	struct nl_msg *msg = nlmsg_alloc();

	assert_non_null(msg);
	assert_non_null(genlmsg_put(msg, 0, 0, 77, 0, 0, 1, 1));
	return msg;
}

/* Put every field of every record into a message, and parse it. */
static void test_netlink_round_trip(void **state)
{
	const struct record_type *type;
	union record record;
	struct nl_msg *msg;
	unsigned int kind, i;

	(void)state;
	for (kind = 0; kind < RECORD_COUNT; kind++) {
		type = &record_types[kind];
		msg = new_message();
		for (i = 0; i < type->nr_fields; i++)
			put_field(msg, &type->fields[i]);
		/* padding, and a field of a newer module */
		assert_int_equal(nla_put(msg, 0, 0, NULL), 0);
		assert_int_equal(nla_put_u32(msg, type->nr_fields + 1, 1), 0);
		assert_int_equal(parse_message(msg, kind, &record), 0);
		for (i = 0; i < type->nr_fields; i++)
			check_field(&type->fields[i], &record);
		nlmsg_free(msg);
	}
}

static void test_netlink_garbage(void **state)
{
	union record record;
	struct nl_msg *msg;

	(void)state;
	msg = new_message();
	assert_int_equal(nla_put(msg, DMAOWN_A_HOLDER_PID, 3, "abc"), 0);
	assert_int_equal(parse_message(msg, RECORD_HOLDER, &record), -EBADMSG);
	nlmsg_free(msg);

	msg = new_message();
	assert_int_equal(nla_put_string(msg, DMAOWN_A_HOLDER_COMM, "sixteencharacter"), 0);
	assert_int_equal(parse_message(msg, RECORD_HOLDER, &record), -EBADMSG);
	nlmsg_free(msg);

	/* without a NUL */
	msg = new_message();
	assert_int_equal(nla_put(msg, DMAOWN_A_HOLDER_COMM, 3, "abc"), 0);
	assert_int_equal(parse_message(msg, RECORD_HOLDER, &record), 0);
	assert_string_equal(record.holder.comm, "abc");
	nlmsg_free(msg);
}

int netlink_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_netlink_round_trip),
		cmocka_unit_test(test_netlink_garbage),
	};

	return cmocka_run_group_tests_name("netlink", tests, set_up, tear_down);
}
