/*
 * Fields of Repository: all that fact sheet 7.1 lists have data, what has none says so, and REST, GraphQL and truth agree.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { searchQuery, startSim } from '../tools/harness.js';

const SCALARS = `id databaseId name nameWithOwner description descriptionHTML shortDescriptionHTML homepageUrl url resourcePath stargazerCount forkCount
  isFork isArchived isTemplate isMirror isDisabled isEmpty isLocked isPrivate isInOrganization isUserConfigurationRepository lockReason visibility createdAt
  updatedAt pushedAt archivedAt diskUsage mirrorUrl openGraphImageUrl hasIssuesEnabled hasWikiEnabled hasProjectsEnabled hasDiscussionsEnabled
  hasSponsorshipsEnabled forkingAllowed webCommitSignoffRequired mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed autoMergeAllowed
  deleteBranchOnMerge isSecurityPolicyEnabled`;
const OBJECTS = `owner { __typename login id ... on User { databaseId } ... on Organization { databaseId } } primaryLanguage { name color }
  licenseInfo { key name spdxId } defaultBranchRef { name target { oid } } latestRelease { name } parent { databaseId nameWithOwner } templateRepository { id }
  fundingLinks { platform url } codeOfConduct { key name } watchers { totalCount } issues { totalCount } pullRequests { totalCount } forks { totalCount }
  releases { totalCount } languages(first: 10, orderBy: { field: SIZE, direction: DESC }) { totalCount totalSize edges { size node { name } } }
  repositoryTopics(first: 20) { totalCount nodes { topic { name } } } refs(refPrefix: "refs/heads/") { totalCount } labels { totalCount } milestones { totalCount }`;

test('every field of the fact sheet has data; nulls and nasty texts come through', async (t) => {
  const { graphql } = await startSim(t, { repositories: 5000, 'work-budget': 0 });
  const seen = {};
  for (let page = 0; page < 10; page++) {
    const { data, errors } = await graphql(searchQuery('fork:true sort:updated-asc', { fields: `${SCALARS} ${OBJECTS}`, after: Buffer.from(`cursor:${page * 100}`).toString('base64') }));
    assert.equal(errors, undefined);
    for (const node of data.search.nodes) {
      for (const [name, value] of Object.entries(node)) (seen[name] ??= new Set()).add(value === null ? 'null' : typeof value);
      assert.equal(node.languages.totalCount === 0, node.primaryLanguage === null);
      if (node.primaryLanguage) assert.equal(node.languages.edges[0].node.name, node.primaryLanguage.name);
      if (node.isArchived) assert.ok(node.archivedAt >= node.createdAt);
      else assert.equal(node.archivedAt, null);
      assert.ok(node.updatedAt >= node.createdAt && (node.pushedAt === null || node.pushedAt >= node.createdAt));
      if (node.isEmpty) assert.deepEqual([node.defaultBranchRef, node.primaryLanguage, node.licenseInfo], [null, null, null]);
    }
  }
  for (const name of ['description', 'homepageUrl', 'pushedAt', 'archivedAt', 'primaryLanguage', 'licenseInfo', 'defaultBranchRef', 'parent']) {
    assert.ok(seen[name].has('null') && seen[name].size > 1, `${name} is sometimes null`);
  }
});

test('NUL and lone surrogates are written as JSON escapes', async (t) => {
  const { graphql, control, sim } = await startSim(t, { repositories: 1000 });
  const id = sim.world.columns.id[3];
  const text = 'a\u0000b \ud83d c \udc00 "q" \\ \u2028';
  await control('world', { op: 'set', id, description: text, owner: 'Nasty', name: 'text' });
  const answer = await graphql('{ repository(owner: "nasty", name: "text") { description } }');
  assert.ok(answer.text.includes('a\\u0000b \\ud83d c \\udc00 \\"q\\" \\\\ \u2028'));
  assert.equal(answer.data.repository.description, text);
});

test('what has no data is null, or an error that names it', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000 });
  const { data, errors } = await graphql(searchQuery('stars:>=0', { first: 2, fields: 'databaseId latestRelease { name } tempCloneToken hasVulnerabilityAlertsEnabled' }));
  assert.deepEqual(data.search.nodes, [null, null]);
  assert.equal(errors[0].message, 'The simulator has no data for Repository.hasVulnerabilityAlertsEnabled.');
  assert.deepEqual(errors[0].path, ['search', 'nodes', 0, 'hasVulnerabilityAlertsEnabled']);
});

test('stargazers are closed: forbidden, or empty where the settings say so', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 1000 });
  const query = searchQuery('stars:>5', { first: 1, fields: 'stargazerCount stargazers { totalCount }' });
  const closed = await graphql(query);
  assert.deepEqual([closed.data.search.nodes, closed.errors[0].type], [[null], 'FORBIDDEN']);
  sim.settings.stargazers = 'empty';
  const node = (await graphql(query)).data.search.nodes[0];
  assert.ok(node.stargazerCount > 5 && node.stargazers.totalCount === 0);
});

test('GraphQL, REST and truth tell the same of a repository', async (t) => {
  const { sim, graphql, call, control } = await startSim(t, { repositories: 2000 });
  for (let row = 1; row < 2000; row += 97) {
    if (!sim.world.isVisible(row)) continue;
    const [owner, name] = sim.world.nameWithOwner(row).split('/');
    const { data } = await graphql(`{ repository(owner: "${owner}", name: "${name}") { ${SCALARS} ${OBJECTS} } }`);
    const ours = data.repository;
    const rest = await (await call(`/repos/${owner}/${name}`)).json();
    assert.deepEqual(
      [rest.id, rest.node_id, rest.full_name, rest.stargazers_count, rest.forks_count, rest.size, rest.created_at, rest.pushed_at, rest.description, rest.language, rest.license?.key, rest.archived, rest.topics],
      [ours.databaseId, ours.id, ours.nameWithOwner, ours.stargazerCount, ours.forkCount, ours.diskUsage, ours.createdAt, ours.pushedAt, ours.description, ours.primaryLanguage?.name ?? null, ours.licenseInfo?.key, ours.isArchived, ours.repositoryTopics.nodes.map(({ topic }) => topic.name)],
    );
    const names = SCALARS.split(/\s+/).filter((field) => !['descriptionHTML', 'shortDescriptionHTML', 'id'].includes(field));
    const line = await control(`truth?q=${encodeURIComponent(`repo:${owner}/${name} fork:true`)}&format=json&fields=${names.join(',')}`);
    const told = JSON.parse(line);
    for (const field of names) assert.deepEqual(told[field], ours[field], field);
  }
});
