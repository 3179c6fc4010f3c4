/*
 * GitHub Apps (fact sheet 8): each has an id, a key pair and installations. A JWT signed with the key is exchanged for the token of
 * an installation, of about 520 characters with two dots in it, which lives an hour. An App may ask for 2,000 an hour (4.1).
 */
import { createHash, createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rolling } from './rolling.js';

const HOUR = 3600000;
const MAX_LIFE = 600;
const TOKENS_AN_HOUR = 2000;
const SUSPENDED_AT = '2026-01-15T08:00:00Z';
const FIRST_APP = 1001;
const FIRST_INSTALLATION = 50001;
/** Seconds by which `iat` may lie in the future before it is refused [chosen]. */
const LEEWAY = 5;

export class JwtError extends Error {}

export class Apps {
  constructor({ options, clock, accounts }) {
    this.clock = clock;
    this.accounts = accounts;
    this.seed = options.seed;
    this.handedOut = 0;
    this.nextInstallation = FIRST_INSTALLATION;
    this.list = Array.from({ length: options.apps }, (none, i) => this.makeApp(FIRST_APP + i, options));
  }

  makeApp(id, { installations, suspended }) {
    const own = Array.from({ length: installations + suspended }, (none, i) => this.makeInstallation(i >= installations));
    return {
      id, clientId: `Iv23li${id}ghsim`, installations: own, asked: new Rolling(this.clock, HOUR), tokenRequests: 0,
      ...generateKeyPairSync('rsa', { modulusLength: 2048 }),
    };
  }

  makeInstallation(isSuspended) {
    const id = this.nextInstallation++;
    if (!isSuspended) this.accounts.addInstallation(id);
    return { id, suspendedAt: isSuspended ? SUSPENDED_AT : null, account: { login: `crawler-org-${id}`, id: 96000000 + id, type: 'Organization' } };
  }

  /** Writes each key in both common forms, PKCS#1 and PKCS#8. */
  writeKeys(folder) {
    for (const app of this.list) {
      mkdirSync(folder, { recursive: true });
      const write = (name, type) => {
        const file = join(folder, name);
        writeFileSync(file, app.privateKey.export({ type, format: 'pem' }), { mode: 0o600 });
        return file;
      };
      app.keyFile = write(`app-${app.id}.pem`, 'pkcs1');
      app.pkcs8File = write(`app-${app.id}.pkcs8.pem`, 'pkcs8');
    }
  }

  /** What the ready line says of the Apps. */
  view() {
    return this.list.map((app) => {
      const ids = (isSuspended) => app.installations.filter(({ suspendedAt }) => (suspendedAt !== null) === isSuspended).map(({ id }) => id);
      const [usable, suspended] = [ids(false), ids(true)];
      return { id: app.id, client_id: app.clientId, installation: usable[0], installations: usable, suspended, key: app.keyFile, key_pkcs8: app.pkcs8File };
    });
  }

  /** Counts a request for a token; false once the App has asked too often. */
  mayAskForToken(app) {
    app.tokenRequests++;
    if (app.asked.sum() >= TOKENS_AN_HOUR) return false;
    app.asked.add(1);
    return true;
  }

  /** The App that signed a JWT; throws JwtError with GitHub's words. */
  verify(header) {
    const parts = /^bearer\s+([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(header ?? '');
    if (!parts) throw new JwtError('A JSON web token could not be decoded');
    const read = (part) => {
      try {
        return JSON.parse(Buffer.from(part, 'base64url').toString());
      } catch {
        throw new JwtError('A JSON web token could not be decoded');
      }
    };
    const [head, claims] = [read(parts[1]), read(parts[2])];
    const app = this.list.find(({ id, clientId }) => String(id) === String(claims.iss) || clientId === claims.iss);
    if (!app) throw new JwtError("'Issuer' claim ('iss') must be an Integer");
    const signed = createVerify('RSA-SHA256').update(`${parts[1]}.${parts[2]}`);
    if (head.alg !== 'RS256' || !signed.verify(app.publicKey, parts[3], 'base64url')) throw new JwtError('A JSON web token could not be decoded');
    this.checkTimes(claims);
    return app;
  }

  checkTimes({ iat, exp }) {
    const now = this.clock.serverNow() / 1000;
    const issued = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    if (!Number.isInteger(iat) || iat > now + LEEWAY) throw new JwtError(issued);
    if (!Number.isInteger(exp) || exp <= now) throw new JwtError("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires");
    if (exp > now + MAX_LIFE + LEEWAY) throw new JwtError("'Expiration time' claim ('exp') is too far in the future");
  }

  /** A new token for an installation: {token, expires (epoch ms by the server's clock)}. */
  createToken(app, installation, stateless) {
    const expires = this.clock.serverNow() + this.clock.real(HOUR);
    const random = (length) => {
      let text = '';
      for (let i = 0; text.length < length; i++) text += createHash('sha512').update(`${this.seed} ${app.id} ${this.handedOut} ${i}`).digest('base64url').replace(/-/g, 'a');
      return text.slice(0, length);
    };
    const secret = random(600);
    this.handedOut++;
    const token = stateless ? `ghs_${app.id}_eyJ${secret.slice(0, 33)}.eyJ${secret.slice(33, 120)}.${secret.slice(120, 505)}` : `ghs_${secret.slice(0, 36)}`;
    this.accounts.addInstallationToken(installation.id, token, expires);
    return { token, expires };
  }
}
