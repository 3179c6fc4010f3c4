/*-------------------------------------------------------------------------
 *
 * outward.c
 *	  How this server shows itself to others; see outward.h.
 *
 * IDENTIFICATION
 *	  src/crawl/outward.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/settings.h"
#include "base/version.h"
#include "crawl/outward.h"

void
ghc_outward_config(GhcNetConfig *config)
{
	memset(config, 0, sizeof(*config));
	if (ghc_user_agent_contact[0] != '\0')
		config->user_agent = psprintf("ghcrawl/%s (PostgreSQL; %s)", GHC_VERSION,
									  ghc_user_agent_contact);
	else
		config->user_agent = "ghcrawl/" GHC_VERSION " (PostgreSQL)";
	config->ca_file = ghc_ca_file[0] ? ghc_ca_file : NULL;
	config->proxy = ghc_proxy[0] ? ghc_proxy : NULL;
	config->connect_timeout_ms = ghc_connect_timeout_ms;
	config->request_timeout_ms = ghc_request_timeout_ms;
	config->max_connections = ghc_max_connections;
	config->max_response_bytes = (size_t) ghc_max_response_kb * 1024;
}
