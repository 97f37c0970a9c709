/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * dmaown: shows which process owns the memory that iommufd and VFIO keep pinned, and makes another
 * process its owner.
 *
 * This header is the whole interface of dmaown.ko. The module and the tool both include it.
 *
 *
 * WORDS
 *
 * context	one open file through which memory is mapped for devices. Its ID is an opaque
 *		number, which stays the same as long as the context is open and the module is
 *		loaded. A later context may get the ID of one that was closed.
 * kind		kind of context:
 *		iommufd	/dev/iommu, or /dev/vfio/vfio if iommufd provides it
 *		type1	/dev/vfio/vfio if VFIO provides it: a container, once VFIO_SET_IOMMU has
 *			given it an IOMMU of type1
 * holder	a process that has one of these files open, or has mapped it: the file of the
 *		context; the file of a VFIO device that is bound to the context or is in it; the
 *		file of a VFIO group that is in the context; for kind iommufd also the file of a
 *		fault queue or an event queue. A mapping keeps its file open after the last
 *		descriptor has been closed. Other files are open in no process: in flight over a
 *		socket, in io_uring's own table, or held by another part of the kernel, such as
 *		KVM. VFIO counts the open files of each device: those that no process has are the
 *		unknown holder.
 * IOAS, area, HWPT, device, access
 *		the same as in iommufd (Documentation/userspace-api/iommufd.rst of the kernel). A
 *		type1 container has one address space, which is called IOAS 1. Its areas are its
 *		mappings (VFIO_IOMMU_MAP_DMA). Its devices are those of its groups, numbered in the
 *		order of the listing. It has no HWPTs and no accesses.
 * pages object	the user memory behind one area, or behind several areas that were copied from one
 *		another. It is pinned and charged once, however many areas share it. For kind type1
 *		each area has a pages object of its own.
 * owner	the process, address space and user that a pages object records, and that are
 *		charged. Kind type1 records no user: the user is that of the process.
 * state	state of an owner: live; stale (the process lives, but has left the recorded address
 *		space by exec); dead (no thread of the process is left).
 * mode		how a pages object is charged. It is decided when the memory is mapped:
 *		none	only mm->pinned_vm (VmPin in /proc/PID/status): the mapper had
 *			CAP_IPC_LOCK, or the source is a dma-buf, for which nothing is pinned
 *		user	the user's locked pages, limited by the owner's RLIMIT_MEMLOCK; and VmPin
 *		mm	mm->locked_vm (VmLck), limited by the owner's RLIMIT_MEMLOCK; and VmPin.
 *			All areas of kind type1 are charged in this mode, but without VmPin. Their
 *			limit does not apply to an owner that has CAP_IPC_LOCK when it maps the area
 *			or becomes its owner. For kind iommufd the mode never changes.
 *
 * A process is named by its PID and its start time, so that a dead process is never mistaken for a
 * later one with the same PID. The start time is in nanoseconds since boot, in the initial time
 * namespace: start_boottime in the kernel's task_struct. DMAOWN_IOC_PROCESS returns it. The ID of
 * an owner stands for both PID and start time.
 *
 *
 * PERMISSIONS
 *
 * Everything here needs CAP_SYS_ADMIN and CAP_SYS_PTRACE, both in the initial user namespace. The
 * module checks them when /dev/dmaown or a file in debugfs is opened, at each ioctl and each read,
 * at each netlink request and in each message of a dump. For netlink both the process that opened
 * the socket and the one that uses it need them. Everyone else gets EPERM. Events are sent only to
 * sockets that were opened with both capabilities.
 *
 * PIDs are those of the caller's PID namespace. A process without a PID there is reported without a
 * PID. Dead owners, and all processes in events, are reported with their PID in the initial PID
 * namespace.
 *
 *
 * THREE CHANNELS
 *
 * /dev/dmaown		ioctls that change something or must name things exactly. See below.
 * generic netlink	family "dmaown", version 1: dumps of the records below, one message per
 *			record; and the multicast group "events", for listeners in the initial
 *			network namespace. dmaown.yaml beside this file describes the same as a
 *			netlink spec.
 * debugfs dmaown/	one text file for each kind of record (contexts, holders, ioases, hwpts,
 *			devices, accesses, areas, owners, refusals), and "status". One line per
 *			record: NAME=VALUE, separated by blanks, in the order below. Numbers are
 *			decimal; IDs and addresses are hexadecimal with 0x. Strings have no quotes;
 *			in them blanks, control characters, bytes that are not ASCII, '\', '"' and
 *			'=' are written as \ooo (three octal digits). An unknown or unlimited value
 *			is -, and the string "-" is \055.
 *
 *
 * NETLINK
 *
 * DMAOWN_CMD_GET_STATUS (do) returns one status record. Every other DMAOWN_CMD_GET_* is a dump. Its
 * request may carry DMAOWN_A_REQUEST_CONTEXT to list one context only. Owners and refusals belong
 * to no context: a request for them that carries it fails with EINVAL. The answer is one message
 * per record. The attributes of a message are the fields of the record, named
 * DMAOWN_A_<RECORD>_<FIELD>. A field that is unknown or unlimited has no attribute. If a context
 * goes away during a dump, or records are missing because of a lock and no field "busy" says so,
 * all messages from there on are marked with NLM_F_DUMP_INTR.
 *
 * A listing waits for locks of contexts for at most about 50 ms in all; for the address spaces of
 * processes 40 ms, and after that 1 ms for each that is locked. On a slow machine this takes up to
 * 25 times as long. It holds nothing up. An IOAS that another thread keeps locked is reported with
 * its field "busy" set and without what could not be read. Totals that lack a locked IOAS are
 * reported with their field "busy" set, too.
 */
#ifndef _UAPI_DMAOWN_H
#define _UAPI_DMAOWN_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DMAOWN_DEVICE	    "/dev/dmaown"
#define DMAOWN_GENL_NAME    "dmaown"
#define DMAOWN_GENL_VERSION 1
#define DMAOWN_GENL_EVENTS  "events"
#define DMAOWN_DEBUGFS_DIR  "dmaown"

/*
 * ENUMERATIONS
 *
 * Each enumeration is a list of (constant, value, name in text and JSON).
 */
/* clang-format off */

/* Kind of context. */
#define DMAOWN_KINDS(E)				\
	E(KIND_IOMMUFD,		1, "iommufd")	\
	E(KIND_TYPE1,		2, "type1")

/* Accounting mode of a pages object. */
#define DMAOWN_MODES(E)				\
	E(MODE_NONE,		0, "none")	\
	E(MODE_USER,		1, "user")	\
	E(MODE_MM,		2, "mm")

/* State of an owner. */
#define DMAOWN_STATES(E)			\
	E(STATE_LIVE,		1, "live")	\
	E(STATE_STALE,		2, "stale")	\
	E(STATE_DEAD,		3, "dead")

/* Source of a pages object. */
#define DMAOWN_SOURCES(E)			\
	E(SOURCE_ADDRESS,	1, "address")	\
	E(SOURCE_FILE,		2, "file")	\
	E(SOURCE_DMABUF,	3, "dmabuf")

/*
 * How a context is held: by a descriptor of its own file, of a device, of a group, or of a fault or
 * event queue; by a mapping of one of these files; or by device files that no process has.
 */
#define DMAOWN_VIAS(E)				\
	E(VIA_CONTEXT,		1, "context")	\
	E(VIA_DEVICE,		2, "device")	\
	E(VIA_GROUP,		3, "group")	\
	E(VIA_MAPPING,		4, "mapping")	\
	E(VIA_EVENTQ,		5, "eventq")	\
	E(VIA_UNKNOWN,		6, "unknown")

