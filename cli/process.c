// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "channel.h"
#include "exits.h"
#include "options.h"
#include "process.h"

/* linux/magic.h of Linux 6.9 */
#define PIDFS_MAGIC	0x50494446

static bool is_unit(const char *name, size_t length)
{
	static const char *const suffixes[] = { ".service", ".scope", ".slice" };
	size_t i, n;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		n = strlen(suffixes[i]);
		if (length > n && !strncmp(name + length - n, suffixes[i], n))
			return true;
	}
	return false;
}

/* The path in the line of the unified hierarchy, or on older hosts of systemd's own. */
static const char *cgroup_path(const char *contents, size_t *length)
{
	static const char *const hierarchies[] = { ":name=systemd:", "0::" };
	const char *line, *at, *path = NULL;
	size_t i;

	for (line = contents; line && *line; line = strchr(line, '\n') ?: "", line += *line != 0) {
		for (i = 0; i < 2; i++) {
			at = i ? line : line + strspn(line, "0123456789");
			if (strncmp(at, hierarchies[i], strlen(hierarchies[i])))
				continue;
			at += strlen(hierarchies[i]);
			/* A hybrid host has nobody in the unified one but at its root. */
			if (!path || strcspn(at, "\n") > 1) {
				path = at;
				*length = strcspn(at, "\n");
			}
		}
	}
	return path;
}

char *unit_of_cgroup(const char *contents)
{
	const char *path, *component, *unit = NULL;
	size_t length = 0, n, unit_length = 0;

	path = cgroup_path(contents, &length);
	if (!path || !length)
		return NULL;
	for (component = path; component < path + length; component += n + 1) {
		n = strcspn(component, "/\n");
		if (is_unit(component, n)) {
			unit = component;
			unit_length = n;
		}
	}
	return unit ? strndup(unit, unit_length) : strndup(path, length);
}

char *unit_of_process(uint32_t pid)
{
	char path[sizeof("/proc//cgroup") + 10];
	char contents[4096 * 2];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	length = fread(contents, 1, sizeof(contents) - 1, file);
	fclose(file);
	contents[length] = '\0';
	return unit_of_cgroup(contents);
}

static char *look_up_user(uint32_t uid)
{
	const struct passwd *user = getpwuid(uid);
	char *number;

	if (user)
		return strdup(user->pw_name);
	return asprintf(&number, "%" PRIu32, uid) < 0 ? NULL : number;
}

/* Rows of one user mostly follow one another, and each lookup opens the user database anew. */
char *user_name(uint32_t uid)
{
	static uint32_t last_uid;
	static char *last_name;

	if (!last_name || uid != last_uid) {
		free(last_name);
		last_name = look_up_user(uid);
		last_uid = uid;
	}
	return last_name ? strdup(last_name) : NULL;
}

bool process_parse(const char *text, struct process_name *name)
{
	char number[16];
	size_t length = strcspn(text, ":");
	char *end;

	*name = (struct process_name){ 0 };
	if (!strncmp(text, "0x", 2)) {
		errno = 0;
		name->owner = strtoull(text + 2, &end, 16);
		return text[2] != '-' && text[2] != '+' && !*end && !errno && name->owner;
	}
	if (length >= sizeof(number))
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	name->pid = parse_pid(number);
	if (!name->pid || !text[length])
		return name->pid;
	text += length + 1;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	name->inode = strtoull(text, &end, 10);
	return !*end && !errno && name->inode;
}

/* The pidfd of the process whose pidfd has that inode; -ESRCH: another process has the PID. */
static int open_by_inode(const struct process_name *name)
{
	struct statfs fs;
	struct stat st;
	int fd;

	fd = syscall(SYS_pidfd_open, name->pid, 0);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) || fs.f_type != PIDFS_MAGIC) {
		close(fd);
		return -EOPNOTSUPP;
	}
	if (fstat(fd, &st) || st.st_ino != name->inode) {
		close(fd);
		return -ESRCH;
	}
	return fd;
}

static int ask_module(int device, struct process_ref *ref)
{
	struct dmaown_process_info info = { .size = sizeof(info), .process = ref->process };

	if (ioctl(device, DMAOWN_IOC_PROCESS, &info))
		return -errno;
	ref->process = info.process;
	ref->uid = info.uid;
	ref->owner = info.owner;
	return 0;
}

static int find_pid(int device, const struct process_name *name, struct process_ref *ref)
{
	int pidfd = -1;
	int rc;

	ref->process.pid = name->pid;
	if (name->inode) {
		pidfd = open_by_inode(name);
		if (pidfd < 0)
			return pidfd;
	}
	rc = ask_module(device, ref);
	/*
	 * While it has not been reaped nobody else has its number: the module meant the same one.
	 */
	if (!rc && pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) &&
	    errno == ESRCH)
		rc = -ESRCH;
	if (pidfd >= 0)
		close(pidfd);
	return rc;
}

int process_open(int device, const struct process_ref *ref)
{
	struct process_ref now = *ref;
	int fd, rc;

	fd = syscall(SYS_pidfd_open, ref->process.pid, 0);
	if (fd < 0)
		return -errno;
	/* It compares the start time. Who has the number now had it all the time. */
	rc = ask_module(device, &now);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

struct owner_search {
	uint64_t owner;
	struct owner_record found;
};

static int match_owner(const union record *record, void *data)
{
	struct owner_search *search = data;

	if (!known(&record->owner, OWNER, OWNER) || record->owner.owner != search->owner)
		return 0;
	search->found = record->owner;
	return 1;
}

static int find_owner(struct channel *channel, const char *text, const struct process_name *name,
		      struct process_ref *ref)
{
	struct owner_search search = { .owner = name->owner };
	int rc = channel_search(channel, RECORD_OWNER, 0, match_owner, &search);

	if (rc < 0)
		return channel_failed(channel, RECORD_OWNER, rc);
	if (rc != 1)
		return -ENOENT;
	if (!known(&search.found, OWNER, PID) || !known(&search.found, OWNER, START)) {
		warnx("owner %s has no number in this PID namespace; "
		      "run it in the initial one (nsenter -t 1 -p -m)", text);
		return EXIT_OTHER;
	}
	ref->process.pid = search.found.pid;
	ref->process.start = search.found.start;
	/* The dead have left the namespaces; their number is the initial one's. */
	if (search.found.state == DMAOWN_STATE_DEAD)
		ref->process.flags = DMAOWN_PROCESS_INITIAL;
	ref->owner = name->owner;
	ref->uid = search.found.uid;
	return 0;
}

int process_find(int device, struct channel *channel, const char *text,
		 const struct process_name *name, struct process_ref *ref)
{
	int rc;

	*ref = (struct process_ref){ 0 };
	if (!name->pid)
		return find_owner(channel, text, name, ref);
	rc = find_pid(device, name, ref);
	if (!rc || rc == -ESRCH)
		return rc;
	if (rc == -EPERM)
		return not_allowed();
	if (rc == -EOPNOTSUPP)
		warnx("process %s: this kernel's pidfds have no inodes of their own (Linux 6.9 has them); "
		      "name it by its PID alone", text);
	else
		warnx("process %s: %s", text, strerror(-rc));
	return EXIT_OTHER;
}
