/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The settings of ghcrawl (GUCs).
 *
 * IDENTIFICATION
 *	  src/base/settings.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SETTINGS_H
#define GHC_SETTINGS_H

/* how topics, languages and other fields that cost points are asked for */
typedef enum GhcDetails
{
	GHC_DETAILS_AUTO,			/* whichever is cheaper */
	GHC_DETAILS_NESTED,			/* in the pages */
	GHC_DETAILS_LATER,			/* by id */
} GhcDetails;

/* each is the setting ghcrawl.<name>; see settings.c for what they mean */
extern char *ghc_api_url;
extern char *ghc_archive_url;
extern char *ghc_databases;
extern char *ghc_ca_file;
extern char *ghc_proxy;
extern char *ghc_user_agent_contact;
extern int	ghc_workers;
extern int	ghc_connect_timeout_ms;
extern int	ghc_request_timeout_ms;
extern int	ghc_max_response_kb;
extern int	ghc_max_connections;
extern int	ghc_pages_per_request;	/* 0: found out, like the next */
extern int	ghc_page_size;
extern int	ghc_details;			/* a GhcDetails */
extern int	ghc_retention_min;		/* minutes; -1: for ever */
extern int	ghc_history_retention_min;	/* the same */
extern int	ghc_walk_interval_min;	/* 0: always */
extern int	ghc_absence_stars;	/* -1: whoever is absent isn't asked about */

/* Defines them all; to be called once, from _PG_init. */
extern void ghc_settings_define(void);

/*
 * The GraphQL address of an API address ("https://host/api/v3" and
 * "https://host/api" give "https://host/api/graphql", others get "/graphql").
 * palloc'd.
 */
extern char *ghc_settings_graphql_url(const char *api_url);

/* May the host have no limits?  GitHub's own have. */
extern bool ghc_settings_may_be_unlimited(const char *api_url);

/*
 * The address of a REST path ("/app/installations") of an API address:
 * "https://api.github.com" and "https://api.sub.ghe.com" take it as it is, an
 * Enterprise Server below "/api/v3".  palloc'd.
 */
extern char *ghc_settings_rest_url(const char *api_url, const char *path);

#endif							/* GHC_SETTINGS_H */