/* Type of HWPT. */
#define DMAOWN_HWPTS(E)				\
	E(HWPT_PAGING,		1, "paging")	\
	E(HWPT_NESTED,		2, "nested")

/* Type of event. */
#define DMAOWN_EVENTS(E)			\
	E(EVENT_TRANSFER,	1, "transfer")	\
	E(EVENT_REFUSAL,	2, "refusal")	\
	E(EVENT_PROGRESS,	3, "progress")

#define DMAOWN_ENUM_(c, v, n)	DMAOWN_##c = (v),
enum dmaown_kind	{ DMAOWN_KINDS(DMAOWN_ENUM_) };
enum dmaown_mode	{ DMAOWN_MODES(DMAOWN_ENUM_) DMAOWN_MODE_COUNT };
enum dmaown_state	{ DMAOWN_STATES(DMAOWN_ENUM_) };
enum dmaown_source	{ DMAOWN_SOURCES(DMAOWN_ENUM_) };
enum dmaown_via		{ DMAOWN_VIAS(DMAOWN_ENUM_) };
enum dmaown_hwpt_type	{ DMAOWN_HWPTS(DMAOWN_ENUM_) };
enum dmaown_event_type	{ DMAOWN_EVENTS(DMAOWN_ENUM_) };
/* clang-format on */

/*
 * RECORDS
 *
 * One description serves netlink attributes, debugfs text and the tool: each record is a list of
 * (FIELD, field, type, description). The n-th field's netlink attribute has the number n, counted
 * from 1. New fields are added at the end.
 *
 * Types:
 *	U32, U64	a number
 *	FLAG		a u32: 0 or 1
 *	ID, ADDR	a u64, written in hexadecimal: an ID; an address, offset or IOVA in bytes
 *	SIZE		a u64 in bytes
 *	TIME		a u64 in nanoseconds since boot
 *	COMM, NAME, TEXT
 *			strings of at most 15, 63 and 127 bytes and a NUL
 *	KIND, MODE, STATE, SOURCE, VIA, HWPT, EVENT
 *			a u32: one of the enumerations above
 */
/* clang-format off */

/*
 * One for each context that a process of the system holds. If the context itself is locked, only
 * context, kind, holders and busy (1) are known.
 */
#define DMAOWN_CONTEXT_FIELDS(F)								\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(KIND,		kind,		KIND,	"kind of context")				\
	F(MODE,		mode,		MODE,							\
	  "accounting mode of areas that a process without CAP_IPC_LOCK maps from now on")	\
	F(HOLDERS,	holders,	U32,	"processes that hold the context")		\
	F(IOASES,	ioases,		U32,	"IOASes")					\
	F(HWPTS,	hwpts,		U32,	"HWPTs")					\
	F(DEVICES,	devices,	U32,	"devices bound to the context")			\
	F(ACCESSES,	accesses,	U32,	"in-kernel accesses attached to an IOAS")	\
	F(AREAS,	areas,		U64,	"areas in all IOASes")				\
	F(MAPPED,	mapped,		SIZE,	"bytes of IOVA space covered by areas")		\
	F(PINNED,	pinned,		SIZE,							\
	  "bytes pinned, counting a shared pages object once")					\
	F(OWNERS,	owners,		U32,	"different owners")				\
	F(BUSY,		busy,		U32,							\
	  "IOASes that were locked and are missing from the totals")				\
	F(OWNER,	owner,		ID,							\
	  "ID of the owning process, if there is only one owner")				\
	F(OWNER_PID,	owner_pid,	U32,	"PID of the only owner")			\
	F(OWNER_STATE,	owner_state,	STATE,	"state of the only owner")

/*
 * One for each process, context, via, and device or group: it stands for all files that are alike.
 * For files with unseen 1 a process has only one record per via. A record without a context whose
 * busy and unseen are 0 is for files that hold no context: device files that are not bound, a group
 * that is in no context, or containers without an IOMMU. A record whose via is unknown has no
 * process: it stands for open files of a device that no process has, or, if files is missing, for a
 * device that could not be inspected and may be open. Such devices are found on the PCI and
 * platform buses, with mediated devices below them. There are at most 131,072 records for the
 * processes of one user, and 2,097,152 in all: a process that would have more has a record without
 * a via, as one that could not be read to the end.
 */
#define DMAOWN_HOLDER_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(PID,		pid,		U32,	"PID of the process")				\
	F(START,	start,		TIME,							\
	  "start time of the process, in nanoseconds since boot")				\
	F(COMM,		comm,		COMM,	"command name of the process")			\
	F(UID,		uid,		U32,							\
	  "real user ID of the process, in the reader's user namespace")			\
	F(VIA,		via,		VIA,							\
	  "how the context is held; missing if the files of the process could not be read to "	\
	  "the end")										\
	F(FD,		fd,		U32,							\
	  "lowest descriptor number of the files in that process; missing for a mapping")	\
	F(DEVICE,	device,		NAME,							\
	  "device of a VFIO device file; group-NUMBER for a VFIO group file")			\
	F(BUSY,		busy,		FLAG,							\
	  "1 if the file is of a VFIO device or group that is locked, or if via is unknown "	\
	  "and the device is locked: the context is unknown; also 1 if the files or mappings "	\
	  "of the process could not be read to the end")					\
	F(UNSEEN,	unseen,		FLAG,							\
	  "1 for a file, or for a device if via is unknown, of a VFIO or iommufd that the "	\
	  "module was not built for: its context is unknown")					\
	F(ADDR,		addr,		ADDR,							\
	  "lowest address of a mapping of the files in that process, if via is mapping")	\
	F(FILES,	files,		U32,							\
	  "number of different files; if via is unknown, of open files of the device that no "	\
	  "process has; missing if it is not known whether there are any")			\
	F(REMOVING,	removing,	FLAG,							\
	  "1 if the device is being unbound from its driver or removed")			\
	F(KIND,		kind,		KIND,	"kind of context")				\
	F(MODE,		mode,		MODE,							\
	  "accounting mode of the next area that the process maps, if via is context")		\
	F(LIMIT,	limit,		SIZE,							\
	  "RLIMIT_MEMLOCK of the process in bytes; missing if unlimited, in mode none, or for "	\
	  "kind type1 with CAP_IPC_LOCK")							\
	F(USED,		used,		SIZE,							\
	  "bytes in the counter that the limit applies to: the user's locked pages in "		\
	  "mode user, VmLck in mode mm")							\
	F(HEADROOM,	headroom,	SIZE,							\
	  "limit minus used in bytes; 0 if used is larger")

/* One for each IOAS. */
#define DMAOWN_IOAS_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(IOAS,		ioas,		U32,	"object ID of the IOAS")			\
	F(HWPTS,	hwpts,		U32,	"HWPTs that take their areas from the IOAS")	\
	F(DEVICES,	devices,	U32,							\
	  "devices attached to the IOAS, for kind iommufd through a HWPT")			\
	F(ACCESSES,	accesses,	U32,	"in-kernel accesses attached to the IOAS")	\
	F(AREAS,	areas,		U64,	"areas")					\
	F(MAPPED,	mapped,		SIZE,	"bytes of IOVA space covered by areas")		\
	F(PINNED,	pinned,		SIZE,							\
	  "bytes pinned; a pages object shared by several IOASes of a context counts in "	\
	  "the first one")									\
	F(ALIGNMENT,	alignment,	SIZE,	"IOVA alignment in bytes")			\
	F(BUSY,		busy,		FLAG,							\
	  "1 if the IOAS was locked: areas, accesses, mapped and pinned are unknown")		\
	F(KIND,		kind,		KIND,	"kind of context")

