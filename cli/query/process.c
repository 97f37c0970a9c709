// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "channel/channel.h"
#include "exit_status.h"
#include "host/number.h"
#include "host/number_set.h"
#include "id.h"
#include "process.h"

/* linux/magic.h of Linux 6.9 */
#define PIDFS_MAGIC 0x50494446

bool process_parse(const char *text, struct process_name *name)
{
	char number[16];
	size_t length = strcspn(text, ":");
	uint64_t inode;

	*name = (struct process_name){ 0 };
	if (!strncmp(text, "0x", 2))
		return id_parse(text, &name->owner, &name->digits) && name->owner;
	if (length >= sizeof(number))
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	name->pid = pid_parse(number);
	if (!name->pid || !text[length])
		return name->pid;
	if (!number_parse(text + length + 1, UINT64_MAX, &inode))
		return false;
	name->inode = inode;
	return name->inode;
}

/*
 * Open the pidfd of the process with this PID, and compare its inode.
 * Return: the pidfd, -ESRCH if another process has the PID, or another -errno.
 */
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

int process_ask(int device, struct process_ref *ref)
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
	rc = process_ask(device, ref);
	/*
	 * No other process can have the PID before this one is reaped: if it still exists, the
	 * module has seen the same process.
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
	/*
	 * The module compares the start time: if it matches, the process had the PID already when
	 * the pidfd was opened.
	 */
	rc = process_ask(device, &now);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

struct owner_search {
	const struct process_name *name;
	struct record_list found; /* each owner once */
	struct number_set seen;	  /* their IDs */
};

static int search_owner(const union record *record, void *data)
{
	const struct owner_record *owner = &record->owner;
	struct owner_search *search = data;
	int rc;

	if (!known(owner, OWNER, OWNER) ||
	    !id_matches(search->name->owner, search->name->digits, owner->owner))
		return 0;
	/* A full ID is never ambiguous. */
	if (owner->owner == search->name->owner) {
		search->found.nr = 0;
		return record_list_add(&search->found, record) ?: 1;
	}
	rc = number_set_add(&search->seen, owner->owner);
	return rc > 0 ? record_list_add(&search->found, record) : rc;
}

/* Return: 0 with the owner in the list; or, after a message, -ENOENT or an exit status. */
static int look_up_owner(struct channel *channel, const char *text, struct owner_search *search)
{
	const struct record_list *found = &search->found;
	int rc = channel_search(channel, RECORD_OWNER, 0, search_owner, search);
	size_t i;

	if (rc < 0)
		return channel_failed(channel, RECORD_OWNER, rc);
	if (!found->nr) {
		warnx("owner %s: no owner has this ID; see: dmaownctl owners", text);
		return -ENOENT;
	}
	if (found->nr == 1)
		return 0;
	warnx("owner %s: this may be any of %zu; name one of them by its ID:", text, found->nr);
	for (i = 0; i < found->nr; i++)
		warnx("  0x%" PRIx64, found->items[i].owner.owner);
	return EXIT_OTHER;
}

static int set_owner(const char *text, const struct owner_record *owner, struct process_ref *ref)
{
	if (!known(owner, OWNER, PID) || !known(owner, OWNER, START)) {
		warnx("owner %s has no PID in this PID namespace; "
		      "run dmaownctl in the initial one (nsenter -t 1 -p -m)",
		      text);
		return EXIT_OTHER;
	}
	ref->process.pid = owner->pid;
	ref->process.start = owner->start;
	/* A dead process has left its PID namespaces: the PID is that of the initial one. */
	if (owner->state == DMAOWN_STATE_DEAD)
		ref->process.flags = DMAOWN_PROCESS_INITIAL;
	ref->owner = owner->owner;
	ref->uid = owner->uid;
	return 0;
}

static int find_owner(struct channel *channel, const char *text, const struct process_name *name,
		      struct process_ref *ref)
{
	struct owner_search search = { .name = name };
	int rc = look_up_owner(channel, text, &search);

	if (!rc)
		rc = set_owner(text, &search.found.items[0].owner, ref);
	record_list_free(&search.found);
	number_set_free(&search.seen);
	return rc;
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
		warnx("process %s: pidfds have inodes of their own only since Linux 6.9; "
		      "name the process by its PID alone",
		      text);
	else
		warnx("process %s: %s", text, strerror(-rc));
	return EXIT_OTHER;
}
