// Which program runs here, since when, and how it is set up.
import { useApi } from '../api/use_api';
import { useSettings } from '../base/settings';
import { humanDuration } from '../format/duration';
import { formatInstant, type TimeZone } from '../format/instant';
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
  storageRetention: 'Storage retention',
  version: 'Version',
  revision: 'Revision',
  branch: 'Branch',
  buildUser: 'Built by',
  buildDate: 'Built',
  goVersion: 'Compiler',
};

function show(name: string, value: Facts[string], zone: TimeZone): string {
  if (name === 'reloadConfigSuccess') return value === true ? 'succeeded' : 'failed';
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) {
    const time = Date.parse(value);
    const age = name === 'serverTime' ? '' : `, ${humanDuration((Date.now() - time) / 1000)} ago`;
    return formatInstant(time, zone) + age;
  }
  return String(value);
}

function Section({ title, path }: { title: string; path: string }) {
  const { data, error, loading, reload } = useApi<Facts>(path);
  const { timeZone } = useSettings();
  return (
    <section class="card">
      <h2>{title}</h2>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <Loading />}
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
      <Section title="Runtime" path="status/runtimeinfo" />
      <Section title="Build" path="status/buildinfo" />
    </>
  );
}
