// SPDX-License-Identifier: GPL-2.0-only
/* Tests of output/columns.c and output/size.c. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

#include "output/columns.h"
#include "output/size.h"

static void test_size(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
		{ 0, "0B" },
		{ 1023, "1023B" },
		{ 1024, "1K" },
		{ 1536, "1.5K" },
		{ 4096, "4K" },
		{ 1048575, "1M" },
		{ 67108864, "64M" },
		{ 67108864 + 4096, "64M" },
		{ 1140850688, "1.1G" },
		{ 1ULL << 40, "1T" },
		{ 1ULL << 60, "1E" },
		{ UINT64_MAX, "16E" },
	};
	char text[SIZE_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_string_equal(size_format(text, sizes[i].bytes), sizes[i].text);
}

static const struct column some_columns[] = {
	FIELD_COLUMN("PID", HOLDER, PID, 0, 0),
	FIELD_COLUMN("COMMAND", HOLDER, COMM, 0, 0),
	FIELD_COLUMN("FD", HOLDER, FD, 0, 0),
};

static void test_columns(void **state)
{
	static const struct column_set set = { RECORD_HOLDER, some_columns, 3 };
	struct selection selection;
	const char *unknown;

	(void)state;
	assert_int_equal(columns_select(&set, "PID,FD", NULL, &selection, &unknown), 0);
	assert_int_equal(selection.nr, 2);
	assert_int_equal(columns_select(&set, "PID,FD", "+command", &selection, &unknown), 0);
	assert_int_equal(selection.nr, 3);
	assert_ptr_equal(selection.columns[2], &some_columns[1]);
	assert_int_equal(columns_select(&set, "PID,FD", "+FD", &selection, &unknown), 0);
	assert_int_equal(selection.nr, 2);
	assert_int_equal(columns_select(&set, "PID,FD", "fd,Command", &selection, &unknown), 0);
	assert_int_equal(selection.nr, 2);
	assert_ptr_equal(selection.columns[0], &some_columns[2]);
	assert_int_equal(columns_select(&set, "PID", "FD,PIDS,X", &selection, &unknown), -ENOENT);
	assert_int_equal(strncmp(unknown, "PIDS,", 5), 0);
	assert_int_equal(columns_select(&set, "PID", "", &selection, &unknown), -ENOENT);
	assert_int_equal(columns_select(&set, "PID", "FD,", &selection, &unknown), -ENOENT);
}

int columns_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests_name("columns", tests, set_up, tear_down);
}
