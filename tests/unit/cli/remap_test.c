// SPDX-License-Identifier: GPL-2.0-only
/* Tests of transfer/remap.c. */
#include "fixture.h"

#include "transfer/remap.h"
#include "transfer/remap.h"

static void test_remaps(void **state)
{
	static const char *const wrong[] = {
		"",
		"2",
		"2:",
		"2:0",
		"2:0=",
		"2:0=0x",
		"x:0=1",
		"2:0=1,",
		"2:0=1,3",
		"-2:0=1",
		"2:-1=1",
		"4294967296:0=1",
		"2:0x10000000000000000=1",
		"0x1/",
		"0/2:0=1",
		"a/2:0=1",
		"2:0=1 ",
		"1/2/3:0=1",
	};
	struct remap_list list = { 0 };
	const char *bad;
	size_t i;

	(void)state;
	assert_true(remap_parse(&list, "2:0x1000=0x7f0000000000,0xffffffffffffffff/3:16=32", &bad));
	assert_int_equal(list.nr, 2);
	assert_int_equal(list.items[0].context, 0);
	assert_int_equal(list.items[0].ioas, 2);
	assert_int_equal(list.items[0].iova, 0x1000);
	assert_int_equal(list.items[0].addr, 0x7f0000000000);
	assert_int_equal(list.items[1].context, UINT64_MAX);
	assert_int_equal(list.items[1].ioas, 3);
	assert_int_equal(list.items[1].iova, 16);
	assert_int_equal(list.items[1].addr, 32);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(remap_parse(&list, wrong[i], &bad));
	assert_false(remap_parse(&list, "2:0=1,3:x=2", &bad));
	assert_string_equal(bad, "3:x=2");
	remap_free(&list);
}

static uint64_t address_of(const struct remap_index *index, uint64_t context, uint32_t ioas,
			   uint64_t iova)
{
	const struct dmaown_remap *remap = remap_index_find(index, context, ioas, iova);

	return remap ? remap->addr : 0;
}

static void test_index(void **state)
{
	struct remap_list list = { 0 };
	struct remap_index index;
	const char *bad;

	(void)state;
	assert_int_equal(remap_index_make(&index, &list), 0);
	assert_null(remap_index_find(&index, 1, 2, 3));
	remap_index_free(&index);

	assert_true(remap_parse(&list,
				"2:0x1000=1,0x7/2:0x1000=2,0x7/2:0x1000=3,0x7/3:0=4,2:0=5,2:0=6",
				&bad));
	assert_int_equal(remap_index_make(&index, &list), 0);
	assert_int_equal(address_of(&index, 7, 2, 0x1000), 2);
	assert_int_equal(address_of(&index, 8, 2, 0x1000), 1);
	assert_int_equal(address_of(&index, 7, 3, 0), 4);
	assert_int_equal(address_of(&index, 8, 3, 0), 0);
	assert_int_equal(address_of(&index, 7, 2, 0), 5);
	assert_int_equal(address_of(&index, 7, 2, 1), 0);
	assert_int_equal(address_of(&index, 7, 1, 0), 0);
	assert_int_equal(address_of(&index, 9, 9, UINT64_MAX), 0);
	remap_index_free(&index);
	remap_free(&list);
}

int remap_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remaps),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests_name("remap", tests, set_up, tear_down);
}
