/*
 * GitHub Apps (fact sheet 8): each has an id, a key pair and one installation. A JWT signed with the key is exchanged for an
 * installation token of about 520 characters with two dots in it, which lives an hour.
 */
import { createHash, createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HOUR = 3600000;
const MAX_LIFE = 600;
const FIRST_APP = 1001;
const FIRST_INSTALLATION = 50001;
/** Seconds by which `iat` may lie in the future before it is refused [chosen]. */
const LEEWAY = 5;

export class JwtError extends Error {}

export class Apps {
  constructor({ count, clock, accounts, seed }) {
    this.clock = clock;
    this.accounts = accounts;
    this.seed = seed;
    this.handedOut = 0;
    this.list = Array.from({ length: count }, (none, i) => ({
      id: FIRST_APP + i, clientId: `Iv23li${FIRST_APP + i}ghsim`, installation: FIRST_INSTALLATION + i,
      ...generateKeyPairSync('rsa', { modulusLength: 2048 }),
    }));
  }

  writeKeys(folder) {
    for (const app of this.list) {
      mkdirSync(folder, { recursive: true });
      app.keyFile = join(folder, `app-${app.id}.pem`);
      writeFileSync(app.keyFile, app.privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    }
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
    const now = this.clock.now() / 1000;
    const issued = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    if (!Number.isInteger(iat) || iat > now + LEEWAY) throw new JwtError(issued);
    if (!Number.isInteger(exp) || exp <= now) throw new JwtError("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires");
    if (exp > now + MAX_LIFE + LEEWAY) throw new JwtError("'Expiration time' claim ('exp') is too far in the future");
  }

  /** A new token for an installation: {token, expires (real epoch ms)}. */
  createToken(app, stateless) {
    const expires = this.clock.now() + this.clock.real(HOUR);
    const random = (length) => {
      let text = '';
      for (let i = 0; text.length < length; i++) text += createHash('sha512').update(`${this.seed} ${app.id} ${this.handedOut} ${i}`).digest('base64url').replace(/-/g, 'a');
      return text.slice(0, length);
    };
    const secret = random(600);
    this.handedOut++;
    const token = stateless ? `ghs_${app.id}_eyJ${secret.slice(0, 33)}.eyJ${secret.slice(33, 120)}.${secret.slice(120, 505)}` : `ghs_${secret.slice(0, 36)}`;
    this.accounts.addInstallationToken(app.installation, token, expires);
    return { token, expires };
  }
}