/* One for each HWPT. */
#define DMAOWN_HWPT_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(HWPT,		hwpt,		U32,	"object ID of the HWPT")			\
	F(IOAS,		ioas,		U32,							\
	  "object ID of the IOAS that the HWPT takes its areas from")				\
	F(TYPE,		type,		HWPT,	"type of HWPT")					\
	F(AUTO,		auto_domain,	FLAG,							\
	  "1 if the kernel makes and frees the HWPT as devices attach and detach")		\
	F(DEVICES,	devices,	U32,	"devices attached to the HWPT")

/*
 * One for each device that is bound to a context or in it, and for each emulated device whose file
 * was found. An emulated device of kind iommufd has no id.
 */
#define DMAOWN_DEVICE_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(ID,		id,		U32,	"object ID of the device")			\
	F(DEVICE,	device,		NAME,	"name of the device, such as 0000:00:01.0")	\
	F(HWPT,		hwpt,		U32,							\
	  "object ID of the HWPT that the device is attached to, if any")			\
	F(IOAS,		ioas,		U32,							\
	  "object ID of the IOAS that the device is attached to; for kind type1 the only "	\
	  "IOAS")										\
	F(KIND,		kind,		KIND,	"kind of context")				\
	F(OPENS,	opens,		U32,							\
	  "open files of the device, as VFIO counts them")					\
	F(UNKNOWN,	unknown,	U32,							\
	  "open files of the device that no process has, neither as a descriptor nor mapped: "	\
	  "in flight over a socket, in io_uring's own table, held by another part of the "	\
	  "kernel, or opened just now; missing if it cannot be known")				\
	F(REMOVING,	removing,	FLAG,							\
	  "1 if the device is being unbound from its driver or removed, which waits until "	\
	  "its files are closed")

/* One for each in-kernel access that is attached to an IOAS. */
#define DMAOWN_ACCESS_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(ID,		id,		U32,	"object ID of the access")			\
	F(IOAS,		ioas,		U32,	"object ID of the IOAS")

/*
 * One for each area. Only context, kind, ioas, iova, length, readable, writable and busy (0) are
 * known of an area in flux. A record whose busy is 1 is no area.
 */
#define DMAOWN_AREA_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(IOAS,		ioas,		U32,	"object ID of the IOAS")			\
	F(IOVA,		iova,		ADDR,	"first IOVA")					\
	F(LENGTH,	length,		SIZE,	"length in bytes")				\
	F(SOURCE,	source,		SOURCE,	"source of the pages object")			\
	F(ADDR,		addr,		ADDR,							\
	  "user address of the first byte in the owner's address space, if mapped by "		\
	  "address")										\
	F(OFFSET,	offset,		ADDR,							\
	  "offset of the first byte in the file or dma-buf, if mapped by one")			\
	F(READABLE,	readable,	FLAG,	"1 if the device may read")			\
	F(WRITABLE,	writable,	FLAG,	"1 if the device may write")			\
	F(PAGES,	pages,		ID,							\
	  "ID of the pages object, the same for areas that share one")				\
	F(SHARERS,	sharers,	U32,							\
	  "areas that share the pages object, including areas that are being made")		\
	F(PINNED,	pinned,		SIZE,							\
	  "bytes pinned through the pages object; 0 for each of its areas except the "		\
	  "first one listed")									\
	F(ACCESSES,	accesses,	U32,	"pins held by in-kernel accesses")		\
	F(MODE,		mode,		MODE,	"accounting mode")				\
	F(OWNER,	owner,		ID,	"ID of the owning process")			\
	F(PID,		pid,		U32,	"PID of the owning process")			\
	F(START,	start,		TIME,							\
	  "start time of the owning process, in nanoseconds since boot")			\
	F(STATE,	state,		STATE,	"state of the owner")				\
	F(UID,		uid,		U32,							\
	  "ID of the user that is charged, in the reader's user namespace")			\
	F(BUSY,		busy,		FLAG,							\
	  "1 if the record is no area: the IOAS, or the context if ioas is missing, is "	\
	  "locked and cannot be listed")							\
	F(KIND,		kind,		KIND,	"kind of context")				\
	F(INVALID,	invalid,	FLAG,							\
	  "1 if the address was taken back (VFIO_DMA_UNMAP_FLAG_VADDR) and not set "		\
	  "again; always 0 for kind iommufd")							\
	F(FILE_MAJOR,	file_major,	U32,							\
	  "major number of the device that holds the mapped file, as in /proc/PID/maps, if "	\
	  "mapped by file")									\
	F(FILE_MINOR,	file_minor,	U32,							\
	  "minor number of the device that holds the mapped file, if mapped by file")		\
	F(FILE_INODE,	file_inode,	U64,							\
	  "inode number of the mapped file, if mapped by file")

/* One for each different owner: process, address space, user, mode and kind of context. */
#define DMAOWN_OWNER_FIELDS(F)									\
	F(OWNER,	owner,		ID,	"ID of the owning process")			\
	F(PID,		pid,		U32,	"PID of the owning process")			\
	F(START,	start,		TIME,							\
	  "start time of the owning process, in nanoseconds since boot")			\
	F(COMM,		comm,		COMM,							\
	  "command name of the process, as long as it exists")					\
	F(UID,		uid,		U32,							\
	  "ID of the user that is charged, in the reader's user namespace")			\
	F(STATE,	state,		STATE,	"state of the owner")				\
	F(MODE,		mode,		MODE,	"accounting mode")				\
	F(CONTEXTS,	contexts,	U32,	"contexts in which the owner has areas")	\
	F(AREAS,	areas,		U64,	"areas of the owner")				\
	F(PINNED,	pinned,		SIZE,							\
	  "bytes pinned for these areas, counting a shared pages object once")			\
	F(CHARGED,	charged,	SIZE,							\
	  "bytes of pinned that count against the limit; 0 in mode none")			\
	F(LIMIT,	limit,		SIZE,							\
	  "RLIMIT_MEMLOCK of the process in bytes; missing if unlimited, if the owner is "	\
	  "dead, in mode none, or for kind type1 with CAP_IPC_LOCK")				\
	F(USED,		used,		SIZE,							\
	  "bytes in the counter that the limit applies to: the user's locked pages in "		\
	  "mode user, VmLck in mode mm")							\
	F(HEADROOM,	headroom,	SIZE,							\
	  "limit minus used in bytes; 0 if used is larger")					\
	F(VM_PINNED,	vm_pinned,	SIZE,	"VmPin of the address space in bytes")		\
	F(VM_LOCKED,	vm_locked,	SIZE,	"VmLck of the address space in bytes")		\
	F(USER_LOCKED,	user_locked,	SIZE,							\
	  "the user's locked pages in bytes, locked through iommufd or otherwise")		\
	F(USER_OTHER,	user_other,	SIZE,							\
	  "bytes of user_locked that were not locked through iommufd")				\
	F(BUSY,		busy,		U32,							\
	  "IOASes, contexts and files that were locked or could not be inspected, and "		\
	  "are missing from the totals")							\
	F(KIND,		kind,		KIND,	"kind of context that the areas are in")

/* One for each reason to refuse a transfer. Counts begin when the module is loaded. */
#define DMAOWN_REFUSAL_FIELDS(F)								\
	F(REASON,	reason,		NAME,							\
	  "name from DMAOWN_REASONS; missing for refusals without a reason, such as "		\
	  "interrupted transfers")								\
	F(REFUSALS,	refusals,	U64,							\
	  "refused transfers with this reason as the only or the first one")

/*
 * One record: the module itself. Counts begin when the module is loaded. Dry runs and
 * DMAOWN_IOC_LEAVE are counted in retries only.
 */
