// SPDX-License-Identifier: GPL-2.0-only
/* Tests of host/hash.c and host/number_set.c. */
#include "fixture.h"

#include "host/number_set.h"

#define MANY 5000

static void test_index(void **state)
{
	struct hash_index index = { 0 };
	size_t at = 0, item, found = 0;
	size_t i;

	(void)state;
	assert_false(hash_index_next(&index, 7, &at, &item));
	assert_false(hash_index_add(&index, 7, UINT32_MAX));
	/* every third item has the hash 7, and the others are in its way */
	for (i = 0; i < 300; i++)
		assert_true(hash_index_add(&index, i % 3 ? 7 + i : 7, i));
	assert_true(index.room >= 400);
	for (at = 0; hash_index_next(&index, 7, &at, &item); found++)
		assert_int_equal(item % 3, 0);
	assert_int_equal(found, 100);
	at = 0;
	assert_true(hash_index_next(&index, 7 + 299, &at, &item));
	assert_int_equal(item, 299);
	assert_false(hash_index_next(&index, 7 + 299, &at, &item));
	hash_index_free(&index);
	assert_int_equal(index.room, 0);
}

static void test_hashes(void **state)
{
	(void)state;
	assert_int_equal(HASH(1, 2), HASH(1, 2));
	assert_int_not_equal(HASH(1, 2), HASH(2, 1));
	assert_int_not_equal(HASH(0), HASH(0, 0));
	assert_int_equal(hash_text("vm.scope"), hash_text("vm.scope"));
	assert_int_not_equal(hash_text("vm.scope"), hash_text("mv.scope"));
}

static void test_numbers(void **state)
{
	struct number_set set = { 0 };
	uint64_t i;

	(void)state;
	assert_false(number_set_has(&set, 0));
	for (i = 0; i < MANY; i++)
		assert_int_equal(number_set_add(&set, i << 40), 1);
	for (i = 0; i < MANY; i++) {
		assert_int_equal(number_set_add(&set, i << 40), 0);
		assert_int_equal(number_set_find(&set, i << 40) - set.items, i);
		assert_false(number_set_has(&set, i << 40 | 1));
	}
	assert_int_equal(number_set_add(&set, UINT64_MAX), 1);
	assert_int_equal(set.nr, MANY + 1);
	number_set_free(&set);
	assert_false(number_set_has(&set, UINT64_MAX));
}

int hash_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
