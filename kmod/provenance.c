// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prove that the loaded code is the build that a layout was made from.
 *
 * The result for a module of the kernel is valid while that module is loaded. So the result is
 * marked with the generation, which every load and unload of a module increments. A caller that
 * holds a reference on the module and finds the current generation needs no lock: the module cannot
 * have been unloaded. If another module came or went, the check is repeated with the same result.
 *
 * A caller without a reference reads the generation under RCU. If it is current, the module has not
 * begun to be unloaded: the kernel calls the notifier first, and frees the module after a grace
 * period (kernel: module/main.c, delete_module and free_module()).
 */
#include <linux/atomic.h>
#include <linux/kobject.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>

#include "buildid.h"
#include "dmaown_layout.h"
#include "provenance.h"

/*
 * Generation, incremented when a module comes, is ready, or goes, possibly by 2; never 0, which
 * marks a result that does not exist yet
 */
static atomic_t generation = ATOMIC_INIT(1);

static DEFINE_MUTEX(check_mutex);

const char *dmaown_provenance_kernel(void)
{
	return LAYOUT_KERNEL;
}

static void provenance_complain(struct provenance *prov, const char *found)
{
	char expected[BUILDID_TEXT];

	if (prov->reported)
		return;
	prov->reported = true;
	dmaown_buildid_text(prov->id, prov->len, expected);
	pr_err("%s: built for the %s with build ID %s (kernel %s), but the one that is loaded has build ID %s: %s; build this module again for the running kernel\n",
	       KBUILD_MODNAME, prov->name ?: "vmlinux", expected, dmaown_provenance_kernel(), found,
	       prov->consequence);
}

static void provenance_complain_lacking(struct provenance *prov)
{
	if (!prov->reported)
		pr_err("%s: the %s that is loaded does not export what is needed of it: %s\n",
		       KBUILD_MODNAME, prov->name ?: "kernel", prov->consequence);
	prov->reported = true;
}

/* The caller keeps the module loaded. */
static struct module *provenance_find_owner(const struct provenance *prov)
{
	struct module *owner = NULL;
	struct kobject *kobj;

	if (!prov->name)
		return NULL;
	kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, prov->name);
	if (kobj)
		owner = container_of(kobj, struct module_kobject, kobj)->mod;
	kobject_put(kobj);
	return owner;
}

static int provenance_learn(struct provenance *prov, unsigned int now)
{
	char found[BUILDID_TEXT] = "none";
	int ret;

	lockdep_assert_held(&check_mutex);
	ret = dmaown_buildid_check(prov->name, prov->id, prov->len, found);
	if (ret == -ENOMEM)
		return ret;
	prov->owner = provenance_find_owner(prov);
	prov->fits = !ret && (!prov->lookup || prov->lookup());
	if (ret)
		provenance_complain(prov, found);
	else if (!prov->fits)
		provenance_complain_lacking(prov);
	/* Pairs with the acquire in dmaown_provenance_check(): store the result first. */
	smp_store_release(&prov->checked, now);
	return 0;
}

int dmaown_provenance_check(struct provenance *prov)
{
	unsigned int now = atomic_read(&generation);
	int ret = 0;

	/* Pairs with the release in provenance_learn(): read the generation before the result. */
	if (smp_load_acquire(&prov->checked) != now) {
		mutex_lock(&check_mutex);
		if (prov->checked != now)
			ret = provenance_learn(prov, now);
		mutex_unlock(&check_mutex);
	}
	return ret ?: prov->fits ? 0 : -ENOEXEC;
}

/* Called under RCU, for a result that is current. */
static bool provenance_get_owner(const struct provenance *prov)
{
	struct module *owner = READ_ONCE(prov->owner);

	return prov->name ? owner && try_module_get(owner) : true;
}

bool dmaown_provenance_get(struct provenance *prov)
{
	bool got = false;

	rcu_read_lock();
	/* Pairs with the release in provenance_learn(): read the generation before the result. */
	if (smp_load_acquire(&prov->checked) == atomic_read(&generation) && READ_ONCE(prov->fits))
		got = provenance_get_owner(prov);
	rcu_read_unlock();
	return got;
}

/* The module is kept, so that it is still the owner. */
void dmaown_provenance_put(struct provenance *prov)
{
	module_put(prov->owner);
}

static int provenance_module_notify(struct notifier_block *nb, unsigned long state, void *data)
{
	if (!atomic_inc_return(&generation))
		atomic_inc(&generation);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = provenance_module_notify };

int dmaown_provenance_init(void)
{
	return register_module_notifier(&notifier);
}

void dmaown_provenance_exit(void)
{
	unregister_module_notifier(&notifier);
}