#define DMAOWN_STATUS_FIELDS(F)									\
	F(VERSION,	version,	NAME,	"version of the module")			\
	F(KERNEL,	kernel,		TEXT,							\
	  "release of the kernel that the module was built for")				\
	F(SUBJECT,	subject,	NAME,							\
	  "what the iommufd layout describes: iommufd, or vmlinux if iommufd is built in")	\
	F(BUILD_ID,	build_id,	TEXT,							\
	  "build ID of the module or kernel that the iommufd layout was made from")		\
	F(VFIO,		vfio,		FLAG,	"1 if VFIO device files can be inspected")	\
	F(TRANSFERS,	transfers,	U64,	"transfers that moved something")		\
	F(REFUSALS,	refusals,	U64,	"refused transfers")				\
	F(RETRIES,	retries,	U64,							\
	  "attempts that found something in flux or locked")					\
	F(AREAS,	areas,		U64,	"areas moved")					\
	F(PINNED,	pinned,		SIZE,	"bytes of pinned memory moved")			\
	F(IOMMUFD,	iommufd,	FLAG,	"1 if iommufd contexts can be inspected")	\
	F(TYPE1,	type1,		FLAG,	"1 if VFIO type1 containers can be inspected")	\
	F(TYPE1_ID,	type1_id,	TEXT,							\
	  "build ID of the module or kernel that the vfio_iommu_type1 layout was made from")	\
	F(VFIO_UNSEEN,	vfio_unseen,	FLAG,							\
	  "1 if VFIO is loaded, and the module was not built for it and cannot inspect "	\
	  "it")											\
	F(IOMMUFD_UNSEEN, iommufd_unseen, FLAG,							\
	  "1 if iommufd is loaded, and the module was not built for it and cannot "		\
	  "inspect it")										\
	F(SEARCHES,	searches,	U64,							\
	  "searches for all holders of the contexts of a transfer or check")			\
	F(FEW_SEARCHES, few_searches, U64,							\
	  "of these: ended after a few processes, which had all references")

/*
 * A multicast message for each transfer and each refusal, and every progress_ms milliseconds (a
 * parameter of the module) while a transfer compares pages (see DMAOWN_TRANSFER_ADOPT). A dry run
 * sends none. PIDs are those of the initial namespace.
 */
#define DMAOWN_EVENT_FIELDS(F)									\
	F(EVENT,	event,		EVENT,	"type of event")				\
	F(SEQUENCE,	sequence,	U64,							\
	  "number of the event, counted from 1 since the module was loaded")			\
	F(TIME,		time,		TIME,	"time of the event, in nanoseconds since boot")	\
	F(CALLER,	caller,		U32,	"PID of the caller")				\
	F(TO,		to,		U32,	"PID of the new owner")				\
	F(TO_START,	to_start,	TIME,							\
	  "start time of the new owner, in nanoseconds since boot")				\
	F(FROM,		from,		U32,	"PID of the old owner, if one was named")	\
	F(FROM_START,	from_start,	TIME,							\
	  "start time of the old owner, if one was named, in nanoseconds since boot")		\
	F(CONTEXTS,	contexts,	U32,	"contexts inspected, named or not")		\
	F(AREAS,	areas,		U64,	"areas moved")					\
	F(PINNED,	pinned,		SIZE,	"bytes of pinned memory moved")			\
	F(ERROR,	error,		U32,	"errno of a refusal")				\
	F(REASON,	reason,		NAME,							\
	  "name from DMAOWN_REASONS of the reason found first; error may belong to "		\
	  "another reason")									\
	F(ADOPTED,	adopted,	U64,	"areas moved whose owner was dead or stale")	\
	F(DONE,		done,		SIZE,	"progress: bytes compared so far")		\
	F(TOTAL,	total,		SIZE,	"progress: bytes to compare in all")

/* (RECORD, record, name of its listing, FIELDS) */
#define DMAOWN_RECORDS(R)						\
	R(CONTEXT,	context,	contexts,	DMAOWN_CONTEXT_FIELDS)	\
	R(HOLDER,	holder,		holders,	DMAOWN_HOLDER_FIELDS)	\
	R(IOAS,		ioas,		ioases,		DMAOWN_IOAS_FIELDS)	\
	R(HWPT,		hwpt,		hwpts,		DMAOWN_HWPT_FIELDS)	\
	R(DEVICE,	device,		devices,	DMAOWN_DEVICE_FIELDS)	\
	R(ACCESS,	access,		accesses,	DMAOWN_ACCESS_FIELDS)	\
	R(AREA,		area,		areas,		DMAOWN_AREA_FIELDS)	\
	R(OWNER,	owner,		owners,		DMAOWN_OWNER_FIELDS)	\
	R(REFUSAL,	refusal,	refusals,	DMAOWN_REFUSAL_FIELDS)	\
	R(STATUS,	status,		status,		DMAOWN_STATUS_FIELDS)	\
	R(EVENT,	event,		events,		DMAOWN_EVENT_FIELDS)

/* Netlink attributes: enum dmaown_a_context { DMAOWN_A_CONTEXT_CONTEXT = 1, ... } and so on. */
#define DMAOWN_ATTR_CONTEXT_(F, f, t, d)	DMAOWN_A_CONTEXT_##F,
#define DMAOWN_ATTR_HOLDER_(F, f, t, d)		DMAOWN_A_HOLDER_##F,
#define DMAOWN_ATTR_IOAS_(F, f, t, d)		DMAOWN_A_IOAS_##F,
#define DMAOWN_ATTR_HWPT_(F, f, t, d)		DMAOWN_A_HWPT_##F,
#define DMAOWN_ATTR_DEVICE_(F, f, t, d)		DMAOWN_A_DEVICE_##F,
#define DMAOWN_ATTR_ACCESS_(F, f, t, d)		DMAOWN_A_ACCESS_##F,
#define DMAOWN_ATTR_AREA_(F, f, t, d)		DMAOWN_A_AREA_##F,
#define DMAOWN_ATTR_OWNER_(F, f, t, d)		DMAOWN_A_OWNER_##F,
#define DMAOWN_ATTR_REFUSAL_(F, f, t, d)	DMAOWN_A_REFUSAL_##F,
#define DMAOWN_ATTR_STATUS_(F, f, t, d)		DMAOWN_A_STATUS_##F,
#define DMAOWN_ATTR_EVENT_(F, f, t, d)		DMAOWN_A_EVENT_##F,

/* Attribute 0 of each record pads 64-bit values: skip it. */
#define DMAOWN_ATTRS_(R, r, l, FIELDS)			\
	enum dmaown_a_##r {				\
		DMAOWN_A_##R##_PAD,			\
		FIELDS(DMAOWN_ATTR_##R##_)		\
		DMAOWN_A_##R##_END_,			\
		DMAOWN_A_##R##_MAX = DMAOWN_A_##R##_END_ - 1	\
	};
/* clang-format on */

DMAOWN_RECORDS(DMAOWN_ATTRS_)

enum dmaown_cmd {
	DMAOWN_CMD_GET_STATUS = 1,
	DMAOWN_CMD_GET_CONTEXT,
	DMAOWN_CMD_GET_HOLDER,
	DMAOWN_CMD_GET_IOAS,
	DMAOWN_CMD_GET_HWPT,
	DMAOWN_CMD_GET_DEVICE,
	DMAOWN_CMD_GET_ACCESS,
	DMAOWN_CMD_GET_AREA,
	DMAOWN_CMD_GET_OWNER,
	DMAOWN_CMD_EVENT, /* multicast only */
	DMAOWN_CMD_GET_REFUSAL,
};

