// SPDX-License-Identifier: GPL-2.0
/*
 * Tests kmod/compat.h as it is compiled for kernels from 6.14 to 6.16, where struct bin_attribute
 * has two read functions. No such kernel is available for tests: only its source shows that its
 * headers match those in kernel/ here, and that read_new reads its notes. The other branch is
 * compiled against the real headers of 6.12, 6.18 and 7.3, and runs on 6.12 and 7.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compat.h"

static ssize_t read_old(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *to, loff_t at, size_t size)
{
	assert_true(!file && kobj && attr && !at && size == 4);
	memcpy(to, "old", 4);
	return 4;
}

static ssize_t read_new(struct file *file, struct kobject *kobj, const struct bin_attribute *attr,
			char *to, loff_t at, size_t size)
{
	assert_true(!file && kobj && attr && !at && size == 4);
	memcpy(to, "new", 4);
	return 4;
}

static void assert_reads(struct bin_attribute attr, const char *text)
{
	char to[4] = "";

	assert_int_equal(compat_bin_read((struct kobject *)&attr, &attr, to, sizeof(to)), 4);
	assert_string_equal(to, text);
}

static void test_bin_read(void **state)
{
	struct bin_attribute neither = {};
	char to[4];

	(void)state;
	assert_reads((struct bin_attribute){ .read_new = read_new }, "new");
	assert_reads((struct bin_attribute){ .read = read_old }, "old");
	assert_int_equal(compat_bin_read((struct kobject *)&neither, &neither, to, 4), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bin_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
