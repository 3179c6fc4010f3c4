"""requests + psycopg2: one page after the other, a statement and a commit for each."""
import psycopg2
import psycopg2.extras
import requests

import common

INSERT = 'INSERT INTO repository AS t ({}) VALUES %s {}'.format(
    ', '.join(common.COLUMNS), common.ON_CONFLICT)
TEMPLATE = '({})'.format(', '.join(
    '%s' + {'topics': '::text[]', 'languages': '::text[]', 'language_bytes': '::bigint[]'}.get(c, '')
    for c in common.COLUMNS))

session = requests.Session()
session.verify = common.CA
session.headers.update(common.HEADERS)
connection = psycopg2.connect('')
cursor = connection.cursor()
for search, after in common.read_pages():
    reply = session.post(common.URL, json=common.body(search, after))
    reply.raise_for_status()
    rows = [common.row(node) for node in reply.json()['data']['search']['nodes'] if node]
    psycopg2.extras.execute_values(cursor, INSERT, rows, TEMPLATE, page_size=100)
    connection.commit()
connection.close()
