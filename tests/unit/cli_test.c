// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tool without the module: parsing, columns, rendering, exit statuses. Listings run as they
 * are, over the debugfs channel, from files written here; transfers against an ioctl that answers
 * here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "channel.h"
#include "columns.h"
#include "command.h"
#include "context.h"
#include "exits.h"
#include "hints.h"
#include "kmsg.h"
#include "maps.h"
#include "match.h"
#include "process.h"
#include "size.h"
#include "transfer.h"

const char *argp_program_version = "dmaownctl test";

static char directory[] = "/tmp/dmaownctl-test-XXXXXX";

/* What stands in for the module: how its ioctls answer. */
static struct {
	int open_error;
	int process_error;
	int transfer_error;
	unsigned int sleep;
	struct dmaown_transfer answer;
	struct dmaown_report reports[4];
	unsigned int nr_reports;
	/* if not 0, RLIMIT_MEMLOCK of the new owner must not be below it */
	uint64_t needed;
	unsigned int calls;
	struct dmaown_force asked_forces[4];
	/* in memory shared with the process that asks */
	struct dmaown_transfer *asked;
	struct dmaown_file *asked_file;
} module;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
struct passwd *__real_getpwuid(uid_t uid);
struct passwd *__wrap_getpwuid(uid_t uid);

int __real_scols_table_print_range(struct libscols_table *table, struct libscols_line *from,
				   struct libscols_line *to);
int __wrap_scols_table_print_range(struct libscols_table *table, struct libscols_line *from,
				   struct libscols_line *to);

static unsigned int user_lookups, tables_printed;

struct passwd *__wrap_getpwuid(uid_t uid)
{
	user_lookups++;
	return __real_getpwuid(uid);
}

int __wrap_scols_table_print_range(struct libscols_table *table, struct libscols_line *from,
				   struct libscols_line *to)
{
	tables_printed++;
	return __real_scols_table_print_range(table, from, to);
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (strcmp(path, DMAOWN_DEVICE))
		return __real_open(path, flags, mode);
	if (module.open_error) {
		errno = module.open_error;
		return -1;
	}
	return __real_open("/dev/null", O_RDWR);
}

/* There is every process but one. */
static int answer_process(struct dmaown_process_info *info)
{
	if (module.process_error || info->process.pid == 666) {
		errno = module.process_error ?: ESRCH;
		return -1;
	}
	info->process.start = 1000 + info->process.pid;
	info->owner = 0xbeef0000 + info->process.pid;
	info->uid = 0;
	return 0;
}

/* The last of the reports, as the module gives it. */
static void add_limit_report(struct dmaown_transfer *call)
{
	struct dmaown_report *reports = (void *)(uintptr_t)call->reports;
	struct rlimit limit;

	assert_int_equal(prlimit(call->to.pid, RLIMIT_MEMLOCK, NULL, &limit), 0);
	if (limit.rlim_cur >= module.needed)
		return;
	reports[call->nr_reports++] = (struct dmaown_report){
		.reason = DMAOWN_REASON_LIMIT_USER, .error = ENOMEM, .process = call->to.pid,
		.value = module.needed, .limit = limit.rlim_cur,
	};
	call->reports_total++;
}

static int answer_transfer(struct dmaown_transfer *call)
{
	struct dmaown_report *reports = (void *)(uintptr_t)call->reports;
	bool dry_run = call->flags & DMAOWN_TRANSFER_DRY_RUN;

	module.calls++;
	*module.asked = *call;
	if (call->nr_files)
		*module.asked_file = *(struct dmaown_file *)(uintptr_t)call->files;
	if (call->nr_forces)
		memcpy(module.asked_forces, (void *)(uintptr_t)call->forces,
		       call->nr_forces * sizeof(struct dmaown_force));
	/* As the module does when a signal comes while it waits. */
	if (module.sleep && !dry_run && sleep(module.sleep)) {
		call->nr_reports = 0;
		call->reports_total = 0;
		errno = EINTR;
		return -1;
	}
	call->contexts = module.answer.contexts;
	call->areas = module.answer.areas;
	call->areas_total = module.answer.areas_total;
	call->pages_objects = module.answer.pages_objects;
	call->pinned = module.answer.pinned;
	call->charged_user = module.answer.charged_user;
	call->charged_mm = module.answer.charged_mm;
	call->reports_total = module.answer.reports_total;
	call->nr_reports = module.nr_reports;
	call->adopted = module.answer.adopted;
	call->locked_user = module.answer.locked_user;
	call->locked_mm = module.answer.locked_mm;
	call->limit = module.answer.limit;
	memcpy(reports, module.reports, module.nr_reports * sizeof(*reports));
	if (module.needed)
		add_limit_report(call);
	errno = module.transfer_error ?: call->nr_reports ? ENOMEM : 0;
	return errno ? -1 : 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	(void)fd;
	if (request == DMAOWN_IOC_PROCESS)
		return answer_process(arg);
	if (request == DMAOWN_IOC_TRANSFER)
		return answer_transfer(arg);
	/* The width of a terminal, of which there is none here. */
	errno = ENOTTY;
	return -1;
}

/* Parsing of debugfs text */

static int parse(enum record_kind kind, const char *text, union record *record, const char **bad)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s", text);
	return debugfs_parse_line(kind, line, record, bad);
}

static void test_debugfs_line(void **state)
{
	const struct holder_record *holder;
	union record record;
	const char *bad;

	(void)state;
	assert_int_equal(parse(RECORD_HOLDER,
			       "context=0xfedcba9876543210 pid=42 start=99 "
			       "comm=a\\040b\\134\\075\\042\\012 via=device fd=7 device=- busy=0\n",
			       &record, &bad), 0);
	holder = &record.holder;
	assert_int_equal(holder->context, 0xfedcba9876543210);
	assert_int_equal(holder->pid, 42);
	assert_string_equal(holder->comm, "a b\\=\"\n");
	assert_int_equal(holder->via, DMAOWN_VIA_DEVICE);
	assert_true(known(holder, HOLDER, BUSY));
	assert_false(known(holder, HOLDER, DEVICE));
	assert_false(known(holder, HOLDER, UID));

	/* A field of a newer module; no field; an empty string. */
	assert_int_equal(parse(RECORD_HOLDER, "pid=1 newer=thing", &record, &bad), 0);
	assert_int_equal(record.holder.pid, 1);
	assert_int_equal(parse(RECORD_HOLDER, "\n", &record, &bad), 0);
	assert_int_equal(record.known, 0);
	assert_int_equal(parse(RECORD_HOLDER, "comm=", &record, &bad), 0);
	assert_true(known(&record.holder, HOLDER, COMM));
}

/* Fields that are left out, between others or in another order; names that begin alike. */
static void test_debugfs_order(void **state)
{
	union record record;
	const char *bad;

	(void)state;
	assert_int_equal(parse(RECORD_CONTEXT,
			       "context=0x1 holders=2 newer=3 ioases=4 owner_state=dead owner_pid=5 "
			       "pinned=6 owner=0x7 mode=mm", &record, &bad), 0);
	assert_int_equal(record.context.context, 1);
	assert_int_equal(record.context.holders, 2);
	assert_int_equal(record.context.ioases, 4);
	assert_int_equal(record.context.owner_state, DMAOWN_STATE_DEAD);
	assert_int_equal(record.context.owner_pid, 5);
	assert_int_equal(record.context.pinned, 6);
	assert_int_equal(record.context.owner, 7);
	assert_int_equal(record.context.mode, DMAOWN_MODE_MM);
	assert_int_equal(__builtin_popcountll(record.known), 8);
}

static void test_debugfs_garbage(void **state)
{
	static const char *const garbage[] = {
		"pid", "=1", "pid=", "pid=x", "pid=1x", "pid=-1", "pid=+1", "pid=4294967296",
		"pid=f", "pid=1:", "pid=0x", "context=0x", "context=0xg", "context=0x1\t",
		"context=0x10000000000000000", "start=18446744073709551616",
		"start=99999999999999999999", "start= 1", "via=nothing",
		"comm=a\\04", "comm=a\\400", "comm=\\", "comm=sixteencharacter",
	};
	union record record;
	const char *bad;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		assert_int_equal(parse(RECORD_HOLDER, garbage[i], &record, &bad), -EBADMSG);
		assert_non_null(bad);
	}
	assert_int_equal(parse(RECORD_HOLDER, "comm=fifteencharacte", &record, &bad), 0);
	assert_int_equal(parse(RECORD_HOLDER,
			       "  context=0xffffffffffffffff   start=18446744073709551615 pid=007 "
			       "\n", &record, &bad), 0);
	assert_true(record.holder.context == UINT64_MAX && record.holder.start == UINT64_MAX);
	assert_int_equal(record.holder.pid, 7);
}

/* Netlink: every field of every record there and back */

static void put_field(struct nl_msg *msg, const struct field *field)
{
	uint64_t wide = 0x1234567890000000 + field->attr;

	if (field_is_text(field))
		assert_int_equal(nla_put_string(msg, field->attr, field->name), 0);
	else if (field->size == 8)
		assert_int_equal(nla_put_u64(msg, field->attr, wide), 0);
	else
		assert_int_equal(nla_put_u32(msg, field->attr, field->attr), 0);
}

static void check_field(const struct field *field, const union record *record)
{
	assert_true(record->known >> field->attr & 1);
	if (field_is_text(field))
		assert_string_equal(field_text(field, record), field->name);
	else
		assert_int_equal(field_number(field, record),
				 (field->size == 8 ? 0x1234567890000000 : 0) + field->attr);
}

static int parse_message(struct nl_msg *msg, enum record_kind kind, union record *record)
{
	struct genlmsghdr *header = genlmsg_hdr(nlmsg_hdr(msg));

	return netlink_parse_attributes(kind, genlmsg_attrdata(header, 0),
					genlmsg_attrlen(header, 0), record);
}

static struct nl_msg *new_message(void)
{
	struct nl_msg *msg = nlmsg_alloc();

