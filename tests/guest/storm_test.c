// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm. Processes map, unmap, copy, create and destroy IOASes, attach and detach a device, bind
 * and unbind another one, exec and get killed. Meanwhile transfers move ownership back and forth
 * between three of them, and everything is listed all the time. In the end everything is closed,
 * and each counter must have its first value again. TAP on standard output; DMAOWN_STORM_SECONDS is
 * the duration.
 *
 * The results of iommufd's own calls in a storm do not matter, with one exception: a transfer or a
 * listing must never make IOMMU_DESTROY fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dmaown.h"
#include "scene.h"
#include "storm.h"
#include "tap.h"

/* THE SCENE */

/*
 * Contexts, each with two permanent IOASes. Transfers move the first two, in mode user and mm. In
 * the third, copies go into new IOASes before their creator knows their IDs. In the fourth, areas
 * lose their owners.
 */
enum { SHARED, SHARED_MM, RACES, ORPHANS, CONTEXTS };
static int contexts[CONTEXTS];
static uint32_t ioases[CONTEXTS][2];

#define SLOTS	   24
#define SLOT_PAGES 4
#define SIZE	   (SLOTS * SLOT_PAGES * PAGE)
#define MEMORY_AT  ((void *)0x10000000000)

static int device; /* stays bound to SHARED */

/* Other operations that are counted. */
#define OPERATIONS(O)              \
	O(MAP, "map")              \
	O(UNMAP, "unmap")          \
	O(COPY, "copy")            \
	O(MAKE, "make IOAS")       \
	O(DESTROY, "destroy IOAS") \
	O(ATTACH, "attach")        \
	O(DETACH, "detach")        \
	O(BIND, "bind")            \
	O(COPY_NEXT, "copy into the next IOAS")
#define OPERATION_(o, name) o,
#define NAME_(o, name)	    name,
enum { BEFORE = STORM_OTHERS - 1, OPERATIONS(OPERATION_) };
static const char *const names[] = { STORM_NAMES, OPERATIONS(NAME_) };

/* OPERATIONS */

static uint64_t iova_of(uint32_t slot)
{
	return 0x100000ull * (slot + 1);
}

static void *memory_of(uint32_t slot)
{
	return MEMORY_AT + slot * SLOT_PAGES * PAGE;
}

static void map_one(int context)
{
	uint32_t slot = pick(SLOTS), from = pick(SLOTS), n = pick(2);

	switch (pick(8)) {
	case 0 ... 2:
		count(MAP, try_map(contexts[context], ioases[context][n], memory_of(slot),
				   (1 + pick(SLOT_PAGES)) * PAGE, iova_of(slot)));
		break;
	case 3 ... 4:
		count(COPY, try_copy(contexts[context], ioases[context][n], iova_of(slot),
				     ioases[context][pick(2)], iova_of(from), PAGE));
		break;
	case 5 ... 6:
		count(UNMAP,
		      try_unmap(contexts[context], ioases[context][n], iova_of(slot), 0x100000));
		break;
	default:
		if (!pick(20))
			count(UNMAP,
			      try_unmap(contexts[context], ioases[context][n], 0, UINT64_MAX));
	}
}

static void map_shared(void)
{
	map_one(SHARED);
	rest();
}

static void map_shared_mm(void)
{
	map_one(SHARED_MM);
	rest();
}

/* Only transfers and listings know this IOAS: destroying it must always succeed. */
static void make_and_destroy(void)
{
	uint32_t ioas;

	if (count(MAKE, try_ioas(contexts[SHARED], &ioas)))
		return;
	count(MAP, try_map(contexts[SHARED], ioas, memory_of(0), PAGE, 0));
	count(COPY, try_copy(contexts[SHARED], ioas, iova_of(5), ioases[SHARED][0],
			     iova_of(pick(SLOTS)), PAGE));
	if (count(DESTROY, try_destroy(contexts[SHARED], ioas)))
		bad("IOMMU_DESTROY", errno);
	rest();
}

static void attach_and_detach(void)
{
	count(ATTACH, try_attach(device, ioases[SHARED][pick(2)]));
	usleep(pick(3000));
	count(DETACH, try_detach(device));
	rest();
}

/* Use another device, from open to close, with an IOAS that can be destroyed at the end. */
static void bind_and_unbind(void)
{
	int other = device_file(1);
	uint32_t ioas;

	if (!count(BIND, try_bind(other, contexts[SHARED_MM])) &&
	    !count(MAKE, try_ioas(contexts[SHARED_MM], &ioas))) {
		count(MAP, try_map(contexts[SHARED_MM], ioas, memory_of(1), PAGE, 0));
		count(ATTACH, try_attach(other, ioas));
		usleep(pick(3000));
		count(DETACH, try_detach(other));
		if (count(DESTROY, try_destroy(contexts[SHARED_MM], ioas)))
			bad("IOMMU_DESTROY after the detach", errno);
	}
	close(other);
	rest();
}

