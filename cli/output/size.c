// SPDX-License-Identifier: GPL-2.0-only
#include "size.h"

const char *size_format(char text[SIZE_TEXT], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned int shift = 0, unit = 0;
	uint64_t whole = bytes, tenths = 0;
	char *end = text + DIGITS;

	while (whole >= 1024) {
		whole >>= 10;
		shift += 10;
		unit++;
	}
	if (shift) {
		/* The ten bits after the point are enough for one decimal. */
		tenths = ((bytes >> (shift - 10) & 1023) * 10 + 512) >> 10;
		if (tenths == 10) {
			tenths = 0;
			whole++;
		}
		if (whole == 1024 && units[unit + 1]) {
			whole = 1;
			unit++;
		}
	}
	if (tenths) {
		*end++ = '.';
		*end++ = '0' + tenths;
	}
	*end++ = units[unit];
	*end = '\0';
	return digits_of(text, whole);
}
