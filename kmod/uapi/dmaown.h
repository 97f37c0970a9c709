/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * dmaown: who owns the memory that iommufd and VFIO keep pinned, and making another process its
 * owner.
 *
 * This header is the whole interface of dmaown.ko. Module and tool both include it.
 *
 *
 * WORDS
 *
 * context	one open file through which memory is mapped for devices. Its ID is a number that
 *		means nothing but itself. It stays the same as long as the context is open and the
 *		module loaded; a later context may get the number of one that was closed.
 * kind		of a context:
 *		iommufd	/dev/iommu, or /dev/vfio/vfio where iommufd provides it
 *		type1	/dev/vfio/vfio where VFIO provides it: a container, once VFIO_SET_IOMMU has
 *			given it an IOMMU of type1
 * holder	a process that has a context open, or a VFIO device file that is bound to it or in
 *		it, or, of kind type1, the file of a VFIO group that is in it. What holds a context
 *		otherwise (a descriptor that is in flight over a socket or in io_uring's own table;
 *		of kind iommufd a VFIO group file, or a group's emulated device) is not seen.
 * IOAS, area, HWPT, device, access
 *		as in iommufd (Documentation/userspace-api/iommufd.rst of the kernel). A type1
 *		container has one address space, which counts as IOAS 1; its areas are its mappings
 *		(VFIO_IOMMU_MAP_DMA), its devices those of its groups, numbered as they are listed;
 *		it has no HWPTs and no accesses.
 * pages object	the user memory behind one area, or behind several that were copied from one
 *		another. It is pinned and charged once, however many areas show it. Of kind type1
 *		each area has its own.
 * owner	the process, address space and user that a pages object records, and that is
 *		charged. Of kind type1 no user is recorded: it is that of the process.
 * state	of an owner: live; stale (the process lives, but has left the recorded address space
 *		by exec); dead (no thread of the process is left).
 * mode		how a pages object is charged, decided when it was mapped:
 *		none	only mm->pinned_vm (VmPin in /proc/PID/status): the mapper had
 *			CAP_IPC_LOCK, or it is a dma-buf, for which nothing is pinned
 *		user	the user's locked pages, against the owner's RLIMIT_MEMLOCK; and VmPin
 *		mm	mm->locked_vm (VmLck), against the owner's RLIMIT_MEMLOCK; and VmPin.
 *			All areas of kind type1 are charged so, but without VmPin; and their limit
 *			does not hold for an owner that has CAP_IPC_LOCK when it maps, or when it is
 *			made the owner. Of kind iommufd the mode stays what it was when mapped.
 *
 * A process is named by its PID and its start time, which together never mistake a dead process for
 * a newcomer with its number. The start time is the time since boot in nanoseconds, in the initial
 * time namespace: start_boottime in the kernel's task_struct. DMAOWN_IOC_PROCESS tells it. An
 * owner's ID stands for both.
 *
 *
 * WHO MAY
 *
 * CAP_SYS_ADMIN and CAP_SYS_PTRACE, both in the initial user namespace, for everything here. They
 * are checked when /dev/dmaown or a file in debugfs is opened, again at each ioctl and each read,
 * and at the start and in each message of a dump. Anyone else gets EPERM.
 *
 * PIDs are those of the caller's PID namespace. A process that has no number there is reported
 * without one, but for owners that are dead, and in events: they carry the initial namespace's
 * number.
 *
 *
 * THREE CHANNELS
 *
 * /dev/dmaown		ioctls: what changes something, or must name things exactly. Below.
 * generic netlink	family "dmaown", version 1: dumps of the records below, one message a
 *			record; the multicast group "events", for listeners in the initial network
 *			namespace. The same as a netlink spec: dmaown.yaml beside this file.
 * debugfs dmaown/	one text file for each kind of record (contexts, holders, ioases, hwpts,
 *			devices, accesses, areas, owners, refusals) and "status". One line a record:
 *			NAME=VALUE, separated by blanks, in the order below. Numbers are decimal,
 *			IDs and addresses hexadecimal with 0x, names stand without quotes with
 *			blanks, control characters, '\', '"' and '=' as \ooo (three octal digits).
 *			What is unknown or unlimited is '-'.
 *
 *
 * NETLINK
 *
 * DMAOWN_CMD_GET_STATUS (do) answers with one status record. Every other DMAOWN_CMD_GET_* is a
 * dump: the request may carry DMAOWN_A_REQUEST_CONTEXT to see one context only, but for owners and
 * refusals, which belong to none; the answer is a message for each record whose attributes are the
 * record's fields, named DMAOWN_A_<RECORD>_<FIELD>. A field that is unknown or unlimited has no
 * attribute. A dump during which a context went away is marked with NLM_F_DUMP_INTR from there on.
 *
 * A listing does not wait, but for some 50 ms in all, and holds nothing up: an IOAS that another
 * thread keeps locked is reported with its field "busy" set and without what could not be read, and
 * so are the sums that lack it.
 */
#ifndef _UAPI_DMAOWN_H
#define _UAPI_DMAOWN_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DMAOWN_DEVICE		"/dev/dmaown"
#define DMAOWN_GENL_NAME	"dmaown"
#define DMAOWN_GENL_VERSION	1
#define DMAOWN_GENL_EVENTS	"events"
#define DMAOWN_DEBUGFS_DIR	"dmaown"

/*
 * ENUMERATIONS
 *
 * Each is a list of (constant, value, name in text and JSON).
 */
#define DMAOWN_KINDS(E)				\
	E(KIND_IOMMUFD,		1, "iommufd")	\
	E(KIND_TYPE1,		2, "type1")

#define DMAOWN_MODES(E)				\
	E(MODE_NONE,		0, "none")	\
	E(MODE_USER,		1, "user")	\
	E(MODE_MM,		2, "mm")

#define DMAOWN_STATES(E)			\
	E(STATE_LIVE,		1, "live")	\
	E(STATE_STALE,		2, "stale")	\
	E(STATE_DEAD,		3, "dead")

/* What a pages object is made from. */
#define DMAOWN_SOURCES(E)			\
	E(SOURCE_ADDRESS,	1, "address")	\
	E(SOURCE_FILE,		2, "file")	\
	E(SOURCE_DMABUF,	3, "dmabuf")

/* By what kind of file a process holds a context. */
#define DMAOWN_VIAS(E)				\
	E(VIA_CONTEXT,		1, "context")	\
	E(VIA_DEVICE,		2, "device")	\
	E(VIA_GROUP,		3, "group")

#define DMAOWN_HWPTS(E)				\
	E(HWPT_PAGING,		1, "paging")	\
	E(HWPT_NESTED,		2, "nested")

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

/*
 * RECORDS
 *
 * One description for netlink attributes, debugfs text and the tool: each record is a list of
 * (FIELD, field, type, what it is). The n-th field's netlink attribute has the number n, counted
 * from 1; new fields are added at the end.
 *
 * Types:
 *	U32, U64	a number
 *	FLAG		0 or 1, a u32
 *	ID, ADDR	a u64, written in hexadecimal: an ID; an address or IOVA
 *	SIZE		a u64 in bytes
 *	TIME		a u64 in nanoseconds since boot
 *	COMM, NAME, TEXT
 *			strings of at most 15, 63 and 127 bytes and a NUL
 *	KIND, MODE, STATE, SOURCE, VIA, HWPT, EVENT
 *			a u32: one of the enumerations above
 */

/* One for each context that a process of the system holds. */
#define DMAOWN_CONTEXT_FIELDS(F)								\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(KIND,		kind,		KIND,	"kind of context")				\
	F(MODE,		mode,		MODE, \
	  "mode of areas that are mapped from now on by a process without CAP_IPC_LOCK") \
	F(HOLDERS,	holders,	U32,	"processes that hold the context")		\
	F(IOASES,	ioases,		U32,	"IOASes")					\
	F(HWPTS,	hwpts,		U32,	"HWPTs")					\
	F(DEVICES,	devices,	U32,	"devices bound to the context")			\
	F(ACCESSES,	accesses,	U32,	"in-kernel accesses attached to an IOAS")	\
	F(AREAS,	areas,		U64,	"areas, in all IOASes")				\
	F(MAPPED,	mapped,		SIZE,	"IOVA space covered by areas")			\
	F(PINNED,	pinned,		SIZE,	"memory pinned, each pages object counted once")\
	F(OWNERS,	owners,		U32,	"different owners")				\
	F(BUSY,		busy,		U32, \
	  "IOASes that were locked and are missing in the sums")				\
	F(OWNER,	owner,		ID, \
	  "if there is one owner only: ID of the owning process")			\
	F(OWNER_PID,	owner_pid,	U32,	"and the process")				\
	F(OWNER_STATE,	owner_state,	STATE,	"and its state")

/* One for each file by which a process holds a context. */
#define DMAOWN_HOLDER_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(PID,		pid,		U32,	"process")					\
	F(START,	start,		TIME,	"when the process started")			\
	F(COMM,		comm,		COMM,	"command name of the process")			\
	F(UID,		uid,		U32, \
	  "real user ID of the process, in the reader's user namespace") \
	F(VIA,		via,		VIA,	"what file it is; group only of kind type1")	\
	F(FD,		fd,		U32,	"its descriptor number in that process")	\
	F(DEVICE,	device,		NAME, \
	  "the device, for a VFIO device file; group- and its number, for a VFIO group file")	\
	F(BUSY,		busy,		FLAG, \
	  "a VFIO device file that is locked: its context is unknown")

/* One for each IOAS. */
#define DMAOWN_IOAS_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(IOAS,		ioas,		U32,	"object ID of the IOAS")			\
	F(HWPTS,	hwpts,		U32,	"HWPTs made from it")				\
	F(DEVICES,	devices,	U32,	"devices attached to it, through a HWPT")	\
	F(ACCESSES,	accesses,	U32,	"in-kernel accesses attached to it")		\
	F(AREAS,	areas,		U64,	"areas")					\
	F(MAPPED,	mapped,		SIZE,	"IOVA space covered by areas")			\
	F(PINNED,	pinned,		SIZE, \
	  "memory pinned; a pages object shown in several IOASes of a context counts in the " \
	  "first") \
	F(ALIGNMENT,	alignment,	SIZE,	"IOVA alignment")				\
	F(BUSY,		busy,		FLAG, \
	  "it was locked: areas, accesses and sums are unknown")				\
	F(KIND,		kind,		KIND,	"kind of context")

/* One for each HWPT. */
#define DMAOWN_HWPT_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(HWPT,		hwpt,		U32,	"object ID of the HWPT")			\
	F(IOAS,		ioas,		U32,	"object ID of the IOAS it takes its areas from")\
	F(TYPE,		type,		HWPT,	"type")						\
	F(AUTO,		auto_domain,	FLAG, \
	  "made and freed by the kernel as devices attach and detach") \
	F(DEVICES,	devices,	U32,	"devices attached to it")

/* One for each device that is bound to a context. */
#define DMAOWN_DEVICE_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(ID,		id,		U32,	"object ID of the device")			\
	F(DEVICE,	device,		NAME,	"name, such as 0000:00:01.0")			\
	F(HWPT,		hwpt,		U32,	"object ID of the HWPT it is attached to, if any") \
	F(IOAS,		ioas,		U32, \
	  "object ID of the IOAS that it is attached to; of a type1 container the only one")	\
	F(KIND,		kind,		KIND,	"kind of context")

/* One for each in-kernel access that is attached to an IOAS. */
#define DMAOWN_ACCESS_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(ID,		id,		U32,	"object ID of the access")			\
	F(IOAS,		ioas,		U32,	"object ID of the IOAS")

/* One for each area. */
#define DMAOWN_AREA_FIELDS(F)									\
	F(CONTEXT,	context,	ID,	"ID of the context")				\
	F(IOAS,		ioas,		U32,	"object ID of the IOAS")			\
	F(IOVA,		iova,		ADDR,	"first IOVA")					\
	F(LENGTH,	length,		SIZE,	"length")					\
	F(SOURCE,	source,		SOURCE,	"what it is made from")				\
	F(ADDR,		addr,		ADDR, \
	  "user address of the first byte in the owner's address space, if mapped by address") \
	F(OFFSET,	offset,		ADDR, \
	  "offset of the first byte in the file or dma-buf, if mapped by file") \
	F(READABLE,	readable,	FLAG,	"the device may read")				\
	F(WRITABLE,	writable,	FLAG,	"the device may write")				\
	F(PAGES,	pages,		ID, \
	  "ID of the pages object: the same in areas that share one") \
	F(SHARERS,	sharers,	U32, \
	  "areas that show this pages object, now or in a moment") \
	F(PINNED,	pinned,		SIZE, \
	  "memory pinned through the pages object; 0 in all of its areas but the first of the " \
	  "listing") \
	F(ACCESSES,	accesses,	U32,	"pins held by in-kernel accesses")		\
	F(MODE,		mode,		MODE,	"accounting mode")				\
	F(OWNER,	owner,		ID,	"ID of the owning process")			\
	F(PID,		pid,		U32,	"the owning process")				\
	F(START,	start,		TIME,	"when the owning process started")		\
	F(STATE,	state,		STATE,	"state of the owner")				\
	F(UID,		uid,		U32, \
	  "user who is charged, in the reader's user namespace") \
	F(BUSY,		busy,		FLAG, \
	  "not an area: the IOAS, or without one the context, is locked and cannot be listed")	\
	F(KIND,		kind,		KIND,	"kind of context")				\
	F(INVALID,	invalid,	FLAG, \
	  "its address was taken back (VFIO_DMA_UNMAP_FLAG_VADDR) and not yet given anew: never " \
	  "of kind iommufd")

/* One for each different owner: process, address space, user, mode and kind of context. */
#define DMAOWN_OWNER_FIELDS(F)									\
	F(OWNER,	owner,		ID,	"ID of the owning process")			\
	F(PID,		pid,		U32,	"the owning process")				\
	F(START,	start,		TIME,	"when it started")				\
	F(COMM,		comm,		COMM,	"command name, as long as it lives")		\
	F(UID,		uid,		U32, \
	  "user who is charged, in the reader's user namespace") \
	F(STATE,	state,		STATE,	"state")					\
	F(MODE,		mode,		MODE,	"accounting mode")				\
	F(CONTEXTS,	contexts,	U32,	"contexts in which it owns areas")		\
	F(AREAS,	areas,		U64,	"areas it owns")				\
	F(PINNED,	pinned,		SIZE, \
	  "memory pinned for them, each pages object counted once") \
	F(CHARGED,	charged,	SIZE, \
	  "how much of it counts against the limit: none of it in mode none") \
	F(LIMIT,	limit,		SIZE, \
	  "RLIMIT_MEMLOCK of the process, unless unlimited, dead, in mode none, or of kind type1 " \
	  "with CAP_IPC_LOCK") \
	F(USED,		used,		SIZE, \
	  "the counter that is compared with the limit: the user's locked pages in mode user, " \
	  "VmLck in mode mm") \
	F(HEADROOM,	headroom,	SIZE,	"limit less used, or 0")			\
	F(VM_PINNED,	vm_pinned,	SIZE,	"VmPin of the address space")			\
	F(VM_LOCKED,	vm_locked,	SIZE,	"VmLck of the address space")			\
	F(USER_LOCKED,	user_locked,	SIZE, \
	  "the user's own locked pages, whoever had them locked") \
	F(USER_OTHER,	user_other,	SIZE,	"how much of that is not iommufd's")		\
	F(BUSY,		busy,		U32, \
	  "IOASes, contexts and device files that were locked and are missing in the sums")	\
	F(KIND,		kind,		KIND,	"kind of context that the areas are in")

/* One for each reason to refuse a transfer; how often since the module was loaded. */
#define DMAOWN_REFUSAL_FIELDS(F)								\
	F(REASON,	reason,		NAME, \
	  "a name of DMAOWN_REASONS; unknown for refusals that gave none, such as those that " \
	  "were interrupted") \
	F(REFUSALS,	refusals,	U64, \
	  "transfers that were refused and gave this reason, or gave it as the first of several")

/* One: the module itself. */
#define DMAOWN_STATUS_FIELDS(F)									\
	F(VERSION,	version,	NAME,	"version of the module")			\
	F(KERNEL,	kernel,		TEXT,	"kernel that the module was built for")		\
	F(SUBJECT,	subject,	NAME, \
	  "what the layout describes: iommufd, or vmlinux where iommufd is built in") \
	F(BUILD_ID,	build_id,	TEXT, \
	  "build ID that the layout was made from and that was found loaded") \
	F(VFIO,		vfio,		FLAG,	"VFIO device files can be looked into")		\
	F(TRANSFERS,	transfers,	U64,	"transfers that moved something")		\
	F(REFUSALS,	refusals,	U64,	"transfers that were refused")			\
	F(RETRIES,	retries,	U64,	"attempts that met something in flux")		\
	F(AREAS,	areas,		U64,	"areas moved")					\
	F(PINNED,	pinned,		SIZE,	"pinned memory moved")				\
	F(IOMMUFD,	iommufd,	FLAG,	"iommufd contexts can be looked into")		\
	F(TYPE1,	type1,		FLAG,	"VFIO type1 containers can be looked into")	\
	F(TYPE1_ID,	type1_id,	TEXT, \
	  "build ID of the vfio_iommu_type1 that its layout was made from")

/*
 * One for each transfer and refusal, and now and then while a transfer compares pages (see
 * DMAOWN_TRANSFER_ADOPT; how often is the module's parameter progress_ms), as a multicast message.
 * A dry run sends none. PIDs are the initial namespace's.
 */
#define DMAOWN_EVENT_FIELDS(F)									\
	F(EVENT,	event,		EVENT,	"what happened")				\
	F(SEQUENCE,	sequence,	U64, \
	  "counts events since the module was loaded, from 1") \
	F(TIME,		time,		TIME,	"when")						\
	F(CALLER,	caller,		U32,	"who asked for it")				\
	F(TO,		to,		U32,	"the new owner")				\
	F(TO_START,	to_start,	TIME,	"when the new owner started")			\
	F(FROM,		from,		U32,	"the old owner, if one was named")		\
	F(FROM_START,	from_start,	TIME,	"when it started")				\
	F(CONTEXTS,	contexts,	U32,	"contexts looked at, whether named or not")	\
	F(AREAS,	areas,		U64,	"areas moved")					\
	F(PINNED,	pinned,		SIZE,	"pinned memory moved")				\
	F(ERROR,	error,		U32,	"errno of a refusal")				\
	F(REASON,	reason,		NAME, \
	  "reason found first: a name of DMAOWN_REASONS; the errno may be another one's")	\
	F(ADOPTED,	adopted,	U64, \
	  "areas moved whose owner was dead or stale")						\
	F(DONE,		done,		SIZE,	"progress: memory that has been compared")	\
	F(TOTAL,	total,		SIZE,	"progress: memory that is to be compared")

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

/* Attribute 0 of each record pads 64-bit values and is to be skipped. */
#define DMAOWN_ATTRS_(R, r, l, FIELDS)			\
	enum dmaown_a_##r {				\
		DMAOWN_A_##R##_PAD,			\
		FIELDS(DMAOWN_ATTR_##R##_)		\
		DMAOWN_A_##R##_END_,			\
		DMAOWN_A_##R##_MAX = DMAOWN_A_##R##_END_ - 1	\
	};
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
	DMAOWN_CMD_EVENT,		/* multicast only */
	DMAOWN_CMD_GET_REFUSAL,
};

