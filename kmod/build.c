// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof that what is loaded is what a layout was made from.
 *
 * What is known of a module of the kernel's holds as long as that is loaded. So what was learnt is
 * marked with how many modules had gone by then: a module goes when nobody holds it, and whoever
 * holds one and finds the mark up to date needs no lock. To learn it once more, for the sake of
 * some other module that has gone, changes nothing.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include "build.h"
#include "buildid.h"
#include "dmaown_layout.h"

/* How many modules have gone, two at a time perhaps; 0 is the mark of what was never learnt. */
static atomic_t gone = ATOMIC_INIT(1);

static DEFINE_MUTEX(learning);

const char *builds_kernel(void)
{
	return LAYOUT_KERNEL;
}

static void complain(struct build *build, const char *found)
{
	char expected[BUILDID_TEXT];

	if (build->said)
		return;
	build->said = true;
	buildid_text(build->id, build->len, expected);
	pr_err("%s: built for the %s with build ID %s (kernel %s), but the one that is loaded has build ID %s: %s; build this module again for the running kernel\n",
	       KBUILD_MODNAME, build->name ?: "vmlinux", expected, builds_kernel(), found,
	       build->loss);
}

static void complain_lacking(struct build *build)
{
	if (!build->said)
		pr_err("%s: the %s that is loaded does not export what is needed of it: %s\n",
		       KBUILD_MODNAME, build->name ?: "kernel", build->loss);
	build->said = true;
}

static int learn(struct build *build, unsigned int now)
{
	char found[BUILDID_TEXT] = "none";
	int ret;

	ret = buildid_check(build->name, build->id, build->len, found);
	if (ret == -ENOMEM)
		return ret;
	build->fits = !ret && (!build->learn || build->learn());
	if (ret)
		complain(build, found);
	else if (!build->fits)
		complain_lacking(build);
	/* After all the rest. */
	smp_store_release(&build->known, now);
	return 0;
}

int build_check(struct build *build)
{
	unsigned int now = atomic_read(&gone);
	int ret = 0;

	/* Before all the rest. */
	if (smp_load_acquire(&build->known) != now) {
		mutex_lock(&learning);
		if (build->known != now)
			ret = learn(build, now);
		mutex_unlock(&learning);
	}
	return ret ?: build->fits ? 0 : -ENOEXEC;
}

static int notice(struct notifier_block *nb, unsigned long state, void *data)
{
	if (state == MODULE_STATE_GOING && !atomic_inc_return(&gone))
		atomic_inc(&gone);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = notice };

int builds_watch(void)
{
	return register_module_notifier(&notifier);
}

void builds_unwatch(void)
{
	unregister_module_notifier(&notifier);
}
