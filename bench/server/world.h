/*-------------------------------------------------------------------------
 *
 * world.h
 *	  The repositories of the page server: nothing is kept, each is made
 *	  anew from its number whenever it is wanted.
 *
 * Repositories come in clusters of 892 that were created in the same second,
 * which is what ghcrawl's ranges hold (nine full pages, one repository of
 * each shown twice).  So whatever spans of time a crawler asks for, they hold
 * whole clusters, and all pages can be made ahead.  Within a cluster
 * repositories are shown by their last update, and ids are mixed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "base/buffer.h"

#define CLUSTER 892

typedef enum Profile
{
	PROFILE_STARS,
	PROFILE_FLAT,
	PROFILE_FULL,
} Profile;

typedef struct World
{
	uint64_t	seed;
	long		n_clusters;
	Profile		profile;
	double		changed;		/* share whose stars differ in generation 1 */
} World;

/* When all repositories of a cluster were created, seconds since 1970. */
extern int64_t world_created(const World *world, long cluster);

/* The first cluster created at a moment or later; n_clusters if there is none. */
extern long world_first_since(const World *world, int64_t moment);

/*
 * Appends a repository as GitHub would answer ghcrawl's fragment, members in
 * the order they are asked for.  "place" is its place in the cluster, by last
 * update.
 */
extern void world_put(const World *world, int generation, long cluster,
					  int place, GhcBuffer *out);

#endif							/* BENCH_WORLD_H */