	assert_non_null(msg);
	assert_non_null(genlmsg_put(msg, 0, 0, 77, 0, 0, 1, 1));
	return msg;
}

static void test_netlink_round_trip(void **state)
{
	const struct record_type *type;
	union record record;
	struct nl_msg *msg;
	unsigned int kind, i;

	(void)state;
	for (kind = 0; kind < RECORD_COUNT; kind++) {
		type = &record_types[kind];
		msg = new_message();
		for (i = 0; i < type->nr_fields; i++)
			put_field(msg, &type->fields[i]);
		/* padding, and a field that is not known here */
		assert_int_equal(nla_put(msg, 0, 0, NULL), 0);
		assert_int_equal(nla_put_u32(msg, type->nr_fields + 1, 1), 0);
		assert_int_equal(parse_message(msg, kind, &record), 0);
		for (i = 0; i < type->nr_fields; i++)
			check_field(&type->fields[i], &record);
		nlmsg_free(msg);
	}
}

static void test_netlink_garbage(void **state)
{
	union record record;
	struct nl_msg *msg;

	(void)state;
	msg = new_message();
	assert_int_equal(nla_put(msg, DMAOWN_A_HOLDER_PID, 3, "abc"), 0);
	assert_int_equal(parse_message(msg, RECORD_HOLDER, &record), -EBADMSG);
	nlmsg_free(msg);

	msg = new_message();
	assert_int_equal(nla_put_string(msg, DMAOWN_A_HOLDER_COMM, "sixteencharacter"), 0);
	assert_int_equal(parse_message(msg, RECORD_HOLDER, &record), -EBADMSG);
	nlmsg_free(msg);

	/* without its NUL */
	msg = new_message();
	assert_int_equal(nla_put(msg, DMAOWN_A_HOLDER_COMM, 3, "abc"), 0);
	assert_int_equal(parse_message(msg, RECORD_HOLDER, &record), 0);
	assert_string_equal(record.holder.comm, "abc");
	nlmsg_free(msg);
}

/* Small things */

static void test_remaps(void **state)
{
	static const char *const wrong[] = {
		"", "2", "2:", "2:0", "2:0=", "2:0=0x", "x:0=1", "2:0=1,", "2:0=1,3", "-2:0=1", "2:-1=1",
		"4294967296:0=1", "2:0x10000000000000000=1", "0x1/", "0/2:0=1", "a/2:0=1", "2:0=1 ",
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
		"7f0000000000-ffffffffff601000 rw-s 00000000 00:00 0 \n"), 0);
	assert_int_equal(maps.nr, 4);
	assert_int_equal(maps.items[0].offset, 0x4000);
	assert_int_equal(maps.items[0].inode, 77);
	assert_string_equal(maps.items[0].path, "/memfd:a b (deleted)");
	assert_true(maps.items[0].writable && maps.items[0].shared && !maps.items[1].writable);
	assert_true(maps.items[1].inode == UINT64_MAX);
	/* not shared, or nothing that could be */
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
	/* This process has a stack, which nobody else can have. */
	assert_int_equal(maps_read(&maps, getpid()), 0);
	assert_non_null(maps_at(&maps, (uintptr_t)&maps));
	assert_false(maps_at(&maps, (uintptr_t)&maps)->shared);
	maps_free(&maps);
	assert_int_equal(maps_read(&maps, 0), -ESRCH);
}

#define MAP(range, flags, offset, inode)	range " " flags " " offset " 00:01 " inode " /x\n"

/* Where a process that has mapped this has the pages from 0x10000 on, of which there are four. */
static struct match find_in(const char *text, uint64_t preferred, bool write)
{
	const struct match_range ranges[] = { { 0x10000, 0x1000 }, { 0x11000, 0x3000 } };
	struct maps old = { 0 }, new = { 0 };
	struct match_index index;
	struct match_query query = { &old, &index, ranges, 2, preferred, write };
	struct match match;

