/*
 * A throw-away certificate authority and a certificate for localhost and 127.0.0.1, made with the openssl command, and beside it
 * certificates that a client must refuse. What is in the folder already is used again, so that servers of one test may share it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** kind: [file names' stem, subjectAltName, days, stem of the authority that signs it]. */
const KINDS = {
  good: ['cert', 'DNS:localhost,IP:127.0.0.1', 3650, 'ca'],
  expired: ['expired', 'DNS:localhost,IP:127.0.0.1', -1, 'ca'],
  otherName: ['other-name', 'DNS:elsewhere.invalid', 3650, 'ca'],
  otherCa: ['other-ca-cert', 'DNS:localhost,IP:127.0.0.1', 3650, 'other-ca'],
};
export const CERTIFICATES = Object.keys(KINDS);

/** {ca: file name, certificates: contents {cert, key} by kind}. */
export function makeCertificates(folder) {
  mkdirSync(folder, { recursive: true });
  const file = (name) => join(folder, name);
  const key = file('key.pem');
  for (const ca of ['ca', 'other-ca']) if (!existsSync(file(`${ca}.pem`))) makeAuthority(file, ca);
  if (!existsSync(key)) openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-out', key);
  for (const kind of Object.values(KINDS)) if (!existsSync(file(`${kind[0]}.pem`))) sign(file, key, kind);
  const contents = ([stem]) => ({ cert: readFileSync(file(`${stem}.pem`)), key: readFileSync(key) });
  return { ca: file('ca.pem'), certificates: Object.fromEntries(CERTIFICATES.map((kind) => [kind, contents(KINDS[kind])])) };
}

const openssl = (...words) => execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });

function makeAuthority(file, stem) {
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650', '-subj', '/CN=ghsim throw-away CA',
    '-keyout', file(`${stem}-key.pem`), '-out', file(`${stem}.pem`),
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
}

function sign(file, key, [stem, names, days, ca]) {
  openssl('req', '-new', '-key', key, '-subj', '/CN=localhost', '-out', file('cert.csr'));
  writeFileSync(file('cert.ext'), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`);
  openssl('x509', '-req', '-in', file('cert.csr'), '-CA', file(`${ca}.pem`), '-CAkey', file(`${ca}-key.pem`), '-CAcreateserial', '-days', String(days),
    '-extfile', file('cert.ext'), '-out', file(`${stem}.pem`));
}
