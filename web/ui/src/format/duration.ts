// Prometheus' duration text ("1h30m", "250ms") to milliseconds and back.

const units: [string, number][] = [
  ['y', 365 * 24 * 3600 * 1000],
  ['w', 7 * 24 * 3600 * 1000],
  ['d', 24 * 3600 * 1000],
  ['h', 3600 * 1000],
  ['m', 60 * 1000],
  ['s', 1000],
  ['ms', 1],
];

const pattern =
  /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

// null for text that is no duration. "0" is one, as in Prometheus.
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  if (trimmed === '') return null;
  const match = pattern.exec(trimmed);
  if (match === null) return null;
  let total = 0;
  units.forEach(([, size], i) => (total += Number(match[i + 1] ?? 0) * size));
  return Number.isSafeInteger(total) ? total : null;
}

// Whole units only, as Prometheus prints: years and weeks only when nothing remains.
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  if (rest <= 0) return '0s';
  let text = '';
  for (const [unit, size] of units) {
    if ((unit === 'y' || unit === 'w') && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

// For people: two significant parts at most, "3m 12s", "412ms", "1.42s".
export function humanDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const sign = seconds < 0 ? '−' : '';
  const s = Math.abs(seconds);
  if (s === 0) return '0s';
  if (s < 0.001) return `${sign}${Number((s * 1e6).toPrecision(3))}µs`;
  if (s < 1) return `${sign}${Number((s * 1000).toPrecision(3))}ms`;
  if (s < 60) return `${sign}${Number(s.toPrecision(3))}s`;
  const parts: [string, number][] = [
    ['d', Math.floor(s / 86400)],
    ['h', Math.floor(s / 3600) % 24],
    ['m', Math.floor(s / 60) % 60],
    ['s', Math.floor(s) % 60],
  ];
  const first = parts.findIndex(([, count]) => count > 0);
  return sign + parts.slice(first, first + 2).filter(([, count]) => count > 0)
    .map(([unit, count]) => count + unit).join(' ');
}

// The range pickers' minus and plus go along these.
const steps = ['1s', '10s', '1m', '5m', '15m', '30m', '1h', '2h', '6h', '12h', '1d', '2d', '1w', '2w',
  '4w', '8w', '1y', '2y'].map((text) => parseDuration(text)!);

export function shorterRange(milliseconds: number): number {
  return [...steps].reverse().find((step) => step < milliseconds) ?? milliseconds;
}

export function longerRange(milliseconds: number): number {
  return steps.find((step) => step > milliseconds) ?? milliseconds;
}
