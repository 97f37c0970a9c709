// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm over VFIO containers. Mappings come and go; addresses are taken back and given again (the
 * kernel's own way to change an owner); a group leaves its container, with everything mapped there,
 * and comes back; owners exec and get killed. See storm.h. TAP on standard output.
 *
 * The results of VFIO's own calls in a storm do not matter. VFIO cannot cope with one thing: a call
 * to a container while its last group leaves uses freed memory (kernel: container.c,
 * vfio_fops_unl_ioctl() passes iommu_data on without group_lock). Therefore the thread that maps in
 * that container also removes its group, one after the other.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dmaown.h"
#include "scene.h"
#include "storm.h"
#include "tap.h"

/* THE SCENE */

/*
 * The first container is permanent, with an open device; the second one's mappings come and go with
 * its group.
 */
enum { LASTING, COMING, CONTAINERS };
static int containers[CONTAINERS];
static int groups[CONTAINERS];
static int device; /* belongs to LASTING */

#define SLOTS	   24
#define SLOT_PAGES 4
#define SIZE	   (SLOTS * SLOT_PAGES * PAGE)
#define MEMORY_AT  ((void *)0x10000000000)

/* IOVA of the areas whose owners die. */
#define ORPHAN_IOVA 0x10000000ull

/* Other operations that are counted. */
#define OPERATIONS(O)                         \
	O(MAP, "map")                         \
	O(UNMAP, "unmap")                     \
	O(INVALIDATE, "take an address back") \
	O(VALIDATE, "give it anew")           \
	O(LEAVE, "take the group away")       \
	O(JOIN, "bring it back")
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

/*
 * All mappings have the same size, so that a thread that takes an address back knows which mapping
 * it was.
 */
static int validate(int container, uint32_t slot)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_VADDR,
		.vaddr = (uintptr_t)memory_of(slot),
		.iova = iova_of(slot),
		.size = SLOT_PAGES * PAGE,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

static void map_one(int container)
{
	uint64_t size = SLOT_PAGES * PAGE;
	uint32_t slot = pick(SLOTS);

	switch (pick(8)) {
	case 0 ... 3:
		count(MAP, try_type1_map(container, memory_of(slot), size, iova_of(slot), true));
		break;
	case 4 ... 5:
		count(UNMAP, try_type1_unmap(container, iova_of(slot), size, 0));
		break;
	case 6:
		count(INVALIDATE,
		      try_type1_unmap(container, iova_of(slot), size, VFIO_DMA_UNMAP_FLAG_VADDR));
		break;
	default:
		count(VALIDATE, validate(container, slot));
	}
}

static void map_lasting(void)
{
	map_one(containers[LASTING]);
	rest();
}

/* All mappings disappear with the group, whoever owns them. */
static void come_and_go(void)
{
	int i;

	for (i = 0; i < 50; i++)
		map_one(containers[COMING]);
	rest();
	count(LEAVE, ioctl(groups[COMING], VFIO_GROUP_UNSET_CONTAINER));
	usleep(pick(2000));
	count(JOIN, ioctl(groups[COMING], VFIO_GROUP_SET_CONTAINER, &containers[COMING]));
	ioctl(containers[COMING], VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
}

static void map_orphan(void)
{
	try_type1_map(containers[LASTING], MEMORY_AT, SLOT_PAGES * PAGE, ORPHAN_IOVA, true);
}

static void unmap_orphan(void)
{
	count(UNMAP, try_type1_unmap(containers[LASTING], ORPHAN_IOVA, SLOT_PAGES * PAGE, 0));
}

/* Make owners that leave their address space or die. */
static void make_orphans(void)
{
	make_orphan(map_orphan, unmap_orphan);
}

/*
 * TRANSFERS
 *
 * Permitted errors: a container without a group is not a context; owners may be dead; an orphan may
 * lack a container or memory that is older than the orphan.
 */
static bool may_be(int error)
{
	return error == EBUSY || error == EBADF || error == ESRCH || error == EXDEV;
}

static void transfer_all(void)
{
	pid_t to = storm->players[pick(STORM_PLAYERS)];
	bool dry = !pick(5);
	uint32_t flags = (pick(4) ? DMAOWN_TRANSFER_ADOPT : 0) |
			 (dry ? DMAOWN_TRANSFER_DRY_RUN : 0);
	int first = pick(2), error;

	error = storm_transfer(dry ? DRY_RUN : TRANSFER, to, containers + first,
			       first ? 1 : 1 + pick(2), flags);
	if (error && !may_be(error))
		bad("a transfer between players", error);
	rest();
}

/* Transfer to a process that is about to exec or to die. */
static void transfer_to_orphan(void)
{
	pid_t orphan = __atomic_load_n(&storm->orphan, __ATOMIC_ACQUIRE);
	int error;

	if (!orphan)
		return;
	error = storm_transfer(ADOPT, orphan, containers, 1, DMAOWN_TRANSFER_ADOPT);
	/* A process that has exec'd maps nothing. */
	if (error && !may_be(error) && error != ENXIO)
		bad("a transfer to one that is about to die", error);
	usleep(pick(20000));
}

/* CAST */

static const struct cast cast[] = {
	{ 0, { map_lasting, come_and_go } },
	{ 1001, { map_lasting, map_lasting } },
	{ 0, { map_lasting } },
	{ 0, { make_orphans } },
	{ 0, { transfer_all, transfer_all, transfer_to_orphan } },
	{ 0, { list_by_netlink, list_by_netlink, list_by_debugfs } },
};

static void make_scene(void)
{
	int i;

	map_memory(new_memory(SIZE), SIZE, MEMORY_AT);
	for (i = 0; i < CONTAINERS; i++) {
		containers[i] = new_container();
		groups[i] = container_group(containers[i], i);
	}
	device = group_device(groups[LASTING], 0);
}

static void close_scene(void)
{
	int i;

	close(device);
	for (i = 0; i < CONTAINERS; i++) {
		close(groups[i]);
		close(containers[i]);
	}
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