enum dmaown_a_request {
	/*
	 * u64: show this context only; not for owners and refusals. Records' own CONTEXT has this
	 * number.
	 */
	DMAOWN_A_REQUEST_CONTEXT = 1,
	DMAOWN_A_REQUEST_END_,
	DMAOWN_A_REQUEST_MAX = DMAOWN_A_REQUEST_END_ - 1
};

/*
 * IOCTLS on /dev/dmaown
 *
 * Each takes a struct that begins with its size as the caller knows it. A shorter one than the
 * module knows is taken to end in zeros; a longer one is accepted if what the module does not know
 * is zero, and refused with E2BIG otherwise. Flags that the module does not know are refused with
 * EOPNOTSUPP, reserved members that are not zero with EINVAL, a struct that is too short to be of
 * any version with EINVAL. But for that, and for ENOTTY, EFAULT, E2BIG and EPERM, the struct is
 * written back; EFAULT when the struct or the reports cannot be written back comes after the work
 * was done.
 */
#define DMAOWN_IOC_TYPE		0xdb

/**
 * struct dmaown_process - names a process
 * @pid: its number in the caller's PID namespace, or, with DMAOWN_PROCESS_INITIAL, in the initial
 *	one
 * @flags: DMAOWN_PROCESS_*
 * @start: its start time, in nanoseconds since boot; 0 trusts the number alone
 */