	assert_int_equal(parse_maps(&old, MAP("10000-12000", "rw-s", "00002000", "7")
				    MAP("12000-14000", "rw-s", "00000000", "8")), 0);
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
	static const struct { const char *maps; enum match_result result; uint64_t addr; } cases[] = {
		{ "", MATCH_NOWHERE, 0 },
		/* before, between and after other objects and parts of this one */
		{ MAP("1000-2000", "rw-s", "00002000", "6") MAP("2000-3000", "rw-s", "00001000", "7")
		  MAP("3000-5000", "rw-s", "00003000", "7"), MATCH_NOWHERE, 0 },
		{ MAP("20000-24000", "rw-s", "00000000", "7") MAP("24000-26000", "rw-s", "00000000", "8"),
		  MATCH_FOUND, 0x22000 },
		/* in pieces, that do or do not fit together */
		{ MAP("20000-21000", "rw-s", "00002000", "7") MAP("21000-22000", "rw-s", "00003000", "7")
		  MAP("22000-23000", "rw-s", "00000000", "8") MAP("23000-29000", "rw-s", "00001000", "8"),
		  MATCH_FOUND, 0x20000 },
		{ MAP("20000-22000", "rw-s", "00002000", "7") MAP("23000-25000", "rw-s", "00000000", "8"),
		  MATCH_UNFIT, 0x20000 },
		{ MAP("20000-22000", "rw-s", "00002000", "7") MAP("22000-24000", "rw-s", "00001000", "8"),
		  MATCH_UNFIT, 0x20000 },
		{ MAP("20000-22000", "rw-s", "00002000", "7") MAP("22000-24000", "rw-p", "00000000", "8"),
		  MATCH_UNFIT, 0x20000 },
		/* a long mapping that begins early, behind many short ones */
		{ MAP("20000-30000", "rw-s", "00000000", "7") MAP("30000-32000", "rw-s", "00000000", "8")
		  MAP("40000-41000", "rw-s", "00001000", "7") MAP("50000-51000", "rw-s", "00002000", "7"),
		  MATCH_UNFIT, 0x50000 },
		/* the same address is preferred, if it fits */
		{ MAP("10000-12000", "rw-s", "00002000", "7") MAP("12000-14000", "rw-s", "00000000", "8")
		  MAP("20000-22000", "rw-s", "00002000", "7") MAP("22000-24000", "rw-s", "00000000", "8"),
		  MATCH_FOUND, 0x10000 },
		{ MAP("10000-12000", "rw-s", "00002000", "7") MAP("12000-13000", "rw-s", "00000000", "8")
		  MAP("20000-22000", "rw-s", "00002000", "7") MAP("22000-24000", "rw-s", "00000000", "8"),
		  MATCH_FOUND, 0x20000 },
		{ MAP("20000-22000", "rw-s", "00002000", "7") MAP("22000-24000", "rw-s", "00000000", "8")
		  MAP("30000-32000", "rw-s", "00002000", "7") MAP("32000-34000", "rw-s", "00000000", "8"),
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

static void test_size(void **state)
{
	static const struct { uint64_t bytes; const char *text; } sizes[] = {
		{ 0, "0B" }, { 1023, "1023B" }, { 1024, "1K" }, { 1536, "1.5K" },
		{ 4096, "4K" }, { 1048575, "1M" }, { 67108864, "64M" },
		{ 67108864 + 4096, "64M" }, { 1140850688, "1.1G" },
		{ 1ULL << 40, "1T" }, { 1ULL << 60, "1E" }, { UINT64_MAX, "16E" },
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

static void test_context_names(void **state)
{
	static const char *const wrong[] = {
		"", "0x", "0xg", "0x12345678901234567", "0x-1", "1/", "/1", "1/x", "0", "0/1",
		"99999999999", "1/99999999999", "a/1",
	};
	struct context_name name;
	size_t i;

	(void)state;
	assert_true(context_parse("0x1f2e", &name));
	assert_int_equal(name.by, CONTEXT_BY_ID);
	assert_true(context_id_matches(&name, 0x1f2e));
	assert_true(context_id_matches(&name, 0x1f2e3d4c5b6a7988));
	assert_false(context_id_matches(&name, 0x2f2e3d4c5b6a7988));
	assert_true(context_parse("4242/11", &name));
	assert_int_equal(name.by, CONTEXT_BY_FD);
	assert_int_equal(name.pid, 4242);
	assert_int_equal(name.fd, 11);
	assert_true(context_parse("4242", &name));
	assert_int_equal(name.by, CONTEXT_BY_PID);
	assert_true(context_parse("01:00.0", &name));
	assert_int_equal(name.by, CONTEXT_BY_DEVICE);
	assert_string_equal(name.device, "0000:01:00.0");
	assert_true(context_parse("0000:01:00.0", &name));
	assert_string_equal(name.device, "0000:01:00.0");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(context_parse(wrong[i], &name));
}

static void test_process_names(void **state)
{
	static const char *const wrong[] = {
		"", "0", "x", "-1", "1:", "1:x", "1:0", "1:-1", ":1", "0x", "0xg", "0x0", "1x",
		"4294967296", "0x10000000000000000",
	};
	struct process_name name;
	size_t i;

	(void)state;
	assert_true(process_parse("42", &name));
	assert_int_equal(name.pid, 42);
	assert_true(process_parse("42:1234567890123", &name));
	assert_int_equal(name.pid, 42);
	assert_int_equal(name.inode, 1234567890123);
	assert_true(process_parse("0xbeef", &name));
	assert_int_equal(name.pid, 0);
	assert_int_equal(name.owner, 0xbeef);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(process_parse(wrong[i], &name));
}

static void test_units(void **state)
{
	static const struct { const char *contents, *unit; } cgroups[] = {
		{ "0::/system.slice/ssh.service\n", "ssh.service" },
		{ "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator\n",
		  "machine-qemu\\x2d1\\x2dvm.scope" },
		{ "0::/user.slice/user-0.slice/session-2.scope\n", "session-2.scope" },
		{ "0::/docker/0123\n", "/docker/0123" },
		{ "0::/\n", "/" },
		{ "0::/.service/x", "/.service/x" },
		{ "4:memory:/x\n1:name=systemd:/system.slice/a.service\n0::/\n", "a.service" },
		{ "4:memory:/x\n", NULL },
		{ "", NULL },
	};
	char *unit;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cgroups) / sizeof(cgroups[0]); i++) {
		unit = unit_of_cgroup(cgroups[i].contents);
		if (cgroups[i].unit)
			assert_string_equal(unit, cgroups[i].unit);
		else
			assert_null(unit);
		free(unit);
	}
}

/* What the module complains of, among all that is in the kernel log. */
static void assert_user(uint32_t uid, const char *expected)
{
	char *name = user_name(uid);

	assert_non_null(name);
	assert_string_equal(name, expected);
	free(name);
}

/* One lookup for rows in a row. */
static void test_users(void **state)
{
	(void)state;
	assert_user(0, "root");
	assert_user(12345, "12345");
	assert_user(4294967294, "4294967294");
	assert_user(0, "root");
	user_lookups = 0;
	assert_user(0, "root");
	assert_int_equal(user_lookups, 0);
	assert_user(12345, "12345");
	assert_user(12345, "12345");
	assert_int_equal(user_lookups, 1);
}

static void test_kmsg(void **state)
{
	static const struct { const char *record, *text; } records[] = {
		{ "3,421,5140900,-;dmaown: built for another\n", "built for another" },
		{ "3,421,5140900,-;dmaown: a\n SUBSYSTEM=x\n", "a" },
		{ "2,421,5140900,c;dmaown: b", "b" },
		{ "4,421,5140900,-;dmaown: built for the vfio with build ID 0\n",
		  "built for the vfio with build ID 0" },
		/* that any module taints the kernel */
		{ "4,421,5140900,-;dmaown: loading out-of-tree module taints kernel.\n", NULL },
		{ "6,421,5140900,-;dmaown: hello\n", NULL },
		/* from user space */
		{ "11,421,5140900,-;dmaown: built for another\n", NULL },
		{ "3,421,5140900,-;vfio-pci: dmaown: x\n", NULL },
		{ "3,421,5140900,-;dmaownish: x\n", NULL },
		{ "3,421,5140900,-\n", NULL },
		{ "", NULL },
	};
	char record[128];
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		snprintf(record, sizeof(record), "%s", records[i].record);
		text = kmsg_parse(record);
		if (records[i].text)
			assert_string_equal(text, records[i].text);
		else
			assert_null(text);
	}
}

/* design: of several reasons the first of this order is the errno, and each has its exit status */
static void test_exits(void **state)
{
	static const struct { int error, status; } exits[] = {
		{ ENOENT, 3 }, { ESRCH, 10 }, { ENOMEM, 11 }, { ENXIO, 12 }, { EINVAL, 13 },
		{ EBUSY, 14 }, { EXDEV, 15 }, { EINTR, 75 }, { EPERM, 77 }, { EACCES, 77 },
		{ 0, 0 }, { EBADF, 1 }, { EIO, 1 }, { E2BIG, 1 },
	};
	const struct reason *reason;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		assert_int_equal(exit_of_errno(exits[i].error), exits[i].status);
		if (i && exits[i].status > 1 && exits[i - 1].status)
			assert_true(exits[i].status >= exits[i - 1].status);
	}
	for (i = 1; i <= DMAOWN_REASON_NO_CONTEXT; i++) {
		reason = reason_of(i);
		assert_string_not_equal(reason->name, "unknown");
		assert_true(exit_of_errno(reason->error) != 0);
	}
	assert_string_equal(reason_of(0)->name, "unknown");
	assert_string_equal(reason_of(9999)->name, "unknown");
}

/* Listings, as they are printed */

static FILE *create(const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	return file;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = create(name);

	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void write_files(void)
{
	write_file("status", "version=0.1.0 transfers=1\n");
	write_file("refusals", "reason=- refusals=2\nreason=limit-mm refusals=3\nreason=exec refusals=0\n");
	write_file("contexts",
		   "context=0x1f2e3d4c5b6a7988 kind=iommufd mode=user holders=2 ioases=1 hwpts=1 "
		   "devices=1 accesses=0 areas=2 mapped=67112960 pinned=67108864 owners=2 busy=0\n"
		   "context=0x1f2e000000000001 kind=iommufd mode=- holders=1 ioases=1 hwpts=0 "
		   "devices=0 accesses=0 areas=- mapped=- pinned=- owners=- busy=1\n");
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm via=device fd=12 "
		   "device=0000:00:01.0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=7 comm=vm via=context fd=11 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=7 comm=vm via=device fd=12 "
		   "device=0000:00:01.0 busy=0\n"
		   "context=- pid=4242 start=7 comm=vm via=device fd=13 device=0000:00:02.0 busy=1\n"
		   "context=0x1f2e000000000001 pid=4243 start=8 comm=b via=context fd=5 busy=0\n");
	write_file("devices",
		   "context=0x1f2e3d4c5b6a7988 id=3 device=0000:00:01.0 hwpt=4 ioas=2\n");
	write_file("hwpts",
		   "context=0x1f2e3d4c5b6a7988 hwpt=4 ioas=2 type=paging auto_domain=1 devices=1\n"
		   "context=0x1f2e3d4c5b6a7988 hwpt=5 ioas=2 type=nested auto_domain=0 devices=0\n");
	write_file("accesses", "context=0x1f2e3d4c5b6a7988 id=6 ioas=2\n");
	write_file("ioases",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 hwpts=1 devices=1 accesses=0 areas=2 "
		   "mapped=67112960 pinned=67108864 alignment=4096 busy=0\n"
		   "context=0x1f2e000000000001 ioas=1 hwpts=0 devices=0 busy=1\n");
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x100000 length=67108864 source=address "
		   "addr=0x7f0000000000 offset=- readable=1 writable=1 pages=0xaa sharers=1 "
		   "pinned=67108864 accesses=0 mode=user owner=0xbeef1092 pid=4242 start=7 "
		   "state=live uid=0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0xfffffffffffff000 length=4096 source=file "
		   "addr=- offset=0x0 readable=1 writable=0 pages=0xab sharers=1 pinned=0 "
		   "accesses=0 mode=mm owner=0xdead pid=777 start=3 state=dead uid=12345 busy=0\n"
		   "context=0x1f2e000000000001 ioas=1 busy=1\n");
	write_file("owners",
		   "owner=0xbeef1092 pid=4242 start=7 comm=vm uid=0 state=live mode=user contexts=1 "
		   "areas=1 pinned=67108864 charged=67108864 limit=67108864 used=67108864 "
		   "headroom=0 user_locked=67108864 user_other=0 busy=1\n"
		   "owner=0xdead pid=777 start=3 comm=x\\377\\033y uid=12345 state=dead mode=mm "
		   "contexts=1 areas=1 pinned=4096 charged=4096 limit=- busy=1\n");
}

/* Run a command with the files as its debugfs, and keep what it writes. */
static int run(int (*main)(int, char **, const struct channel_choice *), char **argv)
{
	struct channel_choice choice = { "debugfs", directory };
	int argc = 0, saved_out = dup(1), saved_err = dup(2);
	char path[128];
	int status;

	while (argv[argc])
		argc++;
	fflush(stdout);
	snprintf(path, sizeof(path), "%s/stdout", directory);
	assert_non_null(freopen(path, "w", stdout));
	snprintf(path, sizeof(path), "%s/stderr", directory);
	assert_non_null(freopen(path, "w", stderr));
	status = main(argc, argv, &choice);
	fflush(stdout);
	fflush(stderr);
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(saved_out);
	close(saved_err);
	return status;
}

