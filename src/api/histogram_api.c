/*-------------------------------------------------------------------------
 *
 * histogram_api.c
 *	  SQL-callable functions on stored histograms, for views.
 *
 * They work on what they are given and look at nothing else, so a standby has
 * them, too.
 *
 * IDENTIFICATION
 *	  src/api/histogram_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/array.h"

#include "base/histogram.h"

PG_FUNCTION_INFO_V1(ghcrawl_add_histograms);
PG_FUNCTION_INFO_V1(ghcrawl_quantile);

/* An array's items as a histogram; refuses others. */
static GhcHistogram *
histogram_of(ArrayType *array)
{
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != GHC_HISTOGRAM_BUCKETS ||
		ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT4OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a histogram is an array of %d integers",
						GHC_HISTOGRAM_BUCKETS)));
	return (GhcHistogram *) ARR_DATA_PTR(array);
}

/*
 * ghcrawl.add_histograms(int[], int[]) returns int[]
 *		The sum of two.  As an aggregate's step it adds to the first in place.
 */
Datum
ghcrawl_add_histograms(PG_FUNCTION_ARGS)
{
	ArrayType  *sum = AggCheckCallContext(fcinfo, NULL) ?
		PG_GETARG_ARRAYTYPE_P(0) : PG_GETARG_ARRAYTYPE_P_COPY(0);
	ArrayType  *other = PG_GETARG_ARRAYTYPE_P(1);

	ghc_histogram_merge(histogram_of(sum), histogram_of(other));
	PG_RETURN_ARRAYTYPE_P(sum);
}

/*
 * ghcrawl.quantile(int[], double precision) returns bigint
 *		The value that a share doesn't exceed; null if there are none.
 */
Datum
ghcrawl_quantile(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	double		share = PG_GETARG_FLOAT8(1);
	int64		value;

	if (!(share >= 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share must be between 0 and 1")));
	value = ghc_histogram_quantile(histogram_of(array), share);
	if (value < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(value);
}
