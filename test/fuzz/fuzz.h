/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  What all fuzz targets share: the entry, checks, choices, copies.
 *
 * A target is a file X_fuzz.c with LLVMFuzzerTestOneInput, which aborts where
 * a property doesn't hold; its top comment states the properties.  libFuzzer
 * calls it with inputs of its own, replay.c with those of test/fuzz/corpus/X.
 * One input always does the same, so that whatever fails can be repeated.
 *
 * IDENTIFICATION
 *	  test/fuzz/fuzz.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(cond) \
	((cond) ? (void) 0 : fuzz_fail(#cond, __FILE__, __LINE__))

static inline void
fuzz_fail(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: doesn't hold: %s\n", file, line, cond);
	abort();
}

/* A copy of exactly that length, so that a sanitizer sees a byte too far. */
static inline char *
fuzz_copy(const void *data, size_t len)
{
	char	   *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

/* choices that follow from the input: xorshift */
typedef struct FuzzRandom
{
	uint64_t	state;
} FuzzRandom;

static inline FuzzRandom
fuzz_random(const uint8_t *data, size_t size, uint64_t salt)
{
	FuzzRandom	random = {UINT64_C(0xCBF29CE484222325) ^ salt};

	for (size_t i = 0; i < size; i++)
		random.state = (random.state ^ data[i]) * UINT64_C(0x100000001B3);
	random.state |= 1;
	return random;
}

static inline unsigned
fuzz_below(FuzzRandom *random, unsigned bound)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return (unsigned) ((random->state >> 16) % bound);
}

/* an input that is read as numbers, for targets whose input is no text */
typedef struct FuzzBytes
{
	const uint8_t *data;
	size_t		left;
} FuzzBytes;

/* The next byte, 0 behind the end. */
static inline uint8_t
fuzz_byte(FuzzBytes *bytes)
{
	if (bytes->left == 0)
		return 0;
	bytes->left--;
	return *bytes->data++;
}

/*
 * A number of any size.  Bits behind the first byte say how many bytes it has,
 * so that small ones are as likely as those near the ends of the type.
 */
static inline int64_t
fuzz_int64(FuzzBytes *bytes)
{
	static const int64_t odd[] = {
		0, 1, -1, INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_MIN + 1,
		INT32_MAX, INT32_MIN, (int64_t) INT32_MAX + 1, UINT32_MAX, 253402300799
	};
	uint8_t		head = fuzz_byte(bytes);
	uint64_t	number = 0;

	if (head >= 0xF0)
		return odd[(head - 0xF0) % (sizeof(odd) / sizeof(odd[0]))];
	for (int i = head % 9; i > 0; i--)
		number = number << 8 | fuzz_byte(bytes);
	return (int64_t) (head & 0x80 ? 0 - number : number);
}

#endif							/* FUZZ_H */
