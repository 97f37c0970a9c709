// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "newer.h"
#include "scene.h"
#include "take.h"
#include "tap.h"

/* Data of the order to a player. */
struct task {
	struct stage stage;
	enum way way;
	int place; /* if REMAPPED: the place of the new owner's memory */
};

static int dmaown_device(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(DMAOWN_DEVICE, O_RDWR | O_CLOEXEC);
	need(fd >= 0, DMAOWN_DEVICE);
	return fd;
}

/* Return: a remap list for all areas; made once for each process. */
static struct dmaown_remap *remaps_of(const struct task *task)
{
	static struct dmaown_remap *remaps;
	uint64_t i;

	if (remaps)
		return remaps;
	remaps = calloc(task->stage.areas, sizeof(*remaps));
	need(remaps, "memory");
	for (i = 0; i < task->stage.areas; i++) {
		remaps[i].ioas = task->stage.ioas;
		remaps[i].iova = stage_iova(&task->stage, i);
		remaps[i].addr = (uintptr_t)stage_addr(&task->stage, task->place, i);
	}
	return remaps;
}

static uint32_t flags_of(enum way way)
{
	switch (way) {
	case DRY_RUN:
		return DMAOWN_TRANSFER_DRY_RUN;
	case ADOPTED:
		return DMAOWN_TRANSFER_ADOPT;
	default:
		return 0;
	}
}

static struct answer do_ours(const struct task *task)
{
	struct dmaown_file file = { .fd = task->stage.context };
	struct dmaown_report report = { 0 };
	struct dmaown_transfer t = {
		.size = sizeof(t),
		.flags = flags_of(task->way),
		.to.pid = getpid(),
		.timeout_ms = 60000,
		.files = (uintptr_t)&file,
		.nr_files = 1,
		.reports = (uintptr_t)&report,
		.nr_reports = 1,
	};
	int device = dmaown_device(), ret;
	struct answer answer;
	uint64_t began;

	if (task->way == REMAPPED) {
		t.remaps = (uintptr_t)remaps_of(task);
		t.nr_remaps = task->stage.areas;
	}
	began = now();
	ret = ioctl(device, DMAOWN_IOC_TRANSFER, &t);
	answer = (struct answer){ .ns = now() - began, .retries = t.retries, .areas = t.areas };
	if (ret)
		diag("reason %u at iova 0x%llx", report.reason, (unsigned long long)report.iova);
	need(!ret, "DMAOWN_IOC_TRANSFER");
	return answer;
}

/* VFIO's own way: take back all addresses, and let the new owner give each of them again. */
static struct answer do_one_by_one(const struct task *task)
{
	struct answer answer = { .areas = task->stage.areas };
	uint64_t began = now(), i;

	stage_invalidate(&task->stage);
	for (i = 0; i < task->stage.areas; i++)
		stage_validate(&task->stage, i);
	answer.ns = now() - began;
	return answer;
}

static struct answer do_kernels(const struct task *task)
{
	struct iommu_ioas_change_process change = { .size = sizeof(change) };
	struct answer answer = { .areas = task->stage.areas };
	uint64_t began = now();

	if (task->stage.type1)
		return do_one_by_one(task);
	while (ioctl(task->stage.context, IOMMU_IOAS_CHANGE_PROCESS, &change)) {
		need(errno == EBUSY || errno == EINTR, "IOMMU_IOAS_CHANGE_PROCESS");
		answer.retries++;
	}
	answer.ns = now() - began;
	return answer;
}

static struct answer do_anew(const struct task *task)
{
	struct answer answer = { .areas = task->stage.areas };
	uint64_t began = now();

	stage_unmap(&task->stage);
	stage_map(&task->stage);
	answer.ns = now() - began;
	return answer;
}

static struct answer act(const void *data)
{
	const struct task *task = data;

	switch (task->way) {
	case KERNELS:
		return do_kernels(task);
	case ANEW:
		return do_anew(task);
	default:
		return do_ours(task);
	}
}

static struct answer have(const struct stage *stage, const struct player *player, enum way way,
			  int place)
{
	struct task task = { .stage = *stage, .way = way, .place = place };

	_Static_assert(sizeof(task) <= ORDER_MOST, "too much for an order");
	return player_do(player, act, &task, sizeof(task));
}

struct answer take(const struct stage *stage, int player, enum way way)
{
	return have(stage, &stage->players[player], way, player);
}

struct answer take_as(const struct stage *stage, const struct player *player, enum way way)
{
	return have(stage, player, way, 0);
}

/* Checks that the player owns all areas now: a dry run must find nothing to move. */
static void check_owner(const struct stage *stage, int player)
{
	struct answer answer = take(stage, player, DRY_RUN);

	errno = EPROTO;
	need(answer.areas == 0, "a transfer after which others own areas");
}

static void there_and_back(struct subject *subject)
{
	const struct turn *turn = subject->data;
	int i;

	for (i = 1; i >= 0; i--) {
		struct answer answer = take(turn->stage, i, turn->way);

		errno = EPROTO;
		need(answer.areas >= turn->stage->areas, "a transfer that moves all areas");
		took(subject, answer.ns);
		subject->retries += answer.retries;
		/* Check only in the first round, which does not count. */
		if (!subject->checked && turn->way != REMAPPED)
			check_owner(turn->stage, i);
	}
	subject->checked = true;
}

void take_in_turn(struct subject *subject)
{
	const struct turn *turn = subject->data;
	unsigned int times = 0;

	do
		there_and_back(subject);
	while (++times < turn->repeat);
}
