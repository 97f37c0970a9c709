/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts about the module, and the modules it was built for, from files of the host.
 * @root: path that all files are below: "" except in tests
 */
#ifndef DMAOWN_CLI_HOST_MODULE_HINT_H
#define DMAOWN_CLI_HOST_MODULE_HINT_H

/*
 * Return: the build ID of the running iommufd, or of the kernel if it is built in, for the caller
 * to free; NULL if there is none or it is unknown.
 */
char *running_build_id(const char *root);

/* Return: the build ID of vfio_iommu_type1 if it is a loaded module, or NULL. */
char *running_type1_id(const char *root);

/*
 * Explain why the module may not be loaded on the kernel of this release, and what to do.
 * Return: a sentence for the caller to free, or NULL.
 */
char *module_hint(const char *root, const char *release);

#endif