struct dmaown_process {
	__u32 pid;
	__u32 flags;
	__aligned_u64 start;
};

#define DMAOWN_PROCESS_INITIAL	(1U << 0)

/**
 * struct dmaown_process_info - DMAOWN_IOC_PROCESS: tells who has a PID now
 * @size: sizeof(struct dmaown_process_info)
 * @reserved: 0
 * @process: in: pid, and start if it is to be compared; out: start
 * @initial_pid: out: its number in the initial PID namespace
 * @uid: out: its real user ID, in the caller's user namespace
 * @owner: out: its owner ID
 *
 * ESRCH: there is no such process, or it started at another time.
 */
struct dmaown_process_info {
	__u32 size;
	__u32 reserved;
	struct dmaown_process process;
	__u32 initial_pid;
	__u32 uid;
	__aligned_u64 owner;
};

#define DMAOWN_IOC_PROCESS	_IOWR(DMAOWN_IOC_TYPE, 1, struct dmaown_process_info)

/**
 * struct dmaown_file - names a context by one of its files
 * @holder: the process that has the file open; all zero: the caller itself
 * @fd: descriptor in that process: of the context, or of a VFIO device that is bound to it or in
 *	it, or of a VFIO group that is in it
 * @reserved: 0
 * @context: ID that the context is to have, or 0 to accept any
 */
