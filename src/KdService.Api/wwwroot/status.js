// The status page: the newest jobs, asked for every two seconds while the page is looked at.
const every = 2000;
const byId = id => document.getElementById(id);
const keyForm = byId('key');

async function get(path) {
  const key = sessionStorage.getItem('key');
  const response = await fetch(path, { headers: key ? { 'X-Api-Key': key } : {} });
  keyForm.hidden = response.status !== 401;
  if (response.ok) return response.json();
  const problem = await response.json();
  throw new Error(problem.detail ?? problem.title);
}

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function cell(...parts) {
  const made = document.createElement('td');
  made.append(...parts);
  return made;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const percent = value => value === undefined ? '' : `${(100 * value).toFixed(1)} %`;

// The series score/<metric> is of what the job's own network is judged by, on the part of the data by which epochs are chosen.
function score(job) {
  const [series, value] = Object.entries(job.metrics ?? {}).find(([name]) => name.startsWith('score/')) ?? [];
  if (series === undefined) return '';
  return series === 'score/accuracy' ? percent(value) : `${value.toFixed(3)} ${series.slice('score/'.length)}`;
}

function progress(job) {
  if (!job.progress || job.status === 'succeeded') return cell();
  const bar = document.createElement('progress');
  bar.value = job.progress.fraction;
  const { stage, epoch, epochs, seconds_left: left, activity } = job.progress;
  const parts = [`${percent(job.progress.fraction)}`, activity ?? `${stage}, epoch ${epoch} of ${epochs}`];
  if (job.status === 'running' && left !== undefined) parts.push(`${duration(left)} left`);
  return cell(bar, element('small', parts.join(' · ')));
}

function row(job) {
  const made = document.createElement('tr');
  const link = element('a', job.name);
  link.href = `v1/jobs/${job.id}`;
  const status = cell(element('span', job.status, `status ${job.status}`));
  if (job.failure) status.append(element('small', job.failure.code));
  const submitted = element('span', `${duration((Date.now() - Date.parse(job.created_at)) / 1000)} ago`);
  submitted.title = job.created_at;
  made.append(
    cell(link, element('small', job.id)),
    cell(job.method, element('small', job.dataset)),
    cell(job.teacher ? `${job.teacher} → ${job.student}` : job.student),
    status,
    progress(job),
    cell(score(job)),
    cell(submitted));
  return made;
}

async function refresh() {
  try {
    const [jobs, nodes] = await Promise.all([get('v1/jobs?limit=50'), get('v1/nodes')]);
    byId('jobs').replaceChildren(...jobs.items.map(row));
    byId('message').textContent = jobs.items.length === 0 ? 'No jobs yet. Submit one with kd submit, or try POST /v1/jobs in the API page.' : '';
    const alive = nodes.items.filter(node => node.alive);
    const slots = alive.flatMap(node => Object.values(node.slots)).reduce((sum, count) => sum + count, 0);
    byId('nodes').textContent = `${alive.length} node${alive.length === 1 ? '' : 's'}, ${alive.reduce((sum, node) => sum + node.busy, 0)} of ${slots} slots busy`;
  } catch (failure) {
    byId('message').textContent = failure.message;
  }
}

keyForm.addEventListener('submit', event => {
  event.preventDefault();
  sessionStorage.setItem('key', new FormData(keyForm).get('key'));
  refresh();
});

async function loop() {
  if (!document.hidden) await refresh();
  setTimeout(loop, every);
}
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
loop();
