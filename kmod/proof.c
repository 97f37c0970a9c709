// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of a module of the kernel's holds as long as that is loaded. So what was learnt is
 * marked with how many modules had gone by then: a module goes when nobody holds it, and whoever
 * holds one and finds the mark up to date needs no lock. To learn it once more, for the sake of
 * some other module that has gone, changes nothing.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include "buildid.h"
#include "dmaown_layout.h"
#include "proof.h"

/* How many modules have gone; 0 is the mark of what was never learnt. */
static unsigned int gone = 1;

static DEFINE_MUTEX(learning);

const char *proofs_kernel(void)
{
	return LAYOUT_KERNEL;
}

static void complain(struct proof *proof, const char *found)
{
	char expected[BUILDID_TEXT];

	if (proof->said)
		return;
	proof->said = true;
	buildid_text(proof->id, proof->len, expected);
	pr_err("%s: built for the %s with build ID %s (kernel %s), but the one that is loaded has build ID %s: %s; build this module again for the running kernel\n",
	       KBUILD_MODNAME, proof->name ?: "vmlinux", expected, proofs_kernel(), found,
	       proof->loss);
}

static int learn(struct proof *proof, unsigned int now)
{
	char found[BUILDID_TEXT] = "none";
	int ret;

	ret = buildid_check(proof->name, proof->id, proof->len, found);
	if (ret == -ENOMEM)
		return ret;
	if (ret)
		complain(proof, found);
	proof->fits = !ret && (!proof->learn || proof->learn());
	/* After all the rest. */
	smp_store_release(&proof->known, now);
	return 0;
}

int proof_check(struct proof *proof)
{
	unsigned int now = READ_ONCE(gone);
	int ret = 0;

	/* Before all the rest. */
	if (smp_load_acquire(&proof->known) != now) {
		mutex_lock(&learning);
		if (proof->known != now)
			ret = learn(proof, now);
		mutex_unlock(&learning);
	}
	return ret ?: proof->fits ? 0 : -ENOEXEC;
}

static int notice(struct notifier_block *nb, unsigned long state, void *data)
{
	if (state == MODULE_STATE_GOING)
		WRITE_ONCE(gone, gone + 1 ?: 1);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = notice };

int proofs_watch(void)
{
	return register_module_notifier(&notifier);
}

void proofs_unwatch(void)
{
	unregister_module_notifier(&notifier);
}