#define RUN(command, ...)	\
	run(command##_main, (char *[]){ strdupa(#command), ##__VA_ARGS__, NULL })

/* What the last command wrote, by a condition in jq or an extended regular expression. */
static bool satisfies(const char *tool, const char *file, const char *condition)
{
	char command[2048];

	snprintf(command, sizeof(command), "%s '%s' <%s/%s >/dev/null 2>&1", tool, condition,
		 directory, file);
	return !system(command);
}

#define assert_json(condition)		assert_true(satisfies("jq -e", "stdout", condition))
#define assert_stdout(expression)	assert_true(satisfies("grep -Eqa -e", "stdout", expression))
#define assert_stderr(expression)	assert_true(satisfies("grep -Eqa -e", "stderr", expression))

static void test_list(void **state)
{
	(void)state;
	assert_int_equal(RUN(list, "-J"), 0);
	assert_json(".contexts | length == 2");
	assert_json(".contexts[0].id == \"0x1f2e3d4c5b6a7988\"");
	assert_json(".contexts[0].holders == [4241, 4242]");
	assert_json(".contexts[0].owners == [4242, \"0xdead\"]");
	assert_json(".contexts[0].devices == [\"0000:00:01.0\"]");
	assert_json(".contexts[0].pinned == 67108864");
	assert_json(".contexts[1] | .devices == [] and .areas == null and .owners == null");
	assert_stderr("^[^ ]+: 1 IOAS is locked");
	assert_int_equal(RUN(list), 0);
	assert_stdout("^0x1f2e3d4c5b6a7988 iommufd 4241,4242 +1 0000:00:01.0 +2 +64M 4242,0xdead");
	assert_int_equal(RUN(list, "-J", "-o", "+MODE,BUSY", "-c", "4243/5"), 0);
	assert_json(".contexts | length == 1 and .[0].busy == 1 and .[0].mode == null");
	assert_int_equal(RUN(list, "-J", "-p", "4243"), 0);
	assert_json(".contexts | map(.id) == [\"0x1f2e000000000001\"]");
	assert_int_equal(RUN(list, "-o", "ID,NIX"), 64);
	assert_stderr("unknown column .NIX.");
	assert_int_equal(RUN(list, "-c", "0x1f2e"), 1);
	assert_stderr("any of 2");
}

static void test_areas(void **state)
{
	(void)state;
	assert_int_equal(RUN(areas, "-J", "-o", "+LAST,OFFSET,USER,BUSY"), 0);
	assert_json(".areas | length == 3");
	assert_json(".areas[0] | .iova == \"0x100000\" and .length == 67108864 and .prot == \"rw\"");
	assert_json(".areas[1] | .addr == null and .offset == \"0x0\" and .prot == \"r-\"");
	assert_json(".areas[1] | .last == \"0xffffffffffffffff\" and .state == \"dead\"");
	assert_json(".areas[1].user == \"12345\"");
	assert_json(".areas[2] | .state == \"busy\" and .iova == null and .busy == true");
	assert_int_equal(RUN(areas, "-rn", "-o", "IOVA,ADDR,LENGTH"), 0);
	assert_stdout("^0xfffffffffffff000 - 4K$");
	assert_int_equal(RUN(areas, "-rnb", "-o", "IOVA,LENGTH"), 0);
	assert_stdout("^0x100000 67108864$");
	assert_int_equal(RUN(areas, "-J", "-p", "4242", "-c", "00:01.0"), 0);
	assert_json(".areas | length == 1");
}

static void test_owners(void **state)
{
	(void)state;
	assert_int_equal(RUN(owners, "-J"), 0);
	assert_json(".owners[0] | .headroom == 0 and .user == \"root\" and .command == \"vm\"");
	assert_json(".owners[1] | .limit == null and .unit == null and .user == \"12345\"");
	assert_json(".owners[1].command == \"x\\ufffd\\u001by\"");
	assert_int_equal(RUN(owners), 0);
	assert_stdout("x\\\\xff\\\\x1by");
	assert_int_equal(RUN(owners, "-J", "-c", "0x1f2e000000000001"), 0);
	assert_json(".owners == []");
	assert_int_equal(RUN(owners, "-J", "-c", "0x1f2e3"), 0);
	assert_json(".owners | length == 2");
}

static void test_others(void **state)
{
	(void)state;
	assert_int_equal(RUN(ioas, "-J"), 0);
	assert_json(".ioases[1] | .busy == true and .areas == null");
	assert_int_equal(RUN(ioas), 0);
	assert_stdout("^0x1f2e000000000001 .* busy$");
	assert_int_equal(RUN(devices, "-J"), 0);
	assert_json(".devices[0].holders == [4241, 4242]");
	assert_json(".devices[0] | .ioas == 2 and .device == \"0000:00:01.0\"");
	assert_int_equal(RUN(devices, "-H"), 0);
	assert_stdout("^HOLDERS +list ");
}

static void test_broken_file(void **state)
{
	(void)state;
	write_file("devices", "context=0x1 id=3\ncontext=zwei\n");
	assert_int_equal(RUN(devices), 1);
	assert_stderr("file devices, line 2: cannot understand .context=zwei.");
	assert_int_equal(RUN(devices, "-J"), 1);
	assert_false(satisfies("grep -q", "stdout", "."));
	write_file("devices", "");
	assert_int_equal(RUN(devices, "-J"), 0);
	assert_json(". == {devices: []}");
	write_files();
}

/* More than one batch: the columns stay where they are, and JSON stays whole. */
static void test_many(void **state)
{
	FILE *file = create("areas");
	int i;

	(void)state;
	for (i = 0; i < 2000; i++)
		fprintf(file, "context=0x1f2e000000000001 ioas=%d iova=0x%x length=4096 state=live\n",
			i < 700 ? 10 : 1, i << 12);
	fclose(file);
	assert_int_equal(RUN(areas, "-J"), 0);
	assert_json(".areas | length == 2000");
	assert_int_equal(RUN(areas, "-o", "IOAS,STATE,LENGTH"), 0);
	assert_true(satisfies("awk", "stdout", "{ n[length] = 1 } END { exit length(n) != 1 }"));
	write_files();
}

/*
 * Batches that libsmartcols has to print, since it writes something in them in another form, and
 * those that it need not stand in one listing as if one had printed all. A batch is no longer than
 * FAR.
 */
#define FAR	1100

enum { MIXED = 3 * FAR, FIRST_PID = 100000 };

/* The longest is the first one's, so that no later batch is wider. */
static const char *mixed_comm(int i, bool strange, const char *byte)
{
	static char comm[32];

	if (strange)
		snprintf(comm, sizeof(comm), i ? "s%s%d" : "long%s-name-%d", byte, i);
	else
		snprintf(comm, sizeof(comm), i ? "c%d" : "longest-name-%d", i);
	return comm;
}

static void write_mixed(const bool *strange)
{
	FILE *file = create("owners");
	int i;

	for (i = 0; i < MIXED; i++)
		fprintf(file, "owner=0x1 pid=%d comm=%s state=%s pinned=%s busy=0\n", FIRST_PID - i,
			mixed_comm(i, strange[i], "\\377"), i % 2 ? "dead" : "live",
			i % 3 ? "-" : "1048576");
	fclose(file);
}

static void expect_mixed(const bool *strange, bool raw, bool headings)
{
	int comm = raw ? 0 : strlen(mixed_comm(0, strange[0], "\\xff"));
	int pid = raw ? 0 : strlen("100000"), pinned = raw ? 0 : strlen("PINNED");
	FILE *file = create("expected");
	int i;

	if (headings)
		fprintf(file, "%*s %-*s %*s STATE\n", pid, "PID", comm, "COMMAND", pinned, "PINNED");
	for (i = 0; i < MIXED; i++)
		fprintf(file, "%*d %-*s %*s %s\n", pid, FIRST_PID - i,
			comm, mixed_comm(i, strange[i], "\\xff"),
			pinned, i % 3 ? raw ? "-" : "" : "1M", i % 2 ? "dead" : "live");
	fclose(file);
}

static void assert_mixed(const bool *strange, unsigned int by_library, bool raw, bool headings)
{
	/* It does nothing to be given once more. */
	static char columns[] = "-oPID,COMMAND,PINNED,STATE";
	char expected[128];

	snprintf(expected, sizeof(expected), "%s/expected", directory);
	expect_mixed(strange, raw, headings);
	tables_printed = 0;
	assert_int_equal(RUN(owners, columns, raw ? "-r" : columns, headings ? columns : "-n"), 0);
	assert_true(satisfies("cmp", "stdout", expected));
	assert_int_equal(tables_printed, by_library);
}

static void test_mixed(void **state)
{
	static const int places[][2] = {
		{ -1, -1 }, { 0, -1 }, { FAR, -1 }, { 0, 2 * FAR }, { FAR, MIXED - 1 },
	};
	unsigned int i, j, nr;

	(void)state;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bool strange[MIXED] = { false };

		for (j = nr = 0; j < 2 && places[i][j] >= 0; j++, nr++)
			strange[places[i][j]] = true;
		write_mixed(strange);
		assert_mixed(strange, nr, false, true);
		assert_mixed(strange, nr, false, false);
		assert_mixed(strange, nr, true, true);
		assert_mixed(strange, nr, true, false);
	}
	write_files();
}

/* libsmartcols never frees the scanner of a filter, nor a word that is no number. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:yylex_init\nleak:param_set_data";
}

/* --filter, as far as libsmartcols has it */
static void test_filter(void **state)
{
	(void)state;
#ifdef HAVE_SCOLS_FILTER
	assert_int_equal(RUN(areas, "-J", "-o", "PID", "-Q", "PINNED >= 64M && MODE == \"user\""), 0);
	assert_json("[.areas[].pid] == [4242]");
	assert_int_equal(RUN(areas, "-rno", "PID", "--filter", "state == \"dead\" or PINNED > 1"), 0);
	assert_stdout("^4242$");
	assert_stdout("^777$");
	/* what is unknown is neither less nor more than anything */
	assert_int_equal(RUN(owners, "-J", "-o", "PID", "-Q", "LIMIT >= 0"), 0);
	assert_json("[.owners[].pid] == [4242]");
	assert_int_equal(RUN(owners, "-J", "-o", "PID", "-Q", "HEADROOM < 1M"), 0);
	assert_json("[.owners[].pid] == [4242]");
	assert_int_equal(RUN(list, "-J", "-Q", "DEVICES =~ \"00:01\""), 0);
	assert_json(".contexts | length == 1");
	assert_int_equal(RUN(list, "-J", "-Q", "DEVICES == \"\""), 0);
	assert_json("[.contexts[].id] == [\"0x1f2e000000000001\"]");
	assert_int_equal(RUN(ioas, "-J", "-Q", "BUSY == true"), 0);
	assert_json("[.ioases[].context] == [\"0x1f2e000000000001\"]");
	assert_int_equal(RUN(areas, "-Q", "NIX > 1"), EXIT_USAGE);
	assert_stderr("unknown column .NIX.");
	assert_int_equal(RUN(areas, "-Q", "PINNED >"), EXIT_USAGE);
	assert_stderr("--filter .PINNED >.: ");
	assert_int_equal(RUN(owners, "-Q", "COMMAND > 1"), EXIT_USAGE);
	assert_stderr("no number");
#else
	assert_int_equal(RUN(areas, "-Q", "PINNED > 1"), EXIT_USAGE);
	assert_stderr("needs libsmartcols 2.40 or newer; this was built with 2");
	assert_false(satisfies("grep -q", "stdout", "."));
#endif
}

/* Transfers */

static const struct dmaown_transfer moved = {
	.contexts = 1, .areas = 2, .areas_total = 2, .pages_objects = 2,
	.pinned = 67108864, .charged_user = 67108864,
	.locked_user = 68157440, .locked_mm = 4096, .limit = 69206016,
};

static void reset_module(void)
{
	struct dmaown_transfer *asked = module.asked;
	struct dmaown_file *asked_file = module.asked_file;

	memset(&module, 0, sizeof(module));
	module.asked = asked;
	module.asked_file = asked_file;
	module.answer = moved;
}

