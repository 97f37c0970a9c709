// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "wanted.h"

const struct wanted wanted[WANTED_COUNT] = {
	[WANTED_IOMMUFD] = {
		.name = "iommufd",
		.path = "drivers/iommu/iommufd/iommufd",
		.mark = "iopt_pages",
		.config = "IOMMUFD",
		.optional = true,
		.structs = {
			/* Embedded structs come before the structs that embed them. */
			{ "iommufd_object", .members = {
				{ "wait_cnt|shortterm_users", "refcount_t" },
				{ "users", "refcount_t" },
				{ "type", "enum iommufd_object_type" },
				{ "id", "unsigned int" },
			} },
			{ "iommufd_ctx", .members = {
				{ "file", "struct file *" },
				{ "objects", "struct xarray" },
				{ "destroy_wait", "wait_queue_head_t" },
				{ "account_mode", "u8" },
				{ "vfio_ioas", "struct iommufd_ioas *" },
				{ "ioas_creation_lock", "struct rw_semaphore",
				  { .optional = true } },
			} },
			{ "io_pagetable", .members = {
				{ "domains_rwsem", "struct rw_semaphore" },
				{ "domains", "struct xarray" },
				{ "access_list", "struct xarray" },
				{ "iova_rwsem", "struct rw_semaphore" },
				{ "area_itree", "struct rb_root_cached" },
				{ "disable_large_pages", "u8" },
				{ "iova_alignment", "unsigned long" },
			} },
			{ "iommufd_ioas", .members = {
				{ "obj", "struct iommufd_object" },
				{ "iopt", "struct io_pagetable" },
			} },
			{ "iopt_area", .members = {
				{ "node", "struct interval_tree_node" },
				{ "pages_node", "struct interval_tree_node" },
				{ "iopt", "struct io_pagetable *" },
				{ "pages", "struct iopt_pages *" },
				{ "storage_domain", "struct iommu_domain *" },
				{ "page_offset", "unsigned int" },
				{ "iommu_prot", "int" },
				{ "num_accesses", "unsigned int" },
			} },
			{ "iopt_pages", .members = {
				{ "kref", "struct kref" },
				{ "mutex", "struct mutex" },
				{ "npages", "size_t" },
				{ "npinned", "size_t" },
				{ "last_npinned", "size_t" },
				{ "source_task", "struct task_struct *" },
				{ "source_mm", "struct mm_struct *" },
				{ "source_user", "struct user_struct *" },
				{ "uptr", "void *" },
				{ "writable", "bool" },
				{ "account_mode", "u8" },
				{ "pinned_pfns", "struct xarray" },
				{ "domains_itree", "struct rb_root_cached" },
				{ "type", "enum iopt_address_type", { .optional = true } },
				{ "file", "struct file *", { .with = "iopt_pages.type" } },
				{ "start", "unsigned long", { .with = "iopt_pages.type" } },
				{ "dmabuf.start", "unsigned long", { .optional = true } },
			} },
			{ "iommufd_hw_pagetable", .members = {
				{ "obj", "struct iommufd_object" },
			} },
			{ "iommufd_hwpt_paging", .members = {
				{ "common", "struct iommufd_hw_pagetable" },
				{ "ioas", "struct iommufd_ioas *" },
				{ "auto_domain", "bool" },
			} },
			{ "iommufd_hwpt_nested", .members = {
				{ "common", "struct iommufd_hw_pagetable" },
				{ "parent", "struct iommufd_hwpt_paging *" },
			} },
			{ "iommufd_group", .members = {
				{ "pasid_attach", "struct xarray", { .optional = true } },
				{ "hwpt", "struct iommufd_hw_pagetable *",
				  { .unless = "iommufd_group.pasid_attach" } },
			} },
			{ "iommufd_attach", { .with = "iommufd_group.pasid_attach" }, .members = {
				{ "hwpt", "struct iommufd_hw_pagetable *" },
			} },
			{ "iommufd_device", .members = {
				{ "obj", "struct iommufd_object" },
				{ "igroup", "struct iommufd_group *" },
				{ "dev", "struct device *" },
			} },
			{ "iommufd_access", .members = {
				{ "obj", "struct iommufd_object" },
				{ "ictx", "struct iommufd_ctx *" },
			} },
			/* Queues of faults and events; in older kernels there are only faults. */
			{ "iommufd_eventq", { .optional = true }, .members = {
				{ "ictx", "struct iommufd_ctx *" },
			} },
			{ "iommufd_fault", { .optional = true }, .members = {
				{ "ictx", "struct iommufd_ctx *",
				  { .unless = "iommufd_eventq.ictx" } },
			} },
		},
		.enums = {
			{ "iommufd_object_type", .values = {
				{ "IOMMUFD_OBJ_DEVICE" },
				{ "IOMMUFD_OBJ_HWPT_PAGING" },
				{ "IOMMUFD_OBJ_HWPT_NESTED" },
				{ "IOMMUFD_OBJ_IOAS" },
				{ "IOMMUFD_OBJ_ACCESS" },
			} },
			{ NULL, .values = {
				{ "IOPT_PAGES_ACCOUNT_NONE" },
				{ "IOPT_PAGES_ACCOUNT_USER" },
				{ "IOPT_PAGES_ACCOUNT_MM" },
			} },
			{ "iopt_address_type", { .with = "iopt_pages.type" }, .values = {
				{ "IOPT_ADDRESS_USER" },
				{ "IOPT_ADDRESS_FILE" },
				{ "IOPT_ADDRESS_DMABUF", { .with = "iopt_pages.dmabuf.start" } },
			} },
		},
	},
	[WANTED_VFIO] = {
		.name = "vfio",
		.path = "drivers/vfio/vfio",
		.mark = "vfio_device_file",
		.config = "VFIO",
		.optional = true,
		.structs = {
			{ "vfio_device_file", .members = {
				{ "device", "struct vfio_device *" },
				{ "group", "struct vfio_group *" },
				{ "iommufd", "struct iommufd_ctx *" },
			} },
			{ "vfio_device", .header = "linux/vfio.h", .members = {
				{ "dev", "struct device *" },
				{ "dev_set", "struct vfio_device_set *" },
				{ "device", "struct device" },
				{ "open_count", "unsigned int" },
				{ "iommufd_access", "struct iommufd_access *",
				  { .optional = true } },
				{ "group", "struct vfio_group *", { .optional = true } },
				/* Before 6.10 a mapping is not linked to its device. */
				{ "inode", "struct inode *", { .optional = true } },
			} },
			{ "vfio_container", { .optional = true }, .members = {
				{ "kref", "struct kref" },
				{ "group_list", "struct list_head" },
				{ "group_lock", "struct rw_semaphore" },
				{ "iommu_driver", "struct vfio_iommu_driver *" },
				{ "iommu_data", "void *" },
			} },
			{ "vfio_iommu_driver", { .with = "vfio_container.kref" }, .members = {
				{ "ops", "struct vfio_iommu_driver_ops *" },
			} },
			{ "vfio_iommu_driver_ops", { .with = "vfio_container.kref" }, .members = {
				{ "name", "char *" },
			} },
			{ "vfio_group", { .optional = true }, .members = {
				{ "dev.kobj.name", "char *" },
				{ "container", "struct vfio_container *",
				  { .with = "vfio_container.kref" } },
				{ "device_list", "struct list_head" },
				{ "device_lock", "struct mutex" },
				{ "container_next", "struct list_head",
				  { .with = "vfio_container.kref" } },
				{ "container_users", "unsigned int",
				  { .with = "vfio_container.kref" } },
				{ "group_lock", "struct mutex" },
				{ "iommufd", "struct iommufd_ctx *", { .optional = true } },
			} },
		},
	},
	[WANTED_TYPE1] = {
		.name = "vfio_iommu_type1",
		.path = "drivers/vfio/vfio_iommu_type1",
		.mark = "vfio_dma",
		.config = "VFIO_IOMMU_TYPE1",
		.optional = true,
		.structs = {
			{ "vfio_iommu", .members = {
				{ "domain_list", "struct list_head" },
				{ "lock", "struct mutex" },
				{ "dma_list", "struct rb_root" },
				{ "vaddr_invalid_count", "unsigned int" },
			} },
			{ "vfio_domain", .members = {
				{ "domain", "struct iommu_domain *" },
				{ "next", "struct list_head" },
			} },
			{ "vfio_dma", .members = {
				{ "node", "struct rb_node" },
				{ "iova", "dma_addr_t" },
				{ "vaddr", "unsigned long" },
				{ "size", "size_t" },
				{ "prot", "int" },
				{ "iommu_mapped", "bool" },
				{ "lock_cap", "bool" },
				{ "vaddr_invalid", "bool" },
				{ "task", "struct task_struct *" },
				{ "mm", "struct mm_struct *" },
				{ "locked_vm", "size_t" },
			} },
		},
	},
};

const struct wanted wanted_public = {
	.structs = {
		{ "bin_attribute", .members = {
			{ "read", "function *" },
			{ "read_new", "function *", { .optional = true } },
		} },
	},
};

bool wanted_is_private(const char *name)
{
	for (int i = 0; i < WANTED_COUNT; i++)
		for (const struct wanted_struct *s = wanted[i].structs; s->name; s++)
			if (!s->header && !strcmp(s->name, name))
				return true;
	return false;
}

bool wanted_may_miss(const struct wanted_when *when)
{
	return when->optional || when->with || when->unless;
}