enum dmaown_a_request {
	/*
	 * u64: ID of the only context to list. Not for owners and refusals. Attribute CONTEXT of
	 * the records has the same number.
	 */
	DMAOWN_A_REQUEST_CONTEXT = 1,
	DMAOWN_A_REQUEST_END_,
	DMAOWN_A_REQUEST_MAX = DMAOWN_A_REQUEST_END_ - 1
};

/*
 * IOCTLS on /dev/dmaown
 *
 * Every call fails with EPERM if the caller lacks a capability named above. An unknown ioctl fails
 * with ENOTTY.
 *
 * Each ioctl takes a struct that begins with its size as the caller knows it. The module treats a
 * shorter struct than its own as one that ends in zeros. It accepts a longer one if everything that
 * it does not know is zero; otherwise, and if the struct is longer than a page, the call fails with
 * E2BIG. It fails with EINVAL if the struct is too short to be of any version, or if a reserved
 * member is not zero, and with EOPNOTSUPP if a flag is unknown.
 *
 * The struct is written back, except if it is too short or the error is ENOTTY, EFAULT, E2BIG or
 * EPERM. If the struct or the reports cannot be written back, the call fails with EFAULT after its
 * work is done.
 */
#define DMAOWN_IOC_TYPE 0xdb

/**
 * struct dmaown_process - names a process
 * @pid: its PID in the caller's PID namespace, or with DMAOWN_PROCESS_INITIAL in the initial one
 * @flags: DMAOWN_PROCESS_*
 * @start: its start time, in nanoseconds since boot; 0: accept whatever process has the PID
 */
struct dmaown_process {
	__u32 pid;
	__u32 flags;
	__aligned_u64 start;
};

#define DMAOWN_PROCESS_INITIAL (1U << 0)

/**
 * struct dmaown_process_info - DMAOWN_IOC_PROCESS: describes the process that has a PID now
 * @size: sizeof(struct dmaown_process_info)
 * @reserved: 0
 * @process: in: pid, and start if it must match; out: start
 * @initial_pid: out: PID of the process in the initial PID namespace
 * @uid: out: real user ID of the process, in the caller's user namespace
 * @owner: out: owner ID of the process
 *
 * Return: 0, or -1 with errno ESRCH if there is no such process or it started at another time, or
 * another errno as above.
 */
struct dmaown_process_info {
	__u32 size;
	__u32 reserved;
	struct dmaown_process process;
	__u32 initial_pid;
	__u32 uid;
	__aligned_u64 owner;
};

#define DMAOWN_IOC_PROCESS _IOWR(DMAOWN_IOC_TYPE, 1, struct dmaown_process_info)

/**
 * struct dmaown_file - names a context by one of its files
 * @holder: the process that has the file open; all zero: the caller itself
 * @fd: descriptor in that process: of the context, of a VFIO device that is bound to it or in it,
 *	of a VFIO group that is in it, or of a fault or event queue of it; DMAOWN_FD_ANY: the
 *	process holds the context @context by any descriptor or mapping
 * @reserved: 0
 * @context: ID that the context must have; 0: any; not 0 with DMAOWN_FD_ANY
 */
struct dmaown_file {
	struct dmaown_process holder;
	__u32 fd;
	__u32 reserved;
	__aligned_u64 context;
};

#define DMAOWN_FD_ANY 0xffffffff

/**
 * struct dmaown_remap - says where the new owner has the memory of an area
 * @context: ID of the context; 0 if the transfer is about one context only
 * @ioas: object ID of the IOAS
 * @reserved: 0
 * @iova: first IOVA of the area
 * @addr: address of that byte in the new owner's address space, with the same offset within its
 *	page as the old address
 */
struct dmaown_remap {
	__aligned_u64 context;
	__u32 ioas;
	__u32 reserved;
	__aligned_u64 iova;
	__aligned_u64 addr;
};

/**
 * struct dmaown_force - accepts a reason for which a transfer would otherwise be refused
 * @reason: DMAOWN_REASON_WOULD_RESET, DMAOWN_REASON_UNTRUSTED, DMAOWN_REASON_UNKNOWN_HOLDER,
 *	DMAOWN_REASON_UNSEEN, DMAOWN_REASON_UNREAD or DMAOWN_REASON_TAKEN_BACK
 * @reserved: 0
 * @process: with DMAOWN_REASON_UNTRUSTED or DMAOWN_REASON_UNREAD: the process to accept; all zero:
 *	any process. With any other reason: all zero
 * @device: with DMAOWN_REASON_WOULD_RESET: name of the device that may be reset, such as
 *	0000:00:01.0, or the group of a type1 container, such as group-7. With
 *	DMAOWN_REASON_UNKNOWN_HOLDER: name of the device whose unknown holders to accept. Empty: any
 *	device. All bytes after the NUL must be 0. With any other reason: all zero
 *
 * With DMAOWN_REASON_TAKEN_BACK the transfer sets a new address where a program has taken the old
 * one back (VFIO_DMA_UNMAP_FLAG_VADDR). The program's own VFIO_DMA_MAP_FLAG_VADDR fails from then
 * on.
 *
 * An entry that names a missing process or device has no effect.
 */
struct dmaown_force {
	__u32 reason;
	__u32 reserved;
	struct dmaown_process process;
	char device[64];
};

/*
 * REASONS
 *
 * Reasons to refuse a transfer: (constant, value, errno, name in text and JSON, sentence). The
 * comment before a row is for all rows up to the next comment. It says what process, addr, value,
 * limit and device mean in the reports. Those that it does not name are 0 or empty. No transfer
 * reports REASON_WOULD_LOSE: it is an answer of DMAOWN_IOC_LEAVE, and so are some of the others.
 */
