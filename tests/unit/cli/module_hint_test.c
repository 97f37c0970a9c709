// SPDX-License-Identifier: GPL-2.0-only
/* Tests of host/module_hint.c. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "host/module_hint.h"

static void write_below(const char *root, const char *name, const char *contents, size_t size)
{
	char command[320], path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", path);
	assert_int_equal(system(command), 0);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(contents, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void assert_hint(const char *root, const char *wanted, const char *unwanted)
{
	char *hint = module_hint(root, "6.12.95");

	assert_non_null(hint);
	assert_non_null(strstr(hint, wanted));
	if (unwanted)
		assert_null(strstr(hint, unwanted));
	free(hint);
}

static void test_hints(void **state)
{
	static const char notes[] = "\x04\0\0\0\x02\0\0\0\x06\0\0\0Xen\0ab\0\0"
				    "\x04\0\0\0\x03\0\0\0\x03\0\0\0GNU\0\xab\x01\xff\0";
	static const char dep[] =
		"kernel/fs/ext4.ko: a.ko\nupdates/dkms/dmaown.ko.xz: kernel/x.ko\n";
	static const char ours[] = "updates/dmaown.ko:\n";
	char root[128];
	char *id;

	(void)state;
	snprintf(root, sizeof(root), "%s/root", directory);
	assert_null(running_build_id(root));
	write_below(root, "/sys/kernel/notes", notes, sizeof(notes) - 1);
	/* Neither loaded nor built in. */
	assert_null(running_build_id(root));
	write_below(root, "/sys/class/misc/iommu/dev", "10:123\n", 7);
	id = running_build_id(root);
	assert_string_equal(id, "ab01ff");
	free(id);
	assert_null(running_type1_id(root));
	write_below(root, "/sys/module/vfio_iommu_type1/notes/.note.gnu.build-id", notes,
		    sizeof(notes) - 1);
	id = running_type1_id(root);
	assert_string_equal(id, "ab01ff");
	free(id);
	/* truncated notes */
	write_below(root, "/sys/module/iommufd/notes/.note.gnu.build-id", notes, sizeof(notes) - 3);
	assert_null(running_build_id(root));

	assert_hint(root, "none for this kernel (6.12.95); build it with", "signature");
	write_below(root, "/lib/modules/6.1.0/modules.dep", dep, sizeof(dep) - 1);
	assert_hint(root, "but one for 6.1.0", "modprobe");
	write_below(root, "/lib/modules/6.12.95/modules.dep", dep, sizeof(dep) - 1);
	assert_hint(root, "modprobe dmaown", "signature");
	write_below(root, "/sys/module/module/parameters/sig_enforce", "N\n", 2);
	write_below(root, "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n",
		    33);
	assert_hint(root, "modprobe dmaown", "signature");
	write_below(root, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n",
		    33);
	assert_hint(root,
		    "(lockdown): if it refuses this one, enrol the key that DKMS signs with: "
		    "mokutil --import /var/lib/dkms/mok.pub",
		    NULL);
	write_below(root, "/etc/os-release", "NAME=x\nID=ubuntu\n", 17);
	assert_hint(root, "/var/lib/shim-signed/mok/MOK.der", "dkms/mok.pub");
	write_below(root, "/sys/module/module/parameters/sig_enforce", "Y\n", 2);
	write_below(root, "/sys/kernel/security/lockdown", "[none]\n", 7);
	write_below(root, "/lib/modules/6.12.95/modules.dep", ours, sizeof(ours) - 1);
	assert_hint(root, "(module.sig_enforce): if it refuses this one, sign it", "DKMS");
}

int module_hint_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests_name("module_hint", tests, set_up, tear_down);
}
