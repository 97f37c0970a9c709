// SPDX-License-Identifier: GPL-2.0-only
/* Tests of query/context.c, query/id.c and query/process.c. */
#include "fixture.h"

#include <string.h>

#include "query/context.h"
#include "query/id.h"
#include "query/process.h"

static void test_context_names(void **state)
{
	static const char *const wrong[] = {
		"",	"0x",	 "0xg",	    "0x12345678901234567", "0x-1",	    "1/",  "/1",
		"1/x",	"0",	 "0/1",	    "99999999999",	   "1/99999999999", "a/1", "0/0x1",
		"1/0x", "1/0xg", "group-x", "/dev/vfio/x",
	};
	struct context_name name;
	size_t i;

	(void)state;
	assert_true(context_parse("0x1f2e", &name));
	assert_int_equal(name.by, CONTEXT_BY_ID);
	assert_true(context_id_matches(&name, 0x1f2e));
	assert_true(context_id_matches(&name, 0x1f2e3d4c5b6a7988));
	assert_false(context_id_matches(&name, 0x2f2e3d4c5b6a7988));
	assert_true(context_parse("4242/11", &name));
	assert_int_equal(name.by, CONTEXT_BY_FD);
	assert_int_equal(name.pid, 4242);
	assert_int_equal(name.fd, 11);
	assert_true(context_parse("4242", &name));
	assert_int_equal(name.by, CONTEXT_BY_PID);
	assert_true(context_parse("01:00.0", &name));
	assert_int_equal(name.by, CONTEXT_BY_DEVICE);
	assert_string_equal(name.device.text, "0000:01:00.0");
	assert_true(context_parse("0000:01:00.0", &name));
	assert_string_equal(name.device.text, "0000:01:00.0");
	assert_true(context_parse("4242/0x7f0000001000", &name));
	assert_int_equal(name.by, CONTEXT_BY_MAPPING);
	assert_int_equal(name.pid, 4242);
	assert_int_equal(name.addr, 0x7f0000001000);
	assert_true(context_parse("/dev/vfio/5", &name));
	assert_int_equal(name.by, CONTEXT_BY_DEVICE);
	assert_int_equal(name.device.by, VFIO_GROUP);
	assert_true(context_parse("vfio3", &name));
	assert_int_equal(name.device.by, VFIO_CDEV);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(context_parse(wrong[i], &name));
}

static void test_ids(void **state)
{
	static const char *const wrong[] = {
		"", "0", "0x", "1f2e", "0xg", "0x1g", "0x-1", "0x+1", "0x 1", "0x12345678901234567",
	};
	uint64_t number;
	unsigned int digits;
	size_t i;

	(void)state;
	assert_true(id_parse("0x1f2e", &number, &digits));
	assert_int_equal(number, 0x1f2e);
	assert_int_equal(digits, 4);
	assert_true(id_matches(number, digits, 0x1f2e));
	assert_true(id_matches(number, digits, 0x1f2e3d4c5b6a7988));
	assert_false(id_matches(number, digits, 0x1f2));
	assert_false(id_matches(number, digits, 0x1f2f000000000000));
	/* with leading zeros this is a full ID, because no ID begins with a zero */
	assert_true(id_parse("0x0001f2e", &number, &digits));
	assert_true(id_matches(number, digits, 0x1f2e));
	assert_false(id_matches(number, digits, 0x1f2e3d4c5b6a7988));
	assert_true(id_parse("0xFEDCBA9876543210", &number, &digits));
	assert_true(id_matches(number, digits, 0xfedcba9876543210));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(id_parse(wrong[i], &number, &digits));
}

static void test_process_names(void **state)
{
	static const char *const wrong[] = {
		"",    "0",   "x",    "-1",	    "1:",
		"1:x", "1:0", "1:-1", ":1",	    "0x",
		"0xg", "0x0", "1x",   "4294967296", "0x10000000000000000",
	};
	struct process_name name;
	size_t i;

	(void)state;
	assert_true(process_parse("42", &name));
	assert_int_equal(name.pid, 42);
	assert_true(process_parse("42:1234567890123", &name));
	assert_int_equal(name.pid, 42);
	assert_int_equal(name.inode, 1234567890123);
	assert_true(process_parse("0xbeef", &name));
	assert_int_equal(name.pid, 0);
	assert_int_equal(name.owner, 0xbeef);
	assert_int_equal(name.digits, 4);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(process_parse(wrong[i], &name));
}

/*
 * The listing of one context also has holders whose context is unknown. Such a file may be in
 * another context: a transfer never names the context by it.
 */
static void test_context_files(void **state)
{
	static const char unclear[] =
		"context=- pid=4242 start=7 via=device fd=13 device=0000:00:02.0 busy=1 unseen=0\n"
		"context=- pid=4242 start=7 via=context fd=14 busy=0 unseen=1\n"
		"context=- pid=4245 start=9 busy=1 unseen=0\n";
	static const struct {
		const char *holder;
		uint32_t fd;
	} cases[] = {
		{ "via=device fd=12 device=0000:00:01.0", 12 },
		{ "via=context fd=11", 11 },
		{ "via=mapping addr=0x1000 device=0000:00:01.0", DMAOWN_FD_ANY },
	};
	char text[512];
	size_t i;

	(void)state;
	reset_module();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
			 "%scontext=0x1f2e3d4c5b6a7988 pid=4241 start=5 busy=0 %s\n", unclear,
			 cases[i].holder);
		write_file("holders", text);
		assert_int_equal(RUN(check, "--to", "4241", "-c", "0x1f2e3"), 0);
		assert_int_equal(module.asked_file->holder.pid, 4241);
		assert_int_equal(module.asked_file->fd, cases[i].fd);
		assert_int_equal(module.asked_file->context, 0x1f2e3d4c5b6a7988);
	}
	write_file("holders", unclear);
	assert_int_equal(RUN(check, "--to", "4241", "-c", "0x1f2e3"), 1);
	assert_stderr("context 0x1f2e3: no process holds it");
	write_files();
}

int query_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_context_names),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_process_names),
		cmocka_unit_test(test_context_files),
	};

	return cmocka_run_group_tests_name("query", tests, set_up, tear_down);
}