static void test_transfer_moved(void **state)
{
	(void)state;
	reset_module();
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "4242", "-c", "0x1f2e3",
			     "--timeout", "0.5", "-J"), 0);
	assert_int_equal(module.asked->to.pid, 4241);
	assert_int_equal(module.asked->to.start, 5241);
	assert_int_equal(module.asked->from.pid, 4242);
	assert_int_equal(module.asked->timeout_ms, 500);
	assert_int_equal(module.asked->nr_files, 1);
	/* the context's own descriptor, though a device's comes first */
	assert_int_equal(module.asked_file->fd, 11);
	assert_int_equal(module.asked_file->holder.pid, 4242);
	assert_int_equal(module.asked_file->holder.start, 7);
	assert_int_equal(module.asked_file->context, 0x1f2e3d4c5b6a7988);
	assert_json(".result == \"moved\" and .changed and .errno == null and .reasons == []");
	assert_json(".undo == \"dmaownctl transfer --to 4242 --from 4241 "
		    "--context 0x1f2e3d4c5b6a7988\"");
	assert_json(".areas == 2 and .pinned == 67108864 and .charged_user == 67108864");

	/* one of the old owners is dead: there is no way back to it */
	assert_int_equal(RUN(transfer, "--to", "4241"), 0);
	assert_int_equal(module.asked->nr_files, 0);
	assert_int_equal(module.asked->timeout_ms, 10000);
	assert_stdout("^moved 2 of 2 areas in 1 context to process 4241: 2 pages objects, 64M pinned");
	assert_stdout("^user root is charged 64M more");
	assert_stdout("^this cannot be undone: the old owner is dead$");
	assert_false(satisfies("grep -q", "stdout", "undo with"));

	assert_int_equal(RUN(transfer, "--to", "4241", "--dry-run", "-J"), 0);
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_DRY_RUN);
	assert_json(".result == \"would-move\" and .changed == false and .undo == null");
	assert_int_equal(RUN(transfer, "--to", "4241", "-q"), 0);
	assert_false(satisfies("grep -q", "stdout", "."));

	module.answer.areas = 0;
	assert_int_equal(RUN(transfer, "--to", "4241"), 0);
	assert_stdout("^nothing to do: process 4241 owns everything already$");
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 0);
	assert_json(".result == \"unchanged\" and .changed == false");
}

/* What moves, with what is left of the limit in each mode: before the verdict, and in JSON. */
static void test_transfer_moves(void **state)
{
	(void)state;
	reset_module();
	assert_int_equal(RUN(transfer, "--to", "4241"), 0);
	assert_stdout("^CONTEXT +AREAS PINNED +FROM COMMAND +USER +STATE +TO MODE ACCOUNT +LIMIT HEADROOM$");
	assert_stdout("^0x1f2e3d4c5b6a7988 +1 +64M +4242 vm +root +live +4241 user root +66M +1M$");
	assert_stdout("^0x1f2e3d4c5b6a7988 +1 +0B 0xdead x.* 12345 dead +4241 mm +4241 +66M +66M$");
	assert_true(satisfies("awk", "stdout", "/^CONTEXT/ { n = NR } /^moved 2/ { exit n != NR - 3 }"));
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 0);
	assert_json(".moves | length == 2");
	assert_json(".moves[0] == {context: \"0x1f2e3d4c5b6a7988\", areas: 1, pinned: 67108864, "
		    "owner: \"0xbeef1092\", pid: 4242, command: \"vm\", user: \"root\", "
		    "state: \"live\", to: 4241, mode: \"user\", account: \"root\", "
		    "limit: 69206016, headroom: 1048576}");
	assert_json(".moves[1] | .owner == \"0xdead\" and .mode == \"mm\" and "
		    ".account == \"4241\" and .headroom == 69201920");

	/* no more than one owner's, and nothing that is as wanted already */
	assert_int_equal(RUN(check, "--to", "4241", "--from", "4242", "-J"), 0);
	assert_json("[.moves[].pid] == [4242]");
	assert_int_equal(RUN(check, "--to", "4242", "-J"), 0);
	assert_json("[.moves[].owner] == [\"0xdead\"]");
	/* but at another address; the areas by file have none */
	assert_int_equal(RUN(check, "--to", "4242", "--remap", "2:0x100000=0x5000", "-J"), 0);
	assert_json("[.moves[].owner] == [\"0xbeef1092\", \"0xdead\"]");
	assert_int_equal(RUN(check, "--to", "4242", "--remap", "2:0x100000=0x7f0000000000", "-J"), 0);
	assert_json("[.moves[].owner] == [\"0xdead\"]");

	/* the module counts, the table only shows */
	module.answer.areas = 3;
	assert_int_equal(RUN(check, "--to", "4241"), 0);
	assert_stderr("areas came or went since");

	/* unlimited, and no room left */
	reset_module();
	module.answer.limit = RLIM_INFINITY;
	assert_int_equal(RUN(check, "--to", "4241", "-J"), 0);
	assert_json("[.moves[] | .limit, .headroom] == [null, null, null, null]");
	module.answer.limit = 4096;
	module.transfer_error = ENOMEM;
	assert_int_equal(RUN(check, "--to", "4241", "-J"), 11);
	assert_json("[.moves[] | .limit, .headroom] == [4096, 0, 4096, 0]");
	assert_int_equal(RUN(check, "--to", "4241"), 11);
	assert_stdout("^0x1f2e3d4c5b6a7988 .* 4K +0B$");
	/* which nobody is to take for what has happened */
	assert_int_equal(RUN(transfer, "--to", "4241"), 11);
	assert_false(satisfies("grep -q", "stdout", "."));
	assert_int_equal(RUN(check, "--to", "4241", "--quiet"), 11);
	assert_false(satisfies("grep -q", "stdout", "."));

	/* one line for an owner in a context, whatever the IOAS; mode none has no limit */
	reset_module();
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x0 length=8192 source=file pinned=8192 "
		   "mode=none owner=0xbeef1092 pid=4242 start=7 state=live uid=0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 ioas=3 iova=0x0 length=4096 source=file pinned=4096 "
		   "mode=none owner=0xbeef1092 pid=4242 start=7 state=live uid=0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 ioas=4 busy=1\n"
		   "context=0x1f2e000000000001 ioas=1 iova=0x0 length=4096 source=file pinned=4096 "
		   "mode=none owner=0xbeef1092 pid=4242 start=7 state=live uid=0 busy=0\n");
	assert_int_equal(RUN(check, "--to", "4241", "-J"), 0);
	assert_json(".moves | length == 1 and (.[0] | .areas == 2 and .pinned == 12288 and "
		    ".account == null and .limit == null and .headroom == null)");
	assert_int_equal(RUN(check, "--to", "4241"), 0);
	assert_stderr("part of a context was locked");
	write_files();
}

static void test_transfer_owner(void **state)
{
	(void)state;
	reset_module();
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xdead", "-c", "4243/5", "-q"), 0);
	assert_int_equal(module.asked->from.pid, 777);
	assert_int_equal(module.asked->from.start, 3);
	assert_int_equal(module.asked->from.flags, DMAOWN_PROCESS_INITIAL);
	assert_int_equal(module.asked_file->fd, 5);
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xffff", "-J"), 3);
	assert_json(".errno == \"ENOENT\" and .reasons[0].reason == \"nothing\"");
}

static void test_transfer_refused(void **state)
{
	(void)state;
	reset_module();
	module.transfer_error = ENOMEM;
	module.nr_reports = 2;
	module.answer.reports_total = 5;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_HOLE, .error = ENXIO, .context = 0x1f2e, .ioas = 2,
		.process = 4241, .iova = 0x100000, .last = 0x40fffff, .addr = 0x7f0000000000,
	};
	module.reports[1] = (struct dmaown_report){
		.reason = DMAOWN_REASON_LIMIT_USER, .error = ENOMEM, .process = 4241,
		.value = 75497472, .limit = 8388608,
	};
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 11);
	assert_json(".result == \"refused\" and .changed == false and .errno == \"ENOMEM\"");
	assert_json(".reasons_total == 5 and (.reasons | length) == 2 and .undo == null");
	assert_json(".reasons[0] | .reason == \"not-mapped\" and .iova == \"0x100000\" and "
		    ".last == \"0x40fffff\" and .ioas == 2 and .limit == null and .pid == 4241");
	assert_json(".reasons[1] | .value == 75497472 and .limit == 8388608 and .iova == null");
	assert_stderr(": 0x1f2e ioas 2 iova 0x100000-0x40fffff: the new owner has nothing mapped "
		      "there \\(address 0x7f0000000000 of process 4241\\)$");
	assert_stderr("has used 8M \\(8388608 bytes\\), would need 72M \\(75497472 bytes\\), and its "
		      "limit is 8M \\(8388608 bytes\\)$");
	assert_stderr("--raise-limit, or with: prlimit --pid 4241 --memlock=75497472$");
	assert_stderr("and 3 more reasons, 5 in all$");
	assert_stderr("nothing was changed");

	reset_module();
	module.transfer_error = EBUSY;
	assert_int_equal(RUN(transfer, "--to", "4241"), 14);
	assert_stderr("wait longer with: --timeout 20$");
	reset_module();
	module.process_error = ESRCH;
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 10);
	assert_json(".errno == \"ESRCH\" and .reasons[0].pid == 4241");
	reset_module();
	module.transfer_error = EPERM;
	assert_int_equal(RUN(transfer, "--to", "4241"), 77);
	reset_module();
	module.open_error = EACCES;
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 77);
	assert_json(".errno == \"EPERM\"");
}