/* clang-format off */
#define DMAOWN_REASONS(E)									\
	/* process: the missing process */							\
	E(REASON_NO_PROCESS,	1, ESRCH, "no-process", "there is no such process")		\
	/* process: the owner */								\
	E(REASON_OWNER_DEAD,	2, ESRCH, "owner-dead",						\
	  "mapped by address by a process that has exited: its address space is gone, "		\
	  "and there is nothing to compare with")						\
	E(REASON_OWNER_STALE,	3, ESRCH, "owner-stale",					\
	  "mapped by address by a process that has exec'd since: its old address space "	\
	  "is gone, and there is nothing to compare with")					\
	/* process: TO; value: bytes that would be locked; limit: RLIMIT_MEMLOCK, in bytes */	\
	E(REASON_LIMIT_USER,	4, ENOMEM, "limit-user",					\
	  "the user's locked pages would exceed the new owner's RLIMIT_MEMLOCK")		\
	E(REASON_LIMIT_MM,	5, ENOMEM, "limit-mm",						\
	  "the new owner's locked memory would exceed its RLIMIT_MEMLOCK")			\
	/* none of these */									\
	E(REASON_NO_MEMORY,	6, ENOMEM, "no-memory",						\
	  "the kernel had no memory for the work")						\
	/* process: old or new owner, see sentence; addr: its address where the range begins */	\
	E(REASON_OLD_HOLE,	7, ENXIO, "old-unmapped",					\
	  "the old owner has nothing mapped there any more: there is nothing to compare "	\
	  "with")										\
	E(REASON_OLD_PRIVATE,	8, ENXIO, "old-private",					\
	  "private memory of the old owner: no other process can map it")			\
	E(REASON_HOLE,		9, ENXIO, "not-mapped",						\
	  "the new owner has nothing mapped there")						\
	E(REASON_PRIVATE,	10, ENXIO, "private",						\
	  "the new owner maps it private, not shared")						\
	E(REASON_OBJECT,	11, ENXIO, "other-object",					\
	  "the new owner maps another memory object there")					\
	E(REASON_OFFSET,	12, ENXIO, "other-offset",					\
	  "the new owner maps the same memory object there at another offset")			\
	E(REASON_PERMISSION,	13, ENXIO, "permission",					\
	  "the new owner's mapping lacks a permission that the device has")			\
	E(REASON_IO,		14, ENXIO, "device-memory",					\
	  "the new owner maps device memory there, which cannot be pinned")			\
	E(REASON_PAGES,		29, ENXIO, "other-pages",					\
	  "the new owner has other memory there than what is pinned")				\
	E(REASON_NO_PAGES,	31, ENXIO, "no-pages",						\
	  "the new owner's file has no page there to compare with the pinned page")		\
	/* process: the old owner; addr: the old address */					\
	E(REASON_NOT_PINNED,	30, ENXIO, "not-pinned",					\
	  "the old owner's memory cannot be compared, and nothing is pinned there to "		\
	  "compare with")									\
	/* process: the owner; addr: the address */						\
	E(REASON_TAKEN_BACK,	32, ENXIO, "taken-back",					\
	  "the address was taken back (VFIO_DMA_UNMAP_FLAG_VADDR): the program that "		\
	  "holds the container must set a new one")						\
	/* none of these */									\
	E(REASON_FLUX,		15, EBUSY, "in-flux",						\
	  "being mapped or unmapped by another thread until the timeout ended")			\
	/* process: TO, if context is 0 */							\
	E(REASON_LOCKED,	16, EBUSY, "locked",						\
	  "locked by another thread until the timeout ended")					\
	/* process: TO */									\
	E(REASON_EXEC,		20, EBUSY, "exec",						\
	  "the new owner was leaving its address space, by exec or exit, until the "		\
	  "timeout ended")									\
	E(REASON_CHANGING,	21, EBUSY, "changing",						\
	  "areas were mapped and unmapped faster than their memory could be checked, "		\
	  "until the timeout ended")								\
	/* value: index in the array of remaps; addr: the address in that entry */		\
	E(REASON_REMAP_UNKNOWN,	22, EINVAL, "remap-unknown",					\
	  "the remap list names an IOVA where no area begins that is mapped by address "	\
	  "and is part of the transfer")							\
	E(REASON_REMAP_TWICE,	23, EINVAL, "remap-twice",					\
	  "the remap list names the same area twice")						\
	E(REASON_REMAP_OFFSET,	24, EINVAL, "remap-offset",					\
	  "the new address has another offset within its page than the old one")		\
	/* addr: address in the entry; limit: one that fits the pages object's other area */	\
	E(REASON_REMAP_DIFFERS,	25, EINVAL, "remap-differs",					\
	  "the remap list has conflicting addresses for areas that share a pages object")	\
	/* addr: the old address */								\
	E(REASON_REMAP_MISSING,	26, EINVAL, "remap-missing",					\
	  "mapped by address, and the remap list has no new address for it")			\
	/* process: TO */									\
	E(REASON_NOT_HELD,	17, EXDEV, "not-held",						\
	  "the new owner does not hold the context")						\
	/* process: one that has the file open; device: the device, or the group of type1 */	\
	E(REASON_WOULD_RESET,	27, EXDEV, "would-reset",					\
	  "the device's file is open only in processes that would lose areas: the device "	\
	  "would be reset when they exit")							\
	/* process: the holder; value: its user ID, in the caller's user namespace */		\
	E(REASON_UNTRUSTED,	28, EXDEV, "untrusted-holder",					\
	  "another process holds the context and runs neither as the new owner's user "		\
	  "nor as root: it could later pin whatever the new owner has at these addresses")	\
	/* device: the device; value: its open files that no process has; 0: not known */	\
	E(REASON_UNKNOWN_HOLDER, 33, EXDEV, "unknown-holder",					\
	  "the device's file is open, but no process has it, neither as a descriptor nor "	\
	  "mapped: a message in flight or another part of the kernel holds it")		\
	/* process: TO, if it is about files of TO */						\
	E(REASON_UNSEEN,	34, EXDEV, "unseen",						\
	  "the module was not built for the loaded VFIO or iommufd and cannot inspect "		\
	  "its files: the holders are unknown")							\
	/* process: the process; value: its user ID, in the caller's user namespace */		\
	E(REASON_UNREAD,	35, EXDEV, "unread",						\
	  "the files of another process, which runs neither as the new owner's user nor as "	\
	  "root, could not be read to the end: it may hold the context")			\
	/* process: a holder; device: its group or device, if others hold the context alone */	\
	E(REASON_WOULD_LOSE,	36, EXDEV, "would-lose",					\
	  "no other process holds the context, or a group in it: all that is mapped would be "	\
	  "lost when the process exits")							\
	/* process: FROM */									\
	E(REASON_NOTHING,	18, ENOENT, "nothing", "FROM owns nothing in these contexts")	\
	/* value: index in the array of files */						\
	E(REASON_NO_CONTEXT,	19, EBADF, "no-context",					\
	  "the descriptor is not open, belongs neither to a context nor to a VFIO file in "	\
	  "one, or belongs to a context with another ID")
/* clang-format on */

#define DMAOWN_REASON_ENUM_(c, v, e, n, s) DMAOWN_##c = (v),
enum dmaown_reason { DMAOWN_REASONS(DMAOWN_REASON_ENUM_) };

/**
 * struct dmaown_report - one reason for a refusal
 * @reason: enum dmaown_reason
 * @error: the errno that goes with it
 * @context: ID of the context, or 0 if the reason is about none
 * @ioas: object ID of the IOAS, or 0
 * @process: PID, in the caller's namespace, of the process that the reason is about, or 0
 * @iova: first IOVA of the range; neighbouring areas with the same reason make one range
 * @last: last IOVA of the range; 0, as is @iova, if the reason is about no range
 * @addr: address that belongs to @iova, in the address space of @process
 * @value: a figure; see the reason
 * @limit: a figure; see the reason
 * @device: name of the device that the reason is about, or empty
 */
struct dmaown_report {
	__u32 reason;
	__u32 error;
	__aligned_u64 context;
	__u32 ioas;
	__u32 process;
	__aligned_u64 iova;
	__aligned_u64 last;
	__aligned_u64 addr;
	__aligned_u64 value;
	__aligned_u64 limit;
	char device[64];
};