struct dmaown_file {
	struct dmaown_process holder;
	__u32 fd;
	__u32 reserved;
	__aligned_u64 context;
};

/**
 * struct dmaown_remap - says where the new owner has the memory of an area
 * @context: ID of the context; 0 if the transfer is about one context only
 * @ioas: object ID of the IOAS
 * @reserved: 0
 * @iova: first IOVA of the area
 * @addr: address of that byte in the new owner's address space, equally far into its page as the
 *	old one
 */
struct dmaown_remap {
	__aligned_u64 context;
	__u32 ioas;
	__u32 reserved;
	__aligned_u64 iova;
	__aligned_u64 addr;
};

/**
 * struct dmaown_force - lets a transfer happen in spite of a reason to refuse it
 * @reason: DMAOWN_REASON_WOULD_RESET or DMAOWN_REASON_UNTRUSTED
 * @reserved: 0
 * @process: with DMAOWN_REASON_UNTRUSTED: the holder that is accepted; all zero: whoever it is
 * @device: with DMAOWN_REASON_WOULD_RESET: the device that may be reset, by its name, such as
 *	0000:00:01.0, or the group of a type1 container, such as group-7; empty: whichever it is.
 *	What follows the NUL is 0.
 *
 * An entry that names nobody who is there has no effect.
 */
