/*
 * What /events tells of changes: stars that came, pushes, new and published repositories. Nothing tells of a star that was taken
 * back, of renames, removals or archivings (fact sheet 10). The last few hundred are kept.
 */
import * as C from './columns.js';

const KEPT = 300;
const MOST_AT_ONCE = 50;

export class Events {
  constructor(clock) {
    this.clock = clock;
    this.list = []; /* newest first: {id, at, type, row, repoId, name} */
    this.lastId = 40000000000;
  }

  add(type, row, world) {
    this.lastId += 1 + (this.lastId % 3);
    this.list.unshift({ id: this.lastId, at: this.clock.now(), type, repoId: world.columns.id[row], name: world.nameWithOwner(row), actor: 1 + (this.lastId % 997) });
    /* those that are too young to be shown don't push out those that are */
    if (this.list.length > 20 * KEPT) this.list.length = 10 * KEPT;
  }

  /** After a change; `before` has what was there. */
  note(world, row, before) {
    const { columns } = world;
    if (!world.isVisible(row)) return;
    for (let i = Math.min(columns.stars[row] - before.stars, MOST_AT_ONCE); i > 0; i--) this.add('WatchEvent', row, world);
    if (columns.pushed[row] !== before.pushed) this.add('PushEvent', row, world);
    if ((before.flags & C.PRIVATE) !== 0) this.add('PublicEvent', row, world);
  }

  /** Those that may be seen: so many milliseconds old. */
  shown(latency) {
    const until = this.clock.now() - latency;
    return this.list.filter(({ at }) => at <= until).slice(0, KEPT);
  }
}

export function eventObject({ id, at, type, repoId, name, actor }, baseUrl) {
  const login = `user-${actor}`;
  const payloads = {
    WatchEvent: { action: 'started' }, PublicEvent: {},
    PushEvent: { repository_id: repoId, push_id: id, ref: 'refs/heads/main', head: 'a'.repeat(40), before: 'b'.repeat(40) },
    CreateEvent: { ref: null, ref_type: 'repository', full_ref: null, master_branch: 'main', description: null, pusher_type: 'user' },
  };
  return {
    id: String(id), type,
    actor: { id: actor, login, display_login: login, gravatar_id: '', url: `${baseUrl}/users/${login}`, avatar_url: `https://avatars.githubusercontent.com/u/${actor}?` },
    repo: { id: repoId, name, url: `${baseUrl}/repos/${name}` }, payload: payloads[type], public: true,
    created_at: new Date(at).toISOString().replace(/\.\d+Z/, 'Z'),
  };
}
