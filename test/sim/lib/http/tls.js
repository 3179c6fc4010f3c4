/*
 * A throw-away certificate authority and a certificate for localhost and 127.0.0.1, made with the openssl command, and beside it
 * certificates that a client must refuse. What is in the folder already is used again, so that servers of one test may share it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const VALID = ['-days', '3650'];
const PAST = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
/** kind: [file names' stem, subjectAltName, when it is valid, stem of the authority that signs it]. */
const KINDS = {
  good: ['cert', 'DNS:localhost,IP:127.0.0.1', VALID, 'ca'],
  expired: ['expired', 'DNS:localhost,IP:127.0.0.1', PAST, 'ca'],
  otherName: ['other-name', 'DNS:elsewhere.invalid', VALID, 'ca'],
  otherCa: ['other-ca-cert', 'DNS:localhost,IP:127.0.0.1', VALID, 'other-ca'],
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

/* "openssl x509" would make a certificate that has expired in releases up to 3.3 only, hence "openssl ca" and what it must be told. */
function sign(file, key, [stem, names, validity, ca]) {
  openssl('req', '-new', '-key', key, '-subj', '/CN=localhost', '-out', file('cert.csr'));
  writeFileSync(file('ca.index'), '');
  writeFileSync(file('ca.conf'), `[ca]\ndefault_ca=this\n[this]\ndatabase=${file('ca.index')}\nnew_certs_dir=${file('.')}\nrand_serial=yes\n`
    + 'unique_subject=no\ndefault_md=sha256\npolicy=any\nx509_extensions=leaf\n[any]\ncommonName=supplied\n'
    + `[leaf]\nsubjectAltName=${names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`);
  openssl('ca', '-batch', '-notext', '-config', file('ca.conf'), '-in', file('cert.csr'), '-cert', file(`${ca}.pem`), '-keyfile', file(`${ca}-key.pem`),
    ...validity, '-out', file(`${stem}.pem`));
}
