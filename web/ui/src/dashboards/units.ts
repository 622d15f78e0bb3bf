// Values in the units that Grafana's panels name.
import { humanDuration } from '../format/duration';
import { siNumber } from '../format/number';

function scaled(value: number, base: number, names: string[], decimals: number | null): string {
  let at = 0;
  let rest = value;
  while (Math.abs(rest) >= base && at < names.length - 1) {
    rest /= base;
    at += 1;
  }
  return `${fixed(rest, decimals)} ${names[at]}`;
}

// Three significant digits unless the panel says how many decimals.
function fixed(value: number, decimals: number | null): string {
  if (decimals !== null) return value.toFixed(Math.min(Math.max(decimals, 0), 12));
  return String(Number(Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)));
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const decimal = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const per = (names: string[]) => names.map((name) => `${name}/s`);
const bits = ['b/s', 'kb/s', 'Mb/s', 'Gb/s', 'Tb/s'];

type Show = (value: number, decimals: number | null) => string;
// Thousandths are told as decimals: 0.25 req/s, not 250m.
const plain = (value: number): string =>
  (Math.abs(value) >= 0.001 && Math.abs(value) < 1 ? String(Number(value.toPrecision(3))) : siNumber(value, 3));
const suffix = (text: string): Show => (value, decimals) => `${decimals === null ? plain(value) : fixed(value, decimals)}${text}`;
const seconds = (factor: number): Show => (value) => humanDuration(value * factor);

const units: Record<string, Show> = {
  none: (value, decimals) => (decimals === null ? String(Number(value.toPrecision(6))) : fixed(value, decimals)),
  percent: (value, decimals) => `${fixed(value, decimals)} %`,
  percentunit: (value, decimals) => `${fixed(value * 100, decimals)} %`,
  bytes: (value, decimals) => scaled(value, 1024, binary, decimals),
  decbytes: (value, decimals) => scaled(value, 1000, decimal, decimals),
  Bps: (value, decimals) => scaled(value, 1000, per(decimal), decimals),
  binBps: (value, decimals) => scaled(value, 1024, per(binary), decimals),
  bps: (value, decimals) => scaled(value, 1000, bits, decimals),
  s: seconds(1), ms: seconds(1e-3), µs: seconds(1e-6), us: seconds(1e-6), ns: seconds(1e-9),
  m: seconds(60), h: seconds(3600), d: seconds(86400), dtdurations: seconds(1), clocks: seconds(1),
  reqps: suffix(' req/s'), ops: suffix(' ops/s'), cps: suffix('/s'), rps: suffix(' r/s'), wps: suffix(' w/s'),
  iops: suffix(' io/s'), pps: suffix(' p/s'), hertz: suffix('Hz'), celsius: suffix(' °C'), watt: suffix('W'),
  volt: suffix('V'), amp: suffix('A'), joule: suffix('J'), rotrpm: suffix(' rpm'),
};

export function unitText(unit: string, decimals: number | null): (value: number) => string {
  const show = Object.hasOwn(units, unit) ? units[unit] : suffix(unit === '' || unit === 'short' ? '' : ` ${unit.slice(0, 20)}`);
  return (value) => (Number.isFinite(value) ? show(value, decimals) : siNumber(value));
}

const named: Record<string, string> = {
  green: 'var(--ok)', red: 'var(--bad)', yellow: 'var(--warn)', orange: 'var(--accent)', blue: 'var(--info)', purple: 'var(--code-number)',
};

// A colour of the file as one of ours; anything that is no colour is the text's.
export function colorOf(color: string): string {
  const base = color.replace(/^(super-light|light|semi-dark|dark)-/, '');
  if (Object.hasOwn(named, base)) return named[base];
  return /^#[0-9a-f]{3,8}$/i.test(color) || /^rgba?\([\d.,%\s]+\)$/i.test(color) ? color : 'var(--text)';
}
