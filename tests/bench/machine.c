// SPDX-License-Identifier: GPL-2.0-only
#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "machine.h"
#include "newer.h"
#include "scene.h"

bool kernel_has_transfer(void)
{
	struct iommu_ioas_change_process change = { .size = sizeof(change) };
	int context = new_context();
	int ret = ioctl(context, IOMMU_IOAS_CHANGE_PROCESS, &change);
	int error = errno;

	close(context);
	return !ret || error != ENOTTY;
}

/* Return: the emulator that the processor reports (CPUID, leaf 0x40000000). */
static const char *emulation(void)
{
	static char name[40];
	unsigned int eax, words[4] = { 0 };

	__cpuid(1, eax, words[0], words[1], words[2]);
	if (!(words[1] & (1U << 31)))
		return "no emulation";
	__cpuid(0x40000000, eax, words[0], words[1], words[2]);
	words[3] = 0;
	if (!strcmp((char *)words, "TCGTCGTCGTCG"))
		return "QEMU's software emulation (TCG)";
	snprintf(name, sizeof(name), "a virtual machine (%.12s)", (char *)words);
	return name;
}

void print_machine(void)
{
	struct utsname name;
	struct sysinfo info;

	uname(&name);
	sysinfo(&info);
	printf("machine: Linux %s %s, %ld processors, %.1f GiB of memory, %s\n", name.release,
	       name.machine, sysconf(_SC_NPROCESSORS_ONLN),
	       (double)info.totalram * info.mem_unit / (1 << 30), emulation());
}
