// SPDX-License-Identifier: GPL-2.0-only
/* Tests of host/maps.c and host/match.c. */
#include "fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/maps.h"
#include "host/match.h"

static int parse_maps(struct maps *maps, const char *text)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int rc;

	assert_non_null(file);
	maps_free(maps);
	rc = maps_parse(maps, file);
	fclose(file);
	return rc;
}

static void test_maps(void **state)
{
	struct maps maps = { 0 };
	char *text = NULL;
	size_t length;
	FILE *out;

	(void)state;
	assert_int_equal(parse_maps(&maps,
				    "1000-3000 rw-s 00004000 00:01 77                         /memfd:a b (deleted)\n"
				    "3000-4000 r--s 00000000 fd:02 18446744073709551615       /x\033\n"
				    "5000-6000 r--p 00000000 fd:02 78                         /bin/true\n"
				    "7f0000000000-ffffffffff601000 rw-s 00000000 00:00 0 \n"),
			 0);
	assert_int_equal(maps.nr, 4);
	assert_int_equal(maps.items[0].offset, 0x4000);
	assert_int_equal(maps.items[0].inode, 77);
	assert_string_equal(maps.items[0].path, "/memfd:a b (deleted)");
	assert_true(maps.items[0].writable && maps.items[0].shared && !maps.items[1].writable);
	assert_true(maps.items[1].inode == UINT64_MAX);
	/* private, or without an object to share */
	assert_false(maps.items[2].shared || maps.items[3].shared);
	assert_int_equal(maps.items[3].end, 0xffffffffff601000);
	assert_null(maps_at(&maps, 0xfff));
	assert_ptr_equal(maps_at(&maps, 0x1000), &maps.items[0]);
	assert_ptr_equal(maps_at(&maps, 0x2fff), &maps.items[0]);
	assert_ptr_equal(maps_at(&maps, 0x3000), &maps.items[1]);
	assert_null(maps_at(&maps, 0x4000));
	out = open_memstream(&text, &length);
	mapping_put_path(out, &maps.items[1]);
	fclose(out);
	assert_string_equal(text, "/x\\033");
	free(text);

	assert_int_equal(parse_maps(&maps, "1000-3000 rw-s 00004000 00:01\n"), -EBADMSG);
	assert_int_equal(parse_maps(&maps, "rubbish\n"), -EBADMSG);
	maps_free(&maps);
	assert_null(maps_at(&maps, 0x1000));
	/* The stack of this process is private. */
	assert_int_equal(maps_read(&maps, getpid()), 0);
	assert_non_null(maps_at(&maps, (uintptr_t)&maps));
	assert_false(maps_at(&maps, (uintptr_t)&maps)->shared);
	maps_free(&maps);
	assert_int_equal(maps_read(&maps, 0), -ESRCH);
}

#define MAP(range, flags, offset, inode) range " " flags " " offset " 00:01 " inode " /x\n"

/* Find the four pages at 0x10000 of an old process in the mappings that text describes. */
static struct match find_in(const char *text, uint64_t preferred, bool write)
{
	const struct match_range ranges[] = { { 0x10000, 0x1000 }, { 0x11000, 0x3000 } };
	struct maps old = { 0 }, new = { 0 };
	struct match_index index;
	struct match_query query = { &old, &index, ranges, 2, preferred, write };
	struct match match;

	assert_int_equal(parse_maps(&old, MAP("10000-12000", "rw-s", "00002000", "7")
						  MAP("12000-14000", "rw-s", "00000000", "8")),
			 0);
	assert_int_equal(parse_maps(&new, text), 0);
	assert_int_equal(match_index_make(&index, &new), 0);
	match = match_find(&query);
	match_index_free(&index);
	maps_free(&old);
	maps_free(&new);
	return match;
}

