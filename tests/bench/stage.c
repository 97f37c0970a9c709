// SPDX-License-Identifier: GPL-2.0-only
#include <linux/memfd.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scene.h"
#include "stage.h"
#include "tap.h"

/* Above 4 GiB: a PC has reserved ranges below, for example the one for interrupt messages. */
#define IOVA_AT	  (4ull << 30)
#define MEMORY_AT 0x10000000000ull
/* Distance between the places at which memory is mapped: each stage has two of them. */
#define APART (1ull << 36)

static uint64_t stride(const struct stage *stage)
{
	return stage->scattered ? 2 * stage->length : stage->length;
}

static uint64_t size_of(const struct stage *stage)
{
	return stage->areas * stage->length;
}

uint64_t stage_iova(const struct stage *stage, uint64_t area)
{
	return IOVA_AT + area * stage->length;
}

char *stage_addr(const struct stage *stage, int place, uint64_t area)
{
	return (char *)(MEMORY_AT + (2 * stage->nr_device + place) * APART + area * stride(stage));
}

void stage_map(const struct stage *stage)
{
	uint64_t i;

	for (i = 0; i < stage->areas; i++) {
		if (stage->type1)
			need(!try_type1_map(stage->context, stage_addr(stage, 0, i), stage->length,
					    stage_iova(stage, i), true),
			     "VFIO_IOMMU_MAP_DMA");
		else if (stage->by_file)
			need(!try_map_file(stage->context, stage->ioas, stage->memory,
					   i * stage->length, stage->length, stage_iova(stage, i)),
			     "IOMMU_IOAS_MAP_FILE");
		else
			map(stage->context, stage->ioas, stage_addr(stage, 0, i), stage->length,
			    stage_iova(stage, i));
	}
}

void stage_unmap(const struct stage *stage)
{
	if (stage->type1)
		need(!try_type1_unmap(stage->context, stage_iova(stage, 0), size_of(stage), 0),
		     "VFIO_IOMMU_UNMAP_DMA");
	else
		need(!try_unmap(stage->context, stage->ioas, stage_iova(stage, 0), size_of(stage)),
		     "IOMMU_IOAS_UNMAP");
}

void stage_invalidate(const struct stage *stage)
{
	need(!try_type1_unmap(stage->context, stage_iova(stage, 0), size_of(stage),
			      VFIO_DMA_UNMAP_FLAG_VADDR),
	     "VFIO_DMA_UNMAP_FLAG_VADDR");
}

void stage_validate(const struct stage *stage, uint64_t area)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_VADDR,
		.vaddr = (uintptr_t)stage_addr(stage, 0, area),
		.iova = stage_iova(stage, area),
		.size = stage->length,
	};

	need(!ioctl(stage->context, VFIO_IOMMU_MAP_DMA, &map), "VFIO_DMA_MAP_FLAG_VADDR");
}

/* THE MEMORY */

static void write_setting(const char *path, uint64_t value)
{
	FILE *file = fopen(path, "w");

	need(file && fprintf(file, "%llu", (unsigned long long)value) > 0 && !fclose(file), path);
}

bool huge_pages(uint64_t bytes)
{
	char *text;
	uint64_t nr = (bytes + HUGE_PAGE - 1) / HUGE_PAGE, got;

	if (nr) {
		write_setting("/proc/sys/vm/drop_caches", 3);
		write_setting("/proc/sys/vm/compact_memory", 1);
	}
	write_setting("/proc/sys/vm/nr_hugepages", nr);
	text = file_text("/proc/sys/vm/nr_hugepages");
	need(text, "nr_hugepages");
	got = strtoull(text, NULL, 10);
	free(text);
	return got >= nr;
}

static void make_memory(struct stage *stage)
{
	unsigned int flags = MFD_CLOEXEC;

	if (stage->huge)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	stage->memory = memfd_create("memory", flags);
	need(stage->memory >= 0 && !ftruncate(stage->memory, size_of(stage)), "memfd");
}

static void map_part(const struct stage *stage, int place, uint64_t from, uint64_t size)
{
	char *at = stage_addr(stage, place, from / stage->length);

	need(mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, stage->memory,
		  from) == at,
	     "mmap");
}

static void map_place(const struct stage *stage, int place)
{
	uint64_t i;

	if (!stage->scattered)
		map_part(stage, place, 0, size_of(stage));
	else
		for (i = 0; i < stage->areas; i++)
			map_part(stage, place, i * stage->length, stage->length);
}

/* Maps the memory at its places. Do this before the players are forked: they inherit it. */
static void map_places(const struct stage *stage)
{
	int place;

	for (place = 0; place <= stage->twice; place++)
		map_place(stage, place);
}

static void unmap_places(const struct stage *stage)
{
	int place;

	for (place = 0; place <= stage->twice; place++)
		munmap(stage_addr(stage, place, 0), stage->areas * stride(stage));
}

/* THE CONTEXT */

static void make_container(struct stage *stage)
{
	stage->context = new_container();
	stage->group = container_group(stage->context, stage->nr_device);
	stage->device = group_device(stage->group, stage->nr_device);
	stage->ioas = 1;
}

static void make_context(struct stage *stage)
{
	if (stage->type1) {
		make_container(stage);
		return;
	}
	stage->context = new_context();
	if (stage->mode == DMAOWN_MODE_MM)
		mode_mm(stage->context);
	stage->device = device_file(stage->nr_device);
	need(!try_bind(stage->device, stage->context), "bind");
	stage->ioas = new_ioas(stage->context);
}

/* Attach last: this pins everything at once. A container pins while it maps. */
static void map_and_attach(const struct stage *stage)
{
	stage_map(stage);
	need(stage->type1 || !try_attach(stage->device, stage->ioas), "attach");
}

static struct answer map_first(const void *data)
{
	map_and_attach(data);
	return (struct answer){ 0 };
}

/* Makes a player hold this context and no other, and sets the mode of the areas that it maps. */
static struct answer join(const void *data)
{
	const struct stage *stage = data;
	const int files[] = { stage->context, stage->device, stage->memory, stage->group };

	player_keep(files, 4);
	ipc_lock(stage->mode == DMAOWN_MODE_NONE);
	return (struct answer){ 0 };
}

struct player stage_player(const struct stage *stage, uid_t uid)
{
	struct player player = player_new(uid);

	player_do(&player, join, stage, sizeof(*stage));
	return player;
}

static void set_scene(struct stage *stage)
{
	memlock_limit(UINT64_MAX);
	make_memory(stage);
	make_context(stage);
	map_places(stage);
}

void stage_set(struct stage *stage)
{
	int i;

	set_scene(stage);
	for (i = 0; i < 2; i++)
		stage->players[i] = stage_player(stage, stage->one_user ? 0 : 1001 + i);
	player_do(&stage->players[0], map_first, stage, sizeof(*stage));
}

void stage_set_alone(struct stage *stage)
{
	set_scene(stage);
	map_and_attach(stage);
}

void stage_clear(struct stage *stage)
{
	int i;

	for (i = 0; i < 2; i++)
		if (stage->players[i].pid)
			player_end(&stage->players[i]);
	memset(stage->players, 0, sizeof(stage->players));
	unmap_places(stage);
	close(stage->device);
	if (stage->type1)
		close(stage->group);
	close(stage->context);
	close(stage->memory);
}
