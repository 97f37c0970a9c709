// SPDX-License-Identifier: GPL-2.0
/* Tests how kmod/layout finds, checks and writes, on BTF with errors in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "emit.h"
#include "complain.h"
#include "find.h"
#include "layout_btf.h"
#include "lookup.h"
#include "series.h"

static const struct wanted *const iommufd = &wanted[WANTED_IOMMUFD];

enum { OLD, NEW };

/* Makes BTF and finds the entries of the tables in it. */
static int find_in(struct found *found, const struct wanted *want, bool is_new,
		   const struct doctored *doctored)
{
	struct made made;
	int error;

	made_of(&made, want, is_new, doctored);
	error = find(found, want, made.split);
	made_free(&made);
	return error;
}

/* Return: what was found for the member PATH ("struct.member"). */
static const struct found_member *member(const struct found *found, const char *path)
{
	const struct wanted_struct *s = found->wanted->structs;

	for (int i = 0; s[i].name; i++)
		for (int j = 0; s[i].members[j].name; j++) {
			char name[128];

			snprintf(name, sizeof(name), "%s.%s", s[i].name, s[i].members[j].name);
			if (!strcmp(name, path))
				return &found->structs[i].members[j];
		}
	fail_msg("the tables have no %s", path);
	return NULL;
}

static const struct found_value *value(const struct found *found, const char *name)
{
	const struct wanted_enum *e = found->wanted->enums;

	for (int i = 0; e[i].values[0].name; i++)
		for (int j = 0; e[i].values[j].name; j++)
			if (!strcmp(e[i].values[j].name, name))
				return &found->enums[i].values[j];
	fail_msg("the tables have no %s", name);
	return NULL;
}

/* Asserts that find() fails on BTF with these errors, with this sentence. */
static void assert_sentence(bool is_new, const struct doctored *doctored, const char *sentence)
{
	struct found found;

	assert_int_equal(find_in(&found, iommufd, is_new, doctored), -1);
	assert_string_equal(complaint(), sentence);
}

static void test_old_kernel(void **state)
{
	struct found found;

	(void)state;
	if (find_in(&found, iommufd, OLD, NULL))
		fail_msg("%s", complaint());
	assert_true(member(&found, "iommufd_object.wait_cnt|shortterm_users")->present);
	assert_false(member(&found, "iommufd_ctx.ioas_creation_lock")->present);
	assert_false(member(&found, "iopt_pages.file")->present);
	assert_true(member(&found, "iommufd_group.hwpt")->present);
	assert_false(value(&found, "IOPT_ADDRESS_USER")->present);
	assert_int_equal(value(&found, "IOMMUFD_OBJ_HWPT_PAGING")->number, 2);
	assert_int_equal(value(&found, "IOPT_PAGES_ACCOUNT_MM")->number, 3);
}

static void test_new_kernel(void **state)
{
	struct found found;

	(void)state;
	if (find_in(&found, iommufd, NEW, NULL))
		fail_msg("%s", complaint());
	assert_true(member(&found, "iommufd_object.wait_cnt|shortterm_users")->present);
	assert_true(member(&found, "iommufd_ctx.ioas_creation_lock")->present);
	assert_true(member(&found, "iommufd_group.pasid_attach")->present);
	assert_false(member(&found, "iommufd_group.hwpt")->present);
	assert_true(member(&found, "iommufd_attach.hwpt")->present);
	assert_int_equal(value(&found, "IOPT_ADDRESS_DMABUF")->number, 3);
}

static void test_other_module(void **state)
{
	struct found found;

	(void)state;
	assert_int_equal(find_in(&found, &wanted[WANTED_VFIO], OLD, NULL), 0);
	assert_int_equal(member(&found, "vfio_device_file.iommufd")->offset, 128);
}