static void test_forces(void **state)
{
	static const struct { const char *text, *complaint; } wrong[] = {
		{ "", "what can be forced is would-reset[=DEVICE] or untrusted-holder[=PID]" },
		{ "would", "what can be forced is would-reset[=DEVICE] or untrusted-holder[=PID]" },
		{ "would-resett", "what can be forced is would-reset[=DEVICE] or untrusted-holder[=PID]" },
		{ "limit-user", "what can be forced is would-reset[=DEVICE] or untrusted-holder[=PID]" },
		{ "would-reset=", "not the name of a device, such as 0000:01:00.0" },
		{ "would-reset=4242", "not the name of a device, such as 0000:01:00.0" },
		{ "would-reset=4242/3", "not the name of a device, such as 0000:01:00.0" },
		{ "untrusted-holder=", "not a PID or PID:INODE" },
		{ "untrusted-holder=0xbeef", "not a PID or PID:INODE" },
		{ "untrusted-holder=00:01.0", "not a PID or PID:INODE" },
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

/* What a refusal says of them, and what is sent when that is done. */
static void test_transfer_forced(void **state)
{
	(void)state;
	reset_module();
	module.transfer_error = EXDEV;
	module.nr_reports = 4;
	module.answer.reports_total = 4;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_WOULD_RESET, .error = EXDEV, .context = 0x1f2e,
		.process = 4242, .device = "0000:00:01.0",
	};
	module.reports[1] = (struct dmaown_report){
		.reason = DMAOWN_REASON_UNTRUSTED, .error = EXDEV, .context = 0x1f2e,
		.process = 4243, .value = 12345,
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
			     "untrusted-holder=4243", "--force", "would-reset=00:01.0", "-J"), 0);
	assert_int_equal(module.asked->nr_forces, 2);
	assert_int_equal(module.asked_forces[0].reason, DMAOWN_REASON_UNTRUSTED);
	assert_int_equal(module.asked_forces[0].process.pid, 4243);
	assert_int_equal(module.asked_forces[0].process.start, 5243);
	assert_int_equal(module.asked_forces[1].reason, DMAOWN_REASON_WOULD_RESET);
	assert_string_equal(module.asked_forces[1].device, "0000:00:01.0");
	/* the device would not be reset on the way back: the old owner has it open too */
	assert_json(".undo == \"dmaownctl transfer --to 4242 --from 4241 "
		    "--context 0x1f2e3d4c5b6a7988 --force untrusted-holder=4243\"");

	/* a holder that is gone is nobody, and not just anybody */
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "untrusted-holder=666"), 0);
	assert_int_equal(module.asked->nr_forces, 0);
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "untrusted-holder"), 0);
	assert_int_equal(module.asked->nr_forces, 1);
	assert_int_equal(module.asked_forces[0].process.pid, 0);
}

static void test_transfer_adopted(void **state)
{
	(void)state;
	reset_module();
	module.transfer_error = ESRCH;
	module.nr_reports = 1;
	module.answer.reports_total = 1;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_OWNER_STALE, .error = ESRCH, .context = 0x1f2e, .ioas = 2,
		.process = 4242, .iova = 0x100000, .last = 0x40fffff,
	};
	assert_int_equal(RUN(check, "--to", "4241"), 10);
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_DRY_RUN);
	assert_stderr("adopt .* with: --adopt; ");
	assert_stderr("would be refused: No such process$");
	module.reports[0].reason = DMAOWN_REASON_NOT_PINNED;
	assert_int_equal(RUN(check, "--to", "4241", "--adopt"), 10);
	assert_stderr("what is not pinned cannot be adopted: ");
	assert_false(satisfies("grep -q", "stderr", "with: --adopt"));

	reset_module();
	module.answer.adopted = 1;
	assert_int_equal(RUN(check, "--to", "4241", "--adopt"), 0);
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_DRY_RUN | DMAOWN_TRANSFER_ADOPT);
	assert_stdout("^would move 2 of 2 areas");
	assert_stdout("^1 of them would be adopted from");
	assert_int_equal(RUN(transfer, "--to", "4241", "--adopt"), 0);
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_ADOPT);
	assert_stdout("^1 of them was adopted from");
	assert_stdout("^this cannot be undone: the old owner is dead$");
	assert_int_equal(RUN(transfer, "--to", "4241", "--adopt", "-J"), 0);
	assert_json(".adopted == 1 and .undo == null");
}

#define AREA(context, iova, owner, pid, state)						\
	"context=0x" #context " ioas=2 iova=" #iova " length=4096 source=address addr=0x7000 "	\
	"owner=0x" #owner " pid=" #pid " start=7 state=" #state " busy=0\n"

static void write_many_areas(unsigned int nr)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	unsigned int i;

	for (i = 0; i < nr; i++)
		fprintf(out, "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x%x length=4096 "
			"source=address addr=0x7000 owner=0xbeef1092 pid=4242 start=7 state=live "
			"busy=0\n", i << 12);
	fclose(out);
	write_file("areas", text);
	free(text);
}

/* Who can be given back what. 4242 and 4241 hold context 1f2e3d4c5b6a7988. */
static void test_undo(void **state)
{
	static const struct { const char *areas, *undo, *why; } cases[] = {
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live),
		  "--to 4242 --from 4241 --context 0x1f2e3d4c5b6a7988$", NULL },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
		  AREA(1f2e3d4c5b6a7988, 0x1000, beef1092, 4242, stale),
		  NULL, "the old owner has exec.d since, and its address space is gone" },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1091, 4241, stale),
		  NULL, "the old owner has exec.d since, and its address space is gone" },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
		  AREA(1f2e3d4c5b6a7988, 0x1000, beef1093, 4243, live),
		  NULL, "there were several owners" },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
		  AREA(1f2e3d4c5b6a7988, 0x1000, beef1091, 4241, live),
		  NULL, "the new owner owned other areas there before" },
		/* not in the scope: 4241 does not hold it */
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
		  AREA(1f2e000000000001, 0x0, beef1091, 4241, live),
		  "--to 4242 --from 4241 --context 0x1f2e3d4c5b6a7988$", NULL },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1093, 4243, live),
		  NULL, "the old owner does not hold the context" },
		{ AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live)
		  "context=0x1f2e3d4c5b6a7988 ioas=3 busy=1\n",
		  NULL, "part of a context was locked, and its owners not to be seen" },
	};
	char expected[256];
	size_t i;

	(void)state;
	reset_module();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file("areas", cases[i].areas);
		assert_int_equal(RUN(transfer, "--to", "4241"), 0);
		snprintf(expected, sizeof(expected), "^%s%s",
			 cases[i].undo ? "undo with: dmaownctl transfer " : "this cannot be undone: ",
			 cases[i].undo ?: cases[i].why);
		assert_stdout(expected);
	}

	/* A process that says where its own memory is now may say where it was. */
	write_file("areas", AREA(1f2e3d4c5b6a7988, 0x0, beef1091, 4241, live));
	assert_int_equal(RUN(transfer, "--to", "4241", "--remap", "2:0=0x9000", "-J"), 0);
	assert_json(".undo == \"dmaownctl transfer --to 4241 --from 4241 "
		    "--context 0x1f2e3d4c5b6a7988 --remap 2:0x0=0x7000\"");

	/* Many of them do not fit into one argument. */
	write_many_areas(1001);
	assert_int_equal(RUN(transfer, "--to", "4241", "--remap", "2:0=0x9000", "-J"), 0);
	assert_json("[.undo | scan(\" --remap \")] | length == 2");
	assert_json("[.undo | scan(\"=0x7000\")] | length == 1001");

	/* A device that nobody but the new owner has open would be reset on the way back. */
	write_file("areas", AREA(1f2e3d4c5b6a7988, 0x0, beef1092, 4242, live));
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4241 via=device fd=12 device=0000:00:01.0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4242 via=context fd=11 busy=0\n");
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "would-reset"), 0);
	assert_stdout("--context 0x1f2e3d4c5b6a7988 --force would-reset=0000:00:01.0$");
	assert_int_equal(RUN(transfer, "--to", "4241", "--force", "would-reset=00:02.0"), 0);
	assert_stdout("--context 0x1f2e3d4c5b6a7988$");
	write_files();
}

/* RLIMIT_MEMLOCK of this process itself is raised and put back. */

static void set_limit(rlim_t soft, rlim_t hard)
{
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ soft, hard }), 0);
}

static void assert_limit(rlim_t soft, rlim_t hard)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	assert_int_equal(limit.rlim_cur, soft);
	assert_int_equal(limit.rlim_max, hard);
}

#define LOW	65536
#define HIGH	1048576
#define NEEDED	(LOW + 4096)

static void test_raise_limit(void **state)
{
	struct rlimit first;
	char self[16];
	rlim_t hard;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &first), 0);
	hard = first.rlim_max;
	assert_true(hard >= HIGH);
	snprintf(self, sizeof(self), "%d", getpid());
	reset_module();
	module.needed = NEEDED;

	set_limit(LOW, hard);
	assert_int_equal(RUN(transfer, "--to", self), 11);
	assert_stderr("--raise-limit, or with: prlimit --pid [0-9]+ --memlock=69632:$");
	assert_int_equal(RUN(check, "--to", self, "--raise-limit", "-J"), 0);
	assert_json(".result == \"would-move\" and .changed == false and .reasons_total == 0");
	assert_json(".limit_raised | .from == 65536 and .to == 69632 and .hard_from == .hard_to");
	assert_int_equal(RUN(check, "--to", self, "--raise-limit"), 0);
	assert_stdout("^RLIMIT_MEMLOCK of process [0-9]+ would be raised from 64K to 68K "
		      "\\(69632 bytes\\)$");
	assert_limit(LOW, hard);
	module.calls = 0;
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit"), 0);
	assert_stdout("^RLIMIT_MEMLOCK .* was raised from 64K to 68K .*, and stays so$");
	assert_int_equal(module.calls, 2);
	assert_int_equal(module.asked->flags, 0);
	assert_limit(NEEDED, hard);

	/* nothing is in the way any more */
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit", "-J"), 0);
	assert_json(".result == \"moved\" and .limit_raised == null");
	assert_limit(NEEDED, hard);

	/* something else is: all of it is told, and nothing raised */
	set_limit(LOW, hard);
	module.nr_reports = 1;
	module.answer.reports_total = 1;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_HOLE, .error = ENXIO, .context = 0x1f2e, .ioas = 2,
		.process = 4241, .iova = 0x100000, .last = 0x40fffff, .addr = 0x7f0000000000,
	};
	module.calls = 0;
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit", "-J"), 11);
	assert_json("[.reasons[].reason] == [\"not-mapped\", \"limit-user\"]");
	assert_json(".limit_raised == null and .reasons_total == 2");
	assert_int_equal(module.calls, 1);
	/* or there are more reasons than are told */
	module.nr_reports = 0;
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit"), 11);
	assert_int_equal(module.calls, 2);
	assert_limit(LOW, hard);
	setrlimit(RLIMIT_MEMLOCK, &first);
}

