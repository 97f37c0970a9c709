// SPDX-License-Identifier: GPL-2.0-only
/* Tests of transfer/force.c. */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transfer/force.h"

#define FORCEABLE                                                           \
	"the reason must be would-reset[=DEVICE], untrusted-holder[=PID], " \
	"unknown-holder[=DEVICE], unread[=PID], unseen or taken-back"

static void test_forces(void **state)
{
	static const struct {
		const char *text, *complaint;
	} wrong[] = {
		{ "", FORCEABLE },
		{ "would", FORCEABLE },
		{ "would-resett", FORCEABLE },
		{ "limit-user", FORCEABLE },
		{ "would-reset=", "not the name of a device, such as 0000:01:00.0" },
		{ "would-reset=4242", "not the name of a device, such as 0000:01:00.0" },
		{ "would-reset=4242/3", "not the name of a device, such as 0000:01:00.0" },
		{ "would-reset=vfio77", "not the name of a device, such as 0000:01:00.0" },
		{ "would-reset=/dev/iommu", "not the name of a device, such as 0000:01:00.0" },
		{ "untrusted-holder=", "not a PID or PID:INODE" },
		{ "untrusted-holder=0xbeef", "not a PID or PID:INODE" },
		{ "untrusted-holder=00:01.0", "not a PID or PID:INODE" },
		{ "unknown-holder=4242", "not the name of a device, such as 0000:01:00.0" },
		{ "taken-back=4242", "this reason takes no name" },
		{ "unseen=", "this reason takes no name" },
	};
	struct force_list list = { 0 };
	char *complaint;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		complaint = force_add(&list, wrong[i].text);
		assert_non_null(complaint);
		assert_string_equal(complaint, wrong[i].complaint);
		free(complaint);
	}
	assert_int_equal(list.nr, 0);
	assert_null(force_add(&list, "would-reset=00:01.0"));
	assert_true(force_covers_device(&list, "0000:00:01.0"));
	assert_false(force_covers_device(&list, "0000:00:02.0"));
	write_sysfs();
	assert_false(force_covers_device(&list, "group-5"));
	assert_null(force_add(&list, "would-reset=/dev/vfio/5"));
	assert_true(force_covers_device(&list, "group-5"));
	force_free(&list);
	assert_null(force_add(&list, "would-reset=vfio3"));
	assert_true(force_covers_device(&list, "0000:00:01.0"));
	assert_null(force_add(&list, "untrusted-holder"));
	assert_false(force_covers_device(&list, "0000:00:02.0"));
	assert_null(force_add(&list, "would-reset"));
	assert_true(force_covers_device(&list, "0000:00:02.0"));
	for (i = list.nr; i < DMAOWN_TRANSFER_MAX_FORCES; i++)
		assert_null(force_add(&list, "would-reset"));
	complaint = force_add(&list, "would-reset");
	assert_non_null(complaint);
	free(complaint);
	force_free(&list);
}

/* A refusal suggests --force, and --force is passed to the module. */
static void test_transfer_forced(void **state)
{
	(void)state;
	reset_module();
	module.transfer_error = EXDEV;
	module.nr_reports = 4;
	module.answer.reports_total = 4;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_WOULD_RESET,
		.error = EXDEV,
		.context = 0x1f2e,
		.process = 4242,
		.device = "0000:00:01.0",
	};
	module.reports[1] = (struct dmaown_report){
		.reason = DMAOWN_REASON_UNTRUSTED,
		.error = EXDEV,
		.context = 0x1f2e,
		.process = 4243,
		.value = 12345,
	};
	module.reports[2] = module.reports[1];
	module.reports[2].context = 0x1f2f;
	module.reports[3] = module.reports[1];
	module.reports[3].process = 0;
	assert_int_equal(RUN(check, "--to", "4241", "-J"), 15);
	assert_json(".reasons[0] | .reason == \"would-reset\" and .device == \"0000:00:01.0\" and "
		    ".pid == 4242 and .value == null");
	assert_json(".reasons[1] | .reason == \"untrusted-holder\" and .device == null and "
		    ".pid == 4243 and .value == 12345");
	assert_json(".reasons_total == 4");
	assert_stderr(": 0x1f2e device 0000:00:01.0: .* \\(process 4242 has it open\\)$");
	assert_stderr("\\(process 4243, user 12345\\)$");
	assert_stderr("accept the reset with: --force would-reset=0000:00:01.0$");
	assert_stderr("with: --force untrusted-holder=4243 --force untrusted-holder$");

	reset_module();
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "4242", "-c", "0x1f2e3", "--force",
			     "untrusted-holder=4243", "--force", "would-reset=00:01.0", "-J"),
			 0);
	assert_int_equal(module.asked->nr_forces, 2);
	assert_int_equal(module.asked_forces[0].reason, DMAOWN_REASON_UNTRUSTED);
	assert_int_equal(module.asked_forces[0].process.pid, 4243);
	assert_int_equal(module.asked_forces[0].process.start, 5243);
	assert_int_equal(module.asked_forces[1].reason, DMAOWN_REASON_WOULD_RESET);
	assert_string_equal(module.asked_forces[1].device, "0000:00:01.0");
	/* undo would not reset the device: the old owner has it open, too */
	assert_json(".undo == \"dmaownctl transfer --to 4242 --from 4241 "
		    "--context 0x1f2e3d4c5b6a7988 --force untrusted-holder=4243\"");

	/* a holder that has exited is dropped: without a PID it would mean any holder */
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "untrusted-holder=666"), 0);
	assert_int_equal(module.asked->nr_forces, 0);
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "untrusted-holder"), 0);
	assert_int_equal(module.asked->nr_forces, 1);
	assert_int_equal(module.asked_forces[0].process.pid, 0);
}

/* The open files of a device that is being removed cannot be counted. */
static void test_unknown_holders(void **state)
{
	(void)state;
	reset_module();
	module.transfer_error = EXDEV;
	module.nr_reports = 2;
	module.answer.reports_total = 2;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_UNKNOWN_HOLDER,
		.error = EXDEV,
		.value = 2,
		.device = "0000:00:01.0",
	};
	module.reports[1] = module.reports[0];
	module.reports[1].value = 0;
	strcpy(module.reports[1].device, "0000:00:02.0");
	assert_int_equal(RUN(check, "--to", "4241", "-J"), 15);
	assert_json("[.reasons[].value] == [2, null]");
	assert_stderr("device 0000:00:01.0: .* \\(2 open files\\)$");
	assert_stderr("device 0000:00:02.0: .* holds it$");
	reset_module();
}

int force_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forces),
		cmocka_unit_test(test_transfer_forced),
		cmocka_unit_test(test_unknown_holders),
	};

	return cmocka_run_group_tests_name("force", tests, set_up, tear_down);
}
