/*-------------------------------------------------------------------------
 *
 * errand.c
 *	  One request of a GitHub App in its own name; see errand.h.
 *
 * The key is read when something is to be signed and forgotten at once: that
 * is once an hour for each installation, and a key that was replaced or taken
 * away is noticed.
 *
 * IDENTIFICATION
 *	  src/crawl/errand.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/arena.h"
#include "base/settings.h"
#include "crawl/errand.h"
#include "github/jwt.h"
#include "store/token_file.h"

static const char *const lines[] = {
	"Accept: application/vnd.github+json",
	"X-GitHub-Api-Version: 2022-11-28",
	NULL
};

/* Fills in what proves who the App is; or why that can't be. */
static const char *
authorize(GhcTransfer *transfer, const GhcAppRow *app, int64 now_s)
{
	char	   *problem = NULL;
	char	   *pem = ghc_token_key_read(app->file, &problem);
	const char *bad;

	if (pem == NULL)
		return problem;
	ghc_buffer_puts(&transfer->authorization, "Bearer ");
	bad = ghc_jwt_sign(&transfer->authorization, ghc_slice_of(pem),
					   ghc_slice_of(app->app_id), now_s);
	explicit_bzero(pem, strlen(pem));
	pfree(pem);
	return bad;
}

const char *
ghc_errand_send(GhcErrand *errand, GhcNetLoop *net, const GhcAppRow *app,
				const char *path, bool post, int64 now_s)
{
	GhcTransfer *transfer = ghc_net_begin(net);
	const char *problem = authorize(transfer, app, now_s);
	char	   *url = ghc_settings_rest_url(app->api_url, path);

	if (problem != NULL)
	{
		ghc_net_release(net, transfer);
		return problem;
	}
	ghc_buffer_puts(&transfer->url, url);
	if (post)
		ghc_buffer_puts(&transfer->request_body, "{}");
	pfree(url);
	transfer->lines = lines;
	transfer->owner = errand;
	errand->transfer = transfer;
	ghc_net_send(net, transfer);	/* says so if memory ran out above */
	return NULL;
}

/* What GitHub says in place of an answer. */
static void
judge_refusal(GhcErrand *errand, int64 now_s)
{
	GhcTransfer *transfer = errand->transfer;
	bool		has_body = transfer->result == GHC_NET_OK;
	GhcReply   *reply = palloc0(sizeof(GhcReply));
	GhcArena	arena = {0};

	if (has_body && !ghc_reply_read(reply, transfer->body.data,
									transfer->body.len, false, &arena))
		has_body = false;
	ghc_classify(&errand->judgement,
				 transfer->result == GHC_NET_OK ? GHC_TRANSPORT_OK :
				 GHC_TRANSPORT_OTHER, transfer->status, &errand->headers,
				 has_body ? reply : NULL, now_s);
	if (transfer->error[0] != '\0')
		strlcpy(errand->judgement.reason, transfer->error,
				sizeof(errand->judgement.reason));
	ghc_arena_free(&arena);
	pfree(reply);
}

void
ghc_errand_judge(GhcErrand *errand, int64 now_s)
{
	GhcTransfer *transfer = errand->transfer;

	ghc_headers_read(&errand->headers,
					 (GhcSlice) {transfer->headers.data, transfer->headers.len});
	memset(&errand->judgement, 0, sizeof(errand->judgement));
	if (transfer->result != GHC_NET_OK || transfer->status < 200 ||
		transfer->status > 299)
		judge_refusal(errand, now_s);
}

void
ghc_errand_end(GhcErrand *errand, GhcNetLoop *net)
{
	GhcBuffer  *body = &errand->transfer->body;

	if (body->data != NULL)
		explicit_bzero(body->data, body->len);
	ghc_net_release(net, errand->transfer);
	errand->transfer = NULL;
}
