// How many series there are by name, pair, label and target, and how many there were an hour ago.
import { post } from '../api/client';
import type { Labels, NameValue, QueryData, TsdbStatus } from '../api/types';
import { sampleNumber } from '../format/number';
import { quoted } from '../format/series_name';

export interface Growth {
  names: Map<string, number>; // an hour ago
  pairs: Map<string, number>;
  labels: Map<string, number>;
  targets: TargetCount[];
  gained: NameValue[]; // names that grew the most
  hadData: boolean; // whether there was anything an hour ago
}

export interface TargetCount {
  labels: Labels;
  now: number;
  before: number;
}

// Counting all series is nothing that looks for one: the server does not take it for use of a metric.
const anySeries = '{__name__=~".+"';

async function vector(query: string, signal: AbortSignal): Promise<{ metric: Labels; value: number }[]> {
  const { data } = await post<QueryData>('query', { query }, signal);
  return data.resultType !== 'vector' ? []
    : data.result.map(({ metric, value }) => ({ metric, value: sampleNumber(value?.[1] ?? '0') }));
}

const single = async (query: string, signal: AbortSignal) => (await vector(query, signal))[0]?.value ?? 0;

// "job=node" to job="node"; the first = parts them.
export function pairMatcher(pair: string): string {
  const at = pair.indexOf('=');
  const name = pair.slice(0, at);
  return `${/^[a-zA-Z_]\w*$/.test(name) ? name : quoted(name)}=${quoted(pair.slice(at + 1))}`;
}

export function gains(now: Map<string, number>, before: Map<string, number>): NameValue[] {
  return [...now].map(([name, value]) => ({ name, value: value - (before.get(name) ?? 0) }))
    .filter(({ value }) => value > 0).sort((a, b) => b.value - a.value).slice(0, 10);
}

function byLabel(found: { metric: Labels; value: number }[], label: string): Map<string, number> {
  return new Map(found.map(({ metric, value }) => [metric[label] ?? '', value]));
}

async function targets(signal: AbortSignal): Promise<TargetCount[]> {
  const count = `count by (job, instance) (${anySeries}}`;
  const [now, before] = [await vector(`${count})`, signal), await vector(`${count} offset 1h)`, signal)];
  const past = new Map(before.map(({ metric, value }) => [JSON.stringify([metric.job, metric.instance]), value]));
  return now.map(({ metric, value }) =>
    ({ labels: metric, now: value, before: past.get(JSON.stringify([metric.job, metric.instance])) ?? 0 }))
    .sort((a, b) => b.now - a.now).slice(0, 10);
}

// One query after the other, so that the page never takes more than one turn of the server's.
export async function measureGrowth(status: TsdbStatus, signal: AbortSignal): Promise<Growth> {
  const names = byLabel(await vector(`count by (__name__) (${anySeries}} offset 1h)`, signal), '__name__');
  const current = byLabel(await vector(`count by (__name__) (${anySeries}})`, signal), '__name__');
  const found = { names, pairs: new Map<string, number>(), labels: new Map<string, number>(), gained: gains(current, names) };
  if (names.size === 0) return { ...found, targets: await targets(signal), hadData: false };
  const { pairs, labels } = found;
  for (const { name } of status.seriesCountByLabelValuePair ?? []) {
    const matchers = name.startsWith('__name__=') ? anySeries : `${anySeries}, ${pairMatcher(name)}`;
    if (name.startsWith('__name__=')) pairs.set(name, names.get(name.slice(9)) ?? 0);
    else pairs.set(name, await single(`count(${matchers}} offset 1h)`, signal));
  }
  for (const { name } of status.labelValueCountByLabelName ?? []) {
    if (name === '__name__') labels.set(name, names.size);
    else if (/^[a-zA-Z_]\w*$/.test(name)) {
      labels.set(name, await single(`count(count by (${name}) (${anySeries}, ${name}!=""} offset 1h))`, signal));
    }
  }
  return { ...found, targets: await targets(signal), hadData: true };
}