static void test_match(void **state)
{
	static const struct {
		const char *maps;
		enum match_result result;
		uint64_t addr;
	} cases[] = {
		{ "", MATCH_NOWHERE, 0 },
		/* before, between and after other objects and parts of this one */
		{ MAP("1000-2000", "rw-s", "00002000", "6")
			  MAP("2000-3000", "rw-s", "00001000", "7")
				  MAP("3000-5000", "rw-s", "00003000", "7"),
		  MATCH_NOWHERE, 0 },
		{ MAP("20000-24000", "rw-s", "00000000", "7")
			  MAP("24000-26000", "rw-s", "00000000", "8"),
		  MATCH_FOUND, 0x22000 },
		/* in pieces that fit together, or do not */
		{ MAP("20000-21000", "rw-s", "00002000", "7")
			  MAP("21000-22000", "rw-s", "00003000", "7")
				  MAP("22000-23000", "rw-s", "00000000", "8")
					  MAP("23000-29000", "rw-s", "00001000", "8"),
		  MATCH_FOUND, 0x20000 },
		{ MAP("20000-22000", "rw-s", "00002000", "7")
			  MAP("23000-25000", "rw-s", "00000000", "8"),
		  MATCH_UNFIT, 0x20000 },
		{ MAP("20000-22000", "rw-s", "00002000", "7")
			  MAP("22000-24000", "rw-s", "00001000", "8"),
		  MATCH_UNFIT, 0x20000 },
		{ MAP("20000-22000", "rw-s", "00002000", "7")
			  MAP("22000-24000", "rw-p", "00000000", "8"),
		  MATCH_UNFIT, 0x20000 },
		/* a long mapping with a low offset, before short ones with higher offsets */
		{ MAP("20000-30000", "rw-s", "00000000", "7")
			  MAP("30000-32000", "rw-s", "00000000", "8")
				  MAP("40000-41000", "rw-s", "00001000", "7")
					  MAP("50000-51000", "rw-s", "00002000", "7"),
		  MATCH_UNFIT, 0x50000 },
		/* the same address is preferred, if it fits */
		{ MAP("10000-12000", "rw-s", "00002000", "7")
			  MAP("12000-14000", "rw-s", "00000000", "8")
				  MAP("20000-22000", "rw-s", "00002000", "7")
					  MAP("22000-24000", "rw-s", "00000000", "8"),
		  MATCH_FOUND, 0x10000 },
		{ MAP("10000-12000", "rw-s", "00002000", "7")
			  MAP("12000-13000", "rw-s", "00000000", "8")
				  MAP("20000-22000", "rw-s", "00002000", "7")
					  MAP("22000-24000", "rw-s", "00000000", "8"),
		  MATCH_FOUND, 0x20000 },
		{ MAP("20000-22000", "rw-s", "00002000", "7")
			  MAP("22000-24000", "rw-s", "00000000", "8")
				  MAP("30000-32000", "rw-s", "00002000", "7")
					  MAP("32000-34000", "rw-s", "00000000", "8"),
		  MATCH_SEVERAL, 0x30000 },
	};
	const char *readable = MAP("20000-22000", "rw-s", "00002000", "7")
		MAP("22000-24000", "r--s", "00000000", "8");
	struct match match;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		match = find_in(cases[i].maps, 0, true);
		if (match.result != cases[i].result || match.addr != cases[i].addr)
			fail_msg("case %zu: %d at 0x%" PRIx64, i, match.result, match.addr);
	}
	assert_int_equal(match.count, 2);
	assert_int_equal(find_in(cases[i - 1].maps, 0x20000, true).addr, 0x20000);
	assert_int_equal(find_in(cases[i - 1].maps, 0x21000, true).result, MATCH_SEVERAL);
	assert_int_equal(find_in(readable, 0, true).result, MATCH_UNFIT);
	assert_int_equal(find_in(readable, 0, false).result, MATCH_FOUND);
}

int maps_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests_name("maps", tests, set_up, tear_down);
}
