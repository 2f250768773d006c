import { type DeployPlan, STOP_SECONDS } from '../../plan.js';
import { argReasons, type Reasons } from '../../reasons.js';
import { sizingText } from '../../texts.js';
import { serverNames } from './names.js';

/** Why each line of compose.yaml is there. A reason above a block is that of all its lines. */
export function composeReasons(plan: DeployPlan): Reasons {
  const { options } = plan;
  return {
    ...COMPOSE,
    ...argReasons(plan, 'command'),
    // Under depends_on, unlike the one that says when a container is started again.
    ...Object.fromEntries(
      serverNames(plan).map((name) => [
        `depends_on.${name}.restart`,
        'a new container has a new address, and nginx asks for it only when it starts',
      ]),
    ),
    image: plan.image.pinned
      ? 'pinned: the same tomorrow'
      : 'the tag moves on: pin it with --build or --image',
    stop_grace_period: `llama-server may take ${STOP_SECONDS} s after SIGTERM; the usual 10 s would cut it off`,
    start_period: `loading may take ${plan.startSeconds} s, from a slow disk; until then nothing counts as a failure`,
    limits: `from the sizing: ${sizingText(plan)}`,
    'healthcheck.test': plan.health.needsKey
      ? "the image's own asks port 8080 without a prefix; with one the health needs the key, which is read from its file"
      : "the image's own asks port 8080 and knows no prefix",
    ports:
      options.host === undefined
        ? 'this machine only: ports that Docker publishes go past the firewall'
        : 'where it was asked for, and past the firewall',
  };
}

const COMPOSE: Reasons = {
  name: 'begins the names of containers and volumes, wherever the file is',
  'x-server': 'what all servers have in common',
  'model.image': 'the same image: it has curl and sha256sum',
  entrypoint: 'fetches the model, resumed after a break; a file gets its name only when its SHA-256 is right',
  'model.user': "the volume is root's, who without capabilities may do nothing but write into it",
  user: 'nobody: the image itself would run as root',
  init: 'as process 1 llama-server would not hear SIGTERM while it loads',
  read_only: 'a container that is broken into cannot change its programs',
  tmpfs: 'what must be written, in memory, with a limit',
  cap_drop: 'no server needs any',
  security_opt: 'no program in it can gain more',
  restart: 'after a crash and after a reboot, but not after docker compose stop',
  depends_on: 'not before what it needs is there',
  volumes:
    'read-only for the server; an error where a file is missing, instead of an empty folder of its name',
  secrets: 'files that you make: keys are in no manifest, environment or process list',
  environment: 'what drivers and programs read; a home for what GPU drivers compile',
  devices: 'the GPU',
  group_add: 'groups of the host that own the devices: getent group video render',
  runtime: "the vendor's runtime brings its driver in",
  reservations: 'the GPU; each server its own',
  healthcheck: 'tells docker compose ps, and those that depend on it',
  'healthcheck.disable': 'it ends when it is done',
  interval: 'seldom enough to cost nothing',
  timeout: 'a busy server takes a moment',
  retries: 'one slow answer is no failure',
  logging: 'a log is turned over before it fills the disk',
  labels: 'the figures that the limits stand on',
  '<<': 'the same as all',
};
