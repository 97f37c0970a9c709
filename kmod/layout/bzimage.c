// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "bzimage.h"

/* Offsets in the setup header: Documentation/arch/x86/boot.rst of the kernel. */
enum {
	SETUP_SECTS = 0x1f1,
	HEADER = 0x202,
	VERSION = 0x206,
	PAYLOAD_OFFSET = 0x248,
	PAYLOAD_LENGTH = 0x24c,
	HEADER_END = 0x250,
};

#define SECTOR 512

/* First version of the boot protocol whose header has the place of the payload. */
#define VERSION_PAYLOAD 0x0208

static uint32_t read_le(const struct blob *image, size_t offset, size_t length)
{
	uint32_t value = 0;

	memcpy(&value, image->data + offset, length);
	return le32toh(value);
}

void bzimage_payload(struct blob *image)
{
	size_t sectors, offset, length;

	if (image->size < HEADER_END || !blob_has(image, HEADER, "HdrS", 4) ||
	    read_le(image, VERSION, 2) < VERSION_PAYLOAD)
		return;
	/* 0 means 4 (boot.rst), and the boot sector is not counted. */
	sectors = read_le(image, SETUP_SECTS, 1);
	offset = ((sectors ? sectors : 4) + 1) * SECTOR + read_le(image, PAYLOAD_OFFSET, 4);
	length = read_le(image, PAYLOAD_LENGTH, 4);
	if (offset > image->size || length > image->size - offset)
		return;
	image->data += offset;
	image->size = length;
}
