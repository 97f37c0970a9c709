/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A storm: processes change contexts as fast as they can, while transfers move ownership back and
 * forth between three of them and everything is listed all the time. In the end everything is
 * closed, and each counter must have its first value again.
 */
#ifndef STORM_H
#define STORM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STORM_PLAYERS	 3
#define STORM_OPERATIONS 24

/* Operations of every storm; each test adds its own. */
enum { TRANSFER, ADOPT, DRY_RUN, EXEC, KILL, NETLINK, DEBUGFS, STORM_OTHERS };

#define STORM_NAMES                                                                   \
	"transfer", "transfer of orphans", "dry run", "exec", "kill", "netlink dump", \
		"debugfs listing"

/* State shared by all processes. */
struct storm {
	bool stop;  /* end the current operation */
	bool close; /* then close everything */
	pid_t players[STORM_PLAYERS];
	pid_t orphan;	 /* about to exec or to die, or has done so; 0: none yet */
	int still_there; /* workers that have not ended */
	uint64_t done[STORM_OPERATIONS], failed[STORM_OPERATIONS];
	uint64_t retries, areas, adopted, records;
	uint64_t bad; /* number of events that must never happen */
};

extern struct storm *storm;

/* Count the result of an operation. Return: @ret. */
int count(int operation, int ret);

/* Report an event that must never happen. */
void bad(const char *what, int error);

/* Return: a random number below @n. */
uint32_t pick(uint32_t n);

/* Sleep for a moment, now and then. */
void rest(void);

/* Transfer in the contexts of one or two descriptors. Return: 0 or an errno. */
int storm_transfer(int operation, pid_t to, const int *contexts, int nr, uint32_t flags);

/*
 * Part of an act: a child maps something and may leave its address space by an exec. Then it is
 * killed, and in some cases its mapping is unmapped.
 */
void make_orphan(void (*map)(void), void (*unmap)(void));

/* Acts for a cast. */
void list_by_netlink(void);
void list_by_debugfs(void);

/* A process, and the acts that its threads repeat, one each. */
struct cast {
	uid_t uid;
	void (*acts[4])(void);
};

struct play {
	const char *const *names; /* of all operations */
	int nr_names;
	const struct cast *cast; /* the players first */
	int nr_cast;
	void (*begin)(void);
	void (*end)(void); /* closes everything that begin() has opened */
};

/*
 * Run a whole test. DMAOWN_STORM_SECONDS is the duration of the storm. Return: the exit status for
 * main().
 */
int storm_test(const struct play *play);

#endif
