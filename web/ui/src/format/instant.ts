// Points in time as text, in local time or UTC: "2026-03-01 14:05:09".

export type TimeZone = 'local' | 'utc';

const two = (n: number) => String(n).padStart(2, '0');

export function formatInstant(milliseconds: number, zone: TimeZone): string {
  const d = new Date(milliseconds);
  if (Number.isNaN(d.getTime())) return '–';
  return zone === 'utc'
    ? `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ` +
        `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
    : `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
        `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

// Takes what formatInstant gives, with date only, "T", fractions or a zone too, and Unix seconds.
export function parseInstant(text: string, zone: TimeZone): number | null {
  const trimmed = text.trim();
  if (/^\d{9,11}(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  const match =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i.exec(
      trimmed,
    );
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return null;
  const fraction = Math.round(Number(match[7] ?? 0) * 1000);
  const offset = match[8];
  if (offset === undefined && zone === 'local') {
    return new Date(year, month - 1, day, hour, minute, second, fraction).getTime();
  }
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, fraction);
  if (offset === undefined || /^z$/i.test(offset)) return utc;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return utc - (offset[0] === '-' ? -1 : 1) * minutes * 60_000;
}

export function zoneName(zone: TimeZone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone || 'local time';
}
