// nginx, where it is installed, with a configuration of a test's own, in a folder that is gone afterwards.

import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPorts, makeFolder, waitFor } from './harness.mjs';
import { send } from './wire.mjs';

/** Where it is; undefined where it is not. */
export const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'].find(existsSync);

/** Starts one with these lines in its `http` (where FOLDER is its own) and in its only `server`: {port, stop}. */
export async function startNginx(http, server) {
  const folder = makeFolder();
  const [port] = await findPorts(1);
  writeFileSync(join(folder, 'nginx.conf'), `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  ${http.replaceAll('FOLDER', folder)}
  server {
    listen 127.0.0.1:${port};
    ${server}
  }
}
`);
  const child = spawn(NGINX, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  await waitFor('nginx', () => send(port, '/echo').then(() => true, () => false));
  return { port, stop };
}
