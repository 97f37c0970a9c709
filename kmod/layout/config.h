/* SPDX-License-Identifier: GPL-2.0 */
/* Refuses a kernel for its configuration. */
#ifndef LAYOUT_CONFIG_H
#define LAYOUT_CONFIG_H

/*
 * Return: 0, or -1 with a sentence. 0 also if the build tree KDIR has no configuration that can be
 * read.
 */
int config_check(const char *kdir);

#endif