/**
 * struct dmaown_transfer - DMAOWN_IOC_TRANSFER: makes a process the owner
 * @size: sizeof(struct dmaown_transfer)
 * @flags: DMAOWN_TRANSFER_*
 * @to: the new owner (TO)
 * @from: the old owner (FROM): only its areas move; all zero: areas of all owners. A process that
 *	has exited is named by its start time and, with DMAOWN_PROCESS_INITIAL, its PID in the
 *	initial PID namespace.
 * @files: address of an array of struct dmaown_file: the contexts. A context that is named more
 *	than once counts once.
 * @nr_files: length of that array, at most DMAOWN_TRANSFER_MAX_FILES; 0: every context that @to
 *	holds
 * @timeout_ms: how long to wait for what is in flux or locked, in milliseconds, at most
 *	DMAOWN_TRANSFER_MAX_TIMEOUT; 0: try once
 * @reports: address of an array of struct dmaown_report, which is filled if the transfer is refused
 * @nr_reports: in: length of that array, at most DMAOWN_TRANSFER_MAX_REPORTS; out: reports written
 * @reports_total: out: reports in all, written or not
 * @remaps: address of an array of struct dmaown_remap: where @to has the memory. Without remaps it
 *	must have it where the old owner has it.
 * @nr_remaps: length of that array, at most DMAOWN_TRANSFER_MAX_REMAPS; if it is not 0, the array
 *	must have an entry for every area that is mapped by address and is in the scope of the
 *	transfer
 * @nr_forces: length of the array @forces, at most DMAOWN_TRANSFER_MAX_FORCES
 * @forces: address of an array of struct dmaown_force: reasons that are accepted
 * @contexts: out: number of contexts inspected. This and all that follows is also filled in, as far
 *	as it is known, with what would have changed, in a dry run and if the transfer is refused.
 * @areas: out: number of areas moved
 * @areas_total: out: number of areas in these contexts
 * @pages_objects: out: number of pages objects behind the areas moved
 * @pinned: out: memory pinned for them, in bytes
 * @charged_user: out: additional charge of the new owner's user in mode user, in bytes
 * @charged_mm: out: additional charge of the new owner in mode mm, in bytes
 * @adopted: out: number of moved areas that had a dead or stale owner
 * @retries: out: attempts that found something in flux or locked
 * @locked_user: out: locked pages of the new owner's user, including @charged_user, in bytes: the
 *	figure that @limit applies to in mode user
 * @locked_mm: out: locked memory of the new owner's address space (VmLck), including @charged_mm,
 *	in bytes: the figure that @limit applies to in mode mm
 * @limit: out: RLIMIT_MEMLOCK of the new owner, in bytes; all ones if it is unlimited
 * @unlimited: out: kinds of the inspected contexts to which @limit does not apply because the new
 *	owner has CAP_IPC_LOCK: the bit 1 << DMAOWN_KIND_* for each of them
 * @reserved: 0
 *
 * Makes @to (its process, address space and user) the owner of every area in every IOAS of the
 * contexts, or only of the areas of @from, if it is given. The charges move, too, in the recorded
 * mode of each pages object. The call moves everything in all contexts, or nothing. No IOMMU
 * mapping changes, and DMA goes on.
 *
 * The memory must be the same. For areas mapped by address @to must map the same object (for
 * regular files, shared memory and hugetlbfs the same file and offset; for anything else the same
 * open file) shared, at the same addresses or those of @remaps, over the whole range of the pages
 * object, readable, and writable if the device may write. The module checks this before the change.
 * As after IOMMU_IOAS_MAP, it does not control what @to does with its mappings later. Areas mapped
 * by file or dma-buf need no check. If the old owner is dead or stale, there is nothing to compare
 * with, unless another process still uses its old address space: the transfer is refused unless
 * DMAOWN_TRANSFER_ADOPT is given.
 *
 * If a program has taken an address back (VFIO_DMA_UNMAP_FLAG_VADDR), that program must set a new
 * one: the transfer is refused unless @forces accepts it. An address that @to has taken back itself
 * is left alone.
 *
 * The new owner must be able to keep the memory. It must hold each context. The transfer is also
 * refused, unless @forces accepts it, for
 *
 * - a device whose file is open only in processes that lose areas by the transfer: the device would
 *   be reset when they exit;
 * - a device whose file is open although no process has it, or of which that cannot be known;
 * - any context, if VFIO is loaded and the module cannot inspect it;
 * - a holder with a user ID (real, effective or saved) that belongs neither to @to's user nor to
 *   root: it could later pin whatever @to has at these addresses. This does not apply to @to, nor
 *   to the old owner if it is the only process that loses areas;
 * - another process with such a user ID whose files could not be read to the end.
 *
 * For a context in which no area gets a new owner, only one rule applies: @to must hold it.
 *
 * Areas that @to owns already, with the same process, address space and user and at the wanted
 * address, are left alone.
 *
 * Charges are net: what stays with the same user (mode user) or address space (mode mm) is not
 * charged again. A pages object that several areas share is moved and charged once. A pages object
 * that only an IOMMU_IOAS_COPY in progress holds, because its source area was unmapped meanwhile,
 * keeps its owner.
 *
 * Return: 0 if everything is as wanted: moved, or already so (@areas is 0). Otherwise -1, and
 * nothing has changed. errno is then the first in this order that any report carries. The module
 * reports every reason that it can find in spite of the others.
 *
 * ENOENT	@from owns nothing in the contexts
 * ESRCH	@to or @from does not exist; or an area mapped by address has a dead or stale owner
 * ENOMEM	a limit of the new owner would be exceeded; or the kernel had no memory
 * ENXIO	the memory is not the same, or nothing is pinned that would prove it
 * EINVAL	the remap list is incomplete, overlaps, or names something that does not exist; or a
 *		reserved member is set; or a size, count or timeout is out of range
 * EBUSY	something was still in flux or locked when the timeout ended
 * EXDEV	@to does not hold one of the contexts, or could not keep it
 * EPERM	the caller lacks CAP_SYS_ADMIN or CAP_SYS_PTRACE
 *
 * and in addition
 *
 * EBADF	@files names a file that is not open or belongs to no context
 * EINTR	a signal arrived while the call waited, retried or compared pages
 * E2BIG, EOPNOTSUPP, EFAULT
 *		see above
 */
struct dmaown_transfer {
	__u32 size;
	__u32 flags;
	struct dmaown_process to;
	struct dmaown_process from;
	__aligned_u64 files;
	__u32 nr_files;
	__u32 timeout_ms;
	__aligned_u64 reports;
	__u32 nr_reports;
	__u32 reports_total;
	__aligned_u64 remaps;
	__u32 nr_remaps;
	__u32 nr_forces;
	__aligned_u64 forces;
	__u32 contexts;
	__u32 retries;
	__aligned_u64 areas;
	__aligned_u64 areas_total;
	__aligned_u64 pages_objects;
	__aligned_u64 pinned;
	__aligned_u64 charged_user;
	__aligned_u64 charged_mm;
	__aligned_u64 adopted;
	__aligned_u64 locked_user;
	__aligned_u64 locked_mm;
	__aligned_u64 limit;
	__u32 unlimited;
	__u32 reserved;
};

/* Check everything, and return the same result, but change nothing. */
#define DMAOWN_TRANSFER_DRY_RUN (1U << 0)
/*
 * Also move areas that are mapped by address and whose owner is dead or stale. If no old address
 * space is left to compare with, the pinned pages are the proof: @to must map, shared, a file
 * (regular, shared memory, hugetlbfs) that has exactly these pages at these places. The module
 * compares each page once. This can take long; the timeout does not include it, and a signal ends
 * it.
 */
#define DMAOWN_TRANSFER_ADOPT (1U << 1)

#define DMAOWN_TRANSFER_MAX_FILES   1024
#define DMAOWN_TRANSFER_MAX_TIMEOUT 3600000 /* milliseconds: an hour */
#define DMAOWN_TRANSFER_MAX_REPORTS 65536
#define DMAOWN_TRANSFER_MAX_REMAPS  1048576
#define DMAOWN_TRANSFER_MAX_FORCES  1024

#define DMAOWN_IOC_TRANSFER _IOWR(DMAOWN_IOC_TYPE, 2, struct dmaown_transfer)

