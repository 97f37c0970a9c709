// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <glob.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_hint.h"

/* FILES */

__attribute__((format(printf, 2, 3))) static FILE *open_below(const char *root, const char *format,
							      ...)
{
	char *name = NULL, *path = NULL;
	FILE *file = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&name, format, args) < 0)
		name = NULL;
	va_end(args);
	if (name && asprintf(&path, "%s%s", root, name) >= 0)
		file = fopen(path, "re");
	else
		path = NULL;
	free(path);
	free(name);
	return file;
}

/*
 * Find the first line that begins with a word, or the first line if word is NULL. Close the file.
 * Return: the line without the word, for the caller to free, or NULL.
 */
static char *find_line(FILE *file, const char *word)
{
	size_t length = word ? strlen(word) : 0, room = 0;
	char *line = NULL;

	while (file && getline(&line, &room, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, word ?: "", length))
			continue;
		memmove(line, line + length, strlen(line + length) + 1);
		fclose(file);
		return line;
	}
	free(line);
	if (file)
		fclose(file);
	return NULL;
}

/* BUILD ID */

static size_t aligned(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static char *format_id(const unsigned char *id, size_t length)
{
	char *text = malloc(2 * length + 1);
	size_t i;

	for (i = 0; text && i < length; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
	return text;
}

static char *find_id(const unsigned char *notes, size_t size)
{
	Elf64_Nhdr note;
	size_t name, id;

	while (size >= sizeof(note)) {
		memcpy(&note, notes, sizeof(note));
		name = sizeof(note);
		id = name + aligned(note.n_namesz);
		if (id > size || note.n_descsz > size - id)
			return NULL;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    !memcmp(notes + name, "GNU", sizeof("GNU")) && note.n_descsz)
			return format_id(notes + id, note.n_descsz);
		if (id + aligned(note.n_descsz) > size)
			return NULL;
		notes += id + aligned(note.n_descsz);
		size -= id + aligned(note.n_descsz);
	}
	return NULL;
}

/* Find the build ID in the ELF notes of a file, and close it. */
static char *id_in(FILE *file)
{
	unsigned char notes[4096];
	size_t size;

	if (!file)
		return NULL;
	size = fread(notes, 1, sizeof(notes), file);
	fclose(file);
	return find_id(notes, size);
}

static FILE *notes_of(const char *root, const char *module)
{
	return open_below(root, "/sys/module/%s/notes/.note.gnu.build-id", module);
}

/* A built-in iommufd has no notes of its own, but its device always exists. */
char *running_build_id(const char *root)
{
	FILE *notes = notes_of(root, "iommufd"), *device;

	if (notes)
		return id_in(notes);
	device = open_below(root, "/sys/class/misc/iommu/dev");
	if (!device)
		return NULL;
	fclose(device);
	return id_in(open_below(root, "/sys/kernel/notes"));
}

char *running_type1_id(const char *root)
{
	return id_in(notes_of(root, "vfio_iommu_type1"));
}

/* THE INSTALLED MODULE */

/* Return: the module's path below /lib/modules/RELEASE, from modprobe's index, or NULL. */
static char *find_module(const char *root, const char *release)
{
	FILE *file = open_below(root, "/lib/modules/%s/modules.dep", release);
	char *line = NULL, *path = NULL, *base;
	size_t room = 0;

	while (file && !path && getline(&line, &room, file) >= 0) {
		line[strcspn(line, ":\n")] = '\0';
		base = strrchr(line, '/');
		if (!strncmp(base ? base + 1 : line, "dmaown.ko", strlen("dmaown.ko")))
			path = strdup(line);
	}
	free(line);
	if (file)
		fclose(file);
	return path;
}

/* Return: a release that the module is installed for, or NULL. */
static char *find_other(const char *root)
{
	char *pattern, *path, *release = NULL;
	glob_t found;
	size_t i;

	if (asprintf(&pattern, "%s/lib/modules/*", root) < 0)
		return NULL;
	if (!glob(pattern, 0, NULL, &found)) {
		for (i = 0; i < found.gl_pathc && !release; i++) {
			path = find_module(root, strrchr(found.gl_pathv[i], '/') + 1);
			if (path)
				release = strdup(strrchr(found.gl_pathv[i], '/') + 1);
			free(path);
		}
		globfree(&found);
	}
	free(pattern);
	return release;
}

/* SIGNATURES */

/* Return: the setting that makes this kernel require signed modules, or NULL. */
static const char *enforced_by(const char *root)
{
	char *line = find_line(open_below(root, "/sys/module/module/parameters/sig_enforce"), NULL);
	bool enforced = line && *line == 'Y';
	const char *why = NULL;

	free(line);
	if (enforced)
		why = "module.sig_enforce";
	line = find_line(open_below(root, "/sys/kernel/security/lockdown"), NULL);
	if (line && (strstr(line, "[integrity]") || strstr(line, "[confidentiality]")))
		why = "lockdown";
	free(line);
	return why;
}

static bool is_distribution(const char *root, const char *name)
{
	char *id = find_line(open_below(root, "/etc/os-release"), "ID=");
	bool is = id && !strcmp(id, name);

	free(id);
	return is;
}

static const char *way_to_enrol(const char *root, const char *module)
{
	if (!strstr(module, "dkms"))
		return "sign it with the kernel's scripts/sign-file, and enrol that certificate with: "
		       "mokutil --import CERTIFICATE.der";
	if (is_distribution(root, "ubuntu"))
		return "enrol the key that DKMS signs with: "
		       "mokutil --import /var/lib/shim-signed/mok/MOK.der";
	return "enrol the key that DKMS signs with: mokutil --import /var/lib/dkms/mok.pub";
}

/* THE HINT */

static void put_missing(FILE *out, const char *root, const char *release)
{
	char *other = find_other(root);

	fprintf(out, ", and there is none for this kernel (%s)", release);
	if (other)
		fprintf(out, ", but one for %s", other);
	fprintf(out,
		"; build it with: dkms autoinstall -k %s, or from the sources: make install && "
		"depmod",
		release);
	free(other);
}

char *module_hint(const char *root, const char *release)
{
	char *module = find_module(root, release), *text = NULL;
	const char *why = enforced_by(root);
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		fputs("the kernel module is not loaded", out);
		if (module)
			fputs("; load it with: modprobe dmaown; if that fails, the kernel log says why "
			      "(journalctl -k -g dmaown)",
			      out);
		else
			put_missing(out, root, release);
		if (why)
			fprintf(out,
				"; this kernel loads only modules with a signature that it trusts "
				"(%s): if it refuses this one, %s, restart, and confirm the key",
				why, way_to_enrol(root, module ?: "dkms"));
		fclose(out);
	}
	free(module);
	return text;
}
