/*
 * A throw-away certificate authority and a certificate for localhost and 127.0.0.1, made with the openssl command. What is in the
 * folder already is used again, so that servers of one test may share it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** {ca: file name, cert, key: contents}. */
export function makeCertificates(folder) {
  mkdirSync(folder, { recursive: true });
  const file = (name) => join(folder, name);
  if (!['ca.pem', 'cert.pem', 'key.pem'].every((name) => existsSync(file(name)))) create(file);
  return { ca: file('ca.pem'), cert: readFileSync(file('cert.pem')), key: readFileSync(file('key.pem')) };
}

function create(file) {
  const openssl = (...words) => execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...curve, '-days', '3650', '-subj', '/CN=ghsim throw-away CA', '-keyout', file('ca-key.pem'), '-out', file('ca.pem'),
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  openssl('req', ...curve, '-subj', '/CN=localhost', '-keyout', file('key.pem'), '-out', file('cert.csr'));
  writeFileSync(file('cert.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n');
  openssl('x509', '-req', '-in', file('cert.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca-key.pem'), '-CAcreateserial', '-days', '3650',
    '-extfile', file('cert.ext'), '-out', file('cert.pem'));
}