/**
 * struct dmaown_leave - DMAOWN_IOC_LEAVE: asks what would be lost if a process exited now
 * @size: sizeof(struct dmaown_leave)
 * @flags: 0; there is none yet
 * @process: the process
 * @timeout_ms: how long to wait for what is locked, in milliseconds, at most
 *	DMAOWN_LEAVE_MAX_TIMEOUT; 0: try once
 * @nr_reports: in: length of the array @reports, at most DMAOWN_LEAVE_MAX_REPORTS; out: reports
 *	written
 * @reports: address of an array of struct dmaown_report, which is filled with what was found, or
 *	with the reason for ESRCH, EBUSY or ENOMEM
 * @reports_total: out: reports in all, written or not
 * @contexts: out: number of contexts that the process holds
 * @retries: out: attempts that found something locked
 * @reserved: 0
 *
 * Looks at every context that the process holds, by the code that decides for a transfer which
 * devices would be reset when the old owners exit. Changes nothing. The memory that the process
 * owns does not matter: DMAOWN_CMD_GET_AREA lists it. An unknown holder of a device in some other
 * context, which may depend on the process, is in the record of the device (DMAOWN_CMD_GET_DEVICE).
 *
 * Return: 0 if nothing would be lost in these contexts; the process may hold none. Otherwise -1
 * with one of these errnos:
 *
 * EXDEV	there are reports, of these reasons only:
 *		DMAOWN_REASON_WOULD_RESET	no other process has the device's file; or, for a
 *						group of a type1 container, that of another group or
 *						device in it
 *		DMAOWN_REASON_WOULD_LOSE	all that is mapped in the context would be lost
 *		DMAOWN_REASON_UNKNOWN_HOLDER	a device in one of the contexts, or in an unknown
 *						one, has open files that no process has, or that
 *						cannot be known
 *		DMAOWN_REASON_UNSEEN		the module cannot inspect files of the process, or
 *						of VFIO
 *		DMAOWN_REASON_UNREAD		a process, of whatever user, could not be read to
 *						the end
 *		The last three say that the answer is not known: such a holder may keep a device
 *		that is reported to be reset, and may itself depend on @process.
 * EBUSY	a file, a device or a context was still locked when the timeout ended. The one
 *		report is DMAOWN_REASON_LOCKED: with the context; or with @process, if a file of it
 *		was locked, or if it could not be read to the end.
 * ESRCH	there is no such process, or it exited meanwhile
 * ENOMEM	the kernel had no memory
 * EINTR	a signal arrived while the call waited
 * EINVAL	@process names none; @reserved is set; or a count or the timeout is out of range
 * EPERM, E2BIG, EOPNOTSUPP, EFAULT
 *		see above
 */
struct dmaown_leave {
	__u32 size;
	__u32 flags;
	struct dmaown_process process;
	__u32 timeout_ms;
	__u32 nr_reports;
	__aligned_u64 reports;
	__u32 reports_total;
	__u32 contexts;
	__u32 retries;
	__u32 reserved;
};

#define DMAOWN_LEAVE_MAX_TIMEOUT DMAOWN_TRANSFER_MAX_TIMEOUT
#define DMAOWN_LEAVE_MAX_REPORTS DMAOWN_TRANSFER_MAX_REPORTS

#define DMAOWN_IOC_LEAVE _IOWR(DMAOWN_IOC_TYPE, 3, struct dmaown_leave)

/*
 * DIFFERENCES
 *
 * Differences between the pages that are pinned and what their owner has at the area's address:
 * (constant, value, name in text and JSON, sentence). The first three mean that the device and the
 * owner use different pages. The others mean that this is not known.
 */
/* clang-format off */
#define DMAOWN_DIFFERENCES(E)									\
	E(DIFFERENCE_UNMAPPED,	1, "unmapped", "the owner has nothing mapped there any more")	\
	E(DIFFERENCE_REPLACED,	2, "replaced",							\
	  "the owner has other pages there than what is pinned")				\
	E(DIFFERENCE_ABSENT,	3, "absent",							\
	  "the owner has no page there any more: it was cut out of the file, or given back")	\
	/* If bits 62 and 63 in /proc/PID/pagemap are 0, the page is absent. */		\
	E(DIFFERENCE_NOT_PRESENT, 4, "not-present",						\
	  "private memory of the owner without a page at this moment: it has been given back, "	\
	  "or is swapped out or being moved")							\
	E(DIFFERENCE_UNSHOWN,	5, "unshown",							\
	  "memory of a device or driver, which shows its pages only when it is touched")	\
	E(DIFFERENCE_HIDDEN,	6, "hidden",							\
	  "pinned by emulated devices alone: the module cannot see which pages")		\
	E(DIFFERENCE_OWNER_LOCKED, 7, "owner-locked",						\
	  "the owner's address space is locked by a thread of it")				\
	E(DIFFERENCE_LOCKED,	8, "locked", "locked by another thread")			\
	E(DIFFERENCE_CHANGING,	9, "changing", "it was different each time it was compared")
/* clang-format on */

#define DMAOWN_DIFFERENCE_ENUM_(c, v, n, s) DMAOWN_##c = (v),
enum dmaown_difference { DMAOWN_DIFFERENCES(DMAOWN_DIFFERENCE_ENUM_) };

/**
 * struct dmaown_range - a range with the same difference
 * @difference: enum dmaown_difference
 * @ioas: object ID of the IOAS
 * @iova: first IOVA of the range
 * @length: its length in bytes; 0: the rest of the IOAS, from @iova on, was locked and nothing
 *	below is known
 * @addr: address of the first byte in the owner's address space
 * @owner: ID of the owner
 * @start: start time of the owner, in nanoseconds since boot
 * @pid: PID of the owner in the caller's PID namespace; 0 if it has none there
 * @uid: ID of the user that is charged, in the caller's user namespace
 *
 * Neighbouring pages of an area with the same difference make one range. Ranges come in the order
 * of IOASes and IOVAs, without overlaps. A range may include pages that are not pinned if the
 * difference is hidden, owner-locked or locked.
 */
struct dmaown_range {
	__u32 difference;
	__u32 ioas;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 addr;
	__aligned_u64 owner;
	__aligned_u64 start;
	__u32 pid;
	__u32 uid;
};

/**
 * struct dmaown_compare - DMAOWN_IOC_COMPARE: compares what is pinned with what its owner has
 * @size: sizeof(struct dmaown_compare)
 * @ioas: in: object ID of the IOAS to begin with; 0: the first one. out: that to go on with
 * @iova: in: IOVA to begin with in this IOAS, if it exists, else 0; out: that to go on with
 * @file: the context
 * @ranges: address of an array of struct dmaown_range, which is filled
 * @nr_ranges: in: length of that array, 1 to DMAOWN_COMPARE_MAX_RANGES; out: ranges written
 * @more: out: 1: the call has not come to the end of the context; call again with @ioas and @iova
 *	as they are now, and @nr_ranges set again
 * @compared: out: bytes of areas that were compared, whether they are pinned or not
 *
 * Compares the areas that are mapped by address, whose owner is live, and whose address has not
 * been taken back: each page that is pinned must be the one that the owner's address space shows at
 * the address of the area. Other areas depend on no address or on one that no longer exists. An
 * area that another thread is mapping or unmapping is left out.
 *
 * The call changes nothing and faults no page in. It does not wait for the owner: locks are tried
 * for about 20 ms in all. A call compares at most 256 MiB, and then returns with @more set.
 *
 * A difference is looked at twice before it is reported. It has existed while the area had the same
 * pages and owner. It may be gone when the call returns, if the owner changes its memory.
 *
 * Return: 0, or -1 with errno, and then no ranges are written
 *
 * EBADF	@file names no context, or one with another ID
 * ESRCH	the process in @file does not exist
 * EBUSY	the file is locked, so that its context is unknown
 * EXDEV	the module was not built for the file's VFIO or iommufd
 * EINVAL	@nr_ranges is out of range; or @file or a reserved member is not valid
 * EINTR	a fatal signal arrived
 * ENOMEM	the kernel had no memory
 *
 * or another errno as above.
 */
struct dmaown_compare {
	__u32 size;
	__u32 ioas;
	__aligned_u64 iova;
	struct dmaown_file file;
	__aligned_u64 ranges;
	__u32 nr_ranges;
	__u32 more;
	__aligned_u64 compared;
};

#define DMAOWN_COMPARE_MAX_RANGES 4096

#define DMAOWN_IOC_COMPARE _IOWR(DMAOWN_IOC_TYPE, 4, struct dmaown_compare)

#endif /* _UAPI_DMAOWN_H */
