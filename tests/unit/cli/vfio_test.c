// SPDX-License-Identifier: GPL-2.0-only
/* Tests of host/vfio.c. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

#include "host/vfio.h"

static void test_names(void **state)
{
	static const struct {
		const char *text;
		int by;
		const char *name;
		uint32_t group;
	} names[] = {
		{ "0000:01:00.0", VFIO_DEVICE, "0000:01:00.0", 0 },
		{ "01:00.0", VFIO_DEVICE, "0000:01:00.0", 0 },
		{ "emulated.0", VFIO_DEVICE, "emulated.0", 0 },
		{ "vfio", VFIO_DEVICE, "vfio", 0 },
		{ "vfio-x", VFIO_DEVICE, "vfio-x", 0 },
		{ "vfio3", VFIO_CDEV, "vfio3", 0 },
		{ "/dev/vfio/devices/vfio3", VFIO_CDEV, "vfio3", 0 },
		{ "group-5", VFIO_GROUP, "", 5 },
		{ "/dev/vfio/5", VFIO_GROUP, "", 5 },
		{ "/dev/vfio/noiommu-5", VFIO_GROUP, "", 5 },
		{ "/dev/vfio/vfio", VFIO_CONTAINER, "", 0 },
		{ "/dev/iommu", VFIO_IOMMU, "", 0 },
	};
	static const char *const wrong[] = {
		"",
		"group-",
		"group-x",
		"group--1",
		"/dev/vfio/",
		"/",
		"/dev/vfio/x",
		"/dev/zero",
		"/dev/no-such",
		"dev/vfio/5",
		"./vfio3",
		"group-5x",
		"/dev/iommu/",
		"/dev/vfio/devices/5",
	};
	struct vfio_name name;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(vfio_name_parse(names[i].text, &name));
		assert_int_equal(name.by, names[i].by);
		assert_string_equal(name.text, names[i].name);
		assert_int_equal(name.group, names[i].group);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(vfio_name_parse(wrong[i], &name));
}

/* Another path of a device file is found by the number of the device. */
static void test_paths(void **state)
{
	struct vfio_name name;

	(void)state;
	write_sysfs();
	write_file("sys/dev/char/1:3/uevent", "MAJOR=1\nMINOR=3\nDEVNAME=vfio/devices/vfio3\n");
	assert_true(vfio_name_parse("/dev/null", &name));
	assert_int_equal(name.by, VFIO_CDEV);
	assert_string_equal(name.text, "vfio3");
	write_file("sys/dev/char/1:3/uevent", "DEVNAME=vfio/5");
	assert_true(vfio_name_parse("/dev/../dev/null", &name));
	assert_int_equal(name.by, VFIO_GROUP);
	assert_int_equal(name.group, 5);
	write_file("sys/dev/char/1:3/uevent", "DEVNAME=null\n");
	assert_false(vfio_name_parse("/dev/null", &name));
}

static int find(const char *text, struct vfio_files *files)
{
	struct vfio_name name;

	assert_true(vfio_name_parse(text, &name));
	return vfio_files_find(files, &name);
}

static void test_files(void **state)
{
	static const char *const same[] = { "00:01.0", "vfio3", "/dev/vfio/devices/vfio3" };
	struct vfio_files files;
	size_t i;

	(void)state;
	write_sysfs();
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(find(same[i], &files), 0);
		assert_int_equal(files.nr, 2);
		assert_string_equal(files.items[0], "0000:00:01.0");
		assert_string_equal(files.items[1], "group-5");
		vfio_files_free(&files);
	}
	assert_int_equal(find("group-5", &files), 0);
	assert_int_equal(files.nr, 3);
	assert_true(vfio_files_have(&files, "group-5"));
	assert_true(vfio_files_have(&files, "0000:00:01.0"));
	assert_true(vfio_files_have(&files, "0000:00:03.0"));
	assert_false(vfio_files_have(&files, "0000:00:02.0"));
	vfio_files_free(&files);
	/* A device without a group */
	assert_int_equal(find("emulated.0", &files), 0);
	assert_int_equal(files.nr, 1);
	vfio_files_free(&files);
	/* Records may have these, although sysfs has not. */
	assert_int_equal(find("0000:77:00.0", &files), -ENOENT);
	assert_true(vfio_files_have(&files, "0000:77:00.0"));
	vfio_files_free(&files);
	assert_int_equal(find("group-77", &files), -ENOENT);
	assert_true(vfio_files_have(&files, "group-77"));
	vfio_files_free(&files);
	assert_int_equal(find("vfio77", &files), -ENOENT);
	assert_int_equal(files.nr, 0);
	vfio_files_free(&files);
	/* A pattern is no name. */
	assert_int_equal(find("0000:00:0*", &files), -ENOENT);
	assert_int_equal(files.nr, 1);
	vfio_files_free(&files);
}

int vfio_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests_name("vfio", tests, set_up, tear_down);
}