/* While a copy into the IOAS is in progress, the kernel refuses: retry. */
static void destroy_raced(uint32_t ioas)
{
	int tries;

	for (tries = 0; tries < 100000; tries++) {
		if (!count(DESTROY, try_destroy(contexts[RACES], ioas)))
			return;
		if (errno != EBUSY)
			break;
	}
	bad("IOMMU_DESTROY of an IOAS that is copied into", errno);
}

/* Create and destroy IOASes, under the lowest free IDs. */
static void race_ioases(void)
{
	uint32_t made[4];
	int nr = 0, i;

	while (nr < 4 && !count(MAKE, try_ioas(contexts[RACES], &made[nr])))
		nr++;
	for (i = 0; i < nr; i++)
		destroy_raced(made[i]);
}

/* Copy into these IOASes, before their creator knows their IDs, and use the result. */
static void race_copies(void)
{
	uint32_t next = ioases[RACES][1] + 1 + pick(4);
	uint32_t slot = pick(SLOTS);

	count(MAP,
	      try_map(contexts[RACES], ioases[RACES][0], memory_of(slot), PAGE, iova_of(slot)));
	count(COPY_NEXT, try_copy(contexts[RACES], next, iova_of(slot), ioases[RACES][0],
				  iova_of(slot), PAGE));
	if (!pick(4))
		count(UNMAP, try_unmap(contexts[RACES], ioases[RACES][0], iova_of(slot), PAGE));
	if (!pick(4))
		count(UNMAP, try_unmap(contexts[RACES], next, 0, UINT64_MAX));
	rest();
}

static void map_orphan(void)
{
	uint32_t slot = pick(SLOTS);

	try_map(contexts[ORPHANS], ioases[ORPHANS][0], memory_of(slot), SLOT_PAGES * PAGE,
		iova_of(slot));
}

static void unmap_orphan(void)
{
	count(UNMAP, try_unmap(contexts[ORPHANS], ioases[ORPHANS][0], 0, UINT64_MAX));
}

/* Make owners that leave their address space or die. */
static void make_orphans(void)
{
	make_orphan(map_orphan, unmap_orphan);
}

/* TRANSFERS AND LISTINGS */

static void transfer_shared(void)
{
	/* SHARED, SHARED_MM, RACES */
	pid_t to = storm->players[pick(STORM_PLAYERS)];
	bool dry = !pick(5);
	int first = pick(3), error;

	error = storm_transfer(dry ? DRY_RUN : TRANSFER, to, contexts + first,
			       first < 2 ? 1 + pick(2) : 1, dry ? DMAOWN_TRANSFER_DRY_RUN : 0);
	if (error && error != EBUSY)
		bad("a transfer between players", error);
}

/* Transfer to a player, or to a process that is about to exec or to die. */
static void transfer_orphans(void)
{
	pid_t orphan = __atomic_load_n(&storm->orphan, __ATOMIC_ACQUIRE);
	pid_t to = pick(4) || !orphan ? storm->players[pick(STORM_PLAYERS)] : orphan;
	int error = storm_transfer(ADOPT, to, &contexts[ORPHANS], 1,
				   pick(3) ? DMAOWN_TRANSFER_ADOPT : 0);

	/* Nothing is pinned there; a child may lack a context or memory that is older than it. */
	if (error && error != EBUSY && error != ESRCH && error != ENXIO && error != EXDEV)
		bad("a transfer of orphans", error);
	usleep(pick(20000));
}

/* CAST */

/*
 * Processes, the three players first; the second one is another user. Each act has a thread of its
 * own. In-kernel accesses belong here, too.
 */
static const struct cast cast[] = {
	{ 0, { map_shared, attach_and_detach, race_copies } },
	{ 1001, { map_shared, map_shared_mm } },
	{ 0, { map_shared_mm, bind_and_unbind, make_and_destroy } },
	{ 0, { race_ioases, race_copies } },
	{ 0, { make_orphans } },
	{ 0, { transfer_shared, transfer_shared, transfer_orphans } },
	{ 0, { list_by_netlink, list_by_netlink, list_by_debugfs } },
};

static void make_scene(void)
{
	int i;

	map_memory(new_memory(SIZE), SIZE, MEMORY_AT);
	for (i = 0; i < CONTEXTS; i++) {
		contexts[i] = new_context();
		if (i == SHARED_MM)
			mode_mm(contexts[i]);
		ioases[i][0] = new_ioas(contexts[i]);
		ioases[i][1] = new_ioas(contexts[i]);
	}
	device = device_file(0);
	need(!try_bind(device, contexts[SHARED]), "bind");
}

static void close_scene(void)
{
	int i;

	for (i = 0; i < CONTEXTS; i++)
		close(contexts[i]);
	close(device);
}

int main(void)
{
	static const struct play play = {
		.names = names,
		.nr_names = sizeof(names) / sizeof(names[0]),
		.cast = cast,
		.nr_cast = sizeof(cast) / sizeof(cast[0]),
		.begin = make_scene,
		.end = close_scene,
	};

	return storm_test(&play);
}
