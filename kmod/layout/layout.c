// SPDX-License-Identifier: GPL-2.0
/* Reads the BTF of a kernel's iommufd and VFIO. Writes the header that dmaown.ko needs. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "complain.h"
#include "config.h"
#include "emit.h"
#include "find.h"
#include "output.h"
#include "series.h"
#include "source.h"

struct options {
	struct inputs in;
	const char *output;
	bool untested;
};

enum {
	OPTION_KDIR = 256,
	OPTION_MODULES,
	OPTION_RELEASE,
	OPTION_UNTESTED,
	OPTION_BASE,
	OPTION_IOMMUFD,
	OPTION_VFIO,
	OPTION_TYPE1,
};

static const struct argp_option argp_options[] = {
	{ "release", OPTION_RELEASE, "RELEASE", 0, "release of the kernel, as uname -r prints it",
	  0 },
	{ "kdir", OPTION_KDIR, "DIR", 0, "build tree of the kernel", 0 },
	{ "modules", OPTION_MODULES, "DIR", 0,
	  "installed modules of the kernel, such as /lib/modules/RELEASE", 0 },
	{ "base", OPTION_BASE, "FILE", 0,
	  "BTF of the kernel: vmlinux, vmlinuz or a file of BTF (default: search for it)", 0 },
	{ "iommufd", OPTION_IOMMUFD, "FILE", 0, "iommufd.ko of the kernel (default: search for it)",
	  0 },
	{ "vfio", OPTION_VFIO, "FILE", 0, "vfio.ko of the kernel (default: search for it)", 0 },
	{ "vfio_iommu_type1", OPTION_TYPE1, "FILE", 0,
	  "vfio_iommu_type1.ko of the kernel (default: search for it)", 0 },
	{ "untested", OPTION_UNTESTED, NULL, 0,
	  "accept a kernel series whose locking nobody has checked, for one kind of context or both",
	  0 },
	{ "output", 'o', "FILE", 0, "write to FILE instead of standard output", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPTION_RELEASE:
		options->in.release = arg;
		return 0;
	case OPTION_KDIR:
		options->in.kdir = arg;
		return 0;
	case OPTION_MODULES:
		options->in.modules = arg;
		return 0;
	case OPTION_BASE:
		options->in.base = arg;
		return 0;
	case OPTION_IOMMUFD:
		options->in.module[WANTED_IOMMUFD] = arg;
		return 0;
	case OPTION_VFIO:
		options->in.module[WANTED_VFIO] = arg;
		return 0;
	case OPTION_TYPE1:
		options->in.module[WANTED_TYPE1] = arg;
		return 0;
	case OPTION_UNTESTED:
		options->untested = true;
		return 0;
	case 'o':
		options->output = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->in.release)
			argp_error(state, "--release is needed");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.doc = "Reads a kernel's BTF and writes the layout of the private structs of iommufd and VFIO as C.",
};

struct work {
	struct source kernel;
	struct found public;
	struct source modules[WANTED_COUNT];
	struct found found[WANTED_COUNT];
	char why_left_out[256]; /* why iommufd must not be built; "" if it may */
};

static int find_module(struct work *work, int i)
{
	const struct source *module = &work->modules[i];

	if (!module->btf || !find(&work->found[i], &wanted[i], module->btf))
		return 0;
	if (module->builtin)
		return complain("%s (in the BTF of %s)", complaint(), work->kernel.path);
	return complain("%s (in the BTF of %s on that of %s)", complaint(), module->path,
			work->kernel.path);
}

static int write_header(const struct work *work, const struct options *options)
{
	char *text;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	int error = 0;

	if (!memory)
		return complain("out of memory");
	emit(memory, options->in.release, &work->kernel, &work->public, work->modules, work->found);
	if (fclose(memory))
		return complain("out of memory");
	if (options->output)
		error = output(options->output, text, size);
	else if (fwrite(text, 1, size, stdout) != size || fflush(stdout))
		error = complain("standard output cannot be written");
	free(text);
	return error;
}

static bool has_contexts(const struct work *work)
{
	return work->modules[WANTED_IOMMUFD].btf ||
	       (work->modules[WANTED_VFIO].btf && work->modules[WANTED_TYPE1].btf);
}

/*
 * Checks both kinds of context. VFIO files hold contexts of both kinds, so nothing can be built in
 * a series whose VFIO locking was not checked. Return: 0, also if only iommufd was not checked, or
 * -1 with a sentence.
 */
static int check_series(struct work *work, const struct options *options)
{
	int iommufd = series_check(SERIES_IOMMUFD, options->in.release);

	if (iommufd)
		snprintf(work->why_left_out, sizeof(work->why_left_out), "%s", complaint());
	if (series_check(SERIES_VFIO, options->in.release))
		return complain("%s%s%s; to build for it anyway: make UNTESTED=1",
				work->why_left_out, iommufd ? "; " : "", complaint());
	return 0;
}

static int find_public(struct work *work)
{
	if (!find(&work->public, &wanted_public, work->kernel.btf))
		return 0;
	return complain("%s (in the BTF of %s)", complaint(), work->kernel.path);
}

/* Return: true if the kernel has module I, even if its BTF cannot be used. */
static bool is_present(struct work *work, const struct options *options, int i)
{
	struct source *module = &work->modules[i];
	bool present;

	present = source_module(module, &options->in, &work->kernel, &wanted[i], true) ||
		  module->btf;
	source_close(module);
	return present;
}

static int find_modules(struct work *work, const struct options *options)
{
	for (int i = 0; i < WANTED_COUNT; i++) {
		if (i == WANTED_IOMMUFD && *work->why_left_out)
			work->modules[i].left_out = is_present(work, options, i);
		else if (source_module(&work->modules[i], &options->in, &work->kernel, &wanted[i],
				       wanted[i].optional) ||
			 find_module(work, i))
			return -1;
	}
	return 0;
}

/* Says why no kind of context can be built. Return: -1. */
static int complain_nothing(struct work *work, const struct options *options)
{
	int missing = WANTED_IOMMUFD;

	if (*work->why_left_out)
		missing = work->modules[WANTED_TYPE1].btf ? WANTED_VFIO : WANTED_TYPE1;
	if (work->modules[WANTED_IOMMUFD].left_out)
		return complain("%s, and there is no VFIO type1; to build for it anyway: make UNTESTED=1",
				work->why_left_out);
	return source_module(&work->modules[missing], &options->in, &work->kernel, &wanted[missing],
			     false);
}

static int do_work(struct work *work, const struct options *options)
{
	if (!options->untested && check_series(work, options))
		return -1;
	if ((options->in.kdir && config_check(options->in.kdir)) ||
	    source_kernel(&work->kernel, &options->in) || find_public(work) ||
	    find_modules(work, options))
		return -1;
	if (!has_contexts(work))
		return complain_nothing(work, options);
	return write_header(work, options);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = {};
	struct work work = {};
	int error;

	libbpf_set_print(print_nothing);
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	error = do_work(&work, &options);
	if (error)
		fprintf(stderr, "layout: kernel %s: %s\n", options.in.release, complaint());
	else if (work.modules[WANTED_IOMMUFD].left_out)
		fprintf(stderr,
			"layout: kernel %s: iommufd is left out: %s; make UNTESTED=1 also builds it\n",
			options.in.release, work.why_left_out);
	for (int i = 0; i < WANTED_COUNT; i++)
		source_close(&work.modules[i]);
	source_close(&work.kernel);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
