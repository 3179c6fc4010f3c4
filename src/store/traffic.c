/*-------------------------------------------------------------------------
 *
 * traffic.c
 *	  Statistics of requests; see traffic.h.
 *
 * A minute counts in its hour at once, so that hours need not be made from
 * minutes later, when nobody may be there to do it.
 *
 * IDENTIFICATION
 *	  src/store/traffic.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/db.h"
#include "store/traffic.h"

static Datum
histogram_array(const GhcHistogram *histogram)
{
	Datum		items[GHC_HISTOGRAM_BUCKETS];

	for (int i = 0; i < GHC_HISTOGRAM_BUCKETS; i++)
		items[i] = Int32GetDatum(histogram->n[i]);
	return PointerGetDatum(construct_array(items, GHC_HISTOGRAM_BUCKETS, INT4OID,
										   sizeof(int32), true, TYPALIGN_INT));
}

void
ghc_traffic_add(int worker_no, const GhcTrafficRow *row)
{
	static GhcStatement add = {
		"INSERT INTO ghcrawl.traffic AS t (seconds, slot, worker_no, api_url,"
		" kind, status, verdict, count, ms, points, bytes, repositories, histogram)"
		" SELECT s, to_timestamp($1 * 60 - $1 * 60 % s), $2, $3, $4, $5, $6, $7,"
		" $8, $9, $10, $11, $12 FROM unnest('{60,3600}'::int[]) s"
		" ON CONFLICT (seconds, slot, worker_no, api_url, kind, status, verdict)"
		" DO UPDATE SET count = t.count + excluded.count,"
		" ms = t.ms + excluded.ms, points = t.points + excluded.points,"
		" bytes = t.bytes + excluded.bytes,"
		" repositories = t.repositories + excluded.repositories,"
		" histogram = ghcrawl.add_histograms(t.histogram, excluded.histogram)",
		"bittttbbbbbI", NULL
	};
	Datum		values[] = {
		Int64GetDatum(row->minute), Int32GetDatum(worker_no),
		CStringGetTextDatum(row->api_url), CStringGetTextDatum(row->kind),
		CStringGetTextDatum(row->status), CStringGetTextDatum(row->verdict),
		Int64GetDatum(row->count), Int64GetDatum(row->took_ms),
		Int64GetDatum(row->points), Int64GetDatum(row->wire_bytes),
		Int64GetDatum(row->repositories), histogram_array(&row->spread)
	};

	ghc_db_run(&add, values, NULL);
}

void
ghc_traffic_forget(int minutes)
{
	static GhcStatement forget = {
		"DELETE FROM ghcrawl.traffic"
		" WHERE seconds = 60 AND slot < now() - interval '1 hour'"
		" OR seconds = 3600 AND slot < now() - make_interval(hours => 1, mins => $1)",
		"i", NULL
	};
	Datum		values[] = {Int32GetDatum(minutes)};

	ghc_db_run(&forget, values, NULL);
}
