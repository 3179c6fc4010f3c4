-- pgsql-http: a loop in the database, a page and a commit at a time.
-- INSERT_PAGE stands for insert_jsonb.sql, whose $1 is the reply.
\set ON_ERROR_STOP on
\getenv url PEER_URL
\getenv ca PEER_CA
\set query `cat "$PEER_QUERY"`
CREATE TEMP TABLE page (n serial, search text, cursor text);
\copy page (search, cursor) FROM PSTDIN WITH (NULL '')
SELECT http_set_curlopt('CURLOPT_CAINFO', :'ca'), http_set_curlopt('CURLOPT_TCP_KEEPALIVE', '1');

CREATE OR REPLACE PROCEDURE crawl(url text, query text) LANGUAGE plpgsql AS $$
DECLARE
	page record;
	reply http_response;
BEGIN
	FOR page IN SELECT search, cursor FROM pg_temp.page ORDER BY n LOOP
		reply := http(('POST', url, ARRAY[http_header('Authorization', 'Bearer ghp_peer0001')], 'application/json',
			json_build_object('query', query, 'variables', json_build_object('q', page.search, 'after', page.cursor)))::http_request);
		INSERT_PAGE;
		COMMIT;
	END LOOP;
END
$$;
CALL crawl(:'url', :'query');
