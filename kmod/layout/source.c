// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "blob.h"
#include "complain.h"
#include "lookup.h"
#include "section.h"
#include "source.h"
#include "unpack.h"

#define SYS_BTF "/sys/kernel/btf/"

/* A place to look in, if what it depends on is known. */
struct place {
	enum { KDIR, MODULES, RELEASE, RUNNING } depends;
	const char *format;	/* of that, and then of the module's path */
};

static const struct place kernel_places[] = {
	{ KDIR, "%s/vmlinux" },
	{ RELEASE, "/boot/vmlinux-%s" },
	{ RELEASE, "/usr/lib/debug/boot/vmlinux-%s" },
	{ RELEASE, "/usr/lib/debug/lib/modules/%s/vmlinux" },
	{ RUNNING, SYS_BTF "%s" },
	{ RELEASE, "/boot/vmlinuz-%s" },
	{ MODULES, "%s/vmlinuz" },
	{ KDIR, "%s/arch/x86/boot/bzImage" },
	{}
};

static const struct place module_places[] = {
	{ KDIR, "%s/%s.ko" },
	{ MODULES, "%s/kernel/%s.ko" },
	{ MODULES, "%s/kernel/%s.ko.xz" },
	{ MODULES, "%s/kernel/%s.ko.zst" },
	{ MODULES, "%s/kernel/%s.ko.gz" },
	{ RUNNING, SYS_BTF "%s" },
	{}
};

/* A search, and in words where it looked, or what was wrong with what was there. */
struct search {
	const struct inputs *in;
	const struct wanted *module;	/* NULL: the kernel is looked for */
	const struct source *kernel;	/* whose BTF the module's is split from */
	bool met;			/* something was there, but of no use */
	char looked[4096];
};

static bool is_running(const char *release)
{
	struct utsname running;

	return !uname(&running) && !strcmp(running.release, release);
}

/* BTF from sysfs stands alone; the build id is beside it. */
static void read_running_id(struct source *s)
{
	const char *name = s->path + strlen(SYS_BTF);
	char path[PATH_MAX + 64] = "/sys/kernel/notes";
	struct blob notes;

	if (strncmp(s->path, SYS_BTF, strlen(SYS_BTF)))
		return;
	if (strcmp(name, "vmlinux"))
		snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id", name);
	if (!blob_open(&notes, path))
		note_build_id(&s->id, notes.data, notes.size);
	blob_close(&notes);
}

static void read_id(struct source *s, struct Elf *elf)
{
	size_t size;
	const void *notes = section_find(elf, ".note.gnu.build-id", &size);

	if (!notes)
		notes = section_find(elf, ".notes", &size);
	if (notes)
		note_build_id(&s->id, notes, size);
}

/* The kernel that a module says it is for. */
static void read_release(struct source *s, struct Elf *elf)
{
	static const char key[] = "vermagic=";
	size_t size;
	const char *info = section_find(elf, ".modinfo", &size);
	const char *at = info ? memmem(info, size, key, strlen(key)) : NULL;

	if (!at)
		return;
	at += strlen(key);
	size -= at - info;
	for (size_t i = 0; i < size && i < sizeof(s->release) - 1 && at[i] && at[i] != ' '; i++)
		s->release[i] = at[i];
}

/* The library reads split BTF from files only: btf__new_split() is missing in libbpf.so 1.1. */
static struct btf *parse_split(const void *data, size_t size, struct btf *base)
{
	int fd = memfd_create("btf", MFD_CLOEXEC);
	struct btf *btf = NULL;
	char path[64];

	if (fd < 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) == (ssize_t)size)
		btf = btf__parse_raw_split(path, base);
	close(fd);
	return btf;
}

static int load_btf(struct source *s, const void *data, size_t size, struct btf *base)
{
	s->btf = base ? parse_split(data, size, base) : btf__new(data, size);
	if (!s->btf)
		return complain("%s: its BTF cannot be read: %s", s->path, strerror(errno));
	return 0;
}

static int load_elf(struct source *s, struct Elf *elf, struct btf *base)
{
	size_t size;
	const void *data;

	if (section_find(elf, ".BTF.base", &size))
		return complain("%s was built outside the kernel's own tree (it has a .BTF.base section)",
				s->path);
	data = section_find(elf, ".BTF", &size);
	if (!data)
		return complain("%s has no .BTF section", s->path);
	read_id(s, elf);
	read_release(s, elf);
	return load_btf(s, data, size, base);
}

static int load_blob(struct source *s, const struct blob *blob, struct btf *base)
{
	const uint16_t magic = BTF_MAGIC;
	struct Elf *elf;
	int error;

	if (blob_has(blob, 0, &magic, sizeof(magic))) {
		read_running_id(s);
		return load_btf(s, blob->data, blob->size, base);
	}
	elf = section_open(blob);
	if (!elf)
		return complain("%s holds neither ELF nor BTF", s->path);
	error = load_elf(s, elf, base);
	elf_end(elf);
	return error;
}