struct dmaown_force {
	__u32 reason;
	__u32 reserved;
	struct dmaown_process process;
	char device[64];
};

/*
 * Why a transfer is refused: (constant, value, errno, name in text and JSON, sentence). What a
 * report's members mean besides context, ioas, iova and last is said in the sentence's comment.
 */
#define DMAOWN_REASONS(E)									\
	/* process: the one that is missing */							\
	E(REASON_NO_PROCESS,	1, ESRCH, "no-process", "there is no such process")		\
	/* process: the owner */								\
	E(REASON_OWNER_DEAD,	2, ESRCH, "owner-dead", \
	  "mapped by address by a process that is gone: there is nothing left to compare with") \
	E(REASON_OWNER_STALE,	3, ESRCH, "owner-stale", \
	  "mapped by address by a process that has exec'd since: there is nothing left to " \
	  "compare with") \
	/* process: TO; value: bytes that would be locked; limit: RLIMIT_MEMLOCK, in bytes */	\
	E(REASON_LIMIT_USER,	4, ENOMEM, "limit-user", \
	  "the user's locked pages would exceed the new owner's RLIMIT_MEMLOCK") \
	E(REASON_LIMIT_MM,	5, ENOMEM, "limit-mm", \
	  "the new owner's locked memory would exceed its RLIMIT_MEMLOCK") \
	E(REASON_NO_MEMORY,	6, ENOMEM, "no-memory", \
	  "the kernel had no memory for the work") \
	/* process: whose address space is meant; addr: where in it the range begins */	\
	E(REASON_OLD_HOLE,	7, ENXIO, "old-unmapped", \
	  "the old owner has nothing mapped there any more: there is nothing to compare with") \
	E(REASON_OLD_PRIVATE,	8, ENXIO, "old-private", \
	  "private memory of the old owner: no other process can map it") \
	E(REASON_HOLE,		9, ENXIO, "not-mapped", "the new owner has nothing mapped there") \
	E(REASON_PRIVATE,	10, ENXIO, "private", "the new owner maps it private, not shared") \
	E(REASON_OBJECT,	11, ENXIO, "other-object", \
	  "the new owner maps another memory object there") \
	E(REASON_OFFSET,	12, ENXIO, "other-offset", \
	  "the new owner maps the same memory object there at another offset") \
	E(REASON_PERMISSION,	13, ENXIO, "permission", \
	  "the new owner's mapping lacks a permission that the device has") \
	E(REASON_IO,		14, ENXIO, "device-memory", \
	  "the new owner maps device memory there, which cannot be pinned") \
	E(REASON_PAGES,		29, ENXIO, "other-pages", \
	  "the new owner has other memory there than what is pinned")				\
	E(REASON_NO_PAGES,	31, ENXIO, "no-pages", \
	  "the new owner's file has no page there that could be compared with what is pinned")	\
	/* addr: the old address */								\
	E(REASON_NOT_PINNED,	30, ENXIO, "not-pinned", \
	  "its owner is gone and nothing is pinned there that would prove what it is")		\
	E(REASON_FLUX,		15, EBUSY, "in-flux", \
	  "being mapped or unmapped by another thread until the timeout ended") \
	E(REASON_LOCKED,	16, EBUSY, "locked", \
	  "locked by another thread until the timeout ended") \
	/* process: TO */									\
	E(REASON_EXEC,		20, EBUSY, "exec", \
	  "the new owner was leaving its address space, by exec or exit, until the timeout " \
	  "ended") \
	E(REASON_CHANGING,	21, EBUSY, "changing", \
	  "areas came and went faster than their memory could be looked at, until the timeout " \
	  "ended") \
	/* value: the index in the array of remaps; addr: what it says */			\
	E(REASON_REMAP_UNKNOWN,	22, EINVAL, "remap-unknown", \
	  "the remap list names what is not the beginning of an area that is mapped by address " \
	  "and is to be moved") \
	E(REASON_REMAP_TWICE,	23, EINVAL, "remap-twice", \
	  "the remap list names the same area twice") \
	E(REASON_REMAP_OFFSET,	24, EINVAL, "remap-offset", \
	  "the new address lies elsewhere in its page than the old one") \
	/* addr: what it says; limit: what would fit to the other area of the pages object */ \
	E(REASON_REMAP_DIFFERS,	25, EINVAL, "remap-differs", \
	  "the remap list gives areas that share a pages object addresses that do not fit " \
	  "together") \
	/* addr: the old address */								\
	E(REASON_REMAP_MISSING,	26, EINVAL, "remap-missing", \
	  "mapped by address, and the remap list has no new address for it") \
	/* process: TO */									\
	E(REASON_NOT_HELD,	17, EXDEV, "not-held", \
	  "the new owner does not hold the context") \
	/* process: one of those that have it open; device: which, or which group of type1 */	\
	E(REASON_WOULD_RESET,	27, EXDEV, "would-reset", \
	  "nobody has the device's file open but processes that would be owners no more: it " \
	  "would be reset when they exit")							\
	/* process: the holder; value: its user ID, in the caller's user namespace */		\
	E(REASON_UNTRUSTED,	28, EXDEV, "untrusted-holder", \
	  "another process holds the context and runs neither as the new owner's user nor as " \
	  "root: it could later pin whatever the new owner has at these addresses")		\
	E(REASON_NOTHING,	18, ENOENT, "nothing", "FROM owns nothing in what was named")	\
	/* value: the index in the array of contexts */						\
	E(REASON_NO_CONTEXT,	19, EBADF, "no-context", \
	  "the descriptor is not open, or not of a context or a VFIO device bound to one, or of " \
	  "another context than said")

