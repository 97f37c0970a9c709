// SPDX-License-Identifier: GPL-2.0-only
/* Tests of lists that are searched by context, owner or device. */
#include "fixture.h"

#include "query/children.h"
#include "query/holding_index.h"
#include "query/lookup.h"
#include "query/owner_areas.h"

#define KNOWN(F) (1ULL << DMAOWN_A_HOLDER_##F)

static void add_holder(struct record_list *list, uint64_t context, uint32_t pid)
{
	union record record = {
		.holder = {
			.known = KNOWN(PID) | (context ? KNOWN(CONTEXT) : 0),
			.context = context,
			.pid = pid,
			.start = 1,
			.busy = !context,
		},
	};

	assert_int_equal(record_list_add(list, &record), 0);
}

static void assert_range(const struct record_list *list, uint64_t context, size_t nr,
			 const uint32_t *pids)
{
	const struct record_range range = record_list_range(list, context);
	size_t i;

	assert_int_equal(range.nr, nr);
	for (i = 0; i < nr; i++)
		assert_int_equal(record_range_at(&range, i)->holder.pid, pids[i]);
}

static void assert_ranges(const struct record_list *list)
{
	assert_range(list, 3, 2, (const uint32_t[]){ 30, 31 });
	assert_range(list, 5, 1, (const uint32_t[]){ 50 });
	assert_range(list, UINT64_MAX, 2, (const uint32_t[]){ 90, 91 });
	assert_range(list, 0, 0, NULL);
	assert_range(list, 4, 0, NULL);
	assert_range(list, 6, 0, NULL);
}

static void test_ranges(void **state)
{
	struct record_list list = { 0 };

	(void)state;
	assert_int_equal(record_list_sort(&list), 0);
	assert_range(&list, 3, 0, NULL);
	add_holder(&list, 0, 1);
	add_holder(&list, 3, 30);
	add_holder(&list, 3, 31);
	add_holder(&list, 5, 50);
	add_holder(&list, UINT64_MAX, 90);
	add_holder(&list, UINT64_MAX, 91);
	assert_int_equal(record_list_sort(&list), 0);
	assert_null(list.by_context);
	assert_ranges(&list);
	record_list_free(&list);
}

/* Records that are not sorted keep their places, and their order in a context. */
static void test_unsorted(void **state)
{
	struct record_list list = { 0 };

	(void)state;
	add_holder(&list, UINT64_MAX, 90);
	add_holder(&list, 3, 30);
	add_holder(&list, 5, 50);
	add_holder(&list, 3, 31);
	add_holder(&list, 0, 1);
	add_holder(&list, UINT64_MAX, 91);
	assert_int_equal(record_list_sort(&list), 0);
	assert_ranges(&list);
	assert_int_equal(list.items[0].holder.pid, 90);
	assert_int_equal(list.items[4].holder.pid, 1);
	record_list_free(&list);
}

static void test_children(void **state)
{
	static const char objects[4];
	struct children children = { 0 };
	const struct child *items;
	size_t nr;

	(void)state;
	children_of(&children, 1, 1, &nr);
	assert_int_equal(nr, 0);
	assert_int_equal(children_add(&children, 2, 1, &objects[2]), 0);
	assert_int_equal(children_add(&children, 1, 9, &objects[3]), 0);
	assert_int_equal(children_add(&children, 2, 1, &objects[0]), 0);
	assert_int_equal(children_add(&children, 1, 1, &objects[1]), 0);
	children_sort(&children);
	items = children_of(&children, 2, 1, &nr);
	assert_int_equal(nr, 2);
	assert_ptr_equal(items[0].object, &objects[0]);
	assert_ptr_equal(items[1].object, &objects[2]);
	items = children_of(&children, 1, 9, &nr);
	assert_int_equal(nr, 1);
	assert_ptr_equal(items[0].object, &objects[3]);
	children_of(&children, 2, 9, &nr);
	assert_int_equal(nr, 0);
	children_free(&children);
}

