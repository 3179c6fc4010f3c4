"""What the Python peers share: the work to do, and rows from replies.

A peer is told by its environment: PEER_URL, PEER_CA, PEER_PAGES (a file, the
search and the cursor of a page on each line), PEER_CONNECTIONS, and where the
database is by libpq's variables.
"""
import os
from datetime import datetime

HERE = os.path.dirname(os.path.abspath(__file__))
URL = os.environ['PEER_URL']
CA = os.environ['PEER_CA']
CONNECTIONS = int(os.environ['PEER_CONNECTIONS'])
HEADERS = {'Authorization': 'Bearer ghp_peer0001', 'Accept': 'application/json'}

with open(os.path.join(HERE, 'query.graphql')) as file:
    QUERY = file.read().strip()

COLUMNS = '''id name_with_owner description homepage owner_id parent_id stars forks disk_kb
    language license default_branch topics languages language_bytes is_fork is_archived is_disabled
    is_empty is_locked is_mirror is_template is_in_organization has_issues has_projects has_wiki
    has_discussions created_at pushed_at updated_at archived_at'''.split()

# only rows that changed are written
ON_CONFLICT = 'ON CONFLICT (id) DO UPDATE SET ({0}) = ({1}) WHERE ({2}) IS DISTINCT FROM ({1})'.format(
    ', '.join(COLUMNS[1:]),
    ', '.join('excluded.' + c for c in COLUMNS[1:]),
    ', '.join('t.' + c for c in COLUMNS[1:]))


def read_pages():
    """The pages to ask for, as (search, cursor) with None for no cursor."""
    with open(os.environ['PEER_PAGES']) as lines:
        for line in lines:
            search, cursor = line.rstrip('\n').split('\t')
            yield search, cursor or None


def body(search, cursor):
    return {'query': QUERY, 'variables': {'q': search, 'after': cursor}}


def moment(text):
    return datetime.fromisoformat(text) if text else None


def member(node, key, name):
    value = node[key]
    return value[name] if value else None


def row(node):
    """A row of the table, in the order of COLUMNS."""
    edges = node['languages']['edges']
    return (
        node['databaseId'], node['nameWithOwner'], node['description'], node['homepageUrl'],
        member(node, 'owner', 'databaseId'), member(node, 'parent', 'databaseId'),
        node['stargazerCount'], node['forkCount'], node['diskUsage'],
        member(node, 'primaryLanguage', 'name'), member(node, 'licenseInfo', 'key'),
        member(node, 'defaultBranchRef', 'name'),
        [n['topic']['name'] for n in node['repositoryTopics']['nodes']],
        [e['node']['name'] for e in edges], [e['size'] for e in edges],
        node['isFork'], node['isArchived'], node['isDisabled'], node['isEmpty'], node['isLocked'],
        node['isMirror'], node['isTemplate'], node['isInOrganization'], node['hasIssuesEnabled'],
        node['hasProjectsEnabled'], node['hasWikiEnabled'], node['hasDiscussionsEnabled'],
        moment(node['createdAt']), moment(node['pushedAt']), moment(node['updatedAt']),
        moment(node['archivedAt']))