#define DMAOWN_REASON_ENUM_(c, v, e, n, s)	DMAOWN_##c = (v),
enum dmaown_reason { DMAOWN_REASONS(DMAOWN_REASON_ENUM_) };

/**
 * struct dmaown_report - one reason for a refusal
 * @reason: enum dmaown_reason
 * @error: the errno that goes with it
 * @context: ID of the context, or 0 where it is about none
 * @ioas: object ID of the IOAS, or 0
 * @process: PID, in the caller's namespace, of the process that it is about, or 0
 * @iova: first IOVA of the range; neighbouring areas with the same reason make one range
 * @last: last IOVA of the range; 0 with @iova where it is about no range
 * @addr: address that belongs to @iova, in the address space of @process
 * @value: a figure; see the reason
 * @limit: a figure; see the reason
 * @device: name of the device that it is about, or empty
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
 * @to: the new owner
 * @from: only what this process owns is moved; all zero: whoever owns it
 * @files: address of an array of struct dmaown_file: the contexts. A context that is named more
 *	than once counts once.
 * @nr_files: length of that array, at most DMAOWN_TRANSFER_MAX_FILES; 0: every context that TO
 *	holds
 * @timeout_ms: how long to wait for what is in flux, in milliseconds, at most 3,600,000; 0: try
 *	once
 * @reports: address of an array of struct dmaown_report that is filled when the transfer is refused
 * @nr_reports: in: room in that array, at most DMAOWN_TRANSFER_MAX_REPORTS; out: how many were
 *	written
 * @reports_total: out: how many there were
 * @remaps: address of an array of struct dmaown_remap: where @to has the memory. Without one: where
 *	the old owner has it
 * @nr_remaps: length of that array, at most DMAOWN_TRANSFER_MAX_REMAPS; if it is not 0, every area
 *	that is mapped by address and is in the scope of the transfer must be in it
 * @nr_forces: length of the array @forces, at most DMAOWN_TRANSFER_MAX_FORCES
 * @forces: address of an array of struct dmaown_force: what is no reason to refuse
 * @contexts: out: contexts looked at
 * @areas: out: areas that changed hands. This and what follows is also filled in, as far as it
 *	became known, with what would have changed, in a dry run and when the transfer is refused.
 * @areas_total: out: areas in those contexts
 * @pages_objects: out: pages objects behind the areas that changed hands
 * @pinned: out: memory pinned for them, in bytes
 * @charged_user: out: how much more the new owner's user is charged in mode user, in bytes
 * @charged_mm: out: how much more the new owner is charged in mode mm, in bytes
 * @adopted: out: how many of @areas had a dead or stale owner
 * @retries: out: attempts that met something in flux
 * @locked_user: out: what the new owner's user has locked with @charged_user, in bytes: what
 *	@limit is compared with in mode user
 * @locked_mm: out: what the new owner's address space has locked (VmLck) with @charged_mm, in
 *	bytes: the same in mode mm
 * @limit: out: RLIMIT_MEMLOCK of the new owner, in bytes; all ones if it is unlimited
 *
 * Moves every area in every IOAS of the contexts (those of @from only, if given) to @to: process,
 * address space and user, and the charges with them, in each pages object's recorded mode. All or
 * nothing, for all contexts together. No IOMMU mapping is touched; DMA goes on.
 *
 * The memory must be the same: where areas are mapped by address, @to must map the same object (for
 * regular files, shared memory and hugetlbfs the same file and offset; for anything else the same
 * open file) shared, at the same addresses or those of @remaps, over the whole range of the pages
 * object, readable, and writable where the device may write. It is looked at before the change;
 * what @to does with its mappings afterwards is its own affair, as it is after IOMMU_IOAS_MAP.
 * Areas mapped by file or dma-buf need no check. With the old owner dead or stale there is nothing
 * left to compare with, unless somebody else still uses its old address space: refused, or see
 * DMAOWN_TRANSFER_ADOPT.
 *
 * The new owner must be able to keep it. It must hold each context. A device whose file nobody has
 * open but processes that lose areas by the transfer would be reset when these exit: refused,
 * unless said otherwise in @forces. Whoever else holds a context could later pin what @to has at
 * these addresses: processes other than @to, and the old owner if it is one process alone that
 * loses areas, must run as @to's user or as root, with all of their user IDs, or be accepted in
 * @forces. Nobody is asked where no area gets a new owner.
 *
 * What @to owns already, as the same process, address space and user, at the address wanted, is
 * left alone.
 *
 * Charges are net: what stays with the same user (mode user) or address space (mode mm) is not
 * charged again. A pages object that several areas share moves and is charged once. A pages object
 * that is only in the hands of an IOMMU_IOAS_COPY whose source area was unmapped meanwhile keeps
 * its owner.
 *
 * Returns 0 when everything is as wanted: moved, or (areas == 0) so already. Otherwise -1 with
 * nothing changed, and errno, which is the first in this order that any report carries. There is a
 * report for every reason, as far as one can be looked for in spite of the others.
 *
 * ENOENT	@from owns nothing in the contexts
 * ESRCH	@to or @from does not exist; or an area mapped by address has a dead or stale owner
 * ENOMEM	a limit of the new owner; or the kernel had no memory
 * ENXIO	the memory is not the same, or nothing is pinned that would prove it
 * EINVAL	a remap list that is incomplete, overlaps, or names what does not exist; or a
 *		reserved member is set, a size, count or timeout is out of range
 * EBUSY	still in flux, or locked, when the timeout ended
 * EXDEV	@to does not hold one of the contexts, or could not keep it
 * EPERM	the caller lacks CAP_SYS_ADMIN or CAP_SYS_PTRACE
 *
 * and besides
 *
 * EBADF	@files names something that is not open or not a context
 * EINTR	a signal came while waiting or comparing pages
 * E2BIG, EOPNOTSUPP, EFAULT	see above
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
};

/* Do all of it up to the first change, and give the same answer. */
#define DMAOWN_TRANSFER_DRY_RUN		(1U << 0)
/*
 * Move areas that are mapped by address from owners that are dead or stale, too. With no old
 * address space left to compare with, the pinned pages themselves are the proof: @to must map,
 * shared, a file (regular, shared memory, hugetlbfs) that has exactly these pages at these places.
 * Each of them is looked at, once; that can take a while, for which the timeout does not count, and
 * ends when a signal comes.
 */
#define DMAOWN_TRANSFER_ADOPT		(1U << 1)

#define DMAOWN_TRANSFER_MAX_FILES	1024
#define DMAOWN_TRANSFER_MAX_TIMEOUT	3600000
#define DMAOWN_TRANSFER_MAX_REPORTS	65536
#define DMAOWN_TRANSFER_MAX_REMAPS	1048576
#define DMAOWN_TRANSFER_MAX_FORCES	1024

#define DMAOWN_IOC_TRANSFER	_IOWR(DMAOWN_IOC_TYPE, 2, struct dmaown_transfer)

#endif /* _UAPI_DMAOWN_H */