static void test_moved(void **state)
{
	static const struct doctored doctored[] = { { "iopt_pages.npinned", .offset = 400 },
						    { "iopt_pages.dmabuf.start", .offset = 800 },
						    {} };
	struct found found;

	(void)state;
	assert_int_equal(find_in(&found, iommufd, NEW, doctored), 0);
	assert_int_equal(member(&found, "iopt_pages.npages")->offset, 48 * 8);
	assert_int_equal(member(&found, "iopt_pages.npinned")->offset, 400 * 8);
	assert_int_equal(member(&found, "iopt_pages.npinned")->size, 8);
	assert_int_equal(member(&found, "iopt_pages.dmabuf.start")->offset, 808 * 8);
}

static void test_missing_member(void **state)
{
	(void)state;
	assert_sentence(OLD, (struct doctored[]){ { "iopt_pages.npinned", true }, {} },
			"iopt_pages.npinned: expected an unsigned integer of 8 bytes, found no such member");
	assert_sentence(NEW,
			(struct doctored[]){ { "iommufd_object.wait_cnt|shortterm_users", true },
					     {} },
			"iommufd_object.wait_cnt|shortterm_users: expected struct refcount_struct, found no such member");
}

static void test_other_type(void **state)
{
	static const struct {
		const char *member, *type, *sentence;
		uint32_t width;
	} cases[] = {
		{ "iopt_pages.npinned", "struct foo *",
		  "iopt_pages.npinned: expected an unsigned integer of 8 bytes, found a pointer to struct foo" },
		{ "iopt_pages.npages", "unsigned int",
		  "iopt_pages.npages: expected an unsigned integer of 8 bytes, found an unsigned integer of 4 bytes" },
		{ "iopt_area.iommu_prot", "unsigned int",
		  "iopt_area.iommu_prot: expected a signed integer of 4 bytes, found an unsigned integer of 4 bytes" },
		{ "iopt_area.pages", "struct iopt_area *",
		  "iopt_area.pages: expected a pointer to struct iopt_pages, found a pointer to struct iopt_area" },
		{ "iopt_area.iopt", "struct io_pagetable",
		  "iopt_area.iopt: expected a pointer to struct io_pagetable, found struct io_pagetable" },
		{ "iopt_pages.uptr", "struct file *",
		  "iopt_pages.uptr: expected a pointer to void, found a pointer to struct file" },
		{ "iopt_pages.mutex", "struct kref",
		  "iopt_pages.mutex: expected struct mutex, found struct kref" },
		{ "iommufd_object.users", "int",
		  "iommufd_object.users: expected struct refcount_struct, found a signed integer of 4 bytes" },
		{ "iommufd_object.type", "enum iommufd_kind",
		  "iommufd_object.type: expected enum iommufd_object_type, found enum iommufd_kind" },
		{ "iopt_pages.account_mode", "bool",
		  "iopt_pages.account_mode: expected an unsigned integer of 1 byte, found a bool" },
		{ "iopt_pages.account_mode", "u8",
		  "iopt_pages.account_mode: expected an unsigned integer of 1 byte, found a bit field of 2 bits",
		  2 },
		{ "iopt_pages.writable", "u8",
		  "iopt_pages.writable: expected a bool, found a bit field of 1 bit", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_sentence(OLD,
				(struct doctored[]){ { cases[i].member, .type = cases[i].type,
						       .width = cases[i].width },
						     {} },
				cases[i].sentence);
}

static void test_optional_of_other_type(void **state)
{
	(void)state;
	assert_sentence(NEW,
			(struct doctored[]){
				{ "iommufd_ctx.ioas_creation_lock", .type = "struct mutex" }, {} },
			"iommufd_ctx.ioas_creation_lock: expected struct rw_semaphore, found struct mutex");
}

static void test_missing_struct(void **state)
{
	(void)state;
	assert_sentence(OLD, (struct doctored[]){ { "iopt_area", true }, {} },
			"struct iopt_area: expected its definition, found none");
}

static void test_missing_value(void **state)
{
	(void)state;
	assert_sentence(OLD, (struct doctored[]){ { "IOMMUFD_OBJ_IOAS", true }, {} },
			"enum iommufd_object_type: expected an enumerator IOMMUFD_OBJ_IOAS, found none");
	assert_sentence(OLD, (struct doctored[]){ { "IOPT_PAGES_ACCOUNT_MM", true }, {} },
			"anonymous enums: expected an enumerator IOPT_PAGES_ACCOUNT_MM, found none");
	/* An empty enum of that name is still present, for iommufd_object.type. */
	assert_sentence(OLD, (struct doctored[]){ { "iommufd_object_type", true }, {} },
			"enum iommufd_object_type: expected an enumerator IOMMUFD_OBJ_DEVICE, found none");
}

static void test_one_of_two(void **state)
{
	(void)state;
	assert_sentence(OLD, (struct doctored[]){ { "iommufd_group.hwpt", true }, {} },
			"iommufd_group.hwpt: expected a pointer to struct iommufd_hw_pagetable, found no such member");
	assert_sentence(NEW, (struct doctored[]){ { "iommufd_group.hwpt" }, {} },
			"iommufd_group.hwpt: expected none beside iommufd_group.pasid_attach, found a pointer to struct iommufd_hw_pagetable");
}

static void test_one_brings_another(void **state)
{
	(void)state;
	assert_sentence(NEW, (struct doctored[]){ { "iommufd_attach", true }, {} },
			"struct iommufd_attach: expected its definition, found none");
	assert_sentence(NEW, (struct doctored[]){ { "iopt_pages.file", true }, {} },
			"iopt_pages.file: expected a pointer to struct file, found no such member");
	assert_sentence(NEW, (struct doctored[]){ { "IOPT_ADDRESS_DMABUF", true }, {} },
			"enum iopt_address_type: expected an enumerator IOPT_ADDRESS_DMABUF, found none");
}

/* A kernel between the old and the new one: areas by file, but not by dma-buf. */
static void test_in_between(void **state)
{
	static const struct doctored doctored[] = { { "iopt_pages.dmabuf.start", true },
						    { "IOPT_ADDRESS_DMABUF", true },
						    {} };
	struct found found;

	(void)state;
	assert_int_equal(find_in(&found, iommufd, NEW, doctored), 0);
	assert_true(value(&found, "IOPT_ADDRESS_FILE")->present);
	assert_false(value(&found, "IOPT_ADDRESS_DMABUF")->present);
}

static const struct wanted little = {
	.name = "little",
	.structs = {
		{ "box", .members = {
			{ "file", "struct file *" },
			{ "start", "unsigned long" },
			{ "flag", "bool" },
			{ "plain", "bool" },
		} },
	},
};

/* struct box { u64 first; union { void *uptr; struct { struct file *file; u64 start; }; }; ... } */
static struct btf *make_box(void)
{
	struct btf *btf = btf__new_empty();
	int word = made_type(btf, "unsigned long"), file = made_type(btf, "struct file *");
	int flag = made_type(btf, "bool"), pair, either;

	pair = btf__add_struct(btf, NULL, 16);
	btf__add_field(btf, "file", file, 0, 0);
	btf__add_field(btf, "start", word, 64, 0);
	either = btf__add_union(btf, NULL, 16);
	btf__add_field(btf, "uptr", word, 0, 0);
	btf__add_field(btf, NULL, pair, 0, 0);
	btf__add_struct(btf, "box", 32);
	btf__add_field(btf, "first", word, 0, 0);
	btf__add_field(btf, NULL, either, 64, 0);
	btf__add_field(btf, "flag", flag, 24 * 8 + 3, 1);
	btf__add_field(btf, "plain", flag, 25 * 8, 0);
	return btf;
}

static void test_anonymous_and_bits(void **state)
{
	struct btf *btf = make_box();
	struct found found;

	(void)state;
	if (find(&found, &little, btf))
		fail_msg("%s", complaint());
	assert_int_equal(member(&found, "box.file")->offset, 8 * 8);
	assert_int_equal(member(&found, "box.start")->offset, 16 * 8);
	assert_int_equal(member(&found, "box.flag")->offset, 24 * 8 + 3);
	assert_true(member(&found, "box.flag")->bit_field);
	assert_int_equal(member(&found, "box.plain")->offset, 25 * 8);
	assert_false(member(&found, "box.plain")->bit_field);
	btf__free(btf);
}

/* Types that form a cycle end a search, not the program. */
static void test_circles(void **state)
{
	struct btf *btf = btf__new_empty();
	int circle = btf__add_const(btf, 1), word = made_type(btf, "unsigned long");
	int inner = btf__type_cnt(btf);
	struct found found;

	(void)state;
	btf__add_struct(btf, NULL, 16);
	btf__add_field(btf, NULL, inner, 0, 0);
	btf__add_struct(btf, "box", 64);
	btf__add_field(btf, NULL, inner, 0, 0);
	btf__add_field(btf, "start", word, 128, 0);
	btf__add_field(btf, "file", circle, 64, 0);
	assert_int_equal(find(&found, &little, btf), -1);
	assert_string_equal(complaint(),
			    "box.file: expected a pointer to struct file, found a type that this BTF does not have");
	btf__free(btf);
}

static void test_split_before_base(void **state)
{
	static const struct wanted one = {
		.structs = { { "box", .members = { { "start", "unsigned long" } } } },
	};
	struct btf *base = btf__new_empty(), *split;
	int word = made_type(base, "unsigned long");
	struct found found;

	(void)state;
	btf__add_struct(base, "box", 16);
	btf__add_field(base, "start", word, 0, 0);
	split = btf__new_empty_split(base);
	assert_int_equal(find(&found, &one, split), 0);
	assert_int_equal(found.structs[0].members[0].offset, 0);
	btf__add_struct(split, "box", 16);
	btf__add_field(split, "start", word, 64, 0);
	assert_int_equal(find(&found, &one, split), 0);
	assert_int_equal(found.structs[0].members[0].offset, 64);
	btf__free(split);
	btf__free(base);
}

/* Reads the split BTF on another base than its own. */
static struct btf *read_on(struct btf *split, struct btf *base)
{
	int fd = memfd_create("btf", MFD_CLOEXEC);
	const void *data;
	struct btf *btf;
	uint32_t size;
	char path[64];

	data = btf__raw_data(split, &size);
	assert_int_equal(write(fd, data, size), size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	btf = btf__parse_raw_split(path, base);
	close(fd);
	return btf;
}

static struct btf *make_other_base(int types)
{
	struct btf *btf = btf__new_empty();
	char name[16];

	for (int i = 0; i < types; i++) {
		snprintf(name, sizeof(name), "%.*d", i % 9 + 1, i);
		made_type(btf, "void *");
		btf__add_fwd(btf, name, BTF_FWD_STRUCT);
	}
	return btf;
}

static void test_wrong_base(void **state)
{
	struct found found;
	struct made made;

	(void)state;
	made_of(&made, iommufd, OLD, NULL);
	assert_true(lookup_fits(made.split));
	for (int types = 0; types < 64; types++) {
		struct btf *base = make_other_base(types), *btf = read_on(made.split, base);

		if (btf) {
			assert_false(lookup_fits(btf));
			assert_int_equal(find(&found, iommufd, btf), -1);
		}
		btf__free(btf);
		btf__free(base);
	}
	made_free(&made);
}

static char *emitted(const struct found *public, const struct source modules[WANTED_COUNT],
		     const struct found *found)
{
	static const struct source kernel = { .path = "vmlinux" };
	FILE *out;
	char *text;
	size_t size;

	out = open_memstream(&text, &size);
	emit(out, "6.12.95", &kernel, public, modules, found);
	fclose(out);
	return text;
}

static void assert_text(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void test_header(void **state)
{
	struct found found[WANTED_COUNT], public;
	struct source modules[WANTED_COUNT] = { { .id = { 3, { 0x01, 0xab, 0xff } } } };
	struct made made;
	char *text;

	(void)state;
	made_of(&made, iommufd, OLD,
		(struct doctored[]){ { "iopt_pages.npinned", .offset = 400 },
				     { "iopt_pages.writable", .offset = 97, .width = 1 },
				     {} });
	assert_int_equal(find(&found[WANTED_IOMMUFD], iommufd, made.split), 0);
	modules[WANTED_IOMMUFD].btf = made.split;
	assert_int_equal(find_in(&public, &wanted_public, OLD, NULL), 0);
	text = emitted(&public, modules, found);
	assert_text(text, "#define LAYOUT_KERNEL \"6.12.95\"\n");
	assert_text(text, "\n#define LAYOUT_HAS_bin_attribute_read_new 0\n");
	assert_null(strstr(text, "struct layout_bin_attribute"));
	assert_text(text, "#define LAYOUT_IOMMUFD 1\n");
	assert_text(text, "#define LAYOUT_IOMMUFD_BUILTIN 0\n");
	assert_text(text, "#define LAYOUT_IOMMUFD_BUILD_ID \"01abff\"\n");
	assert_text(text, "#define LAYOUT_IOMMUFD_BUILD_ID_LEN 3\n");
	assert_text(text, "0x01, 0xab, 0xff, }\n");
	assert_text(text, "#define LAYOUT_VFIO 0\n");
	assert_text(text, "#define LAYOUT_VFIO_BUILD_ID \"\"\n");
	assert_text(text, "#define LAYOUT_HAS_iommufd_ctx_ioas_creation_lock 0\n");
	assert_text(text, "#define LAYOUT_HAS_iopt_pages_dmabuf_start 0\n");
	assert_text(text, "#define LAYOUT_HAS_iommufd_attach 0\n");
	assert_text(text, "#define LAYOUT_HAS_iommufd_group_hwpt 1\n");
	assert_text(text, "struct { refcount_t wait_cnt; };\n");
	assert_text(text, "struct { char before_type[48]; u32 type; };\n");
	assert_text(text, "struct { char before_npinned[400]; size_t npinned; };\n");
	assert_text(text, "struct { char before_writable[97]; bool writable : 1; };\n");
	assert_text(text, "struct layout_iopt_pages *pages; };\n");
	assert_text(text, "struct layout_iommufd_object obj; };\n");
	assert_text(text, "struct task_struct *source_task; };\n");
	assert_text(text, "static_assert(offsetof(struct layout_iopt_pages, npinned) == 400);\n");
	assert_text(text, "static_assert(sizeof_field(struct layout_iopt_pages, mutex) == 24);\n");
	assert_text(text, "\tLAYOUT_IOMMUFD_OBJ_HWPT_PAGING = 2,\n");
	assert_null(strstr(text, "offsetof(struct layout_iopt_pages, writable)"));
	assert_null(strstr(text, "LAYOUT_IOPT_ADDRESS_USER"));
	assert_null(strstr(text, "struct layout_iommufd_attach {"));
	free(text);
	made_free(&made);
}

/*
 * A public struct has no twin, but assertions that the kernel's header has its members at the same
 * offsets.
 */
static void test_header_of_public(void **state)
{
	static const struct found public;
	struct found found[WANTED_COUNT];
	struct source modules[WANTED_COUNT] = {};
	struct made made;
	char *text;

	(void)state;
	made_of(&made, &wanted[WANTED_VFIO], OLD,
		(struct doctored[]){ { "vfio_device.dev_set", .offset = 72 }, {} });
	assert_int_equal(find(&found[WANTED_VFIO], &wanted[WANTED_VFIO], made.split), 0);
	modules[WANTED_VFIO].btf = made.split;
	text = emitted(&public, modules, found);
	assert_text(text, "#include <linux/vfio.h>\n");
	assert_text(text,
		    "static_assert(offsetof(struct vfio_device, dev_set) == 72, \"the kernel's headers do not match what is installed\");\n");
	assert_text(text, "struct vfio_device *device; };\n");
	assert_text(text, "#define LAYOUT_HAS_vfio_group 0\n");
	assert_null(strstr(text, "layout_vfio_device "));
	free(text);
	made_free(&made);
}

/* The header says which members public structs have: kernels from 6.14 to 6.16 have both. */
static void test_public(void **state)
{
	static const struct source modules[WANTED_COUNT];
	static const struct found found[WANTED_COUNT];
	struct found public;
	char *text;

	(void)state;
	assert_int_equal(find_in(&public, &wanted_public, NEW, NULL), 0);
	text = emitted(&public, modules, found);
	assert_text(text, "\n#define LAYOUT_HAS_bin_attribute_read_new 1\n");
	assert_null(strstr(text, "struct layout_bin_attribute"));
	free(text);
	assert_int_equal(find_in(&public, &wanted_public, OLD,
				 (struct doctored[]){ { "bin_attribute.read", .type = "void *" },
						      {} }),
			 -1);
	assert_string_equal(complaint(),
			    "bin_attribute.read: expected a pointer to a function, found a pointer to void");
}

static void assert_series(enum series_kind kind, const char *const *yes, const char *const *no)
{
	for (; *yes; yes++)
		if (series_check(kind, *yes))
			fail_msg("%s", complaint());
	for (; *no; no++)
		if (!series_check(kind, *no))
			fail_msg("%s passes", *no);
}

static void test_series(void **state)
{
	(void)state;
	assert_series(SERIES_IOMMUFD,
		      (const char *[]){ "6.12.95", "6.12.95+deb13-amd64", "7.3-rc1", NULL },
		      (const char *[]){ "6.1.2", "6.120.1", "6.13.1", "6.18.15", "7.2.12", "7.4.0",
					"7", "", NULL });
	assert_series(SERIES_VFIO,
		      (const char *[]){ "6.12.95", "6.12.95+deb13-amd64", "6.13.0", "6.18.15",
					"6.19-rc1", "7.0.4", "7.3-rc1", NULL },
		      (const char *[]){ "6.1.2", "6.11.9", "6.20.0", "6.120.1", "7.4.0", "8.0.0",
					"7", "", NULL });
	assert_int_equal(series_check(SERIES_IOMMUFD, "6.120.1"), -1);
	assert_string_equal(complaint(),
			    "nobody has checked the locking of iommufd in 6.120 (checked: 6.12, 7.3)");
	assert_int_equal(series_check(SERIES_VFIO, "6.120.1"), -1);
	assert_string_equal(complaint(),
			    "nobody has checked the locking of VFIO in 6.120 (checked: 6.12 to 6.19, 7.0 to 7.3)");
}

/*
 * VFIO files hold iommufd contexts: the layout program relies on VFIO being checked in the same
 * series.
 */
static void test_series_of_both(void **state)
{
	char release[32];
	int seen = 0;

	(void)state;
	for (int i = 0; i < 10 * 50; i++) {
		snprintf(release, sizeof(release), "%d.%d.1", i / 50, i % 50);
		if (series_check(SERIES_IOMMUFD, release))
			continue;
		seen++;
		assert_int_equal(series_check(SERIES_VFIO, release), 0);
	}
	assert_true(seen > 0);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_old_kernel),
		cmocka_unit_test(test_new_kernel),
		cmocka_unit_test(test_other_module),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_missing_member),
		cmocka_unit_test(test_other_type),
		cmocka_unit_test(test_optional_of_other_type),
		cmocka_unit_test(test_missing_struct),
		cmocka_unit_test(test_missing_value),
		cmocka_unit_test(test_one_of_two),
		cmocka_unit_test(test_one_brings_another),
		cmocka_unit_test(test_in_between),
		cmocka_unit_test(test_anonymous_and_bits),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_split_before_base),
		cmocka_unit_test(test_wrong_base),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_of_public),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_series_of_both),
	};

	libbpf_set_print(print_nothing);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
