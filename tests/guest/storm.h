/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A storm: processes that do things to contexts as fast as they can, while transfers go back and forth
 * between three of them and everything is listed all the time. Then all of it is closed, and each counter
 * is at its first value.
 */
#ifndef STORM_H
#define STORM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STORM_PLAYERS		3
#define STORM_OPERATIONS	24

/* Operations that each storm has; others follow. */
enum { TRANSFER, ADOPT, DRY_RUN, EXEC, KILL, NETLINK, DEBUGFS, STORM_OTHERS };

#define STORM_NAMES	\
	"transfer", "transfer of orphans", "dry run", "exec", "kill", "netlink dump", "debugfs listing"

/* What all processes see. */
struct storm {
	bool stop;		/* end what you do, */
	bool close;		/* and let go of everything */
	pid_t players[STORM_PLAYERS];
	pid_t orphan;		/* who is about to exec or to die, or has done so; 0: nobody yet */
	int still_there;	/* workers that have not ended */
	uint64_t done[STORM_OPERATIONS], failed[STORM_OPERATIONS];
	uint64_t retries, areas, adopted, records;
	uint64_t bad;		/* what must not be */
};

extern struct storm *storm;

/* Counts what an operation has returned, and returns it. */
int count(int operation, int ret);

/* What must never happen. */
void bad(const char *what, int error);

/* A number below n. */
uint32_t pick(uint32_t n);

/* A moment of calm now and then. */
void rest(void);

/* A transfer in contexts by these descriptors, of which there are one or two; returns an errno. */
int storm_transfer(int operation, pid_t to, const int *contexts, int nr, uint32_t flags);

/*
 * Part of an act: a child maps something, and leaves its address space or not; then it is killed, and
 * sometimes what it mapped is unmapped.
 */
void make_orphan(void (*map)(void), void (*unmap)(void));

/* Acts for a cast. */
void list_by_netlink(void);
void list_by_debugfs(void);

/* A process, and what each of its threads does over and over. */
struct cast {
	uid_t uid;
	void (*acts[4])(void);
};

struct play {
	const char * const *names;	/* of all operations */
	int nr_names;
	const struct cast *cast;	/* the players first */
	int nr_cast;
	void (*begin)(void);
	void (*end)(void);		/* lets go of what begin() has opened */
};

/* A whole test; returns what main() returns. DMAOWN_STORM_SECONDS is how long the storm lasts. */
int storm_test(const struct play *play);

#endif
