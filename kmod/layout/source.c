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

/* A place to search, if the input that it depends on is known. */
struct place {
	enum { KDIR, MODULES, RELEASE, RUNNING } depends;
	const char *format; /* for that input, and then the module's path */
};

static const struct place kernel_places[] = { { KDIR, "%s/vmlinux" },
					      { RELEASE, "/boot/vmlinux-%s" },
					      { RELEASE, "/usr/lib/debug/boot/vmlinux-%s" },
					      { RELEASE, "/usr/lib/debug/lib/modules/%s/vmlinux" },
					      { RUNNING, SYS_BTF "%s" },
					      { RELEASE, "/boot/vmlinuz-%s" },
					      { MODULES, "%s/vmlinuz" },
					      { KDIR, "%s/arch/x86/boot/bzImage" },
					      {} };

static const struct place module_places[] = { { KDIR, "%s/%s.ko" },
					      { MODULES, "%s/kernel/%s.ko" },
					      { MODULES, "%s/kernel/%s.ko.xz" },
					      { MODULES, "%s/kernel/%s.ko.zst" },
					      { MODULES, "%s/kernel/%s.ko.gz" },
					      { RUNNING, SYS_BTF "%s" },
					      {} };

/* A search, with a text that names each place searched, or what was wrong with the file there. */
struct search {
	const struct inputs *in;
	const struct wanted *module; /* NULL: search for the kernel */
	const struct source *kernel; /* with the base of the module's BTF */
	bool unusable;		     /* a file was found, but cannot be used */
	char places[4096];
};

static bool is_running(const char *release)
{
	struct utsname running;

	return !uname(&running) && !strcmp(running.release, release);
}

/* BTF files in sysfs have no build ID; it is in a notes file. */
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

/* Reads the release of the kernel that a module names (vermagic). */
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

/* Use a file: libbpf.so 1.1 lacks btf__new_split() and reads split BTF from files only. */
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
		return complain("%s and the kernel's BTF in %s are from different builds", s->path,
				search->kernel->path);
	if (!s->id.length)
		return complain("%s has no build ID, which is needed to recognize it when it is loaded",
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

static void add_place(struct search *search, const char *what)
{
	size_t used = strlen(search->places);

	snprintf(search->places + used, sizeof(search->places) - used, "%s%s", used ? ", " : "",
		 what);
}

static bool find_place(struct source *s, const struct place *places, struct search *search)
{
	for (; places->format; places++) {
		source_close(s);
		if (!place_path(s->path, places, search))
			continue;
		if (access(s->path, F_OK)) {
			add_place(search, s->path);
			continue;
		}
		if (!load(s, search))
			return true;
		search->unusable = true;
		add_place(search, complaint());
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
	return complain("no BTF of this kernel found, looked for %s: build it with CONFIG_DEBUG_INFO_BTF=y, install its debug symbols, or pass its vmlinux or vmlinuz with --base (make VMLINUX=FILE)",
			search.places);
}

/* Return: 1 if the module is built into the kernel, 0 if not, or -1 with a sentence. */
static int find_builtin(struct source *module, const struct source *kernel,
			const struct wanted *want)
{
	if (!lookup_struct(kernel->btf, want->mark))
		return 0;
	*module = (struct source){ .btf = kernel->btf, .builtin = true, .id = kernel->id };
	if (!module->id.length)
		return complain("%s is built in, and %s has no build ID, which is needed to recognize this kernel: pass its vmlinux with --base (make VMLINUX=FILE)",
				want->name, kernel->path);
	return 1;
}

static int complain_missing(const struct search *search)
{
	const struct wanted *want = search->module;

	if (search->unusable)
		return complain("no usable %s of this kernel found (%s): it must have BTF (CONFIG_DEBUG_INFO_BTF_MODULES=y) and be from the same build as the kernel; or pass another file with --%s",
				want->name, search->places, want->name);
	return complain("no %s found, looked for %s, and for struct %s in %s if built in: build the kernel with CONFIG_%s and CONFIG_DEBUG_INFO_BTF_MODULES=y, or pass the module with --%s",
			want->name, search->places, want->mark, search->kernel->path, want->config,
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
	/* If there is a module file, even an unusable one, it is not built in. */
	builtin = search.unusable ? 0 : find_builtin(module, kernel, want);
	if (builtin)
		return builtin < 0 ? -1 : 0;
	if (optional && !search.unusable)
		return 0;
	return complain_missing(&search);
}

void source_close(struct source *s)
{
	if (!s->builtin)
		btf__free(s->btf);
	*s = (struct source){};
}
