// SPDX-License-Identifier: GPL-2.0-only
/* Tests of transfer/undo.c. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#define AREA(context, iova, owner, pid, state)                                                 \
	"context=0x" #context " ioas=2 iova=" #iova " length=4096 source=address addr=0x7000 " \
	"owner=0x" #owner " pid=" #pid " start=7 state=" #state " busy=0\n"

static void write_many_areas(unsigned int nr)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	unsigned int i;

	for (i = 0; i < nr; i++)
		fprintf(out,
			"context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x%x length=4096 "
			"source=address addr=0x7000 owner=0xbeef1092 pid=4242 start=7 state=live "
			"busy=0\n",
			i << 12);
	fclose(out);
	write_file("areas", text);
	free(text);
}

/* Which transfers can be undone? 4242 and 4241 hold context 1f2e3d4c5b6a7988. */
static void test_undo(void **state)
{
	static const struct {
		const char *areas, *undo, *why;
	} cases[] = {
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live),
		  "--to 4242 --from 4241 --context 0x1f2e3d4c5b6a7988$", NULL },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
			  AREA(1f2e3d4c5b6a7988, 0x1000, beef1092, 4242, stale),
		  NULL, "the old owner has exec.d since, and its address space is gone" },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1091, 4241, stale), NULL,
		  "the old owner has exec.d since, and its address space is gone" },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
			  AREA(1f2e3d4c5b6a7988, 0x1000, beef1093, 4243, live),
		  NULL, "there were several owners" },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
			  AREA(1f2e3d4c5b6a7988, 0x1000, beef1091, 4241, live),
		  NULL, "the new owner owned other areas there before" },
		/* the second context is not in the scope: 4241 does not hold it */
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
			  AREA(1f2e000000000001, 0x0, beef1091, 4241, live),
		  "--to 4242 --from 4241 --context 0x1f2e3d4c5b6a7988$", NULL },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1093, 4243, live), NULL,
		  "the old owner does not hold the context" },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242,
		       live) "context=0x1f2e3d4c5b6a7988 ioas=3 busy=1\n",
		  NULL, "part of a context was locked, so that its owners are unknown" },
	};
	char expected[256];
	size_t i;

	(void)state;
	reset_module();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file("areas", cases[i].areas);
		assert_int_equal(RUN(transfer, "--to", "4241"), 0);
		if (cases[i].undo)
			snprintf(expected, sizeof(expected), "^undo with: dmaownctl transfer %s",
				 cases[i].undo);
		else
			snprintf(expected, sizeof(expected), "^this cannot be undone: %s",
				 cases[i].why);
		assert_stdout(expected);
	}

	/* A process that moved its own areas with --remap can move them back. */
	write_file("areas", AREA(1f2e3d4c5b6a7988, 0x0, beef1091, 4241, live));
	assert_int_equal(RUN(transfer, "--to", "4241", "--remap", "2:0=0x9000", "-J"), 0);
	assert_json(".undo == \"dmaownctl transfer --to 4241 --from 4241 "
		    "--context 0x1f2e3d4c5b6a7988 --remap 2:0x0=0x7000\"");

	/* Many entries of --remap need several arguments. */
	write_many_areas(1001);
	assert_int_equal(RUN(transfer, "--to", "4241", "--remap", "2:0=0x9000", "-J"), 0);
	assert_json("[.undo | scan(\" --remap \")] | length == 2");
	assert_json("[.undo | scan(\"=0x7000\")] | length == 1001");

	/* Undo would reset a device that only the new owner has open. */
	write_file("areas", AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live));
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4241 via=device fd=12 device=0000:00:01.0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4242 via=context fd=11 busy=0\n");
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "would-reset"), 0);
	assert_stdout("--context 0x1f2e3d4c5b6a7988 --force would-reset=0000:00:01.0$");
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "would-reset=00:02.0"), 0);
	assert_stdout("--context 0x1f2e3d4c5b6a7988$");

	/* Other accepted reasons may be reasons to refuse the way back, too. */
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "unknown-holder=00:01.0",
			     "--force", "unread=4243", "--force", "untrusted-holder", "--force",
			     "unseen", "--force", "taken-back"),
			 0);
	assert_stdout("--context 0x1f2e3d4c5b6a7988 --force unknown-holder=00:01.0 "
		      "--force unread=4243 --force untrusted-holder --force unseen "
		      "--force taken-back$");
	write_files();
}

int undo_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_undo),
	};

	return cmocka_run_group_tests_name("undo", tests, set_up, tear_down);
}
