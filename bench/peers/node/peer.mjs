/*
 * Node's own fetch, and pg: one statement with the values of a page.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';

const env = process.env;
const connections = Number(env.PEER_CONNECTIONS);
const query = readFileSync(new URL('../query.graphql', import.meta.url), 'utf8').trim();
const headers = { 'Authorization': 'Bearer ghp_peer0001', 'Accept': 'application/json', 'Content-Type': 'application/json' };

// more database connections than processors gain nothing
const pool = new pg.Pool({ max: Math.min(connections, 8) });

const COLUMNS = `id name_with_owner description homepage owner_id parent_id stars forks disk_kb language license default_branch topics
  languages language_bytes is_fork is_archived is_disabled is_empty is_locked is_mirror is_template is_in_organization has_issues
  has_projects has_wiki has_discussions created_at pushed_at updated_at archived_at`.split(/\s+/);
const CHANGEABLE = COLUMNS.slice(1);
const list = (prefix) => CHANGEABLE.map((column) => prefix + column).join(', ');

/** The statement for so many rows; all pages but the last of a range have a hundred. */
const statements = new Map();
function statement(n) {
  if (!statements.has(n)) {
    const row = (i) => `(${COLUMNS.map((_, j) => `$${i * COLUMNS.length + j + 1}`).join(',')})`;
    statements.set(n, `INSERT INTO repository AS t (${COLUMNS.join(', ')}) VALUES ${Array.from({ length: n }, (_, i) => row(i)).join(',')}
      ON CONFLICT (id) DO UPDATE SET (${list('')}) = (${list('excluded.')}) WHERE (${list('t.')}) IS DISTINCT FROM (${list('excluded.')})`);
  }
  return { name: `page${n}`, text: statements.get(n) };
}

function values(node) {
  const edges = node.languages.edges;
  return [node.databaseId, node.nameWithOwner, node.description, node.homepageUrl, node.owner?.databaseId, node.parent?.databaseId,
    node.stargazerCount, node.forkCount, node.diskUsage, node.primaryLanguage?.name, node.licenseInfo?.key, node.defaultBranchRef?.name,
    node.repositoryTopics.nodes.map((each) => each.topic.name), edges.map((edge) => edge.node.name), edges.map((edge) => edge.size),
    node.isFork, node.isArchived, node.isDisabled, node.isEmpty, node.isLocked, node.isMirror, node.isTemplate, node.isInOrganization,
    node.hasIssuesEnabled, node.hasProjectsEnabled, node.hasWikiEnabled, node.hasDiscussionsEnabled, node.createdAt, node.pushedAt,
    node.updatedAt, node.archivedAt];
}

const pages = readFileSync(env.PEER_PAGES, 'utf8').trimEnd().split('\n').map((line) => line.split('\t')).values();

async function work() {
  for (const [q, after] of pages) {
    const body = JSON.stringify({ query, variables: { q, after: after || null } });
    const reply = await fetch(env.PEER_URL, { method: 'POST', headers, body });
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    const nodes = (await reply.json()).data.search.nodes.filter(Boolean);
    await pool.query({ ...statement(nodes.length), values: nodes.flatMap(values) });
  }
}

await Promise.all(Array.from({ length: connections }, work));
await pool.end();
