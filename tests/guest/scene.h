/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions for C tests that use iommufd, VFIO and dmaown. A function without a return value ends
 * the test if it fails.
 */
#ifndef SCENE_H
#define SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dmaown.h"

#define PAGE 4096UL

/* iommufd. Return: the return value of the ioctl. */
int try_ioas(int context, uint32_t *ioas);
int try_map(int context, uint32_t ioas, void *addr, uint64_t length, uint64_t iova);
int try_map_file(int context, uint32_t ioas, int file, uint64_t start, uint64_t length,
		 uint64_t iova);
int try_unmap(int context, uint32_t ioas, uint64_t iova, uint64_t length);
int try_copy(int context, uint32_t to, uint64_t to_iova, uint32_t from, uint64_t from_iova,
	     uint64_t length);
int try_destroy(int context, uint32_t id);

int new_context(void);
uint32_t new_ioas(int context);
void map(int context, uint32_t ioas, void *addr, uint64_t length, uint64_t iova);
void mode_mm(int context);

/* VFIO. device_file() opens the file of the n-th device that vfio-pci drives. */
int device_file(int n);
int try_bind(int device, int context);
int try_attach(int device, uint32_t ioas);
int try_detach(int device);

/*
 * VFIO type1: a container, the group of the n-th device that vfio-pci drives, and the file of that
 * device through its group. Mapping and unmapping return the return value of the ioctl. @write: the
 * device may write
 */
int new_container(void);
int container_group(int container, int n);
int group_device(int group, int n);
int try_type1_map(int container, void *addr, uint64_t length, uint64_t iova, bool write);
int try_type1_unmap(int container, uint64_t iova, uint64_t length, uint32_t flags);

/* Memory that other processes can map as well. */
int new_memory(uint64_t size);
void *map_memory(int memory, uint64_t size, void *at);

/*
 * Give CAP_IPC_LOCK to this thread or take it away. Without it, what the thread maps is charged to
 * its user.
 */
void ipc_lock(bool allowed);
void drop_capability(int capability);
void memlock_limit(uint64_t bytes);
void become_user(uid_t uid);

/*
 * Fork a child that calls @prepare and then sleeps until it is killed. Returns when the child is
 * ready.
 */
pid_t child(void (*prepare)(void *data), void *data);
void end_child(pid_t pid);

/* Return: the process with this PID, as dmaown names it. */
struct dmaown_process named(int device, pid_t pid);

/*
 * Return: the state as text: areas and owners, with the users' counters, and the counters and
 * limits of the processes. The caller frees it.
 */
char *state_text(const pid_t *pids, int nr);

/* Return: the contexts, their holders and their contents as text. The caller frees it. */
char *contexts_text(void);

/* Return: the value of a line in /proc/PID/status, in kB. */
uint64_t process_counter(pid_t pid, const char *name);

/* Return: the content of a file, or NULL with errno if it cannot be opened or read. */
char *file_text(const char *path);

/* Return: the number in an environment variable, or @otherwise. */
uint64_t setting(const char *name, uint64_t otherwise);

#endif