static void test_holding(void **state)
{
	struct record_list list = { 0 };
	struct holding_index index;

	(void)state;
	add_holder(&list, 0, 10);
	add_holder(&list, 3, 30);
	add_holder(&list, 3, 30);
	add_holder(&list, 5, 50);
	/* an unknown holder is no process */
	add_holder(&list, 5, 51);
	list.items[4].holder.via = DMAOWN_VIA_UNKNOWN;
	assert_int_equal(holding_index_make(&index, &list), 0);
	assert_true(holding_index_has(&index, 3, (struct holding_process){ 30, 1 }));
	assert_false(holding_index_has(&index, 3, (struct holding_process){ 30, 2 }));
	assert_false(holding_index_has(&index, 5, (struct holding_process){ 30, 1 }));
	assert_true(holding_index_has(&index, 5, (struct holding_process){ 50, 1 }));
	assert_false(holding_index_has(&index, 5, (struct holding_process){ 51, 1 }));
	assert_false(holding_index_has(&index, 0, (struct holding_process){ 10, 1 }));
	assert_true(holding_index_is_unclear(&index, (struct holding_process){ 10, 1 }));
	assert_false(holding_index_is_unclear(&index, (struct holding_process){ 30, 1 }));
	holding_index_free(&index);
	record_list_free(&list);
}

static void test_owners(void **state)
{
	struct owner_areas items[] = {
		{ .area = { .context = 1, .ioas = 1, .owner = 7 }, .areas = 1, .pinned = 10 },
		{ .area = { .context = 1, .ioas = 1, .owner = 8 }, .areas = 2, .pinned = 20 },
		{ .area = { .context = 1, .ioas = 2, .owner = 7 }, .areas = 4, .pinned = 40 },
		{ .area = { .context = 2, .ioas = 1, .owner = 7 }, .areas = 8, .pinned = 80 },
	};
	struct owner_areas_list list = { .items = items, .nr = 4 }, sums = { 0 };
	size_t nr;

	(void)state;
	assert_int_equal(owner_areas_by_owner(&list, &sums), 0);
	assert_int_equal(sums.nr, 3);
	assert_int_equal(sums.items[0].areas, 5);
	assert_int_equal(sums.items[0].pinned, 50);
	assert_int_equal(sums.items[1].areas, 2);
	assert_int_equal(sums.items[2].areas, 8);
	assert_false(sums.unsorted);
	assert_ptr_equal(owner_areas_near(&list, 1, &nr), items);
	assert_int_equal(nr, 3);
	assert_ptr_equal(owner_areas_near(&list, 2, &nr), &items[3]);
	assert_int_equal(nr, 1);
	owner_areas_near(&list, 3, &nr);
	assert_int_equal(nr, 0);
	list.unsorted = true;
	assert_ptr_equal(owner_areas_near(&list, 2, &nr), items);
	assert_int_equal(nr, 4);
	owner_areas_free(&sums);
}

/* Holders of a device are found in whichever context they are. */
static void test_devices(void **state)
{
	struct lookup lookup = { .has_holders = true };
	const struct holder_record *const *found;
	struct holder_record *holder;
	size_t i, nr;

	(void)state;
	for (i = 0; i < 6; i++) {
		add_holder(&lookup.holders, i / 2, i);
		holder = &lookup.holders.items[i].holder;
		snprintf(holder->device, sizeof(holder->device), "d%zu", 2 - i % 3);
		if (i < 5)
			holder->known |= KNOWN(DEVICE);
	}
	found = lookup_device_holders(&lookup, "d1", &nr);
	assert_int_equal(nr, 2);
	assert_int_equal(found[0]->pid, 1);
	assert_int_equal(found[1]->pid, 4);
	found = lookup_device_holders(&lookup, "d0", &nr);
	assert_int_equal(nr, 1);
	assert_int_equal(found[0]->pid, 2);
	lookup_device_holders(&lookup, "d", &nr);
	assert_int_equal(nr, 0);
	lookup_device_holders(&lookup, "d3", &nr);
	assert_int_equal(nr, 0);
	lookup_free(&lookup);
}

int range_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),	 cmocka_unit_test(test_unsorted),
		cmocka_unit_test(test_children), cmocka_unit_test(test_holding),
		cmocka_unit_test(test_owners),	 cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
