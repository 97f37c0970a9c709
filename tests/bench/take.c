// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "newer.h"
#include "scene.h"
#include "take.h"
#include "tap.h"

/* What a player is told. */
struct task {
	struct stage stage;
	int player;
	enum way way;
	uint32_t flags;
};

static int dmaown_device(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(DMAOWN_DEVICE, O_RDWR | O_CLOEXEC);
	need(fd >= 0, DMAOWN_DEVICE);
	return fd;
}

/* Where the player has the memory, for all areas; made once. */
static struct dmaown_remap *remaps_of(const struct task *task)
{
	static struct dmaown_remap *remaps;
	uint64_t i;

	if (remaps || !task->stage.remap)
		return remaps;
	remaps = calloc(task->stage.areas, sizeof(*remaps));
	need(remaps, "memory");
	for (i = 0; i < task->stage.areas; i++) {
		remaps[i].ioas = task->stage.ioas;
		remaps[i].iova = stage_iova(&task->stage, i);
		remaps[i].addr = (uintptr_t)stage_addr(&task->stage, task->player, i);
	}
	return remaps;
}

static struct answer do_ours(const struct task *task)
{
	struct dmaown_file file = { .fd = task->stage.context };
	struct dmaown_report report = { 0 };
	struct dmaown_transfer t = {
		.size = sizeof(t), .flags = task->flags, .to.pid = getpid(), .timeout_ms = 60000,
		.files = (uintptr_t)&file, .nr_files = 1,
		.reports = (uintptr_t)&report, .nr_reports = 1,
		.remaps = (uintptr_t)remaps_of(task),
		.nr_remaps = task->stage.remap ? task->stage.areas : 0,
	};
	int device = dmaown_device(), ret;
	uint64_t began = now();
	struct answer answer;

	ret = ioctl(device, DMAOWN_IOC_TRANSFER, &t);
	answer = (struct answer){ .ns = now() - began, .retries = t.retries, .areas = t.areas };
	if (ret)
		diag("reason %u at iova 0x%llx", report.reason, (unsigned long long)report.iova);
	need(!ret, "DMAOWN_IOC_TRANSFER");
	return answer;
}

static struct answer do_kernels(const struct task *task)
{
	struct iommu_ioas_change_process change = { .size = sizeof(change) };
	struct answer answer = { .areas = task->stage.areas };
	uint64_t began = now();

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
	stage_map(&task->stage, task->player);
	answer.ns = now() - began;
	return answer;
}

static struct answer act(const void *data)
{
	const struct task *task = data;

	switch (task->way) {
	case OURS:
		return do_ours(task);
	case KERNELS:
		return do_kernels(task);
	default:
		return do_anew(task);
	}
}

static struct answer have_taken(const struct stage *stage, int player, enum way way, uint32_t flags)
{
	struct task task = { .stage = *stage, .player = player, .way = way, .flags = flags };

	_Static_assert(sizeof(task) <= ORDER_MOST, "too much for an order");
	return player_do(&stage->players[player], act, &task, sizeof(task));
}

struct answer take(const struct stage *stage, int player, enum way way)
{
	return have_taken(stage, player, way, 0);
}

struct answer take_ours(const struct stage *stage, int player, uint32_t flags)
{
	return have_taken(stage, player, OURS, flags);
}

/* That all areas are the player's now: nothing would move. */
static void check_owner(const struct stage *stage, int player)
{
	struct answer answer = take_ours(stage, player, DMAOWN_TRANSFER_DRY_RUN);

	errno = EPROTO;
	need(answer.areas == 0, "a transfer after which others own areas");
}

void take_in_turn(struct subject *subject)
{
	const struct turn *turn = subject->data;
	int i;

	for (i = 1; i >= 0; i--) {
		struct answer answer = take(turn->stage, i, turn->way);

		errno = EPROTO;
		need(answer.areas >= turn->stage->areas, "a transfer that moves all areas");
		took(subject, answer.ns);
		subject->retries += answer.retries;
		/* The first time, which does not count. */
		if (!subject->checked)
			check_owner(turn->stage, i);
	}
	subject->checked = true;
}
