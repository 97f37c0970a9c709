// SPDX-License-Identifier: GPL-2.0-only
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libsmartcols.h>

#include "host/module_hint.h"
#include "host/vfio.h"

#define TEMPLATE "/tmp/dmaownctl-test-XXXXXX"

char directory[sizeof(TEMPLATE)];

struct fake_module module;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
char *__real_running_build_id(const char *root);
char *__wrap_running_build_id(const char *root);
int __wrap_ioctl(int fd, unsigned long request, ...);
struct passwd *__real_getpwuid(uid_t uid);
struct passwd *__wrap_getpwuid(uid_t uid);

int __real_scols_table_print_range(struct libscols_table *table, struct libscols_line *from,
				   struct libscols_line *to);
int __wrap_scols_table_print_range(struct libscols_table *table, struct libscols_line *from,
				   struct libscols_line *to);

unsigned int user_lookups, tables_printed;

const char *host_iommufd;

char *__wrap_running_build_id(const char *root)
{
	if (*root)
		return __real_running_build_id(root);
	return host_iommufd ? strdup(host_iommufd) : NULL;
}

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

/* Every process exists, except 666. */
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

/* Add the report that RLIMIT_MEMLOCK of the new owner is too low, if it is. */
static void add_limit_report(struct dmaown_transfer *call)
{
	struct dmaown_report *reports = (void *)(uintptr_t)call->reports;
	struct rlimit limit;

	assert_int_equal(prlimit(call->to.pid, RLIMIT_MEMLOCK, NULL, &limit), 0);
	if (limit.rlim_cur >= module.needed)
		return;
	reports[call->nr_reports++] = (struct dmaown_report){
		.reason = DMAOWN_REASON_LIMIT_USER,
		.error = ENOMEM,
		.process = call->to.pid,
		.value = module.needed,
		.limit = limit.rlim_cur,
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
	/* A signal ends the wait, as in the module. */
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
	call->unlimited = module.answer.unlimited;
	memcpy(reports, module.reports, module.nr_reports * sizeof(*reports));
	if (module.needed)
		add_limit_report(call);
	errno = module.transfer_error ?: call->nr_reports ? ENOMEM : 0;
	return errno ? -1 : 0;
}

static int answer_leave(struct dmaown_leave *call)
{
	struct dmaown_report *reports = (void *)(uintptr_t)call->reports;

	assert_int_equal(call->process.start, 1000 + call->process.pid);
	assert_true(call->nr_reports >= module.nr_leave_reports);
	call->nr_reports = module.nr_leave_reports;
	call->reports_total = module.nr_leave_reports;
	memcpy(reports, module.leave_reports, module.nr_leave_reports * sizeof(*reports));
	errno = module.leave_error ?: call->nr_reports ? EXDEV : 0;
	return errno ? -1 : 0;
}

/* The IOVA to go on with is the number of ranges that have been returned. */
static int answer_compare(struct dmaown_compare *call)
{
	unsigned int left = module.nr_ranges - call->iova;
	unsigned int nr = MIN(MIN(left, call->nr_ranges), module.ranges_at_once);

	module.comparisons++;
	module.compared_file = call->file;
	errno = module.compare_error;
	if (errno)
		return -1;
	memcpy((void *)(uintptr_t)call->ranges, &module.ranges[call->iova],
	       nr * sizeof(*module.ranges));
	call->iova += nr;
	call->nr_ranges = nr;
	call->more = nr < left;
	return 0;
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
	if (request == DMAOWN_IOC_LEAVE)
		return answer_leave(arg);
	if (request == DMAOWN_IOC_COMPARE)
		return answer_compare(arg);
	/* Standard output is no terminal: it has no width. */
	errno = ENOTTY;
	return -1;
}

FILE *create(const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	return file;
}

void write_file(const char *name, const char *text)
{
	FILE *file = create(name);

	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

void write_files(void)
{
	write_file("status", "version=0.1.0 transfers=1\n");
	write_file("refusals",
		   "reason=- refusals=2\nreason=limit-mm refusals=3\nreason=exec refusals=0\n");
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

void write_sysfs(void)
{
	static const char make[] =
		"d=bus/pci/devices/0000:00 g=kernel/iommu_groups/5/devices/0000:00; "
		"mkdir -p $d:01.0 $d:02.0 $d:03.0 bus/platform/devices/emulated.0 $g:01.0 $g:03.0 "
		"class/misc/iommu class/vfio-dev/vfio3 dev/char/1:3 && "
		"ln -sfn ../../../$d:01.0 class/vfio-dev/vfio3/device";
	static char root[sizeof(directory) + sizeof("/sys")];
	char command[sizeof(make) + 2 * sizeof(root) + 32];

	snprintf(root, sizeof(root), "%s/sys", directory);
	snprintf(command, sizeof(command), "mkdir -p %s && cd %s && %s", root, root, make);
	assert_int_equal(system(command), 0);
	sysfs = root;
}

int run(command_function *main, char **argv)
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

int run_on_terminal(unsigned short columns, command_function *main, char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	FILE *file = create("stdout");
	int master, slave, status;
	char bytes[4096];
	ssize_t length;
	pid_t pid;

	fflush(NULL);
	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	pid = fork();
	if (!pid) {
		struct channel_choice choice = { "debugfs", directory };
		int argc = 0;

		while (argv[argc])
			argc++;
		dup2(slave, STDOUT_FILENO);
		close(slave);
		close(master);
		status = main(argc, argv, &choice);
		fflush(stdout);
		_exit(status);
	}
	assert_true(pid > 0);
	close(slave);
	while ((length = read(master, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, length, file);
	close(master);
	fclose(file);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

bool satisfies(const char *tool, const char *file, const char *condition)
{
	char command[2048];

	snprintf(command, sizeof(command), "%s '%s' <%s/%s >/dev/null 2>&1", tool, condition,
		 directory, file);
	return !system(command);
}

static const struct dmaown_transfer moved = {
	.contexts = 1,
	.areas = 2,
	.areas_total = 2,
	.pages_objects = 2,
	.pinned = 67108864,
	.charged_user = 67108864,
	.locked_user = 68157440,
	.locked_mm = 4096,
	.limit = 69206016,
};

void reset_module(void)
{
	struct dmaown_transfer *asked = module.asked;
	struct dmaown_file *asked_file = module.asked_file;

	memset(&module, 0, sizeof(module));
	module.asked = asked;
	module.asked_file = asked_file;
	module.answer = moved;
}

int set_up(void **state)
{
	(void)state;
	module.asked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(directory, TEMPLATE);
	if (module.asked == MAP_FAILED || !mkdtemp(directory))
		return -1;
	module.asked_file = (void *)(module.asked + 1);
	write_files();
	return 0;
}

int tear_down(void **state)
{
	char command[128];

	(void)state;
	munmap(module.asked, 4096);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}
