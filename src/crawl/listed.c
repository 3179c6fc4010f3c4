/*-------------------------------------------------------------------------
 *
 * listed.c
 *	  Writes down what became of the repositories of a list; see listed.h.
 *
 * Not before a look-up ends, so that each is written once; until then its task
 * says what is asked for.
 *
 * IDENTIFICATION
 *	  src/crawl/listed.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "crawl/listed.h"
#include "store/wanted.h"

void
ghc_listed_write(int64 crawl_id, const GhcNodes *nodes)
{
	static char *const states[] = {
		[GHC_FATE_FOUND] = "found",
		[GHC_FATE_GONE] = "not_found",
		[GHC_FATE_FORBIDDEN] = "forbidden",
		[GHC_FATE_UNKNOWN] = "unclear",
	};
	GhcWantedRows rows = {
		nodes->n, palloc(nodes->n * sizeof(char *)),
		palloc(nodes->n * sizeof(int64)), palloc(nodes->n * sizeof(char *))
	};

	for (int i = 0; i < nodes->n; i++)
	{
		const GhcName *name = &nodes->names[i];

		rows.asked_as[i] = nodes->by_name ?
			psprintf("%.*s/%.*s", (int) name->owner.len, name->owner.data,
					 (int) name->name.len, name->name.data) :
			psprintf("%lld", (long long) nodes->ids[i]);
		rows.repo_ids[i] = nodes->ids[i];
		rows.states[i] = states[nodes->fates[i]];
	}
	ghc_wanted_write(crawl_id, &rows);
}
