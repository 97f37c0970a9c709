/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host says of the module when that is not there. root is "" but in tests. */
#ifndef DMAOWN_CLI_HINTS_H
#define DMAOWN_CLI_HINTS_H

/* The build ID of the running iommufd, or of the kernel it is built into; NULL: none, or unknown. */
char *running_build_id(const char *root);

/* The same of VFIO's type1, if it is a module. */
char *running_type1_id(const char *root);

/* Why it may not be loaded on the kernel of this release, and what to do. The caller frees it. */
char *hint_not_loaded(const char *root, const char *release);

#endif