/* The transfer itself fails: what was raised is put back, also when that is for a signal. */
static void test_raise_limit_failed(void **state)
{
	struct rlimit first;
	char self[16];
	pid_t pid;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &first), 0);
	snprintf(self, sizeof(self), "%d", getpid());
	reset_module();
	module.needed = NEEDED;
	module.sleep = 30;
	set_limit(LOW, first.rlim_max);
	signal(SIGTERM, SIG_DFL);
	pid = fork();
	if (!pid) {
		/* Not before it has been raised. */
		struct rlimit now = { 0 };

		while (now.rlim_cur != NEEDED)
			prlimit(getppid(), RLIMIT_MEMLOCK, NULL, &now);
		usleep(100000);
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit", "-J"), 75);
	assert_json(".errno == \"EINTR\" and .limit_raised == null");
	assert_stderr("had been raised, and is as it was$");
	assert_limit(LOW, first.rlim_max);

	/* Nothing moves: it was raised for nothing. */
	module.sleep = 0;
	module.answer.areas = 0;
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit", "-J"), 0);
	assert_json(".result == \"unchanged\" and .limit_raised == null");
	assert_limit(LOW, first.rlim_max);
	setrlimit(RLIMIT_MEMLOCK, &first);
}

/* A signal ends the call, and not the tool. */
static void test_transfer_interrupted(void **state)
{
	pid_t pid;

	(void)state;
	reset_module();
	module.sleep = 30;
	/* It is ignored in what a shell runs in the background. */
	signal(SIGINT, SIG_DFL);
	pid = fork();
	if (!pid) {
		sleep(1);
		kill(getppid(), SIGINT);
		_exit(0);
	}
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 75);
	assert_json(".errno == \"EINTR\" and .changed == false");
}

/* What is there, what would break, what is wrong */

static void test_tree(void **state)
{
	(void)state;
	assert_int_equal(RUN(tree, "-J"), 0);
	assert_json(".contexts | length == 2");
	assert_json(".contexts[0] | .id == \"0x1f2e3d4c5b6a7988\" and .areas == 2 and "
		    "(.holders | length) == 3 and .devices == [] and (has(\"context\") | not)");
	assert_json(".contexts[0].ioases[0] | .ioas == 2 and .pinned == 67108864 and "
		    "[.hwpts[].hwpt] == [4, 5] and .accesses == [{id: 6, ioas: 2}]");
	assert_json(".contexts[0].ioases[0].hwpts | .[0].devices[0].device == \"0000:00:01.0\" and "
		    ".[1].devices == [] and .[1].type == \"nested\"");
	assert_json(".contexts[0].ioases[0].owners | length == 2 and .[0].pid == 4242 and "
		    ".[0].command == \"vm\" and .[0].pinned == 67108864 and .[0].areas == 1 and "
		    ".[1].state == \"dead\" and .[1].command == null and .[1].unit == null");
	assert_json(".contexts[1].ioases[0] | .busy and .areas == null and .owners == []");
	assert_stderr("1 of what is marked busy");

	assert_int_equal(RUN(tree), 0);
	assert_stdout("^NODE +KIND +AREAS +MAPPED +PINNED +MODE +STATE +COMMAND +UNIT");
	assert_stdout("^0x1f2e3d4c5b6a7988 iommufd +2 +64M +64M user");
	assert_stdout("^  \\|-hwpt 4");
	assert_stdout("^  \\| `-0000:00:01.0");
	assert_stdout("^  \\|-access 6");
	assert_stdout("^  `-owner 0xdead +1 +4K +0B mm +dead");
	assert_stdout("^`-ioas 1 .* busy");
	assert_int_equal(RUN(tree, "-rn", "-o", "TYPE,CONTEXT,IOAS,PID", "0x1f2e3"), 0);
	assert_stdout("^owner 0x1f2e3d4c5b6a7988 2 4242$");
	assert_stdout("^device 0x1f2e3d4c5b6a7988 2 -$");
	assert_false(satisfies("grep -q", "stdout", "0x1f2e000000000001"));
	assert_int_equal(RUN(tree, "-J", "-p", "4243"), 0);
	assert_json(".contexts | map(.id) == [\"0x1f2e000000000001\"]");
	assert_int_equal(RUN(tree, "0x7"), 1);
	assert_int_equal(RUN(tree, "-H"), 0);

	/* attached to nothing */
	write_file("devices", "context=0x1f2e3d4c5b6a7988 id=3 device=0000:00:01.0\n");
	assert_int_equal(RUN(tree), 0);
	assert_stdout("^`-0000:00:01.0");
	assert_int_equal(RUN(tree, "-J"), 0);
	assert_json(".contexts[0].devices[0] | .hwpt == null and .device == \"0000:00:01.0\"");
	write_files();
}

/* A process that a PID namespace hides is unknown, and not nobody. */
static void test_hidden(void **state)
{
	(void)state;
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=- start=5 comm=vm via=device fd=12 "
		   "device=0000:00:01.0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=7 comm=vm via=context fd=11 busy=0\n");
	assert_int_equal(RUN(list, "-J"), 0);
	assert_json(".contexts[0].holders == [null, 4242] and .contexts[1].holders == []");
	assert_int_equal(RUN(list, "-rn", "-o", "HOLDERS"), 0);
	assert_stdout("^-,4242$");
	assert_int_equal(RUN(list, "-rn", "-o", "FILES"), 0);
	assert_stdout("^4242/11$");
	assert_int_equal(RUN(devices, "-J"), 0);
	assert_json(".devices[0].holders == [null]");
	write_files();
}

/* module answers: 4242 started at 5242, and its owner ID is 0xbeef1092. */
static void write_holders(bool other)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "context=0x1f2e3d4c5b6a7988 pid=4242 start=5242 comm=vm via=context fd=11 busy=0\n"
		 "context=0x1f2e3d4c5b6a7988 pid=4242 start=5242 comm=vm via=device fd=12 "
		 "device=0000:00:01.0 busy=0\n%s",
		 other ? "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm via=context fd=3 busy=0\n" :
		 "");
	write_file("holders", text);
	write_file("contexts",
		   "context=0x1f2e3d4c5b6a7988 kind=iommufd mode=user holders=2 ioases=1 hwpts=1 "
		   "devices=1 accesses=0 areas=2 mapped=67112960 pinned=67108864 owners=2 busy=0\n");
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x100000 length=67108864 source=address "
		   "addr=0x7f0000000000 pinned=67108864 mode=user owner=0xbeef1092 pid=4242 "
		   "start=5242 state=live uid=0 busy=0\n");
	write_file("owners",
		   "owner=0xbeef1092 pid=4242 start=5242 comm=vm uid=0 state=live mode=user contexts=1 "
		   "areas=1 pinned=67108864 charged=67108864 limit=134217728 used=67108864 "
		   "headroom=67108864 vm_pinned=67108864 vm_locked=0 user_locked=67108864 "
		   "user_other=0 busy=0\n");
}

static void test_can_exit(void **state)
{
	(void)state;
	reset_module();
	write_holders(false);
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json(".can_exit | .ok == false and .pid == 4242 and .owner == \"0xbeef1092\" and "
		    "[.findings[].finding] == [\"reset\", \"lost\"]");
	assert_json(".can_exit.findings[0] | .device == \"0000:00:01.0\" and .command == null and "
		    "(.advice | test(\"descriptor 12 of process 4242\"))");
	assert_json(".can_exit.findings[1] | .areas == 2 and .pinned == 67108864 and "
		    "(.advice | test(\"descriptor 11 of process 4242\"))");
	assert_int_equal(RUN(can_exit, "4241"), 0);
	assert_false(satisfies("grep -q", "stdout", "."));

	write_holders(true);
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json("[.can_exit.findings[].finding] == [\"reset\", \"mischarged\"]");
	assert_json(".can_exit.findings[1] | .areas == 1 and .pinned == 67108864 and .command == "
		    "\"dmaownctl transfer --to 4241 --from 4242 --context 0x1f2e3d4c5b6a7988\"");
	assert_int_equal(RUN(can_exit, "4242"), 2);
	assert_stdout("^reset: device 0000:00:01.0 in context 0x1f2e3d4c5b6a7988: ");
	assert_stdout("^  mend it with: dmaownctl transfer --to 4241 --from 4242 ");

	/* Another process with the same number held it: that one is gone. */
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=1 comm=vm via=context fd=11 busy=0\n");
	assert_int_equal(RUN(can_exit, "4241", "-J"), 0);
	assert_json(".can_exit | .ok and .findings == []");

	/* What is locked may be its own. */
	write_file("areas", "context=0x1f2e3d4c5b6a7988 ioas=2 busy=1\n");
	assert_int_equal(RUN(can_exit, "4241"), 14);
	assert_stdout("^unknown: 1 IOAS is locked");

	module.process_error = ESRCH;
	assert_int_equal(RUN(can_exit, "4242"), 10);
	assert_stderr("no process 4242");
	module.open_error = EACCES;
	assert_int_equal(RUN(can_exit, "4242"), 77);
	write_files();
}

