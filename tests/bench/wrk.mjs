// wrk against the Worker, with the requests of load.lua: what it counted, as numbers. What they must be is the caller's affair.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const THREADS = 2;
/** A page costs some ten milliseconds of CPU; with 64 at once on a small machine the last one waits for seconds. */
const TIMEOUT_SECONDS = 20;

/** Runs one scenario; POSTERN_WRK may name another wrk. Times are microseconds. */
export function runWrk(worker, { scenario, seconds, connections, visitors }) {
  const script = fileURLToPath(new URL('load.lua', import.meta.url));
  const args = ['-t', String(THREADS), '-c', String(connections), '-d', `${seconds}s`, '--timeout', `${TIMEOUT_SECONDS}s`, '-s', script, `http://127.0.0.1:${worker.port}`,
    '--', scenario, `localhost:${worker.port}`, visitors.granted ?? '-', visitors.refused ?? '-', visitors.policy];
  return new Promise((resolve, reject) => {
    const child = spawn(process.env.POSTERN_WRK ?? 'wrk', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => { output += chunk; });
    child.on('error', reject);
    child.on('close', (code) => {
      const told = /^RESULT (.*)$/m.exec(output)?.[1];
      if (code === 0 && told) resolve(JSON.parse(told));
      else reject(new Error(`wrk ended with ${code}:\n${output}`));
    });
  });
}
