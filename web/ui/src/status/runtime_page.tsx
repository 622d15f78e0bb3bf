// Which program runs here, since when, and how it is set up.
import { useApi } from '../api/use_api';
import { useSettings } from '../base/settings';
import { humanDuration } from '../format/duration';
import { formatInstant, type TimeZone } from '../format/instant';
import { byteSize } from '../format/number';
import { Failure, Loading } from '../parts/states';
import { FactTable } from './fact_table';

type Facts = Record<string, string | number | boolean>;

const names: Record<string, string> = {
  startTime: 'Started',
  CWD: 'Working directory',
  hostname: 'Host name',
  serverTime: "Server's time",
  reloadConfigSuccess: 'Last reload of the configuration',
  lastConfigTime: 'Configuration loaded',
  corruptionCount: 'WAL corruptions',
  goroutineCount: 'Threads',
  GOMAXPROCS: 'Processors used',
  GOMEMLIMIT: 'Memory limit',
  storageRetention: 'Storage retention',
  version: 'Version',
  revision: 'Revision',
  branch: 'Branch',
  buildUser: 'Built by',
  buildDate: 'Built',
  goVersion: 'Compiler',
};

function show(name: string, value: Facts[string], zone: TimeZone): string {
  if (name === 'GOMEMLIMIT') return Number(value) >= 2 ** 62 ? 'none' : byteSize(Number(value));
  if (name === 'reloadConfigSuccess') return value === true ? 'succeeded' : 'failed';
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) {
    const time = Date.parse(value);
    const age = name === 'serverTime' ? '' : `, ${humanDuration((Date.now() - time) / 1000)} ago`;
    return formatInstant(time, zone) + age;
  }
  return String(value);
}

// rows: about as many as there will be, so that what is below stays where it is.
function Section({ title, path, rows }: { title: string; path: string; rows: number }) {
  const { data, error, loading, reload } = useApi<Facts>(path);
  const { timeZone } = useSettings();
  return (
    <section class="card">
      <h2>{title}</h2>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <Loading rows={rows} />}
      {data !== null && (
        <FactTable facts={Object.entries(data).filter(([, value]) => value !== '')
          .map(([name, value]) => [names[name] ?? name, show(name, value, timeZone)])} />
      )}
    </section>
  );
}

export function RuntimePage() {
  return (
    <>
      <div class="page-bar"><h1>Runtime and build</h1></div>
      <Section title="Runtime" path="status/runtimeinfo" rows={14} />
      <Section title="Build" path="status/buildinfo" rows={7} />
    </>
  );
}