static int load_path(struct source *s, struct btf *base)
{
	struct blob blob;
	int error = blob_open(&blob, s->path);

	if (error)
		return complain("%s cannot be read: %s", s->path, strerror(-error));
	error = unpack(&blob, s->path);
	if (!error)
		error = load_blob(s, &blob, base);
	blob_close(&blob);
	return error;
}

static int load(struct source *s, const struct search *search)
{
	if (load_path(s, search->kernel ? search->kernel->btf : NULL))
		return -1;
	if (!search->module)
		return 0;
	if (*s->release && strcmp(s->release, search->in->release))
		return complain("%s is a module for kernel %s", s->path, s->release);
	if (!lookup_fits(s->btf))
		return complain("%s and the kernel's BTF in %s are not of one build", s->path,
				search->kernel->path);
	if (!s->id.length)
		return complain("%s has no build id by which to know it when it is loaded",
				s->path);
	return 0;
}

static bool place_path(char path[PATH_MAX], const struct place *place, const struct search *search)
{
	const struct wanted *module = search->module;
	const char *of = NULL;

	switch (place->depends) {
	case KDIR:
		of = search->in->kdir;
		break;
	case MODULES:
		of = search->in->modules;
		break;
	case RELEASE:
		of = search->in->release;
		break;
	case RUNNING:
		if (is_running(search->in->release))
			of = module ? module->name : "vmlinux";
		break;
	}
	if (of)
		snprintf(path, PATH_MAX, place->format, of, module ? module->path : "");
	return of;
}

static void add_looked(struct search *search, const char *what)
{
	size_t used = strlen(search->looked);

	snprintf(search->looked + used, sizeof(search->looked) - used, "%s%s",
		 used ? ", " : "", what);
}

static bool find_place(struct source *s, const struct place *places, struct search *search)
{
	for (; places->format; places++) {
		source_close(s);
		if (!place_path(s->path, places, search))
			continue;
		if (access(s->path, F_OK)) {
			add_looked(search, s->path);
			continue;
		}
		if (!load(s, search))
			return true;
		search->met = true;
		add_looked(search, complaint());
	}
	source_close(s);
	return false;
}

static int load_given(struct source *s, const char *path, const struct search *search)
{
	snprintf(s->path, sizeof(s->path), "%s", path);
	return load(s, search);
}

int source_kernel(struct source *kernel, const struct inputs *in)
{
	struct search search = { .in = in };

	*kernel = (struct source){};
	if (in->base)
		return load_given(kernel, in->base, &search);
	if (find_place(kernel, kernel_places, &search))
		return 0;
	return complain("no BTF of this kernel found, looked for %s: build it with CONFIG_DEBUG_INFO_BTF=y, install its debug symbols, or give its vmlinux or vmlinuz with --base (make VMLINUX=FILE)",
			search.looked);
}

/* Returns 0 if it is not built in, 1 if it is, -1 with a sentence. */
static int find_builtin(struct source *module, const struct source *kernel,
			const struct wanted *want)
{
	if (!lookup_struct(kernel->btf, want->mark))
		return 0;
	*module = (struct source){ .btf = kernel->btf, .builtin = true, .id = kernel->id };
	if (!module->id.length)
		return complain("%s is built in, and %s has no build id by which to know this kernel: give its vmlinux with --base (make VMLINUX=FILE)",
				want->name, kernel->path);
	return 1;
}

static int complain_missing(const struct search *search)
{
	const struct wanted *want = search->module;

	if (search->met)
		return complain("no %s of this kernel with BTF found: %s: it needs CONFIG_DEBUG_INFO_BTF_MODULES=y and the very build of the kernel; or give another with --%s",
				want->name, search->looked, want->name);
	return complain("no %s found, looked for %s, and for struct %s in %s if built in: build the kernel with CONFIG_%s and CONFIG_DEBUG_INFO_BTF_MODULES=y, or give the module with --%s",
			want->name, search->looked, want->mark, search->kernel->path, want->config,
			want->name);
}

int source_module(struct source *module, const struct inputs *in, const struct source *kernel,
		  const struct wanted *want, bool optional)
{
	struct search search = { .in = in, .module = want, .kernel = kernel };
	const char *given = in->module[want - wanted];
	int builtin;

	*module = (struct source){};
	if (given)
		return load_given(module, given, &search);
	if (find_place(module, module_places, &search))
		return 0;
	/* A module file that is of no use contradicts a kernel that has it built in. */
	builtin = search.met ? 0 : find_builtin(module, kernel, want);
	if (builtin)
		return builtin < 0 ? -1 : 0;
	if (optional && !search.met)
		return 0;
	return complain_missing(&search);
}

void source_close(struct source *s)
{
	if (!s->builtin)
		btf__free(s->btf);
	*s = (struct source){};
}