static void test_verify(void **state)
{
	(void)state;
	write_holders(true);
	assert_int_equal(RUN(verify), 0);
	assert_false(satisfies("grep -q", "stdout", "."));
	assert_int_equal(RUN(verify, "-J"), 0);
	assert_json(". == {verify: {ok: true, findings: []}}");
	assert_int_equal(RUN(verify, "--headroom", "51"), 2);
	assert_stdout("^near-limit: process 4242, mode user: 64M left of its limit of 128M$");
	/* 64 MiB used of which 51 % are left: 136957388 bytes, in whole pages */
	assert_stdout("^  mend it with: prlimit --pid 4242 --memlock=136957952$");

	/* The owner holds nothing. */
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm via=context fd=3 busy=0\n");
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json(".verify.findings | length == 1 and .[0].finding == \"not-holder\" and "
		    ".[0].pid == 4242 and .[0].command == \"dmaownctl transfer --to 4241 "
		    "--from 0xbeef1092 --context 0x1f2e3d4c5b6a7988\"");
	write_files();

	/* Dead, at its limit, and two things that could not be looked into. */
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json("[.verify.findings[].finding] == "
		    "[\"unknown\", \"unknown\", \"dead-owner\", \"near-limit\"]");
	assert_json(".verify.findings[2] | .owner == \"0xdead\" and .pid == 777 and .areas == 1 and "
		    "(.command | endswith(\"--context 0x1f2e3d4c5b6a7988\"))");
	write_file("areas", "context=0x1f2e3d4c5b6a7988 ioas=2 busy=1\n");
	write_file("owners", "");
	assert_int_equal(RUN(verify), 14);
	write_files();
}

static void test_corrupt(void **state)
{
	static const struct { const char *owner, *condition; } cases[] = {
		{ "mode=none pinned=4096 vm_pinned=18446744073709547520 vm_locked=0 user_locked=0",
		  ".counter == \"VmPin\" and .value == null and .expected == 4096 and .pid == 4242" },
		{ "mode=none pinned=4096 vm_pinned=0 vm_locked=0 user_locked=0",
		  ".counter == \"VmPin\" and .value == 0 and .expected == 4096" },
		{ "mode=mm pinned=8192 vm_pinned=8192 vm_locked=4096 user_locked=0",
		  ".counter == \"VmLck\" and .value == 4096 and .expected == 8192" },
		{ "mode=user pinned=8192 vm_pinned=8192 vm_locked=0 user_locked=4096",
		  ".counter == \"locked_vm\" and .value == 4096 and .user == \"root\" and .pid == null" },
	};
	char text[512], condition[256];
	size_t i;

	(void)state;
	write_holders(true);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "owner=0xbeef1092 pid=4242 start=5242 comm=vm uid=0 "
			 "state=live contexts=1 areas=1 busy=0 %s\n", cases[i].owner);
		write_file("owners", text);
		assert_int_equal(RUN(verify, "-J"), 2);
		snprintf(condition, sizeof(condition),
			 ".verify.findings | length == 1 and (.[0] | .finding == \"corrupt\" and %s)",
			 cases[i].condition);
		assert_json(condition);
		assert_int_equal(RUN(owners, "-rn", "-o", "MARK"), 0);
		assert_stdout("^corrupt$");
	}
	assert_int_equal(RUN(verify), 2);
	assert_stdout("^corrupt: locked pages of user root: 4096 bytes, but 8192 bytes are pinned");

	/* What two of its owners have pinned together is more than is charged; and what is enough. */
	write_file("owners",
		   "owner=0x1 pid=4242 start=5242 uid=0 state=live mode=none areas=1 pinned=4096 "
		   "vm_pinned=4096 busy=0\n"
		   "owner=0x1 pid=4242 start=5242 uid=0 state=live mode=user areas=1 pinned=4096 "
		   "vm_pinned=4096 user_locked=4096 busy=0\n");
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json(".verify.findings | length == 1 and .[0].expected == 8192");
	/* An address space that it has left is another account. */
	write_file("owners",
		   "owner=0x1 pid=4242 start=5242 uid=0 state=live mode=none areas=1 pinned=4096 "
		   "vm_pinned=4096 busy=0\n"
		   "owner=0x1 pid=4242 start=5242 uid=0 state=stale mode=none areas=1 pinned=4096 "
		   "busy=0\n");
	assert_int_equal(RUN(verify), 0);
	write_files();
}

static void test_metrics(void **state)
{
	(void)state;
	assert_int_equal(RUN(metrics), 0);
	assert_stdout("^# TYPE dmaown_transfers_total counter$");
	assert_stdout("^dmaown_transfers_total 1$");
	assert_stdout("^dmaown_refusals_total\\{reason=\"\"\\} 2$");
	assert_stdout("^dmaown_refusals_total\\{reason=\"limit-mm\"\\} 3$");
	assert_stdout("^dmaown_refusals_total\\{reason=\"exec\"\\} 0$");
	assert_stdout("^dmaown_busy 1$");
	assert_stdout("^dmaown_areas\\{unit=\"[^\"]*\",mode=\"mm\",state=\"dead\"\\} 1$");
	assert_stdout("^dmaown_pinned_bytes\\{unit=\"[^\"]*\",mode=\"user\",state=\"live\"\\} 67108864$");
	assert_stdout("^dmaown_headroom_bytes\\{unit=\"[^\"]*\",mode=\"user\"\\} 0$");
	assert_stdout("^dmaown_findings\\{unit=\"[^\"]*\",finding=\"dead-owner\"\\} 1$");
	assert_stdout("^dmaown_findings\\{unit=\"\",finding=\"corrupt\"\\} 0$");
	/* no PID, no area */
	assert_false(satisfies("grep -Eq", "stdout", "pid|owner=|0x"));
	/* each family once, its lines together, and each series once */
	assert_true(satisfies("awk", "stdout",
			      "/^# TYPE/ { if (seen[$3]++) exit 1; family = $3; next } "
			      "/^#/ { next } { split($1, name, \"{\"); if (name[1] != family || "
			      "lines[$1]++) exit 1 }"));

	/* What a kernel's name may contain is escaped. */
	write_file("status", "version=0.1.0 kernel=a\\134b\\042c\\012d\\377 transfers=1\n");
	assert_int_equal(RUN(metrics), 0);
	assert_true(satisfies("grep -Fq", "stdout", "kernel=\"a\\\\b\\\"c\\nd\xef\xbf\xbd\""));
	write_files();
}

static void test_mark(void **state)
{
	(void)state;
	assert_int_equal(RUN(owners, "-J"), 0);
	assert_json("[.owners[].mark] == [\"low\", null]");
	assert_int_equal(RUN(owners), 0);
	assert_stdout(" low$");
}

/* The host, as files below a folder tell it */

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
	char *hint = hint_not_loaded(root, "6.12.95");

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
	static const char dep[] = "kernel/fs/ext4.ko: a.ko\nupdates/dkms/dmaown.ko.xz: kernel/x.ko\n";
	static const char ours[] = "updates/dmaown.ko:\n";
	char root[128];
	char *id;

	(void)state;
	snprintf(root, sizeof(root), "%s/root", directory);
	assert_null(running_build_id(root));
	write_below(root, "/sys/kernel/notes", notes, sizeof(notes) - 1);
	/* Not loaded, nor built in. */
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
	/* cut off */
	write_below(root, "/sys/module/iommufd/notes/.note.gnu.build-id", notes, sizeof(notes) - 3);
	assert_null(running_build_id(root));

	assert_hint(root, "none for this kernel (6.12.95); build it with", "signature");
	write_below(root, "/lib/modules/6.1.0/modules.dep", dep, sizeof(dep) - 1);
	assert_hint(root, "but one for 6.1.0", "modprobe");
	write_below(root, "/lib/modules/6.12.95/modules.dep", dep, sizeof(dep) - 1);
	assert_hint(root, "modprobe dmaown", "signature");
	write_below(root, "/sys/module/module/parameters/sig_enforce", "N\n", 2);
	write_below(root, "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n", 33);
	assert_hint(root, "modprobe dmaown", "signature");
	write_below(root, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n", 33);
	assert_hint(root, "(lockdown): if it refuses this one, enrol the key that DKMS signs with: "
		    "mokutil --import /var/lib/dkms/mok.pub", NULL);
	write_below(root, "/etc/os-release", "NAME=x\nID=ubuntu\n", 17);
	assert_hint(root, "/var/lib/shim-signed/mok/MOK.der", "dkms/mok.pub");
	write_below(root, "/sys/module/module/parameters/sig_enforce", "Y\n", 2);
	write_below(root, "/sys/kernel/security/lockdown", "[none]\n", 7);
	write_below(root, "/lib/modules/6.12.95/modules.dep", ours, sizeof(ours) - 1);
	assert_hint(root, "(module.sig_enforce): if it refuses this one, sign it", "DKMS");
}

static int set_up(void **state)
{
	(void)state;
	module.asked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (module.asked == MAP_FAILED || !mkdtemp(directory))
		return -1;
	module.asked_file = (void *)(module.asked + 1);
	write_files();
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debugfs_line),
		cmocka_unit_test(test_debugfs_order),
		cmocka_unit_test(test_debugfs_garbage),
		cmocka_unit_test(test_netlink_round_trip),
		cmocka_unit_test(test_netlink_garbage),
		cmocka_unit_test(test_remaps),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_context_names),
		cmocka_unit_test(test_process_names),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_kmsg),
		cmocka_unit_test(test_exits),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_areas),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_broken_file),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_transfer_moved),
		cmocka_unit_test(test_transfer_moves),
		cmocka_unit_test(test_transfer_owner),
		cmocka_unit_test(test_transfer_refused),
		cmocka_unit_test(test_forces),
		cmocka_unit_test(test_transfer_forced),
		cmocka_unit_test(test_transfer_adopted),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_raise_limit),
		cmocka_unit_test(test_raise_limit_failed),
		cmocka_unit_test(test_transfer_interrupted),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_can_exit),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests_name("dmaownctl", tests, set_up, tear_down);
}
