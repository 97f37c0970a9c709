// SPDX-License-Identifier: GPL-2.0
/* Reads the BTF of a kernel's iommufd and VFIO, and writes the header that dmaown.ko needs. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "emit.h"
#include "complain.h"
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
	{ "release", OPTION_RELEASE, "RELEASE", 0, "the kernel's release, as uname -r has it", 0 },
	{ "kdir", OPTION_KDIR, "DIR", 0, "its build tree", 0 },
	{ "modules", OPTION_MODULES, "DIR", 0, "its installed modules (/lib/modules/RELEASE)", 0 },
	{ "base", OPTION_BASE, "FILE", 0,
	  "its BTF: a vmlinux or vmlinuz, or BTF alone (else searched for)", 0 },
	{ "iommufd", OPTION_IOMMUFD, "FILE", 0, "its iommufd.ko (else searched for)", 0 },
	{ "vfio", OPTION_VFIO, "FILE", 0, "its vfio.ko (else searched for)", 0 },
	{ "vfio_iommu_type1", OPTION_TYPE1, "FILE", 0,
	  "its vfio_iommu_type1.ko (else searched for)", 0 },
	{ "untested", OPTION_UNTESTED, NULL, 0,
	  "accept a kernel series whose locking nobody has checked", 0 },
	{ "output", 'o', "FILE", 0, "write FILE instead of standard output", 0 },
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
	.doc = "Writes the layout of structs private to iommufd and VFIO, from a kernel's BTF, as C.",
};

struct work {
	struct source kernel;
	struct source modules[WANTED_COUNT];
	struct found found[WANTED_COUNT];
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
	emit(memory, options->in.release, &work->kernel, work->modules, work->found);
	if (fclose(memory))
		return complain("out of memory");
	if (options->output)
		error = output(options->output, text, size);
	else if (fwrite(text, 1, size, stdout) != size || fflush(stdout))
		error = complain("standard output cannot be written");
	free(text);
	return error;
}

/* Without a kind of context there is nothing to show: then it is said why there is no iommufd. */
static bool has_contexts(const struct work *work)
{
	return work->modules[WANTED_IOMMUFD].btf ||
	       (work->modules[WANTED_VFIO].btf && work->modules[WANTED_TYPE1].btf);
}

static int do_work(struct work *work, const struct options *options)
{
	if (!options->untested && series_check(options->in.release))
		return -1;
	if (source_kernel(&work->kernel, &options->in))
		return -1;
	for (int i = 0; i < WANTED_COUNT; i++)
		if (source_module(&work->modules[i], &options->in, &work->kernel, &wanted[i],
				  wanted[i].optional) ||
		    find_module(work, i))
			return -1;
	if (!has_contexts(work) &&
	    source_module(&work->modules[WANTED_IOMMUFD], &options->in, &work->kernel,
			  &wanted[WANTED_IOMMUFD], false))
		return -1;
	return write_header(work, options);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
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

	libbpf_set_print(quiet);
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	error = do_work(&work, &options);
	if (error)
		fprintf(stderr, "layout: kernel %s: %s\n", options.in.release, complaint());
	for (int i = 0; i < WANTED_COUNT; i++)
		source_close(&work.modules[i]);
	source_close(&work.kernel);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
