/*-------------------------------------------------------------------------
 *
 * node_id_test.c
 *	  Tests of src/github/node_id.c.
 *
 * IDENTIFICATION
 *	  test/unit/node_id_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/node_id.h"
#include "tap.h"

typedef struct GhcPair
{
	int64_t		repo_id;
	const char *node_id;
} GhcPair;

/* github-api.md 5.1, its gaps filled by hand, and the bounds of each width */
static const GhcPair new_form[] = {
	{1, "R_kgAB"},
	{127, "R_kgB_"},
	{128, "R_kgDMgA"},
	{255, "R_kgDM_w"},
	{256, "R_kgDNAQA"},
	{65535, "R_kgDN__8"},
	{65536, "R_kgDOAAEAAA"},
	{1296269, "R_kgDOABPHjQ"},
	{103703892, "R_kgDOBi5lVA"},
	{445650657, "R_kgDOGpAW4Q"},
	{515435885, "R_kgDOHrjtbQ"},
	{747887377, "R_kgDOLJPbEQ"},
	{1346874286, "R_kgDOUEerrg"},
	{INT64_C(4294967295), "R_kgDO_____w"},
	{INT64_C(4294967296), "R_kgDPAAAAAQAAAAA"},
	{INT64_MAX, "R_kgDPf_________8"},
};

static const GhcPair legacy_form[] = {
	{1, "MDEwOlJlcG9zaXRvcnkx"},
	{1296269, "MDEwOlJlcG9zaXRvcnkxMjk2MjY5"},
	{9384267, "MDEwOlJlcG9zaXRvcnk5Mzg0MjY3"},
	{103703892, "MDEwOlJlcG9zaXRvcnkxMDM3MDM4OTI="},
	{515435885, "MDEwOlJlcG9zaXRvcnk1MTU0MzU4ODU="},
	{10, "MDEwOlJlcG9zaXRvcnkxMA=="},
	{INT64_MAX, "MDEwOlJlcG9zaXRvcnk5MjIzMzcyMDM2ODU0Nzc1ODA3"},
};

static const char *const refused[] = {
	"",
	"R",
	"R_",
	"R_k",
	"R_kg",
	"R_kgA",
	"R_kgAA",					/* 0 */
	"R_kgDMfw",					/* 127 in two bytes */
	"R_kgDNAP8",				/* 255 in three */
	"R_kgDOAAD__w",				/* 65535 in five */
	"R_kgDPAAAAAP____8",		/* 4294967295 in nine */
	"R_kgDPgAAAAAAAAAA",		/* over 63 bits */
	"R_kgDP__________8",
	"R_kgDSAAAAAQ",				/* signed, 1 */
	"R_kgD_",					/* -1 */
	"R_kwDOABPHjc4AAAAB",		/* three elements: inside a repository */
	"R_kgHOABPHjQ",				/* [1, id] */
	"R_kgDOABPHjR",				/* bits left over */
	"R_kgDOABPHjQ==",			/* padded */
	"R_kgDOABPHjQA",			/* a byte too many */
	"R_kgDOABPHj",				/* a digit short */
	"R_kgDOABPH",
	"R_kgDOABPH+Q",				/* the other alphabet */
	"R_kgDOABPHjQ ",
	" R_kgDOABPHjQ",
	"r_kgDOABPHjQ",
	"U_kgDOADP9xw",				/* a user */
	"O_kgAE",
	"R_kgDPAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"MDQ6VXNlcjM0MDczMDM=",		/* a user */
	"MDEwOlJlcG9zaXRvcnk=",		/* no number */
	"MDEwOlJlcG9zaXRvcnkw",		/* 0 */
	"MDEwOlJlcG9zaXRvcnkwMQ==", /* 01 */
	"MDEwOlJlcG9zaXRvcnkrMQ==", /* +1 */
	"MDEwOlJlcG9zaXRvcnktMQ==", /* -1 */
	"MDEwOlJlcG9zaXRvcnkgMQ==", /* " 1" */
	"MDEwOlJlcG9zaXRvcnkxMA",	/* not padded */
	"MDEwOlJlcG9zaXRvcnkxMA=",
	"MDEwOlJlcG9zaXRvcnkxMA===",
	"MDEwOlJlcG9zaXRvcnkxMB==", /* bits left over */
	"MDEwOlJlcG9zaXRvcnkxMA==x",
	"MDEwOlJlcG9zaXRvcnk5MjIzMzcyMDM2ODU0Nzc1ODA4", /* 2^63 */
	"MDEwOlJlcG9zaXRvcnkxMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
	"MDEwOnJlcG9zaXRvcnkx",		/* 010:repository1 */
	"1296269",
	"====",
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int64_t
parse(const char *node_id)
{
	int64_t		repo_id = -1;

	return ghc_node_id_parse(ghc_slice_of(node_id), &repo_id) ? repo_id : -1;
}

int
main(void)
{
	for (size_t i = 0; i < LENGTH(new_form); i++)
	{
		char		out[GHC_NODE_ID_BYTES];

		ghc_node_id_format(new_form[i].repo_id, out);
		is_str(out, new_form[i].node_id, "the new form is written");
		is_int(parse(out), new_form[i].repo_id, "and read");
	}
	for (size_t i = 0; i < LENGTH(legacy_form); i++)
		is_int(parse(legacy_form[i].node_id), legacy_form[i].repo_id,
			   legacy_form[i].node_id);
	for (size_t i = 0; i < LENGTH(refused); i++)
		is_int(parse(refused[i]), -1, refused[i]);
	return done_testing();
}
