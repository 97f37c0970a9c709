// SPDX-License-Identifier: GPL-2.0-only
/* Tests of channel/kmsg.c. */
#include "fixture.h"

#include "channel/kmsg.h"

/* Errors of the module are found among other messages of the kernel log. */
static void test_kmsg(void **state)
{
	static const struct {
		const char *record, *text;
	} records[] = {
		{ "3,421,5140900,-;dmaown: built for another\n", "built for another" },
		{ "3,421,5140900,-;dmaown: a\n SUBSYSTEM=x\n", "a" },
		{ "2,421,5140900,c;dmaown: b", "b" },
		{ "4,421,5140900,-;dmaown: built for the vfio with build ID 0\n",
		  "built for the vfio with build ID 0" },
		/* the kernel warns so about any module out of tree */
		{ "4,421,5140900,-;dmaown: loading out-of-tree module taints kernel.\n", NULL },
		{ "6,421,5140900,-;dmaown: hello\n", NULL },
		/* from user space */
		{ "11,421,5140900,-;dmaown: built for another\n", NULL },
		{ "3,421,5140900,-;vfio-pci: dmaown: x\n", NULL },
		{ "3,421,5140900,-;dmaownish: x\n", NULL },
		{ "3,421,5140900,-\n", NULL },
		{ "", NULL },
	};
	char record[128];
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		snprintf(record, sizeof(record), "%s", records[i].record);
		text = kmsg_parse(record);
		if (records[i].text)
			assert_string_equal(text, records[i].text);
		else
			assert_null(text);
	}
}

int kmsg_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kmsg),
	};

	return cmocka_run_group_tests_name("kmsg", tests, set_up, tear_down);
}
