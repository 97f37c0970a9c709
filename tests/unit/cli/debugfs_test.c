// SPDX-License-Identifier: GPL-2.0-only
/* Tests of channel/debugfs.c. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

#include "channel/debugfs.h"

static int parse(enum record_kind kind, const char *text, union record *record, const char **bad)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s", text);
	return debugfs_parse_line(kind, line, record, bad);
}

static void test_debugfs_line(void **state)
{
	const struct holder_record *holder;
	union record record;
	const char *bad;

	(void)state;
	assert_int_equal(parse(RECORD_HOLDER,
			       "context=0xfedcba9876543210 pid=42 start=99 "
			       "comm=a\\040b\\134\\075\\042\\012 via=device fd=7 device=- busy=0\n",
			       &record, &bad),
			 0);
	holder = &record.holder;
	assert_int_equal(holder->context, 0xfedcba9876543210);
	assert_int_equal(holder->pid, 42);
	assert_string_equal(holder->comm, "a b\\=\"\n");
	assert_int_equal(holder->via, DMAOWN_VIA_DEVICE);
	assert_true(known(holder, HOLDER, BUSY));
	assert_false(known(holder, HOLDER, DEVICE));
	assert_false(known(holder, HOLDER, UID));

	/* a field of a newer module; no field; an empty string */
	assert_int_equal(parse(RECORD_HOLDER, "pid=1 newer=thing", &record, &bad), 0);
	assert_int_equal(record.holder.pid, 1);
	assert_int_equal(parse(RECORD_HOLDER, "\n", &record, &bad), 0);
	assert_int_equal(record.known, 0);
	assert_int_equal(parse(RECORD_HOLDER, "comm=", &record, &bad), 0);
	assert_true(known(&record.holder, HOLDER, COMM));
}

/* Fields are missing, added, or in another order, and names have a common beginning. */
static void test_debugfs_order(void **state)
{
	union record record;
	const char *bad;

	(void)state;
	assert_int_equal(parse(RECORD_CONTEXT,
			       "context=0x1 holders=2 newer=3 ioases=4 owner_state=dead owner_pid=5 "
			       "pinned=6 owner=0x7 mode=mm",
			       &record, &bad),
			 0);
	assert_int_equal(record.context.context, 1);
	assert_int_equal(record.context.holders, 2);
	assert_int_equal(record.context.ioases, 4);
	assert_int_equal(record.context.owner_state, DMAOWN_STATE_DEAD);
	assert_int_equal(record.context.owner_pid, 5);
	assert_int_equal(record.context.pinned, 6);
	assert_int_equal(record.context.owner, 7);
	assert_int_equal(record.context.mode, DMAOWN_MODE_MM);
	assert_int_equal(__builtin_popcountll(record.known), 8);
}

static void test_debugfs_garbage(void **state)
{
	static const char *const garbage[] = {
		"pid",
		"=1",
		"pid=",
		"pid=x",
		"pid=1x",
		"pid=-1",
		"pid=+1",
		"pid=4294967296",
		"pid=f",
		"pid=1:",
		"pid=0x",
		"context=0x",
		"context=0xg",
		"context=0x1\t",
		"context=0x10000000000000000",
		"start=18446744073709551616",
		"start=99999999999999999999",
		"start= 1",
		"via=nothing",
		"comm=a\\04",
		"comm=a\\400",
		"comm=\\",
		"comm=sixteencharacter",
	};
	union record record;
	const char *bad;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		assert_int_equal(parse(RECORD_HOLDER, garbage[i], &record, &bad), -EBADMSG);
		assert_non_null(bad);
	}
	assert_int_equal(parse(RECORD_HOLDER, "comm=fifteencharacte", &record, &bad), 0);
	assert_int_equal(parse(RECORD_HOLDER,
			       "  context=0xffffffffffffffff   start=18446744073709551615 pid=007 "
			       "\n",
			       &record, &bad),
			 0);
	assert_true(record.holder.context == UINT64_MAX && record.holder.start == UINT64_MAX);
	assert_int_equal(record.holder.pid, 7);
}

int debugfs_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debugfs_line),
		cmocka_unit_test(test_debugfs_order),
		cmocka_unit_test(test_debugfs_garbage),
	};

	return cmocka_run_group_tests_name("debugfs", tests, set_up, tear_down);
}
